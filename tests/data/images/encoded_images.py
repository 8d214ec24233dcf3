"""Encoded images made by hand: every byte of their headers is known."""

import zlib

import numpy as np
import tensorflow as tf

# A picture as it should be seen: two rows of three flat blocks of 16 x 16 pixels, which JPEG
# keeps nearly as they are.
SEEN = np.array([[0, 120, 240], [60, 180, 30]], np.uint8)
# How each orientation stores it: (first stored row, first stored column) as seen, EXIF 2.3.
STORED = {
    1: [[0, 120, 240], [60, 180, 30]],  # (top, left)
    2: [[240, 120, 0], [30, 180, 60]],  # (top, right)
    3: [[30, 180, 60], [240, 120, 0]],  # (bottom, right)
    4: [[60, 180, 30], [0, 120, 240]],  # (bottom, left)
    5: [[0, 60], [120, 180], [240, 30]],  # (left, top)
    6: [[240, 30], [120, 180], [0, 60]],  # (right, top)
    7: [[30, 240], [180, 120], [60, 0]],  # (right, bottom)
    8: [[60, 0], [180, 120], [30, 240]],  # (left, bottom)
}


def blocks(values, side=16):
    """Pixels of shape `(h, w, 1)`: a flat block of `side` x `side` pixels per value."""
    return np.kron(np.array(values, np.uint8), np.ones((side, side), np.uint8))[..., None]


def jpeg(pixels, **options):
    return tf.io.encode_jpeg(pixels, quality=100, **options).numpy()


def exif(orientation, order="big", kind=3, before=b"", tag=0x0112, other=(0x010F, 2, b"K\0\0\0")):
    """An EXIF segment: one other entry, then the orientation."""
    n = lambda value, size: value.to_bytes(size, order)  # noqa: E731
    head = (b"MM" if order == "big" else b"II") + n(42, 2) + n(8, 4)
    other = n(other[0], 2) + n(other[1], 2) + n(1, 4) + other[2]
    entry = n(tag, 2) + n(kind, 2) + n(1, 4) + n(orientation, 2) + b"\0\0"
    payload = b"Exif\0\0" + head + n(2, 2) + other + entry + n(0, 4)
    return before + b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segment(jpeg, segment):
    """A JPEG with a segment put before its first one."""
    return jpeg[:2] + segment + jpeg[2:]


def png_that_says(height, width):
    """A PNG of one pixel whose header says another size, with the right checksum."""
    png = bytearray(tf.io.encode_png(np.zeros((1, 1, 1), np.uint8)).numpy())
    png[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    png[29:33] = zlib.crc32(png[12:29]).to_bytes(4, "big")
    return bytes(png)


def bmp(pixels, bits, palette=b"", alpha=None, compression=0):
    height, width = pixels.shape[:2]
    start = 54 + len(palette)
    head = b"BM" + bytes(8) + start.to_bytes(4, "little") + (40).to_bytes(4, "little")
    head += width.to_bytes(4, "little") + height.to_bytes(4, "little") + b"\1\0"
    head += bits.to_bytes(2, "little") + compression.to_bytes(4, "little") + bytes(20) + palette
    rows = b""
    for row in pixels[::-1]:
        line = b"".join(bytes(p) + (b"" if alpha is None else bytes([alpha])) for p in row)
        rows += line + bytes(-len(line) % 4)
    return head + rows


def grey_palette():
    return b"".join(bytes([i, i, i, 0]) for i in range(256))


# One pixel, red then blue in two frames; made by hand from the GIF89a document.
GIF = (
    b"GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\xff"
    + b"!\xf9\4\0\1\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    + b"!\xf9\4\0\1\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x4c\1\0;"
)


def webp():
    """One pixel of (10, 200, 30), lossless, with every Huffman code of one symbol (RFC 9649)."""
    bits = "0" * 14 + "0" * 14 + "0" + "000"  # width - 1, height - 1, alpha, version
    bits += "0" + "0" + "0"  # no transform, no colour cache, no meta prefix codes
    for symbol in (200, 10, 30, 255):  # green, red, blue, alpha
        bits += "1" + "0" + "1" + f"{symbol:08b}"[::-1]
    bits += "1" + "0" + "0" + "0"  # distance
    bits += "0" * (-len(bits) % 8)
    packed = b"\x2f" + bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    packed += bytes(len(packed) % 2)
    chunk = b"VP8L" + len(packed).to_bytes(4, "little") + packed
    return b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk
