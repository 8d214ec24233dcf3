"""Arrays of images as uint8 images: their shape, and the range of their values."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["as_images", "image_tables", "looks_like_images"]


def looks_like_images(values: Any) -> bool:
    """Whether an array-like has the shape `(n, height, width)` or one dimension more."""
    if not isinstance(values, (list, tuple)):
        return getattr(values, "ndim", 0) in (3, 4)
    try:
        return np.ndim(values) in (3, 4)
    except ValueError:
        return False  # rows of unequal length


def image_tables(
    train: tuple[Any, Any],
    test: tuple[Any, Any] | None,
    validation: tuple[Any, Any] | None,
    name: str,
) -> list[Any]:
    """Return the three pairs `(x, y)`, each `x` as a dict of one uint8 column `image`.

    Args:
        train: pair `(x, y)`.
        test, validation: such pairs, or `None`.
        name: str. Name of the data, for messages.

    Raises:
        DataError: when an `x` is not an array of images.
    """
    scale, tables = None, []
    for split, pair in (("", train), (" (test)", test), (" (validation)", validation)):
        if isinstance(pair, (tuple, list)) and len(pair) == 2:
            images, scale = as_images(pair[0], f"{name}{split}: x", scale)
            pair = ({"image": images}, pair[1])
        tables.append(pair)
    if scale == 255:
        warn(
            f"{name}: the pixels lie in [0, 1] and are multiplied by 255. The model takes pixels "
            "from 0 to 255, and its clients must send those."
        )
    return tables


def as_images(values: Any, origin: str, scale: float | None = None) -> tuple[np.ndarray, float]:
    """Return an array of images as uint8, and the factor that brought it to [0, 255].

    uint8 is taken as it is. Other integers must lie in [0, 255]. Floats that all lie in [0, 1]
    are multiplied by 255 and rounded; floats in [0, 255] are rounded. True becomes 255 and false
    becomes 0.

    Args:
        values: array of shape `(n, height, width)` or `(n, height, width, channels)`, with
            1 or 3 channels.
        origin: str. Name of the array, for an error.
        scale: float. The factor of the training images. Defaults to `None`: found from the
            values.

    Returns:
        `(images, scale)`: uint8 array of shape `(n, height, width, channels)`, and 1 or 255.

    Raises:
        DataError: when images cannot have the shape, the type or a value.
    """
    # A `np.memmap` stays one.
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.ndim not in (3, 4):
        raise DataError(
            f"{origin} has shape {array.shape}. Expected images of shape "
            "(n, height, width, channels)."
        )
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.shape[-1] not in (1, 3) or 0 in array.shape[1:]:
        raise DataError(
            f"{origin} has shape {np.shape(values)}. Expected images of shape (n, height, width), "
            "or (n, height, width, channels) with 1 or 3 channels. Drop an alpha channel with "
            "x[..., :3]. Move channels that come first with np.moveaxis(x, 1, -1)."
        )
    if not len(array):
        raise DataError(f"{origin} has no rows (shape {array.shape}). Expected at least two.")
    if array.dtype == np.uint8:
        return array, 1
    if array.dtype.kind == "b":
        return array.astype(np.uint8) * np.uint8(255), 255
    if array.dtype.kind not in "iuf":
        raise DataError(f"{origin} has dtype {array.dtype}. Expected numbers, preferably uint8.")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):
        raise DataError(
            f"{origin} has values from {low:g} to {high:g}. Expected pixels in [0, 255], or floats "
            "in [0, 1]. Scale them: (x - x.min()) / (x.max() - x.min()) for any range, x // 257 "
            "for 16 bits, (x + 1) / 2 for [-1, 1]."
        )
    if scale is None:
        scale = 255 if array.dtype.kind == "f" and high <= 1 else 1
    if scale * high > 255:
        raise DataError(
            f"{origin} has values up to {high:g}, and those of the training images lie in [0, 1]. "
            "Scale both to the same range."
        )
    if array.dtype.kind in "iu":
        return array.astype(np.uint8), scale
    images = np.empty(array.shape, np.uint8)
    for row, image in enumerate(array):
        images[row] = np.rint(image * scale)
    return images, scale
