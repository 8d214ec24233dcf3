"""Stages of 3x3 convolutions, as in VGG (Simonyan & Zisserman 2015, arXiv:1409.1556)."""

from __future__ import annotations

import keras

from kerakit.builders.images.convolution import activate, check_side, convolve, halvings, normalize
from kerakit.checks import check_int

__all__ = ["vgg"]

WIDTH = 32
WIDEST = 8  # times the first stage: 64, 128, 256, 512, 512 in the paper


def vgg(
    owner: str,
    values: keras.KerasTensor,
    *,
    width: int | None,
    depth: int | None,
    dropout: float,
    l2: float,
) -> keras.KerasTensor:
    """Stack stages of 3x3 convolutions and 2x2 pooling, then average over the pixels.

    The number of stages leaves 3 to 5 pixels a side: 2 stages for 8 pixels, 3 for 28, and at
    most 5 (those of the paper, for 224). Each stage has twice the filters of the one before, up
    to 8 times those of the first stage.

    Args:
        owner: str. The builder, for errors.
        values: tensor of shape `(batch, height, width, channels)`.
        width: int. Filters of the first stage; `None` is 32.
        depth: int. Layers with weights, including the output; `None` is two per stage and the
            output. If the number of convolutions is no multiple of the stages, the last stages
            have one more, as in VGG-16.
        dropout: float. Fraction of units that are dropped before the output.
        l2: float. Penalty on the kernels.

    Returns:
        Tensor of shape `(batch, filters of the last stage)`.
    """
    shape = values.shape[1:]
    width = WIDTH if width is None else width
    stages = min(5, max(2, halvings(shape, 3)))
    depth = 2 * stages + 1 if depth is None else depth
    convolutions = check_int(owner, "depth", depth, minimum=stages + 1) - 1
    check_side(owner, "vgg", shape, 2**stages)
    for stage in range(stages):
        filters = width * min(2**stage, WIDEST)
        layers = (convolutions + stage) // stages
        for layer in range(layers):
            name = f"stage_{stage + 1}_{layer + 1}"
            values = convolve(values, filters, 3, f"{name}_convolve", l2=l2)
            values = normalize(values, f"{name}_normalize")
            if layer == layers - 1:
                # ReLU after pooling gives the same values as before it, and costs a quarter.
                values = keras.layers.MaxPooling2D(2, name=f"stage_{stage + 1}_pool")(values)
            values = activate(values, f"{name}_activate")
    values = keras.layers.GlobalAveragePooling2D(name="average")(values)
    if dropout:
        values = keras.layers.Dropout(dropout, name="average_dropout")(values)
    return values
