"""The options of loaders of images, checked in one place."""

from __future__ import annotations

import dataclasses
import numbers
import os

from kerakit.checks import check, check_float
from kerakit.data.images.cache import CacheOptions

__all__ = ["ImageOptions"]


@dataclasses.dataclass(frozen=True)
class ImageOptions:
    """The options of images. `load_images` describes each.

    Attributes:
        owner: str. The loader, for messages.
        image_size: pair of ints `(height, width)`, or `None`. One int becomes a square.

    Raises:
        ArgumentError: when an option has a value that it cannot have.
    """

    owner: str
    image_size: tuple[int, int] | int | None = None
    channels: int | None = None
    max_unreadable: float = 0.1
    cache_mb: float = 512
    disk_mb: float | None = None
    cache_dir: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        if self.image_size is not None:
            object.__setattr__(self, "image_size", self._pair())
        good = self.channels in (None, 1, 3) and not isinstance(self.channels, bool)
        check(good, self.owner, "channels", "1, 3 or None", self.channels)
        check_float(self.owner, "max_unreadable", self.max_unreadable, "[0.0, 1.0]")
        _ = self.caching

    @property
    def caching(self) -> CacheOptions:
        """The `CacheOptions` among these."""
        return CacheOptions(self.owner, self.cache_mb, self.disk_mb, self.cache_dir)

    def _pair(self):
        value = self.image_size
        pair = (value, value) if isinstance(value, numbers.Integral) else value
        good = isinstance(pair, (tuple, list)) and len(pair) == 2
        good = good and all(
            isinstance(side, numbers.Integral) and not isinstance(side, bool) and side > 0
            for side in pair
        )
        expected = "a pair of ints in the range [1, inf), or one"
        check(good, self.owner, "image_size", expected, value)
        return int(pair[0]), int(pair[1])
