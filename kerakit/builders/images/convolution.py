"""The layers that all convolutional networks here are made of."""

import keras

from kerakit.errors import ArgumentError

__all__ = ["activate", "check_side", "convolve", "halvings", "normalize"]

# Keras' usual 0.99 forgets its start (mean 0, variance 1) over some 500 steps, more than a
# short training on a small set has; 0.9 averages over the last ten batches or so, which is
# steady enough where a batch holds tens of thousands of pixels.
BATCH_MOMENTUM = 0.9


def convolve(values, filters, size, name, *, strides=1, padding="same", bias=False, l2=0.0):
    """Convolve, from weights drawn as in He et al. 2015 (arXiv:1502.01852).

    Args:
        values: tensor of shape `(batch, height, width, channels)`.
        filters: int. Channels of the result.
        size: int. Height and width of the kernel.
        name: str. The layer's name.
        strides: int. Defaults to `1`.
        padding: `"same"` or `"valid"`. Defaults to `"same"`.
        bias: bool. Needed where no batch normalisation follows. Defaults to `False`.
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


def normalize(values, name):
    """Normalise each channel over the batch (Ioffe & Szegedy 2015, arXiv:1502.03167)."""
    return keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM, name=name)(values)


def activate(values, name):
    """Apply max(x, 0)."""
    return keras.layers.ReLU(name=name)(values)


def halvings(shape, size):
    """How often the shorter side must be halved to be less than twice `size`.

    Example:

    >>> halvings((28, 28, 1), 32), halvings((224, 300, 3), 32), halvings((64, 64, 3), 32)
    (0, 2, 1)
    """
    return max(0, (min(shape[:2]) // size).bit_length() - 1)


def check_side(owner, arch, shape, stride):
    """Raise an `ArgumentError` when images have a side of fewer pixels than the stride."""
    if min(shape[:2]) < stride:
        raise ArgumentError(
            f"The 'inputs' parameter of {owner} must be images of at least {stride} x {stride} "
            f"pixels for this {arch}, which shrinks them {stride} times. Got {tuple(shape)} "
            "instead; make them larger or take a smaller depth."
        )
