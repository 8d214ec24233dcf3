"""LeNet-5 (LeCun et al. 1998) with ReLU, maximum pooling and softmax."""

from __future__ import annotations

import keras

from kerakit.builders.images.convolution import activate, check_side, convolve, halvings
from kerakit.checks import check_int

__all__ = ["lenet"]

WIDTH = 6  # as in the paper; 16 filters, 120 and 84 units follow from it
KERNEL = 5
DENSE = 3  # two hidden layers and the output


def lenet(
    owner: str,
    values: keras.KerasTensor,
    *,
    width: int | None,
    depth: int | None,
    dropout: float,
    l2: float,
) -> keras.KerasTensor:
    """Stack 5x5 convolutions, each with 2x2 pooling, then two dense layers.

    Args:
        owner: str. The builder, for errors.
        values: tensor of shape `(batch, height, width, channels)`.
        width: int. Filters of the first convolution; `None` is 6.
        depth: int in [4, inf). Layers with weights, including the output; `None` is 5 for
            images below 56 pixels, and one more for every doubling of the size.
        dropout: float. Fraction of units that are dropped after each dense layer.
        l2: float. Penalty on the kernels.

    Returns:
        Tensor of shape `(batch, 14 * width)`.
    """
    shape = values.shape[1:]
    width = WIDTH if width is None else width
    depth = 5 + halvings(shape, 28) if depth is None else depth
    stages = check_int(owner, "depth", depth, minimum=4) - DENSE
    check_side(owner, "lenet", shape, 2**stages)
    side = min(shape[:2])
    for stage in range(stages):
        # As in the paper the first convolution keeps the size of the image (images had a border
        # there). The others have no padding if the image is large enough.
        valid = stage > 0 and side >= 2 * KERNEL
        filters = width if stage == 0 else round(8 * width / 3) * 2 ** (stage - 1)
        padding = "valid" if valid else "same"
        name = f"stage_{stage + 1}"
        values = convolve(
            values, filters, KERNEL, f"{name}_convolve", padding=padding, bias=True, l2=l2
        )
        # ReLU after pooling gives the same values as before it, and costs a quarter.
        values = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(values)
        values = activate(values, f"{name}_activate")
        side = (side - (KERNEL - 1) * valid) // 2
    values = keras.layers.Flatten(name="flatten")(values)
    for number, units in enumerate((20 * width, 14 * width), 1):
        values = keras.layers.Dense(
            units,
            kernel_initializer="he_normal",
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=f"dense_{number}",
        )(values)
        values = activate(values, f"dense_{number}_activate")
        if dropout:
            values = keras.layers.Dropout(dropout, name=f"dense_{number}_dropout")(values)
    return values
