"""Decoding: transparency, depth, formats, resizing, all worked out by hand."""

import io

import numpy as np
import pytest
import tensorflow as tf
from encoded_images import GIF, bmp, grey_palette, jpeg, webp

from kerakit.data.images.decode import decode_function, resize_image
from kerakit.data.images.header import read_header


def decode(content, shape):
    # Traced once per shape: most images below have the shape (1, 3, channels).
    return decode_function(shape)(tf.constant(content)).numpy()


@pytest.mark.many
def test_transparency_is_shown_on_white():
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [201, 100, 0, 128]]], np.uint8)
    png = tf.io.encode_png(rgba).numpy()
    # (201 * 128 + 255 * 127) / 255 = 227.9; 177.2; 127.0
    expected = [[[200, 100, 0], [255, 255, 255], [228, 177, 127]]]
    np.testing.assert_array_equal(decode(png, (1, 3, 3)), expected)
    grey = tf.io.encode_png(np.array([[[10, 255], [10, 0], [7, 255]]], np.uint8)).numpy()
    np.testing.assert_array_equal(decode(grey, (1, 3, 1)), [[[10], [255], [7]]])
    np.testing.assert_array_equal(decode(grey, (1, 3, 3)), [[[10] * 3, [255] * 3, [7] * 3]])


@pytest.mark.many
def test_the_fourth_channel_of_a_bmp_means_nothing():
    bgr = np.array([[[0, 100, 200], [7, 8, 9], [9, 8, 7]]], np.uint8)
    expected = bgr[..., ::-1]
    for content in (bmp(bgr, 24), bmp(bgr, 32, alpha=0)):
        np.testing.assert_array_equal(decode(content, (1, 3, 3)), expected)
        assert read_header(io.BytesIO(content)).format == "BMP"


@pytest.mark.many
def test_a_bmp_with_a_palette_of_greys_is_read():
    # One with another palette is refused: see test_header.py.
    pixels = np.array([[[3], [250], [0]]], np.uint8)
    content = bmp(pixels, 8, grey_palette())
    assert read_header(io.BytesIO(content)).grey
    np.testing.assert_array_equal(decode(content, (1, 3, 1)), pixels)


@pytest.mark.many
def test_sixteen_bits_become_eight():
    deep = np.array([[[0], [0x1234], [0xFFFF]]], np.uint16)
    png = tf.io.encode_png(deep).numpy()
    np.testing.assert_array_equal(decode(png, (1, 3, 1)).ravel(), [0, 0x12, 0xFF])


@pytest.mark.many
def test_colour_becomes_grey_by_its_weights_and_grey_colour():
    # 0.299, 0.587 and 0.114 of 255; 2.99 + 11.74 + 3.42 = 18.15
    for colours, greys in (
        ([[255, 0, 0], [0, 255, 0], [0, 0, 255]], [76, 150, 29]),
        ([[10, 20, 30]] * 3, [18] * 3),
    ):
        png = tf.io.encode_png(np.array([colours], np.uint8)).numpy()
        np.testing.assert_array_equal(decode(png, (1, 3, 1)).ravel(), greys)


@pytest.mark.many
def test_of_a_gif_the_first_frame_is_taken():
    np.testing.assert_array_equal(decode(GIF, (1, 1, 3)), [[[255, 0, 0]]])
    assert tf.io.decode_gif(GIF).shape[0] == 2
    assert read_header(io.BytesIO(GIF)).format == "GIF"


@pytest.mark.many
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


@pytest.mark.many
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
