"""Images as a model takes them: arrays of pixels, or files that are decoded batch by batch."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.images.arrays import as_images
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

__all__ = ["ImageFiles", "image_values", "is_image_source"]


class ImageFiles:
    """Encoded images as a column of pixels; a slice reads and decodes the images of its rows.

    They are decoded as the signature `serve_bytes` and the loaders of images do it.

    Args:
        sources: list of paths, or of `bytes`.
        feature: `Feature` of the image.

    Attributes:
        shape: tuple `(n, height, width, channels)`.
    """

    def __init__(self, sources: list[Any], feature: Feature) -> None:
        self._sources, self._feature = sources, feature
        self.shape = (len(sources), *feature.shape)

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, rows: slice) -> np.ndarray:
        import tensorflow as tf

        from kerakit.data.images.decode import decode_function

        indices = range(*rows.indices(len(self)))
        images = np.empty((len(indices), *self._feature.shape), self._feature.dtype)
        decode = decode_function(self._feature.shape)
        for index, row in enumerate(indices):
            source = self._sources[row]
            encoded = source if isinstance(source, bytes) else _read(source, row)
            try:
                images[index] = decode(tf.constant(encoded)).numpy()
            except tf.errors.OpError as error:
                what = f"{len(source)} bytes" if isinstance(source, bytes) else str(source)
                raise DataError(
                    f"row {row} (counted from 0): {what[-200:]} cannot be decoded. Expected a "
                    "whole JPEG, PNG, GIF, BMP or WebP image."
                ) from error
        return images


def image_values(feature: Feature, values: Any, label: str) -> np.ndarray | ImageFiles:
    """Return a column of images as pixels, or as `ImageFiles`.

    Args:
        feature: `Feature` of the image.
        values: array of shape `(n, height, width[, channels])`, with values as `load_arrays` takes
            them; or a list, Series or Arrow array of paths, of encoded images, of open files or of
            images of Pillow.
        label: str. The name of the column, for errors.

    Raises:
        DataError: when a value is no pixel, path or encoded image.
    """
    if not isinstance(values, np.ndarray):
        values = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
        if values and not is_image_source(values[0]):
            values = _stacked(values, feature, label)
    if not len(values):
        return np.empty((0, *feature.shape), feature.dtype)
    if isinstance(values, list) or values.dtype.kind in "OUS":
        sources = []
        for row, source in enumerate(values):
            if not is_image_source(source):
                raise DataError(
                    f"row {row} (counted from 0), column {label!r}: expected the path of an image, "
                    f"its bytes, or its pixels. Got {short_repr(source)}."
                )
            sources.append(_encoded(source))
        return ImageFiles(sources, feature)
    if values.ndim == 3 and feature.shape[-1:] == (1,):
        values = values[..., np.newaxis]
    return _pixels(feature, values, label)


def is_image_source(value: Any) -> bool:
    """Return whether a value is a path, encoded bytes, an open file, or an image of Pillow."""
    named = isinstance(value, (str, bytes, os.PathLike))
    return named or hasattr(value, "read") or _is_pillow(value)


def _is_pillow(value):
    return hasattr(value, "convert") and hasattr(value, "save") and hasattr(value, "mode")


def _encoded(source):
    """An open file as its bytes and an image of Pillow as PNG; else the source as it is."""
    if hasattr(source, "read") and not isinstance(source, os.PathLike):
        return source.read()
    if not _is_pillow(source):
        return source
    from PIL import ImageOps

    image = ImageOps.exif_transpose(source)
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _stacked(values, feature, label):
    """Arrays of pixels of one shape as one array."""
    arrays = [np.asarray(value) for value in values]
    for row, array in enumerate(arrays):
        if array.shape != arrays[0].shape or array.dtype == object:
            raise DataError(
                f"row {row} (counted from 0), column {label!r}: expected pixels of shape "
                f"{feature.shape}. Got the shape {array.shape}."
            )
    return np.stack(arrays)


def _pixels(feature, values, label):
    if values.dtype == feature.dtype or feature.dtype != "uint8" or not len(values):
        return values.astype(feature.dtype, copy=False)
    # As the training images were read: floats in [0, 1] are fractions of 255.
    pixels, scale = as_images(values, f"the column {label!r}")
    if scale == 255:
        warn(
            f"The pixels of {label!r} lie in [0, 1] and are multiplied by 255. The model "
            "takes pixels from 0 to 255, and clients of a server must send those."
        )
    return pixels


def _read(path, row):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"row {row} (counted from 0): the image {str(path)[-200:]} cannot be read: {reason}."
        ) from error
