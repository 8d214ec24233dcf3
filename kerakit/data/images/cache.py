"""Where decoded images go: memory, a file, or nowhere, so that they are decoded again."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import pathlib
import shutil
import tempfile
import zipfile

import numpy as np

from kerakit.checks import check, check_float
from kerakit.files import atomic_path, fingerprint, locked

__all__ = ["CacheOptions", "PixelStore", "cache_key", "load_pixels"]

# Stands in the key of a cache file: to be raised when decoding changes.
_VERSION = 1
# Where `disk_mb` is not given, a cache takes at most this fraction of the free disk space.
_FRACTION_OF_DISK = 0.5


@dataclasses.dataclass(frozen=True)
class CacheOptions:
    """How much room decoded images may take; `load_images` says what each means.

    Attributes:
        owner: str. The loader, for messages.

    Raises:
        ArgumentError: when a value is not what it can be.
    """

    owner: str
    cache_mb: float = 512
    disk_mb: float | None = None
    cache_dir: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        check_float(self.owner, "cache_mb", self.cache_mb, "[0.0, inf)")
        if self.disk_mb is not None:
            check_float(self.owner, "disk_mb", self.disk_mb, "[0.0, inf)")
        good = self.cache_dir is None or isinstance(self.cache_dir, (str, os.PathLike))
        check(good, self.owner, "cache_dir", "a path or None", self.cache_dir)

    @property
    def folder(self) -> pathlib.Path:
        """`pathlib.Path` of the folder of cache files."""
        folder = tempfile.gettempdir() if self.cache_dir is None else self.cache_dir
        return pathlib.Path(folder).expanduser()

    def in_memory(self, size: int) -> bool:
        """Whether `size` bytes may stay in memory."""
        return size <= self.cache_mb * 2**20

    def on_disk(self, size: int) -> bool:
        """Whether `size` bytes may go into a file, and the disk has room for them."""
        folder = self.folder
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if self.disk_mb is None:
            return size <= _FRACTION_OF_DISK * free
        return size <= min(self.disk_mb * 2**20, free)


class PixelStore:
    """Images of one shape, appended one batch after the other.

    In memory they are one array; on disk an unnamed temporary file, which the system
    removes when the process ends, however it ends. In `cache_dir` the file has its name
    only once it is complete; what a killed process leaves is overwritten by the next.

    Args:
        count: int. How many images there will be at most.
        shape: tuple of ints.
        options: `CacheOptions`.
        key: str. The `cache_key` of the images.
    """

    def __init__(
        self, count: int, shape: tuple[int, int, int], options: CacheOptions, key: str
    ) -> None:
        self._shape, self._filled = tuple(shape), 0
        self._paths = None
        size = count * int(np.prod(shape))
        self._array = self._file = None
        self._lock = contextlib.ExitStack()
        if options.in_memory(size):
            self._array = np.empty((count, *shape), np.uint8)
        elif options.on_disk(size):
            options.folder.mkdir(parents=True, exist_ok=True)
            if options.cache_dir is not None:
                self._paths = _paths(options, key)
                self._file = _exclusive(self._paths[0].with_suffix(".part"), self._lock)
            if self._file is None:
                self._paths = None
                self._file = tempfile.TemporaryFile(dir=options.folder)  # noqa: SIM115

    def append(self, images: np.ndarray) -> None:
        """Add a uint8 array of shape `(b, *shape)`."""
        if self._array is not None:
            self._array[self._filled : self._filled + len(images)] = images
        elif self._file is not None:
            try:
                self._file.write(np.ascontiguousarray(images).data)
            except OSError:
                self._give_up()
        self._filled += len(images)

    def finish(self, **index: np.ndarray) -> np.ndarray | None:
        """Return the images as one array or `np.memmap`, or `None` if they are not stored.

        Args:
            index: arrays to keep beside the images, which `load_pixels` returns.
        """
        if self._array is not None:
            return self._array[: self._filled]
        if self._file is None or not self._filled:
            return None
        try:
            self._file.flush()
            pixels = _mapped(self._file, (self._filled, *self._shape))
            if self._paths is not None:
                os.fsync(self._file.fileno())
                os.replace(self._file.name, self._paths[0])
                # The index comes last; without it the file is not believed.
                with atomic_path(self._paths[1]) as aside, open(aside, "wb") as file:
                    np.savez(file, shape=np.array(pixels.shape), **index)
        except OSError:
            self._give_up()
            return None
        self._close()
        return pixels

    def _give_up(self):
        """The disk is full: the images are decoded again and again instead."""
        self._file.truncate(0)
        self._close()
        self._file = None

    def _close(self):
        self._file.close()
        self._lock.close()


def load_pixels(key: str, options: CacheOptions) -> tuple[np.memmap, dict[str, np.ndarray]] | None:
    """Return `(np.memmap, index)` of images that an earlier process cached, or `None`.

    Args:
        key: str. The `cache_key` of the images.
        options: `CacheOptions`.
    """
    if options.cache_dir is None:
        return None
    path, index = _paths(options, key)
    try:
        with np.load(index) as stored:
            index = {name: stored[name] for name in stored.files}
        shape = tuple(index.pop("shape").tolist())
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size != math.prod(shape):
                return None
            return _mapped(file, shape), index
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def cache_key(
    source_fingerprint: str, shape: tuple[int, int, int], rows: dict[str, np.ndarray]
) -> str:
    """Return the key of decoded images: a digest of their files, their size and their order."""
    parts: list = [f"{_VERSION}/{source_fingerprint}/{tuple(shape)}"]
    for split, chosen in rows.items():
        parts += [f"/{split}/", np.asarray(chosen, np.int64)]
    return fingerprint(parts)[:32]


def _paths(options, key):
    return options.folder / f"images-{key}.raw", options.folder / f"images-{key}.npz"


def _mapped(file, shape):
    return np.memmap(file, np.uint8, "r", shape=shape)


def _exclusive(path, stack):
    """A file to write, emptied, or `None` while another process writes it.

    Its lock is held until the stack closes.
    """
    try:
        file = stack.enter_context(locked(path, blocking=False))
    except OSError:
        return None
    file.truncate(0)
    return file
