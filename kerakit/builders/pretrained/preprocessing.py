"""The `preprocess` sub-model of pretrained classifiers: pixels as the backbone was trained on."""

from __future__ import annotations

import numbers

import keras

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.checks import check
from kerakit.errors import ArgumentError

__all__ = ["MIN_SIDE", "MODES", "backbone_preprocess", "seen_size"]

MIN_SIDE = 32  # the last feature map has one pixel then; a smaller image is mostly padding

# Red, green, blue of the ImageNet images, as in keras.applications.imagenet_utils.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (123.68, 116.779, 103.939)

MODES = ("tf", "torch", "caffe", "lite", "inside")


@in_float32()
def backbone_preprocess(
    by_name: dict[str, keras.KerasTensor] | keras.KerasTensor,
    size: tuple[int, int],
    crop: float,
    mode: str,
) -> keras.Model:
    """Return the `preprocess` sub-model: cropped, resized, three channels, normalised.

    Args:
        by_name: dict of one uint8 `keras.Input` of shape `(height, width, channels)`, or that
            input itself.
        size: `(height, width)` that the backbone sees.
        crop: float in (0, 1], as in `pretrained_classifier`.
        mode: str, one of `MODES`, as in `Backbone.mode`.
    """
    (image,) = by_name.values() if isinstance(by_name, dict) else (by_name,)
    values = _normalized(_resized(image, size, crop), mode)
    return keras.Model(by_name, values, name=PREPROCESS)


def seen_size(
    owner: str,
    name: str,
    image: tuple[int, int],
    image_size: int | tuple[int, int] | None,
    *,
    trained: int,
    smallest: int,
) -> tuple[int, int]:
    """Return height and width of the images that the backbone sees.

    Args:
        owner: str. The builder, for errors.
        name: str. The backbone, for errors.
        image: `(height, width)` of the images.
        image_size: as in `pretrained_classifier`.
        trained: int. Pixels a side of the images that the backbone was trained on.
        smallest: int. The fewest pixels a side that it takes.
    """
    smallest = max(MIN_SIDE, smallest)
    if image_size is None:
        if min(image) < smallest:
            raise ArgumentError(
                f"{owner} takes images of at least {smallest} pixels a side with {name}. Got "
                f"images of {image[0]} x {image[1]} pixels. Pass image_size={max(96, smallest)} to "
                "enlarge them."
            )
        return image if max(image) <= trained else (trained, trained)
    is_side = isinstance(image_size, numbers.Integral) and not isinstance(image_size, bool)
    size = (image_size, image_size) if is_side else image_size
    ok = isinstance(size, (tuple, list)) and len(size) == 2
    ok = ok and all(isinstance(side, numbers.Integral) and side >= smallest for side in size)
    expected = f"an int or (height, width) in the range [{smallest}, inf) for {name}"
    check(ok, owner, "image_size", expected, image_size)
    return tuple(int(side) for side in size)


def _resized(values, size, crop):
    """The centre of uint8 images, resized to `size`, with three channels."""
    image = tuple(values.shape[1:3])
    centre = _centre(image, size, crop)
    if centre != image:
        values = keras.layers.CenterCrop(*centre, dtype="uint8", name="centre")(values)
    if centre != size:
        # In a graph `Resizing` computes in float32. Called on uint8 tensors outside of one, it
        # would round to whole pixel values, and the answers would differ.
        values = keras.ops.cast(values, "float32")
        values = keras.layers.Resizing(
            *size, interpolation="bilinear", antialias=True, dtype="float32", name="resize"
        )(values)
    if values.shape[-1] == 1:
        values = keras.layers.Concatenate(dtype="float32", name="colours")([values] * 3)
    return values


def _centre(image, size, crop):
    """Height and width of the centre of an image that is resized to `size`."""
    scale = min(image[0] / size[0], image[1] / size[1])
    if scale > 1:
        scale = max(1.0, scale * crop)
    return tuple(max(1, round(scale * side)) for side in size)


def _normalized(values, mode):
    """What the family's `preprocess_input` makes of pixels from 0 to 255, as float32."""
    scale, offset = 1.0, 0.0
    if mode == "tf":
        scale, offset = 1 / 127.5, -1.0
    elif mode == "lite":
        scale, offset = 1 / 128, -127 / 128
    elif mode == "torch":
        scale = [1 / (255 * std) for std in _STD]
        offset = [-mean / std for mean, std in zip(_MEAN, _STD, strict=True)]
    elif mode == "caffe":
        values = keras.ops.flip(values, axis=-1)  # blue first
        scale, offset = [1.0] * 3, [-mean for mean in reversed(_CAFFE_MEAN)]
    return keras.layers.Rescaling(scale, offset, dtype="float32", name="preprocess.normalize")(
        values
    )
