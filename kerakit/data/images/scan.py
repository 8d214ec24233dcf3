"""The image files of a folder before any is decoded: their headers, and one fingerprint."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import os
import stat
import warnings
from collections.abc import Sequence

from kerakit.data.files.class_folders import ClassFile, find_files
from kerakit.data.images.header import ImageHeader, NotAnImage, read_header
from kerakit.files import fingerprint
from kerakit.status import show_done

__all__ = ["Scan", "choose_channels", "choose_size", "find_images", "scan_images"]

# Formats that are decoded, and others, whose files a warning names as left out.
_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp"}
_SUFFIXES |= {".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"}

# Reading waits for the disk, or a network; hashing lets other threads go on.
_THREADS = 4
_FILES_AT_A_TIME = 1024

# The side of the images that most pretrained networks were trained on (224 from VGG, Simonyan
# & Zisserman 2015, on).
_MAX_SIDE = 224


@dataclasses.dataclass(frozen=True)
class Scan:
    """The headers and the fingerprint of image files.

    Attributes:
        headers: list of `ImageHeader`, or `None` for a file that is no image.
        problems: dict from the index of such a file to the reason.
        fingerprint: str. SHA-256 over names and contents of all files.
    """

    headers: list[ImageHeader | None]
    problems: dict[int, str]
    fingerprint: str


def find_images(
    directory: str | os.PathLike[str],
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    owner: str = "load_images",
) -> dict[str, list[ClassFile]]:
    """List the image files below a folder, in the order of their names.

    Args:
        directory, test, validation, owner: as for `find_files`.

    Returns:
        dict from split to list of `ClassFile`.

    Raises:
        DataError: when there is no such folder, or it has another layout.
        ArgumentError: when an argument is not a path.
    """
    return find_files(directory, test, validation, owner=owner, noun="images", suffixes=_SUFFIXES)


def scan_images(files: Sequence[ClassFile]) -> Scan:
    """Read the headers and the SHA-256 of image files; a problem is noted, never raised.

    Args:
        files: sequence of `ClassFile`.

    Returns:
        `Scan`. Its fingerprint is over the names and contents of all files.
    """
    headers, problems, digests = [], {}, []
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool, warnings.catch_warnings():
        # Pillow warns of a damaged EXIF block. `exif_orientation` reads it without Pillow.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        for start in range(0, len(files), _FILES_AT_A_TIME):
            show_done(start, len(files))
            chunk = files[start : start + _FILES_AT_A_TIME]
            for file, (header, problem, content) in zip(chunk, pool.map(_look, chunk), strict=True):
                if problem:
                    problems[len(headers)] = problem
                headers.append(header)
                digests += [hashlib.sha256(os.fsencode(file.name)).digest(), content]
    return Scan(headers, problems, fingerprint(digests))


def choose_size(headers: Sequence[ImageHeader]) -> tuple[int, int]:
    """Choose the `(height, width)` to which images of these headers are resized.

    Images of one size stay as they are where no side is over 224 pixels. All others become
    squares. Their side is the median of the shorter sides, and at most 224.

    Example:

    >>> from kerakit.data.images.header import ImageHeader
    >>> choose_size([ImageHeader("PNG", 28, 20)] * 3)
    (28, 20)
    >>> choose_size([ImageHeader("PNG", 50, 90), ImageHeader("PNG", 100, 60)])
    (60, 60)
    >>> choose_size([ImageHeader("JPEG", 600, 800)])
    (224, 224)
    """
    sizes = {header.upright for header in headers}
    first = headers[0].upright
    if len(sizes) == 1 and max(first) <= _MAX_SIDE:
        return first
    shorter = sorted(min(header.upright) for header in headers)
    side = min(shorter[len(shorter) // 2], _MAX_SIDE)
    return side, side


def choose_channels(headers: Sequence[ImageHeader]) -> int:
    """Return 1 where the format of all images has no colour, else 3."""
    return 1 if all(header.grey for header in headers) else 3


def _look(file):
    """`(header or None, problem or None, SHA-256 of the contents)` of one file."""
    try:
        if not stat.S_ISREG(os.stat(file.path).st_mode):
            return None, "no regular file", b""
        with open(file.path, "rb") as opened:
            content = hashlib.file_digest(opened, "sha256").digest()
            opened.seek(0)
            return read_header(opened), None, content
    except NotAnImage as error:
        return None, str(error), content
    except OSError as error:
        return None, f"cannot be read ({error.strerror})", b""
