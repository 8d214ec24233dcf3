"""Statistics of images: how often each value occurs in each channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.data.spec import Feature

__all__ = ["PixelCounts", "describe_image"]

_CHUNK_BYTES = 2**21  # of images that are counted at a time; NumPy widens them eight-fold


class PixelCounts:
    """How often each value occurs in each channel: exact statistics in one pass.

    Attributes:
        counts: int64 array of shape `(channels, 256)`.
    """

    def __init__(self, channels: int) -> None:
        self.counts = np.zeros((channels, 256), np.int64)

    def add(self, images: np.ndarray) -> None:
        """Count a uint8 array of shape `(n, height, width, channels)`."""
        step = max(1, _CHUNK_BYTES // max(1, images[:1].size))
        for start in range(0, len(images), step):
            chunk = images[start : start + step]
            for channel, counts in enumerate(self.counts):
                counts += np.bincount(chunk[..., channel].ravel(), minlength=256)

    def statistics(self) -> dict[str, Any]:
        """Return mean, variance, minimum and maximum, as keyword arguments of `Feature`."""
        values = np.arange(256.0)
        total = self.counts.sum(axis=1)
        mean = self.counts @ values / total
        squares = (values - mean[:, None]) ** 2
        variance = (self.counts * squares).sum(axis=1) / total
        seen = self.counts > 0
        return {
            "mean": tuple(mean.tolist()),
            "variance": tuple(variance.tolist()),
            "minimum": tuple(seen.argmax(axis=1).astype(float).tolist()),
            "maximum": tuple((255.0 - seen[:, ::-1].argmax(axis=1)).tolist()),
        }


def describe_image(
    name: str, shape: tuple[int, ...], counts: PixelCounts, column: str = ""
) -> Feature:
    """Return the `Feature` of images from the `PixelCounts` of the training split."""
    statistics = counts.statistics()
    return Feature(name, "image", "uint8", tuple(shape), column or name, **statistics)
