"""The header of an image file, read by Pillow: its format, size, colour and orientation.

Nothing is decoded. The plugin class of each format is called, not `PIL.Image.open`: only formats
that TensorFlow decodes are accepted, and the error of an image with too many pixels names its
size.

Pillow finds the EXIF block of a JPEG; `exif_orientation` reads it, as the served graph does
(`orientation.py`). Pillow's reader of the block gives another orientation than the graph for 40
of 300 damaged blocks (`tests/data/images/test_orientation.py`).

`tests/benchmarks/image_scan.py` measures the scan of 10,000 small files: 1.5 s of CPU time (median
of three), of which 0.3 s is their SHA-256. A header reader without Pillow, of 190 lines, took
0.8 s in the same minutes.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

__all__ = ["MAX_PIXELS", "ImageHeader", "NotAnImage", "exif_orientation", "read_header"]

# Pillow's limit against decompression bombs: a quarter of a GiB of RGB pixels.
MAX_PIXELS = 89_478_485

# Formats that TensorFlow does not decode: the index of their mark, the mark, and their name.
_OTHERS = (
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (4, b"ftyphei", "a HEIC image"),
    (4, b"ftypmif1", "a HEIC image"),
    (4, b"ftypavif", "an AVIF image"),
    (0, b"\0\0\0\x0cjP", "a JPEG 2000 image"),
)
_BMP_BITS = (8, 24, 32)
_BMP_COMPRESSIONS = (0, 3)  # none, and bit fields


class NotAnImage(Exception):
    """A file is no image that can be decoded; the message says why, in a few words."""


@dataclasses.dataclass(frozen=True)
class ImageHeader:
    """The header of an image file.

    Attributes:
        format: str. `"JPEG"`, `"PNG"`, `"GIF"`, `"BMP"` or `"WebP"`.
        height, width: ints. Pixels as they are stored, before the orientation is applied.
        grey: bool. Whether the format of the pixels has no colour.
        orientation: int in `[1, 8]`. The EXIF orientation of a JPEG; else 1.
    """

    format: str
    height: int
    width: int
    grey: bool = False
    orientation: int = 1

    @property
    def upright(self) -> tuple[int, int]:
        """`(height, width)` of the picture once it stands upright."""
        size = (self.height, self.width)
        return size[::-1] if self.orientation >= 5 else size


def read_header(file: BinaryIO) -> ImageHeader:
    """Read the header of an image without decoding its pixels.

    Args:
        file: binary file, at its beginning.

    Returns:
        `ImageHeader`.

    Raises:
        NotAnImage: when the file is empty, has a format that TensorFlow does not decode, has a
            damaged header, or has more than `MAX_PIXELS` pixels.
        OSError: when the file cannot be read.
    """
    start = file.read(64)
    if not start:
        raise NotAnImage("empty")
    format = next((format for mark, format in _FORMATS.items() if start.startswith(mark)), None)
    if format is None or (format == "WebP" and start[8:12] != b"WEBP"):
        known = [name for index, mark, name in _OTHERS if start[index:].startswith(mark)]
        raise NotAnImage(known[0] if known else "no image")
    image = _opened(file, format)
    if format == "BMP":
        _check_bmp(image, start)
    if image.height * image.width > MAX_PIXELS:
        raise NotAnImage(f"{image.width} x {image.height} pixels, over {MAX_PIXELS:,}")
    exif = image.info.get("exif", b"") if format == "JPEG" else b""
    return ImageHeader(
        format,
        image.height,
        image.width,
        grey=_is_grey(image, format, start),
        orientation=exif_orientation(exif.removeprefix(b"Exif\0\0")),
    )


def exif_orientation(block: bytes) -> int:
    """Return the orientation in a block of EXIF data (a TIFF header), 1 where it has none."""
    order = {b"II": "little", b"MM": "big"}.get(block[:2])
    if order is None:
        return 1

    def number(index, size):
        return int.from_bytes(block[index : index + size], order) if index + size <= end else 0

    end = len(block)
    directory = number(4, 4)
    for entry in range(number(directory, 2)):
        index = directory + 2 + 12 * entry
        if index + 12 > end:
            break
        if number(index, 2) == 0x0112 and number(index + 2, 2) == 3:
            value = number(index + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


_FORMATS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
}


@functools.cache
def _plugin(format):
    """Pillow's class of a format."""
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    return {
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "WebP": WebPImagePlugin.WebPImageFile,
    }[format]


def _opened(file, format) -> ImageFile:
    """Pillow's image, whose header is read and whose pixels are not."""
    from PIL.Image import DecompressionBombError

    file.seek(0)
    try:
        return _plugin(format)(file)
    except DecompressionBombError as error:
        raise NotAnImage(f"over {MAX_PIXELS:,} pixels") from error
    except (SyntaxError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # by the disk, not by Pillow
        raise NotAnImage(
            f"a broken {format} image: its header is damaged, breaks off or is without pixels"
        ) from error


def _check_bmp(image, start):
    """Refuse BMP images that TensorFlow does not decode, or not as they are meant."""
    bits = int.from_bytes(start[28:30], "little")
    if bits not in _BMP_BITS:
        raise NotAnImage(f"a BMP image of {bits} bits")
    if image.info.get("compression", 0) not in _BMP_COMPRESSIONS:
        raise NotAnImage("a compressed BMP image")
    # TensorFlow returns the indices into the palette: right where these are the greys.
    if bits == 8 and image.mode != "L":
        raise NotAnImage("a BMP image with a palette")


def _is_grey(image, format, start):
    if format == "PNG":
        # The colour type; to Pillow, grey of 16 bits with alpha is RGBA.
        return start[25] in (0, 4)
    return format in ("JPEG", "BMP") and image.mode == "L"
