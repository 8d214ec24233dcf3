"""What the first bytes of an image file say: its format, size, colour and orientation."""

import dataclasses
import os

__all__ = ["MAX_PIXELS", "ImageHeader", "NotAnImage", "read_header"]

# Pillow's limit against decompression bombs: a quarter of a GiB of RGB pixels.
MAX_PIXELS = 89_478_485

_OTHERS = (
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (4, b"ftyphei", "a HEIC image"),
    (4, b"ftypmif1", "a HEIC image"),
    (4, b"ftypavif", "an AVIF image"),
    (0, b"\0\0\0\x0cjP", "a JPEG 2000 image"),
)


class NotAnImage(Exception):
    """A file is no image that can be decoded; the message says why, in a few words."""


@dataclasses.dataclass(frozen=True)
class ImageHeader:
    """The header of an image file.

    Attributes:
        format: str. `"JPEG"`, `"PNG"`, `"GIF"`, `"BMP"` or `"WebP"`.
        height, width: ints. Pixels as they are stored, before the orientation is applied.
        grey: bool. Whether the pixels have no colour by their format.
        orientation: int in `[1, 8]`. The EXIF orientation of a JPEG; else 1.
    """

    format: str
    height: int
    width: int
    grey: bool = False
    orientation: int = 1

    @property
    def upright(self):
        """`(height, width)` once the picture stands upright."""
        size = (self.height, self.width)
        return size[::-1] if self.orientation >= 5 else size


def read_header(file):
    """Read the header of an image.

    Nothing is decoded, and of a JPEG's segments only the EXIF one is read.

    Args:
        file: binary file, at its beginning.

    Returns:
        `ImageHeader`.

    Raises:
        NotAnImage: when the file is empty, of no format that TensorFlow decodes, broken off
            within its header, or has more than `MAX_PIXELS` pixels.
    """
    start = file.read(64)
    if not start:
        raise NotAnImage("empty")
    read = next((read for magic, read in _FORMATS.items() if start.startswith(magic)), None)
    if read is None:
        known = [what for at, magic, what in _OTHERS if start[at:].startswith(magic)]
        raise NotAnImage(known[0] if known else "no image")
    header = read(start, file)
    if not header.height or not header.width:
        raise NotAnImage(f"a {header.format} image without pixels")
    if header.height * header.width > MAX_PIXELS:
        raise NotAnImage(f"{header.width} x {header.height} pixels, over {MAX_PIXELS:,}")
    return header


def _jpeg(start, file):
    file.seek(2)
    orientation, before = 1, True
    while True:
        lead, marker = _bytes(file, 2)
        while marker == 0xFF:
            (marker,) = _bytes(file, 1)
        if lead != 0xFF:
            raise NotAnImage("a broken JPEG image")
        # EXIF data stand before anything but applications' segments and comments.
        before = before and (0xE0 <= marker <= 0xEF or marker == 0xFE)
        if marker == 1 or 0xD0 <= marker <= 0xD7:
            continue
        length = int.from_bytes(_bytes(file, 2), "big") - 2
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = _bytes(file, 6)
            size = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
            return ImageHeader("JPEG", *size, frame[5] == 1, orientation)
        if marker in (0xD9, 0xDA) or length < 0:
            raise NotAnImage("a broken JPEG image")
        if marker == 0xE1 and before:
            segment = _bytes(file, length)
            if segment.startswith(b"Exif\0\0"):
                orientation, before = exif_orientation(segment[6:]), False
        else:
            file.seek(length, os.SEEK_CUR)


def exif_orientation(block):
    """Return the orientation in a block of EXIF data (a TIFF header), 1 where it has none."""
    order = {b"II": "little", b"MM": "big"}.get(block[:2])
    if order is None:
        return 1

    def number(at, size):
        return int.from_bytes(block[at : at + size], order) if at + size <= len(block) else 0

    directory = number(4, 4)
    for entry in range(number(directory, 2)):
        at = directory + 2 + 12 * entry
        if at + 12 > len(block):
            break
        if number(at, 2) == 0x0112 and number(at + 2, 2) == 3:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def _png(start, file):
    if len(start) < 26:
        raise NotAnImage("a broken PNG image")
    # Colour types 0 and 4 are grey, without and with alpha.
    return ImageHeader("PNG", _big(start[20:24]), _big(start[16:20]), start[25] in (0, 4))


def _gif(start, file):
    if len(start) < 10:
        raise NotAnImage("a broken GIF image")
    return ImageHeader("GIF", _little(start[8:10]), _little(start[6:8]))


def _bmp(start, file):
    if len(start) < 34:
        raise NotAnImage("a broken BMP image")
    height = abs(int.from_bytes(start[22:26], "little", signed=True))
    bits, compression = _little(start[28:30]), _little(start[30:34])
    if bits == 8:
        # TensorFlow returns the places in the palette: right where these are the greys.
        colours = _little(start[46:50]) or 256
        file.seek(14 + _little(start[14:18]))
        palette = _bytes(file, 4 * colours)
        if any(palette[4 * i : 4 * i + 3] != bytes([i] * 3) for i in range(colours)):
            raise NotAnImage("a BMP image with a palette")
    elif bits not in (24, 32):
        raise NotAnImage(f"a BMP image of {bits} bits")
    if compression not in (0, 3):
        raise NotAnImage("a compressed BMP image")
    return ImageHeader("BMP", height, _little(start[18:22]), bits == 8)


def _webp(start, file):
    kind = start[8:16]
    if kind == b"WEBPVP8X" and len(start) >= 30:
        return ImageHeader("WebP", _little(start[27:30]) + 1, _little(start[24:27]) + 1)
    if kind == b"WEBPVP8L" and len(start) >= 25:
        packed = _little(start[21:25])
        return ImageHeader("WebP", (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1)
    if kind == b"WEBPVP8 " and len(start) >= 30:
        return ImageHeader("WebP", _little(start[28:30]) & 0x3FFF, _little(start[26:28]) & 0x3FFF)
    raise NotAnImage("no image")


def _bytes(file, size):
    found = file.read(size)
    if len(found) < size:
        raise NotAnImage("an image that breaks off in its header")
    return found


def _big(field):
    return int.from_bytes(field, "big")


def _little(field):
    return int.from_bytes(field, "little")


_FORMATS = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF87a": _gif,
    b"GIF89a": _gif,
    b"BM": _bmp,
    b"RIFF": _webp,
}
