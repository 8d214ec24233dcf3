"""From the bytes of an image to the pixels of a model's input: one way, in training and serving."""

import functools

import tensorflow as tf

from kerakit.data.images.orientation import jpeg_orientation, turn_upright

__all__ = ["decode_function", "decode_image", "resize_image"]

# A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size for less time and memory. The image
# stays at least this many times larger than what is wanted, for the resize to filter.
_SPARE = 2
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as JPEG has it


@functools.lru_cache(maxsize=8)
def decode_function(shape):
    """Return `decode_image` for one shape as a `tf.function`: traced once, which takes 0.4 s."""

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
    def decode(encoded):
        return decode_image(encoded, shape)

    return decode


def decode_image(encoded, shape):
    """Decode, resize and turn upright one encoded image; a function of TensorFlow operations.

    - Formats: JPEG, PNG, GIF (the first frame), BMP, WebP.
    - What is transparent is shown on white (a BMP's fourth channel is ignored).
    - Of 16 bits a channel the upper 8 are taken.
    - The EXIF orientation of a JPEG is applied, so that the picture stands upright.
    - Large JPEGs are decoded at a part of their size, at least twice what is wanted.
    - Resized as in `resize_image`; a grey image gets three equal channels where colour is
      wanted, and a coloured one becomes grey by the weights 0.299, 0.587 and 0.114.

    Args:
        encoded: string tensor of shape `()`.
        shape: tuple of ints `(height, width, channels)`, channels 1 or 3.

    Returns:
        uint8 tensor of that shape.
    """
    height, width, channels = shape
    # Broken bytes must fail as InvalidArgument, which decoding does for anything unknown.
    jpeg = tf.io.is_jpeg(encoded)
    orientation = tf.cond(jpeg, lambda: jpeg_orientation(encoded), lambda: tf.constant(1))
    size = tf.where(orientation >= 5, [width, height], [height, width])
    image = tf.cond(jpeg, lambda: _decode_jpeg(encoded, size), lambda: _decode_other(encoded))
    image = resize_image(image, size)
    image = _with_channels(image, channels)
    return tf.ensure_shape(turn_upright(image, orientation), shape)


def resize_image(image, size):
    """Resize an image to a size, without distortion: what juts out is cropped evenly.

    The largest centred part with the wanted aspect is taken, and scaled with a bilinear
    filter that averages what becomes smaller (antialias). An image that has the size stays
    as it is.

    Args:
        image: uint8 or float tensor of shape `(h, w, c)` in the range [0, 255].
        size: pair of ints, or int tensor of shape `(2,)`: height and width.

    Returns:
        uint8 tensor of shape `(height, width, c)`, rounded to the nearest.
    """
    size = tf.cast(size, tf.int32)

    def resized():
        part = _centre(image, size)
        return _to_uint8(tf.image.resize(part, size, antialias=True))

    same = tf.reduce_all(tf.shape(image)[:2] == size)
    return tf.cond(same, lambda: _to_uint8(image), resized)


def _decode_jpeg(encoded, size):
    stored = tf.image.extract_jpeg_shape(encoded)[:2]
    room = tf.reduce_min(stored // tf.maximum(_SPARE * size, 1))
    step = sum(tf.cast(room >= ratio, tf.int32) for ratio in (2, 4, 8))

    def at(ratio):
        # The accurate transform is what other decoders use, so that clients agree.
        return lambda: tf.image.decode_jpeg(encoded, ratio=ratio, dct_method="INTEGER_ACCURATE")

    return tf.switch_case(step, [at(1), at(2), at(4), at(8)])


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
    """The largest centred part of an image with the aspect of `size`."""
    stored = tf.shape(image)[:2]
    scale = tf.reduce_min(tf.cast(stored, tf.float32) / tf.cast(size, tf.float32))
    part = tf.cast(tf.round(scale * tf.cast(size, tf.float32)), tf.int32)
    part = tf.clip_by_value(part, 1, stored)
    start = (stored - part) // 2
    return image[start[0] : start[0] + part[0], start[1] : start[1] + part[1]]


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
