"""The `preprocess` sub-model of image models: uint8 pixels in, normalised floats out."""

from __future__ import annotations

import numbers

import keras

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.checks import check, short_repr
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError

__all__ = ["IMAGE", "image_preprocess"]

IMAGE = "a shape (height, width, channels) such as (28, 28, 1)"  # for errors
MIN_VARIANCE = 1e-4  # a hundredth of a grey level, squared: rounding, not pixels


@in_float32()
def image_preprocess(
    owner: str, inputs: Spec | tuple[int, int, int]
) -> tuple[dict[str, keras.KerasTensor] | keras.KerasTensor, keras.Model]:
    """Build the input of an image model and the `preprocess` sub-model behind it.

    Pixels are standardised per channel by the mean and variance of the training pixels. For a
    plain shape they are scaled from [0, 255] to [-1, 1]. The sub-model computes in float32
    whatever the precision.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec` with one image feature, or a shape `(height, width, channels)`.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of one `keras.Input` of dtype uint8 by its name
        (for a plain shape, that input itself, named `image`), and the sub-model, which
        gives float32 of the same shape.

    Raises:
        ArgumentError: when there is no image, or something beside it, or its shape is not
            (height, width, 1 or 3).
    """
    if isinstance(inputs, Spec):
        feature = _image_feature(owner, inputs)
        name, mean, variance = feature.name, feature.mean, feature.variance
        shape = _checked_shape(owner, feature.shape)
    else:
        name, mean, variance = "image", None, None
        shape = _checked_shape(owner, inputs)
    pixels = keras.Input(shape, dtype="uint8", name=name)
    if mean is None or variance is None:
        normalize = keras.layers.Rescaling(
            1 / 127.5, -1.0, dtype="float32", name="preprocess.normalize"
        )
    else:
        # A channel that is constant in training stays finite for every request.
        normalize = keras.layers.Normalization(
            mean=[float(value) for value in mean],
            variance=[float(value) if value > MIN_VARIANCE else 1.0 for value in variance],
            dtype="float32",
            name="preprocess.normalize",
        )
    by_name = {name: pixels} if isinstance(inputs, Spec) else pixels
    return by_name, keras.Model(by_name, normalize(pixels), name=PREPROCESS)


def _image_feature(owner, spec):
    kinds = {feature.name: feature.kind for feature in spec.features}
    if list(kinds.values()) != ["image"]:
        raise ArgumentError(
            f"{owner} takes one image and no other feature. Got features of the kinds "
            f"{short_repr(kinds)}. kk.load_images makes such data."
        )
    return spec.features[0]


def _checked_shape(owner, shape):
    ok = isinstance(shape, (tuple, list)) and len(shape) == 3
    ok = ok and all(isinstance(size, numbers.Integral) and size > 0 for size in shape)
    expected = f"a Data or Spec with one image, or {IMAGE}"
    check(ok, owner, "inputs", expected, shape)
    expected = "an image of 1 channel (grey) or 3 (red, green, blue)"
    check(shape[2] in (1, 3), owner, "inputs", expected, tuple(shape))
    return tuple(int(size) for size in shape)
