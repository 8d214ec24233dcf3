"""The EXIF orientation: the graph that is served and the scan of a folder read it alike."""

import io

import numpy as np
import pytest
import tensorflow as tf
from encoded_images import SEEN, STORED, blocks, exif, jpeg, with_segment
from marks import first

from kerakit.data.images.decode import decode_function
from kerakit.data.images.header import NotAnImage, read_header
from kerakit.data.images.orientation import jpeg_orientation


@pytest.fixture(scope="module")
def read_in_graph():
    """`jpeg_orientation` as a function that is traced once."""
    return tf.function(jpeg_orientation, input_signature=[tf.TensorSpec((), tf.string)])


@pytest.mark.many
@pytest.mark.parametrize("order", first(1, ["big", "little"]))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_stand_upright(orientation, order):
    stored = blocks(STORED[orientation])
    content = with_segment(jpeg(stored), exif(orientation, order))
    seen = decode_function((32, 48, 1))(tf.constant(content)).numpy()
    np.testing.assert_allclose(seen.astype(int), blocks(SEEN), atol=3)
    header = read_header(io.BytesIO(content))
    assert (header.orientation, header.upright) == (orientation, (32, 48))


@pytest.mark.many
def test_an_oriented_picture_is_cropped_and_resized_as_it_is_seen():
    content = with_segment(jpeg(blocks(STORED[6])), exif(6))
    # Upright 32 x 48, wanted 16 x 8: of the width the middle 16 columns, the second block.
    seen = decode_function((16, 8, 1))(tf.constant(content)).numpy().astype(int)
    np.testing.assert_allclose(seen[:7], 120, atol=4)
    np.testing.assert_allclose(seen[9:], 180, atol=4)


@pytest.mark.many
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
        (exif(6, order="little", kind=4), 1),  # Pillow's reader says 6
        (exif(6, tag=0x0113), 1),
        (exif(6).replace(b"MM", b"XX"), 1),
        (exif(6).replace(b"Exif", b"Exot"), 1),
        (b"\xff\xe1\x00\x08Exif\0\0", 1),
        (b"\xff\xe1\x00\x0aExif\0\0MM", 1),
        (exif(6)[:-14].replace(exif(6)[2:4], (len(exif(6)) - 16).to_bytes(2, "big")), 1),
        (b"", 1),
    ],
)
def test_the_graph_and_the_scan_read_the_same_orientation(segment, expected, read_in_graph):
    content = with_segment(jpeg(blocks(SEEN)), segment)
    assert int(read_in_graph(tf.constant(content))) == expected
    assert read_header(io.BytesIO(content)).orientation == expected


@pytest.mark.many
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_the_two_readers_agree_on_damaged_headers(read_in_graph):
    rng, seen = np.random.default_rng(0), set()
    whole = with_segment(jpeg(blocks(SEEN)), exif(6, "little"))
    for _ in range(300):
        content = bytearray(whole)
        for index in rng.integers(2, 70, 2):
            content[index] = rng.choice([0, 1, 3, 8, 0x12, 0xE1, 0xFF, rng.integers(256)])
        try:
            expected = read_header(io.BytesIO(content)).orientation
        except NotAnImage:
            expected = None
        found = int(read_in_graph(tf.constant(bytes(content))))
        assert expected in (None, found)
        seen.add(expected)
    assert {None, 1, 6} <= seen
