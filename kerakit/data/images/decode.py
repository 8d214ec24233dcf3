"""From the bytes of an image to the pixels of a model's input: one way, in training and serving."""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from kerakit.data.images.orientation import jpeg_orientation, turn_upright

__all__ = ["decode_function", "decode_image", "resize_image"]

# A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size for less time and memory. The decoded
# image stays at least this many times larger than the wanted size, so that the resize filters.
_MIN_RATIO = 2
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as JPEG has it


def decode_function(shape: tuple[int, int, int]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return `decode_image` for one shape, as a graph that all shapes share.

    Args:
        shape: tuple of ints `(height, width, channels)`, channels 1 or 3.
    """
    decode = _traced(shape[2])
    return lambda encoded: tf.ensure_shape(decode(encoded, tf.constant(shape[:2])), shape)


@functools.cache
def _traced(channels):
    """`_decode` as a `tf.function`. It is traced once, which takes 0.3 s."""
    signature = [tf.TensorSpec((), tf.string), tf.TensorSpec((2,), tf.int32)]
    return tf.function(
        lambda encoded, size: _decode(encoded, size, size[::-1], channels),
        input_signature=signature,
        autograph=False,
    )


def decode_image(encoded: tf.Tensor, shape: tuple[int, int, int]) -> tf.Tensor:
    """Decode one encoded image, turn it upright and resize it, with TensorFlow operations.

    - Formats: JPEG, PNG, GIF (the first frame), BMP, WebP.
    - Transparent pixels are shown on white. The fourth channel of a BMP is ignored.
    - Of 16 bits a channel, the upper 8 are taken.
    - The EXIF orientation of a JPEG is applied, so that the picture stands upright.
    - A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, and at no less than twice the
      wanted size.
    - The image is resized by `resize_image`.
    - A grey image gets three equal channels where `shape` has 3. A coloured image becomes grey
      by the weights 0.299, 0.587 and 0.114 where `shape` has 1.

    Args:
        encoded: string tensor of shape `()`.
        shape: tuple of ints `(height, width, channels)`, channels 1 or 3.

    Returns:
        uint8 tensor of that shape.
    """
    # Two constants rather than one and its reverse: in a served graph TensorFlow then sees the
    # size, and optimises the network behind it as in the graph that takes pixels.
    size, turned = list(shape[:2]), list(shape[1::-1])
    return tf.ensure_shape(_decode(encoded, size, turned, shape[2]), shape)


def resize_image(image: tf.Tensor, size) -> tf.Tensor:
    """Resize an image to a size without distortion: both ends of the longer side are cropped.

    The largest centred rectangle with the wanted aspect is cut out, and scaled by a bilinear
    filter with antialiasing. An image that has the size stays as it is.

    Args:
        image: uint8 or float tensor of shape `(h, w, c)` in the range [0, 255].
        size: pair of ints, or int tensor of shape `(2,)`: height and width.

    Returns:
        uint8 tensor of shape `(height, width, c)`, rounded to the nearest.
    """
    size = tf.cast(size, tf.int32)

    def resized():
        centre = _centre(image, size)
        return _to_uint8(tf.image.resize(centre, size, antialias=True))

    same = tf.reduce_all(tf.shape(image)[:2] == size)
    return tf.cond(same, lambda: _to_uint8(image), resized)


def _decode(encoded, size, turned, channels):
    """`decode_image` for a size, and its reverse, that may be int tensors."""
    # Broken bytes must fail as InvalidArgument, as they do in `decode_image` of TensorFlow.
    jpeg = tf.io.is_jpeg(encoded)
    orientation = tf.cond(jpeg, lambda: jpeg_orientation(encoded), lambda: tf.constant(1))
    stored_size = tf.where(orientation >= 5, turned, size)
    image = tf.cond(
        jpeg, lambda: _decode_jpeg(encoded, stored_size), lambda: _decode_other(encoded)
    )
    image = _with_channels(resize_image(image, stored_size), channels)
    return turn_upright(image, orientation)


def _decode_jpeg(encoded, size):
    stored = tf.image.extract_jpeg_shape(encoded)[:2]
    times = tf.reduce_min(stored // tf.maximum(_MIN_RATIO * size, 1))
    step = sum(tf.cast(times >= ratio, tf.int32) for ratio in (2, 4, 8))

    def decode(ratio):
        # The accurate transform is what other decoders use, so that clients agree.
        return lambda: tf.image.decode_jpeg(encoded, ratio=ratio, dct_method="INTEGER_ACCURATE")

    return tf.switch_case(step, [decode(ratio) for ratio in (1, 2, 4, 8)])


def _decode_other(encoded):
    image = tf.io.decode_image(encoded, channels=0, expand_animations=False)
    image = tf.ensure_shape(image, (None, None, None))
    channels = tf.shape(image)[2]
    has_alpha = tf.cast(channels % 2 == 0, tf.int32)
    colours, alpha = image[..., : channels - has_alpha], image[..., channels - 1 :]
    # 32-bit BMPs mostly leave the fourth channel at 0, which means nothing.
    shown = (has_alpha > 0) & (tf.strings.substr(encoded, 0, 2) != b"BM")
    seen = shown & tf.reduce_any(alpha < 255)
    return tf.cond(seen, lambda: _on_white(colours, alpha), lambda: colours)


def _on_white(colours, alpha):
    colours, alpha = tf.cast(colours, tf.uint16), tf.cast(alpha, tf.uint16)
    full = tf.constant(255, tf.uint16)
    # At most 255 * 255 + 127, which 16 bits hold; 127 rounds to the nearest.
    mixed = colours * alpha + full * (full - alpha) + tf.constant(127, tf.uint16)
    return tf.cast(mixed // full, tf.uint8)


def _centre(image, size):
    """The largest centred rectangle of an image with the aspect of `size`."""
    stored = tf.shape(image)[:2]
    scale = tf.reduce_min(tf.cast(stored, tf.float32) / tf.cast(size, tf.float32))
    sides = tf.cast(tf.round(scale * tf.cast(size, tf.float32)), tf.int32)
    sides = tf.clip_by_value(sides, 1, stored)
    start = (stored - sides) // 2
    return image[start[0] : start[0] + sides[0], start[1] : start[1] + sides[1]]


def _with_channels(image, channels):
    if channels == 3:
        return tf.broadcast_to(image, tf.concat([tf.shape(image)[:2], [3]], 0))
    return tf.cond(tf.shape(image)[2] == 1, lambda: image, lambda: _grey(image))


def _grey(image):
    weighted = tf.cast(image[..., :3], tf.float32) * tf.constant(_GREY)
    return _to_uint8(tf.reduce_sum(weighted, axis=-1, keepdims=True))


def _to_uint8(image):
    if image.dtype == tf.uint8:
        return image
    image = tf.round(tf.clip_by_value(tf.cast(image, tf.float32), 0.0, 255.0))
    return tf.cast(image, tf.uint8)
