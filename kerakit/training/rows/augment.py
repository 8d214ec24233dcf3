"""Image augmentation: random changes to a batch of images that keep its labels right.

The functions depend on the pixels (0-255) and a seed alone, and run in the graph. They are
applied to training batches only and are not part of the model.

An image of 32x32x3 takes 16 microseconds of CPU time for "light", 44 for "standard" and 59 for
"strong" (one of 28x28x1: 9, 16 and 21). A training step of a ResNet-20 takes some 2,700 per
image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["LEVELS", "augmentation", "flips", "lit", "mixed", "shifted", "warped"]

LEVELS = ("none", "light", "standard", "strong")

SHIFT = 1 / 8  # of the side: 4 pixels of 32 (He et al. 2016, arXiv:1512.03385, section 4.2)
LIGHT_LIGHTING, LIGHTING = 0.1, 0.2  # 0.2: fastai (arXiv:2002.04688); light takes half of it
ROTATION = math.radians(10)  # fastai, aug_transforms: max_rotate=10
ZOOM = 1.1  # fastai, aug_transforms: max_zoom=1.1; here in and out
MIXUP_ALPHA = 0.2  # Zhang et al. 2018, arXiv:1710.09412, section 3.1: 0.1 to 0.4
CUTMIX_FRACTION = 0.5  # MixUp or CutMix evenly: Touvron et al. 2021, arXiv:2012.12877, table 9


def augmentation(
    level: str | None, spec: Spec, owner: str = "fit"
) -> Callable[[tuple[Any, ...], tf.Tensor], tuple[Any, ...]] | None:
    """Return the function `(batch, seed) -> batch` that augments images, or `None` for `"none"`.

    Args:
        level: `"light"`: shifts of up to an eighth of the side, and small changes of contrast
            and brightness. `"standard"`: also rotation, zoom and, where a mirrored image
            keeps its label (see `flips`), reflection. `"strong"`: also MixUp (Zhang et al.
            2018) or CutMix (Yun et al. 2019), half of the images each; targets become rows of
            fractions.
        spec: `Spec`. Features of kind `"image"` are augmented, and keep their dtype.
        owner: str. The function that the user called, for errors. Defaults to `"fit"`.

    Raises:
        ArgumentError: when the level mixes and the data are not one image and its labels.
    """
    if level in (None, "none"):
        return None
    names = [feature.name for feature in spec.features if feature.kind == "image"]
    labelled = TASKS[spec.task].answer in ("label", "labels")
    if level == "strong" and not (labelled and len(spec.features) == 1):
        raise ArgumentError(
            f"{owner} with augment='strong' mixes images and their labels: it needs data with "
            f"one image per row and a classification task. Got {len(spec.features)} features and "
            f"a {spec.task} task. Use augment='standard'."
        )
    flip = flips(spec)

    def augmented(batch, seed):
        features, target, *weight = batch
        features = dict(features)
        weight = weight[0] if weight else None
        for name in names:
            raw = features[name]
            if level == "light":
                pixels = lit(shifted(raw, seed), seed, LIGHT_LIGHTING)
            else:
                pixels = lit(warped(raw, seed, flip), seed, LIGHTING)
            if level == "strong":
                pixels, target, weight = mixed(pixels, target, weight, seed)
            if raw.dtype.is_integer:
                pixels = tf.round(pixels)
            features[name] = tf.cast(pixels, raw.dtype)
        return (features, target) if weight is None else (features, target, weight)

    return augmented


def flips(spec: Spec) -> bool:
    """Return whether a mirrored image keeps its label.

    Mirrored writing does not: data whose labels are all numbers or single characters are not
    flipped. Other data where left and right matter (hands, arrows, words) cannot be told by
    their labels; use `augment="light"` for them.

    Example:

    >>> from kerakit.data.spec import Spec
    >>> [flips(Spec("multiclass", (), classes=names)) for names in (("0", "10"), ("cat", "dog"))]
    [False, True]
    """
    return not all(len(label) == 1 or label.isdigit() for label in spec.classes)


def shifted(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shift each image by whole pixels, up to `SHIFT` of its sides; the border is mirrored.

    Args:
        images: tensor of shape `(batch, height, width, channels)`.
        seed: int64 tensor of shape `(2,)`.

    Returns:
        Tensor of the same shape and dtype. Pixels are moved, and keep their values.
    """
    count, height, width, channels = _sizes(images)
    rows, columns = (_moved(count, size, seed, use) for use, size in enumerate((height, width)))
    index = rows[:, :, None] * width + columns[:, None, :]
    flat = tf.reshape(images, (count, height * width, channels))
    moved = tf.gather(flat, tf.reshape(index, (count, height * width)), axis=1, batch_dims=1)
    return tf.reshape(moved, (count, height, width, channels))


def warped(images: tf.Tensor, seed: tf.Tensor, flip: bool) -> tf.Tensor:
    """Shift, rotate, zoom and perhaps reflect each image in one bilinear step.

    Args:
        images: tensor of shape `(batch, height, width, channels)`.
        seed: int64 tensor of shape `(2,)`.
        flip: bool. Whether half of the images are reflected left to right.

    Returns:
        float32 tensor of the same shape. Pixels from outside of the image are mirrored.
    """
    count, height, width, _ = _sizes(images)
    angle = _uniform((count,), seed, 2, -ROTATION, ROTATION)
    scale = tf.exp(_uniform((count,), seed, 3, -math.log(ZOOM), math.log(ZOOM)))
    down = _uniform((count,), seed, 0, -SHIFT, SHIFT) * height
    across = _uniform((count,), seed, 1, -SHIFT, SHIFT) * width
    mirror = tf.sign(_uniform((count,), seed, 4, -1.0, 1.0)) if flip else tf.ones((count,))
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    # From a pixel of the result to the pixel that it comes from, about the middle.
    cosine, sine = scale * tf.cos(angle), scale * tf.sin(angle)
    xx, xy, yx, yy = mirror * cosine, -mirror * sine, sine, cosine
    x0 = middle_x + across - xx * middle_x - xy * middle_y
    y0 = middle_y + down - yx * middle_x - yy * middle_y
    zero = tf.zeros_like(x0)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, "float32"),
        transforms=tf.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1),
        output_shape=(height, width),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def lit(images: tf.Tensor, seed: tf.Tensor, size: float) -> tf.Tensor:
    """Change each image's contrast by a factor in `1 +- size`, and its brightness.

    Brightness changes by up to `size` times 128, half of the range. Returns float32 in [0, 255].
    """
    count = tf.shape(images)[0]
    pixels = tf.cast(images, "float32")
    factor = _uniform((count, 1, 1, 1), seed, 5, 1 - size, 1 + size)
    offset = _uniform((count, 1, 1, 1), seed, 6, -128 * size, 128 * size)
    mean = tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
    return tf.clip_by_value(pixels * factor + (mean * (1 - factor) + offset), 0.0, 255.0)


def mixed(
    images: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | None, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
    """Mix each image, and its target, with the one before it in the batch.

    Half of the images are averaged with a weight from Beta(0.2, 0.2) (MixUp). In the others a
    box of the image before is pasted, whose area is uniform (CutMix). The batch is in random
    order, and so are the pairs. Sample weights are mixed so that the loss, which is linear in
    the target, is the weighted mean of the losses of both images.

    Args:
        images: float tensor of shape `(batch, height, width, channels)`.
        target: float tensor of shape `(batch, classes)`, rows of fractions.
        weight: float tensor of shape `(batch,)`, or `None`.
        seed: int64 tensor of shape `(2,)`.

    Returns:
        `(images, target, weight)` of the same shapes.
    """
    count, height, width, _ = _sizes(images)
    gammas = tf.random.stateless_gamma((2, count), _fold(seed, 7), alpha=MIXUP_ALPHA)
    fraction = gammas[0] / tf.maximum(gammas[0] + gammas[1], 1e-30)
    mixup = tf.broadcast_to(fraction[:, None, None], (count, height, width))
    cutmix = _uniform((count,), seed, 8) < CUTMIX_FRACTION
    # The fraction of the image itself, pixel by pixel; for the target, their mean.
    kept = tf.where(cutmix[:, None, None], _outside_a_box(count, height, width, seed), mixup)
    mean_kept = tf.reduce_mean(kept, axis=(1, 2))

    def other(values):
        return tf.roll(values, 1, axis=0)

    kept = kept[..., None]
    images = kept * images + (1 - kept) * other(images)
    if weight is not None:
        first, second = mean_kept * weight, (1 - mean_kept) * other(weight)
        weight = first + second
        mean_kept = tf.math.divide_no_nan(first, weight)
    target = mean_kept[:, None] * target + (1 - mean_kept[:, None]) * other(target)
    return images, target, weight


def _outside_a_box(count, height, width, seed):
    """Ones, and zeros in a box whose area is uniform and whose middle is anywhere."""
    half = tf.sqrt(_uniform((count, 1), seed, 9)) / 2
    inside = []
    for use, size in ((10, height), (11, width)):
        middle = _uniform((count, 1), seed, use)
        position = (tf.range(size, dtype="float32") + 0.5) / size
        inside.append(tf.abs(position - middle) < half)
    return 1 - tf.cast(inside[0][:, :, None] & inside[1][:, None, :], "float32")


def _moved(count, size, seed, use):
    """The indices of the rows (or columns) after a shift, mirrored at the border."""
    limit = max(1, round(SHIFT * size))
    shift = tf.random.stateless_uniform((count, 1), _fold(seed, use), -limit, limit + 1, "int32")
    indices = tf.abs(tf.range(size) + shift)
    return tf.minimum(indices, 2 * (size - 1) - indices)


def _uniform(shape, seed, use, low=0.0, high=1.0):
    return tf.random.stateless_uniform(shape, _fold(seed, use), low, high)


def _fold(seed, use):
    """A seed of its own for each use of randomness, which has a number."""
    return tf.random.experimental.stateless_fold_in(seed, use)


def _sizes(images):
    return tf.shape(images)[0], *images.shape[1:]
