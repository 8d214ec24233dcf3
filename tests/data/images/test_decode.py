"""Decoding: orientation, transparency, depth, resizing, all worked out by hand."""

import io

import numpy as np
import pytest
import tensorflow as tf

from kerakit.data.images.decode import decode_image, resize_image
from kerakit.data.images.header import MAX_PIXELS, NotAnImage, read_header
from kerakit.data.images.orientation import jpeg_orientation

# A picture as it should be seen: two rows of three flat blocks of 16 x 16 pixels, which JPEG
# keeps nearly as they are.
SEEN = np.array(
    [[0, 120, 240], [60, 180, 30]], np.uint8
)  # How each orientation stores it: (first stored row, first stored column) as seen, EXIF 2.3.
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
    return np.kron(np.array(values, np.uint8), np.ones((side, side), np.uint8))[..., None]


def exif(orientation, order="big", kind=3, before=b"", tag=0x0112, other=(0x010F, 2, b"K\0\0\0")):
    """An EXIF segment: one other entry, then the orientation."""
    n = lambda value, size: value.to_bytes(size, order)  # noqa: E731
    head = (b"MM" if order == "big" else b"II") + n(42, 2) + n(8, 4)
    other = n(other[0], 2) + n(other[1], 2) + n(1, 4) + other[2]
    entry = n(tag, 2) + n(kind, 2) + n(1, 4) + n(orientation, 2) + b"\0\0"
    payload = b"Exif\0\0" + head + n(2, 2) + other + entry + n(0, 4)
    return before + b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload


def with_segment(jpeg, segment):
    return jpeg[:2] + segment + jpeg[2:]


def jpeg(pixels, **options):
    return tf.io.encode_jpeg(pixels, quality=100, **options).numpy()


def decode(content, shape):
    return tf.function(decode_image)(tf.constant(content), shape).numpy()


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_stand_upright(orientation, order):
    stored = blocks(STORED[orientation])
    content = with_segment(jpeg(stored), exif(orientation, order))
    seen = decode(content, (32, 48, 1))
    np.testing.assert_allclose(seen.astype(int), blocks(SEEN), atol=3)
    header = read_header(io.BytesIO(content))
    assert (header.orientation, header.upright) == (orientation, (32, 48))


def test_an_oriented_picture_is_cropped_and_resized_as_it_is_seen():
    content = with_segment(jpeg(blocks(STORED[6])), exif(6))
    # Upright 32 x 48, wanted 16 x 8: of the width the middle 16 columns, the second block.
    seen = decode(content, (16, 8, 1)).astype(int)
    np.testing.assert_allclose(seen[:7], 120, atol=4)
    np.testing.assert_allclose(seen[9:], 180, atol=4)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        (exif(6), 6),
        (exif(6, before=b"\xff\xfe\x00\x05abc"), 6),  # after a comment
        (exif(6, before=b"\xff\xe2\x00\x04ab\xff\xff"), 6),  # and fill bytes
        (exif(6) + exif(3), 6),  # the first counts
        (exif(6, other=(0x0112, 3, b"\0\3\0\0")), 3),
        (exif(9), 1),
        (exif(0), 1),
        (exif(6, kind=4), 1),
        (exif(6, tag=0x0113), 1),
        (exif(6).replace(b"MM", b"XX"), 1),
        (exif(6).replace(b"Exif", b"Exot"), 1),
        (b"\xff\xe1\x00\x08Exif\0\0", 1),
        (b"\xff\xe1\x00\x0aExif\0\0MM", 1),
        (exif(6)[:-14].replace(exif(6)[2:4], (len(exif(6)) - 16).to_bytes(2, "big")), 1),
        (b"", 1),
    ],
)
def test_the_graph_and_the_scan_read_the_same_orientation(segment, expected):
    content = with_segment(jpeg(blocks(SEEN)), segment)
    assert int(jpeg_orientation(tf.constant(content))) == expected
    assert read_header(io.BytesIO(content)).orientation == expected


def test_the_two_readers_agree_on_damaged_headers():
    rng, seen = np.random.default_rng(0), set()
    whole = with_segment(jpeg(blocks(SEEN)), exif(6, "little"))
    read = tf.function(jpeg_orientation, input_signature=[tf.TensorSpec((), tf.string)])
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(2, 70, 2):
            content[place] = rng.choice([0, 1, 3, 8, 0x12, 0xE1, 0xFF, rng.integers(256)])
        try:
            expected = read_header(io.BytesIO(content)).orientation
        except NotAnImage:
            expected = None
        found = int(read(tf.constant(bytes(content))))
        assert expected in (None, found)
        seen.add(expected)
    assert {None, 1, 6} <= seen


def test_transparency_is_shown_on_white():
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [201, 100, 0, 128]]], np.uint8)
    png = tf.io.encode_png(rgba).numpy()
    # (201 * 128 + 255 * 127) / 255 = 227.9; 177.2; 127.0
    expected = [[[200, 100, 0], [255, 255, 255], [228, 177, 127]]]
    np.testing.assert_array_equal(decode(png, (1, 3, 3)), expected)
    grey = tf.io.encode_png(np.array([[[10, 255], [10, 0]]], np.uint8)).numpy()
    np.testing.assert_array_equal(decode(grey, (1, 2, 1)), [[[10], [255]]])
    np.testing.assert_array_equal(decode(grey, (1, 2, 3)), [[[10] * 3, [255] * 3]])


def bmp(pixels, bits, palette=b"", alpha=None):
    height, width = pixels.shape[:2]
    start = 54 + len(palette)
    head = b"BM" + bytes(8) + start.to_bytes(4, "little") + (40).to_bytes(4, "little")
    head += width.to_bytes(4, "little") + height.to_bytes(4, "little") + b"\1\0"
    head += bits.to_bytes(2, "little") + bytes(24) + palette
    rows = b""
    for row in pixels[::-1]:
        line = b"".join(bytes(p) + (b"" if alpha is None else bytes([alpha])) for p in row)
        rows += line + bytes(-len(line) % 4)
    return head + rows


def test_the_fourth_channel_of_a_bmp_means_nothing():
    bgr = np.array([[[0, 100, 200], [7, 8, 9]]], np.uint8)
    expected = bgr[..., ::-1]
    for content in (bmp(bgr, 24), bmp(bgr, 32, alpha=0)):
        np.testing.assert_array_equal(decode(content, (1, 2, 3)), expected)
        assert read_header(io.BytesIO(content)).format == "BMP"


def test_a_bmp_with_a_palette_is_read_only_if_it_is_grey():
    places = np.array([[[3], [250]]], np.uint8)
    grey = b"".join(bytes([i, i, i, 0]) for i in range(256))
    content = bmp(places, 8, grey)
    assert read_header(io.BytesIO(content)).grey
    np.testing.assert_array_equal(decode(content, (1, 2, 1)), places)
    with pytest.raises(NotAnImage, match="palette"):
        read_header(io.BytesIO(bmp(places, 8, grey[::-1])))


def test_sixteen_bits_become_eight():
    deep = np.array([[[0], [0x1234], [0xFFFF]]], np.uint16)
    png = tf.io.encode_png(deep).numpy()
    np.testing.assert_array_equal(decode(png, (1, 3, 1)).ravel(), [0, 0x12, 0xFF])


def test_colour_becomes_grey_by_its_weights_and_grey_colour():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 20, 30]]], np.uint8)
    png = tf.io.encode_png(colours).numpy()
    # 0.299, 0.587 and 0.114 of 255; 2.99 + 11.74 + 3.42 = 18.15
    np.testing.assert_array_equal(decode(png, (1, 4, 1)).ravel(), [76, 150, 29, 18])


# One pixel, red then blue in two frames; made by hand from the GIF89a document.
GIF = (
    b"GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\xff"
    + b"!\xf9\4\0\1\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    + b"!\xf9\4\0\1\0\0\0,\0\0\0\0\1\0\1\0\0\2\2\x4c\1\0;"
)


def test_of_a_gif_the_first_frame_is_taken():
    np.testing.assert_array_equal(decode(GIF, (1, 1, 3)), [[[255, 0, 0]]])
    assert tf.io.decode_gif(GIF).shape[0] == 2
    assert read_header(io.BytesIO(GIF)).format == "GIF"


# One pixel of (10, 200, 30), lossless, with every Huffman code of one symbol (RFC 9649).
def webp():
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


def test_webp_is_read():
    header = read_header(io.BytesIO(webp()))
    assert (header.format, header.upright) == ("WebP", (1, 1))
    np.testing.assert_array_equal(decode(webp(), (1, 1, 3)), [[[10, 200, 30]]])


def test_resizing_crops_the_centre_and_averages():
    image = np.arange(4 * 8, dtype=np.uint8).reshape(4, 8, 1)
    # Wanted square: the middle 4 columns; a bilinear filter of width 4 over them, weights
    # 1, 3, 3 of 7 at the border (0.5, 1.5, 1.5, 0.5 of 4, cut off).
    weights = np.array([[3, 3, 1, 0], [0, 1, 3, 3]]) / 7
    expected = np.rint(weights @ image[:, 2:6, 0] @ weights.T)
    np.testing.assert_array_equal(resize_image(image, (2, 2))[..., 0], expected)
    np.testing.assert_array_equal(resize_image(image, (4, 8)), image)
    assert resize_image(image, (4, 4)).numpy()[0, :, 0].tolist() == [2, 3, 4, 5]


def test_large_jpegs_are_decoded_at_a_part_of_their_size():
    rng = np.random.default_rng(0)
    smooth = tf.image.resize(rng.uniform(0, 255, (6, 6, 3)), (800, 800), "bicubic")
    pixels = np.clip(smooth, 0, 255).astype(np.uint8)
    content = jpeg(pixels)
    found = decode(content, (50, 50, 3)).astype(int)
    whole = tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE")
    whole = resize_image(whole, (50, 50)).numpy().astype(int)
    assert np.abs(found - whole).max() <= 3
    assert not np.array_equal(found, whole)  # it was another way


def test_a_header_says_when_an_image_is_too_large():
    png = bytearray(tf.io.encode_png(np.zeros((1, 1, 1), np.uint8)).numpy())
    png[16:24] = (20_000).to_bytes(4, "big") * 2
    with pytest.raises(NotAnImage, match="20000 x 20000 pixels, over 89,478,485"):
        read_header(io.BytesIO(png))
    png[16:24] = MAX_PIXELS.to_bytes(4, "big") + (1).to_bytes(4, "big")
    assert read_header(io.BytesIO(png)).width == MAX_PIXELS


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
        (b"GIF89a" + bytes(20), "without pixels"),
    ],
)
def test_what_is_no_image_is_said(content, problem):
    with pytest.raises(NotAnImage, match=problem):
        read_header(io.BytesIO(content))
