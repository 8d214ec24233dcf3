"""The layers that all convolutional networks of this room consist of."""

from __future__ import annotations

from typing import Literal

import keras

from kerakit.errors import ArgumentError

__all__ = ["activate", "check_side", "convolve", "halvings", "normalize"]

# With Keras' default, 0.99, the initial values (mean 0, variance 1) have an effect for some 500
# steps, which is more than a short training on a small set has. With 0.9 the statistics are an
# average of about ten batches, each of tens of thousands of pixels.
BATCH_MOMENTUM = 0.9


def convolve(
    values: keras.KerasTensor,
    filters: int,
    size: int,
    name: str,
    *,
    strides: int = 1,
    padding: Literal["same", "valid"] = "same",
    bias: bool = False,
    l2: float = 0.0,
) -> keras.KerasTensor:
    """Apply a convolution, with weights initialised as in He et al. 2015 (arXiv:1502.01852).

    Args:
        values: tensor of shape `(batch, height, width, channels)`.
        filters: int. Channels of the result.
        size: int. Height and width of the kernel.
        name: str. The layer's name.
        strides: int. Defaults to `1`.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        bias: bool. Needed if no batch normalisation follows. Defaults to `False`.
        l2: float. The loss gains `l2 * sum(kernel ** 2)`. Defaults to `0.0`.
    """
    return keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding=padding,
        use_bias=bias,
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
        name=name,
    )(values)


def normalize(values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalise each channel over the batch (Ioffe & Szegedy 2015, arXiv:1502.03167)."""
    return keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM, name=name)(values)


def activate(values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Apply ReLU: max(x, 0)."""
    return keras.layers.ReLU(name=name)(values)


def halvings(shape: tuple[int, ...], size: int) -> int:
    """Return how often the shorter side must be halved to be less than twice `size`.

    Example:

    >>> halvings((28, 28, 1), 32), halvings((224, 300, 3), 32), halvings((64, 64, 3), 32)
    (0, 2, 1)
    """
    return max(0, (min(shape[:2]) // size).bit_length() - 1)


def check_side(owner: str, arch: str, shape: tuple[int, ...], stride: int) -> None:
    """Raise an `ArgumentError` if a side of the images has fewer pixels than the stride."""
    if min(shape[:2]) < stride:
        raise ArgumentError(
            f"The 'inputs' parameter of {owner} must be images of at least {stride} x {stride} "
            f"pixels for this {arch}, which reduces each side {stride} times. Got images of the "
            f"shape {tuple(shape)}. Use larger images or a smaller depth."
        )
