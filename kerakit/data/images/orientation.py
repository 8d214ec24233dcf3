"""The EXIF orientation of a JPEG, read and applied with TensorFlow operations.

A served graph must turn a picture as training did, so these are TensorFlow operations.
`header.exif_orientation` reads the same block in Python, for the scan of a folder.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["jpeg_orientation", "turn_upright"]

_TAG, _SHORT = 0x0112, 3
_LITTLE, _BIG = 0x4949, 0x4D4D  # "II" and "MM"
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
    order = _reader(block, tf.constant(False))(tf.constant(0), 2)
    number = _reader(block, order == _LITTLE)
    directory = number(tf.constant(4), 4)
    entries = directory + 2 + 12 * tf.range(number(directory, 2))
    entries = tf.boolean_mask(entries, entries + 12 <= tf.size(block))
    named = (number(entries, 2) == _TAG) & (number(entries + 2, 2) == _SHORT)
    values = tf.boolean_mask(number(entries + 8, 2), named)
    first = tf.concat([values[:1], [1]], 0)[0]
    known = ((order == _LITTLE) | (order == _BIG)) & (first >= 1) & (first <= 8)
    return tf.where(known, first, 1)


def _reader(content, little):
    """A function from indices and a width (2 or 4) to the numbers there, 0 past the end."""
    length = tf.size(content)
    content = tf.concat([content, tf.zeros([1], tf.uint8)], 0)

    def number(index, width):
        indices = index[..., tf.newaxis] + tf.range(width)
        inside = tf.reduce_all(indices < length, axis=-1)
        digits = tf.gather(content, tf.clip_by_value(indices, 0, length))
        weights = tf.constant([256**power for power in reversed(range(width))], tf.int64)
        weights = tf.where(little, tf.reverse(weights, [0]), weights)
        value = tf.reduce_sum(tf.cast(digits, tf.int64) * weights, axis=-1)
        # Indices are int32; a segment has at most 2**16 bytes.
        return tf.where(inside, tf.cast(tf.minimum(value, 2**30), tf.int32), 0)

    return number
