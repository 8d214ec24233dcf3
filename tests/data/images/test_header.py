"""Headers of image files: format, size and colour, and what is no image."""

import io
import warnings

import numpy as np
import pytest
import tensorflow as tf
from encoded_images import GIF, bmp, grey_palette, png_that_says, webp

from kerakit.data.images.header import MAX_PIXELS, ImageHeader, NotAnImage, read_header


def header_of(content):
    return read_header(io.BytesIO(content))


PIXELS = np.zeros((2, 3, 4), np.uint8)


@pytest.mark.parametrize(
    ("content", "format", "size", "grey"),
    [
        (tf.io.encode_jpeg(PIXELS[..., :3]), "JPEG", (2, 3), False),
        (tf.io.encode_jpeg(PIXELS[..., :1]), "JPEG", (2, 3), True),
        (tf.io.encode_png(PIXELS), "PNG", (2, 3), False),
        (tf.io.encode_png(PIXELS[..., :3]), "PNG", (2, 3), False),
        (tf.io.encode_png(PIXELS[..., :2]), "PNG", (2, 3), True),
        (tf.io.encode_png(PIXELS[..., :1]), "PNG", (2, 3), True),
        (tf.io.encode_png(PIXELS[..., :1].astype(np.uint16)), "PNG", (2, 3), True),
        (tf.io.encode_png(PIXELS[..., :2].astype(np.uint16)), "PNG", (2, 3), True),
        (GIF, "GIF", (1, 1), False),
        (webp(), "WebP", (1, 1), False),
        (bmp(PIXELS[..., :3], 24), "BMP", (2, 3), False),
        (bmp(PIXELS[..., :3], 32, alpha=0), "BMP", (2, 3), False),
        (bmp(PIXELS[..., :1], 8, grey_palette()), "BMP", (2, 3), True),
    ],
)
def test_format_size_and_colour(content, format, size, grey):
    content = content if isinstance(content, bytes) else content.numpy()
    assert header_of(content) == ImageHeader(format, *size, grey)


def test_a_jpeg_of_four_inks_has_a_header():
    # As printers have it. TensorFlow decodes it too.
    from PIL import Image

    file = io.BytesIO()
    Image.new("CMYK", (3, 2)).save(file, "JPEG")
    assert header_of(file.getvalue()) == ImageHeader("JPEG", 2, 3)


def test_a_bmp_that_tensorflow_does_not_decode_is_refused():
    pixels = np.array([[[3], [250]]], np.uint8)
    with pytest.raises(NotAnImage, match="palette"):
        header_of(bmp(pixels, 8, grey_palette()[::-1]))
    with pytest.raises(NotAnImage, match="a BMP image of 16 bits"):
        header_of(bmp(np.zeros((1, 2, 2), np.uint8), 16))
    with pytest.raises(NotAnImage, match="a compressed BMP image"):
        header_of(bmp(pixels, 8, grey_palette(), compression=1))


def test_a_header_says_when_an_image_is_too_large():
    with pytest.raises(NotAnImage, match="20000 x 20000 pixels, over 89,478,485"):
        header_of(png_that_says(20_000, 20_000))
    assert header_of(png_that_says(height=1, width=MAX_PIXELS)).width == MAX_PIXELS


def test_a_gif_with_a_frame_that_is_too_large_is_no_image():
    # Pillow checks the size of a frame by itself.
    frame = GIF.replace(b",\0\0\0\0\1\0\1\0", b",\0\0\0\0\xff\xff\xff\xff")
    with pytest.raises(NotAnImage, match="over 89,478,485"):
        header_of(frame)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"hello, world\n" * 10, "no image"),
        (b"II*\0" + bytes(60), "a TIFF image"),
        (b"\0\0\0\x18ftypheic" + bytes(60), "a HEIC image"),
        (b"\xff\xd8\xff\xe0", "breaks off"),
        (b"\xff\xd8\xff\xe0\0\x04ab" + b"zz", "a broken JPEG"),
        (b"\xff\xd8\xff\xda\0\x04ab", "a broken JPEG"),
        (b"\x89PNG\r\n\x1a\n", "a broken PNG"),
        (b"GIF89a", "a broken GIF"),
        (b"BM", "a broken BMP"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no image"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a broken WebP"),
        (b"GIF89a" + bytes(20), "without pixels"),
    ],
)
def test_what_is_no_image_is_said(content, problem):
    with pytest.raises(NotAnImage, match=problem):
        header_of(content)


@pytest.mark.parametrize("content", [GIF, webp(), png_that_says(1, 1), bmp(PIXELS[..., :3], 24)])
def test_damaged_bytes_are_a_header_or_no_image(content):
    """No other exception comes through, whatever Pillow raises."""
    rng, seen = np.random.default_rng(0), set()
    for number in range(200):
        damaged = bytearray(content[: rng.integers(len(content)) if number % 4 == 0 else None])
        for index in rng.integers(0, max(len(damaged), 1), 2)[: len(damaged)]:
            damaged[index] = rng.integers(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                seen.add(type(header_of(bytes(damaged))))
            except NotAnImage:
                seen.add(NotAnImage)
    assert seen == {ImageHeader, NotAnImage}
