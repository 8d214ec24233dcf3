"""The EXIF orientation of a JPEG, read and applied with TensorFlow operations.

A served graph must turn a picture as training did, so this is no Python code;
`image_header.exif_orientation` reads the same for the files of a folder, where nothing is
to be decoded.
"""

import tensorflow as tf

__all__ = ["jpeg_orientation", "turn_upright"]

_TAG, _SHORT = 0x0112, 3
_LITTLE, _BIG = 0x4949, 0x4D4D  # "II" and "MM"
_WINDOW = 10
_EXIF = (0xFF, 0xE1, -1, -1, *b"Exif", 0, 0)  # -1: the length, any


def jpeg_orientation(encoded):
    """Return the EXIF orientation of an encoded JPEG as an int32 scalar, 1 where it has none.

    Args:
        encoded: string tensor of shape `()`, the bytes of a JPEG.
    """
    content = tf.io.decode_raw(encoded, tf.uint8)
    padded = tf.concat([content, tf.zeros([_WINDOW], tf.uint8)], 0)

    def window(at):
        at = tf.minimum(at, tf.size(content))
        return tf.cast(padded[at : at + _WINDOW], tf.int32)

    # Segments that may stand before EXIF: applications' own, comments, and fill bytes.
    def further(_, seen):
        marker = seen[1]
        skipped = ((marker >= 0xE0) & (marker <= 0xEF)) | (marker >= 0xFE)
        return (seen[0] == 0xFF) & skipped & ~_is_exif(seen)

    def onward(at, seen):
        at += tf.where(seen[1] == 0xFF, 1, 2 + 256 * seen[2] + seen[3])
        return at, window(at)

    start = tf.constant(2)
    at, seen = tf.while_loop(further, onward, (start, window(start)))
    end = at + 2 + 256 * seen[2] + seen[3]
    return tf.cond(
        _is_exif(seen) & (end <= tf.size(content)),
        lambda: _orientation(content[at + _WINDOW : end]),
        lambda: tf.constant(1),
    )


def turn_upright(image, orientation):
    """Turn an image of shape `(h, w, c)` that is stored with an EXIF orientation.

    Orientations 5 to 8 swap height and width.
    """
    image = tf.cond(orientation >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    mirrored = tf.reduce_any(orientation == tf.constant([2, 3, 6, 7]))
    image = tf.cond(mirrored, lambda: tf.reverse(image, [1]), lambda: image)
    overturned = tf.reduce_any(orientation == tf.constant([3, 4, 7, 8]))
    return tf.cond(overturned, lambda: tf.reverse(image, [0]), lambda: image)


def _is_exif(seen):
    """Whether a segment's first bytes are those of APP1 with `Exif` and two zeros."""
    return tf.reduce_all((seen == _EXIF) | (tf.constant(_EXIF) < 0))


def _orientation(block):
    """The orientation in a block of EXIF data, as `image_header.exif_orientation` reads it."""
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
    """A function from places and a width (2 or 4) to the numbers there, 0 past the end."""
    length = tf.size(content)
    content = tf.concat([content, tf.zeros([1], tf.uint8)], 0)

    def number(at, width):
        places = at[..., tf.newaxis] + tf.range(width)
        there = tf.reduce_all(places < length, axis=-1)
        digits = tf.gather(content, tf.clip_by_value(places, 0, length))
        weights = tf.constant([256**power for power in reversed(range(width))], tf.int64)
        weights = tf.where(little, tf.reverse(weights, [0]), weights)
        value = tf.reduce_sum(tf.cast(digits, tf.int64) * weights, axis=-1)
        # Places are int32; a segment has at most 2**16 bytes.
        return tf.where(there, tf.cast(tf.minimum(value, 2**30), tf.int32), 0)

    return number
