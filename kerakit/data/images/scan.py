"""Looking at every image file once, before any is decoded: headers, and one fingerprint."""

import concurrent.futures
import dataclasses
import hashlib
import os
import stat

from kerakit.data.images.header import NotAnImage, read_header

__all__ = ["Scan", "choose_channels", "choose_size", "scan_images"]

# Reading waits for the disk, or a network; hashing lets other threads go on.
_THREADS = 4
_FILES_AT_A_TIME = 1024

# The side of the images that most pretrained networks were trained on (224 in AlexNet's
# successors, from VGG, Simonyan & Zisserman 2015, on).
_LARGEST_SIDE = 224


@dataclasses.dataclass(frozen=True)
class Scan:
    """What the files of all splits are.

    Attributes:
        headers: list of `ImageHeader`, or `None` for a file that is no image.
        problems: dict from the index of such a file to what is wrong with it.
        fingerprint: str. SHA-256 over names and contents of all files.
    """

    headers: list
    problems: dict[int, str]
    fingerprint: str


def scan_images(files):
    """Read headers and contents of files; what is wrong with one is noted, never raised.

    Args:
        files: sequence of `ImageFile`.

    Returns:
        `Scan`.
    """
    headers, problems, digest = [], {}, hashlib.sha256()
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(files), _FILES_AT_A_TIME):
            part = files[start : start + _FILES_AT_A_TIME]
            for file, (header, problem, own) in zip(part, pool.map(_look, part), strict=True):
                if problem:
                    problems[len(headers)] = problem
                headers.append(header)
                digest.update(hashlib.sha256(os.fsencode(file.name)).digest() + own)
    return Scan(headers, problems, digest.hexdigest())


def choose_size(headers):
    """Return `(height, width)` for images of these headers.

    Where all have one size with no side over 224 pixels it is that; else a square, as large
    as the median of their shorter sides, and 224 at most.

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
    if len(sizes) == 1 and max(first) <= _LARGEST_SIDE:
        return first
    shorter = sorted(min(header.upright) for header in headers)
    side = min(shorter[len(shorter) // 2], _LARGEST_SIDE)
    return side, side


def choose_channels(headers):
    """Return 1 where all images are grey by their format, else 3."""
    return 1 if all(header.grey for header in headers) else 3


def _look(file):
    """`(header, what is wrong or None, SHA-256 of the contents)` of one file."""
    try:
        if not stat.S_ISREG(os.stat(file.path).st_mode):
            return None, "no regular file", b""
        with open(file.path, "rb") as opened:
            own = hashlib.file_digest(opened, "sha256").digest()
            opened.seek(0)
            return read_header(opened), None, own
    except NotAnImage as error:
        return None, str(error), own
    except OSError as error:
        return None, f"cannot be read ({error.strerror})", b""
