"""The EXIF orientation of a JPEG, read and applied with TensorFlow operations.

A served graph must turn a picture as training did, so these are TensorFlow operations.
`header.exif_orientation` reads the same block in Python, for the scan of a folder.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["jpeg_orientation", "turn_upright"]

_TAG, _SHORT = 0x0112, 3
_WINDOW = 10
_EXIF = (0xFF, 0xE1, -1, -1, *b"Exif", 0, 0)  # -1: the length, any


def jpeg_orientation(encoded: tf.Tensor) -> tf.Tensor:
    """Return the EXIF orientation of an encoded JPEG as an int32 scalar, 1 where it has none.

    Args:
        encoded: string tensor of shape `()`, the bytes of a JPEG.
    """
    content = tf.io.decode_raw(encoded, tf.uint8)
    padded = tf.concat([content, tf.zeros([_WINDOW], tf.uint8)], 0)

    def window(index):
        index = tf.minimum(index, tf.size(content))
        return tf.cast(padded[index : index + _WINDOW], tf.int32)

    # Segments that may stand before EXIF: those of applications, comments, and fill bytes.
    def may_skip(_, segment):
        marker = segment[1]
        skipped = ((marker >= 0xE0) & (marker <= 0xEF)) | (marker >= 0xFE)
        return (segment[0] == 0xFF) & skipped & ~_is_exif(segment)

    def skip(index, segment):
        index += tf.where(segment[1] == 0xFF, 1, 2 + 256 * segment[2] + segment[3])
        return index, window(index)

    start = tf.constant(2)
    index, segment = tf.while_loop(may_skip, skip, (start, window(start)))
    end = index + 2 + 256 * segment[2] + segment[3]
    return tf.cond(
        _is_exif(segment) & (end <= tf.size(content)),
        lambda: _orientation(content[index + _WINDOW : end]),
        lambda: tf.constant(1),
    )


def turn_upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turn an image of shape `(h, w, c)` that is stored with an EXIF orientation.

    Orientations 5 to 8 swap height and width.
    """
    image = tf.cond(orientation >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    mirrored = tf.reduce_any(orientation == tf.constant([2, 3, 6, 7]))
    image = tf.cond(mirrored, lambda: tf.reverse(image, [1]), lambda: image)
    overturned = tf.reduce_any(orientation == tf.constant([3, 4, 7, 8]))
    return tf.cond(overturned, lambda: tf.reverse(image, [0]), lambda: image)


def _is_exif(segment):
    """Whether a segment's first bytes are those of APP1 with `Exif` and two zeros."""
    return tf.reduce_all((segment == _EXIF) | (tf.constant(_EXIF) < 0))


def _orientation(block):
    """The orientation in a block of EXIF data, as `header.exif_orientation` reads it."""
    size = tf.size(block)
    last = tf.maximum(size - 1, 0)
    first, second = (tf.cast(part, tf.int32) for part in (block[:last], block[1:]))
    start = tf.cast(tf.concat([block, tf.zeros([2], tf.uint8)], 0)[:2], tf.int32)
    little, big = tf.reduce_all(start == 0x49), tf.reduce_all(start == 0x4D)  # "II" and "MM"
    # The two-byte number at each index, and 0 for all indices past the end.
    numbers = tf.where(little, first + 256 * second, 256 * first + second)
    numbers = tf.concat([numbers, [0]], 0)

    def number(index):
        return tf.gather(numbers, tf.minimum(index, last))

    # The index of the directory has four bytes. A segment has at most 2**16.
    low, high = (number(tf.where(little, *indices)) for indices in ((4, 6), (6, 4)))
    directory = tf.where(high == 0, low, size)
    entries = directory + 2 + 12 * tf.range(number(directory))
    named = (entries + 12 <= size) & (number(entries) == _TAG) & (number(entries + 2) == _SHORT)
    named = tf.cast(tf.concat([named, [True]], 0), tf.int32)
    value = tf.concat([number(entries + 8), [1]], 0)[tf.argmax(named, output_type=tf.int32)]
    return tf.where((little | big) & (value >= 1) & (value <= 8), value, 1)
