"""Residual networks with pre-activation (He et al. 2016, arXiv:1603.05027)."""

from __future__ import annotations

import keras

from kerakit.builders.images.convolution import activate, check_side, convolve, halvings, normalize
from kerakit.checks import check, check_int

__all__ = ["resnet"]

WIDTH = 16  # of the paper's networks for small images
DEPTH = 20
STAGES = 3


def resnet(
    owner: str,
    values: keras.KerasTensor,
    *,
    width: int | None,
    depth: int | None,
    dropout: float,
    l2: float,
) -> keras.KerasTensor:
    """Stack three stages of residual blocks, then average over the pixels.

    A block adds to its input the output of two 3x3 convolutions, each after batch
    normalisation and ReLU. The second and third stage start by halving the pixels and doubling
    the filters. Images of 64 pixels or more are first reduced to 32 to 63 pixels: by a 7x7
    convolution of stride 2, then by 3x3 maximum pooling, as in ResNet-18.

    Args:
        owner: str. The builder, for errors.
        values: tensor of shape `(batch, height, width, channels)`.
        width: int. Filters of the first stage; `None` is 16.
        depth: int, one of 8, 14, 20, ..., `6 * blocks per stage + 2`. Layers with weights on
            the longest path; `None` is 20.
        dropout: float. Fraction of units that are dropped before the output.
        l2: float. Penalty on the kernels.

    Returns:
        Tensor of shape `(batch, 4 * width)`.
    """
    shape = values.shape[1:]
    width = WIDTH if width is None else width
    depth = DEPTH if depth is None else depth
    depth = check_int(owner, "depth", depth, minimum=8)
    check(depth % 6 == 2, owner, "depth", "8, 14, 20, ... (6 n + 2) for resnet", depth)
    check_side(owner, "resnet", shape, 4)
    times = halvings(shape, 32)
    size, strides = (7, 2) if times else (3, 1)
    values = convolve(values, width, size, "stem_convolve", strides=strides, l2=l2)
    for pool in range(1, times):
        values = keras.layers.MaxPooling2D(3, 2, padding="same", name=f"stem_pool_{pool}")(values)
    for stage in range(STAGES):
        for block in range((depth - 2) // (2 * STAGES)):
            name = f"stage_{stage + 1}_{block + 1}"
            strides = 2 if stage and not block else 1
            values = _block(values, width * 2**stage, strides, name, l2)
    values = activate(normalize(values, "normalize"), "activate")
    values = keras.layers.GlobalAveragePooling2D(name="average")(values)
    if dropout:
        values = keras.layers.Dropout(dropout, name="average_dropout")(values)
    return values


def _block(values, filters, strides, name, l2):
    """A residual block; if the shape changes, a 1x1 convolution projects the input to it."""
    ready = activate(normalize(values, f"{name}_normalize_1"), f"{name}_activate_1")
    if strides > 1:
        values = convolve(ready, filters, 1, f"{name}_project", strides=strides, l2=l2)
    change = convolve(ready, filters, 3, f"{name}_convolve_1", strides=strides, l2=l2)
    change = activate(normalize(change, f"{name}_normalize_2"), f"{name}_activate_2")
    change = convolve(change, filters, 3, f"{name}_convolve_2", l2=l2)
    return keras.layers.Add(name=f"{name}_add")([values, change])
