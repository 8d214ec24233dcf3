"""Encoded images of any source -> decoded splits and their statistics, in one pass."""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.data.data import Table
from kerakit.data.images.cache import PixelStore, cache_key, kept_pixels
from kerakit.data.images.statistics import PixelCounts, describe_image

__all__ = ["Pictures", "decode_splits"]

_BATCH_BYTES = 2**21  # of decoded images that are handled at a time


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Encoded images that can be read in any number of passes.

    Attributes:
        encoded: function from an int array of rows to a `tf.data.Dataset` of
            `(row, value)`: each of the rows that can be read, in an order that is the same
            each time. What a value is only `decode` must know.
        decode: function from a value to a uint8 tensor of `shape`, of TensorFlow operations.
        shape: tuple of ints `(height, width, channels)`.
        ids: int32 array. The class id of each row.
        fingerprint: str. SHA-256 of the source.
    """

    encoded: Callable
    decode: Callable
    shape: tuple[int, int, int]
    ids: np.ndarray
    fingerprint: str

    def decoded(self, rows):
        """Return a `tf.data.Dataset` of `(row, image)`; what cannot be decoded is left out."""
        import tensorflow as tf

        images = self.encoded(rows).map(
            lambda row, value: (row, self.decode(value)), num_parallel_calls=tf.data.AUTOTUNE
        )
        return images.ignore_errors()

    def stream(self, rows):
        """Return a `tf.data.Dataset` of `({"image": image}, class id)`, decoded as it is read."""
        import tensorflow as tf

        ids = tf.constant(self.ids)
        return self.decoded(rows).map(lambda row, image: ({"image": image}, tf.gather(ids, row)))


def decode_splits(pictures, rows, options):
    """Decode all images once, and keep them where there is room.

    Args:
        pictures: `Pictures`.
        rows: dict from split to int array, the rows of each split.
        options: `CacheOptions`.

    Returns:
        `(splits, feature, rows)`: a dict from split to `Table` (in memory, or a `np.memmap`)
        or repeatable `tf.data.Dataset`; the image's `Feature`; and a dict from split to the
        rows that could be decoded.
    """
    key = cache_key(pictures.fingerprint, pictures.shape, rows)
    counts = PixelCounts(pictures.shape[-1])
    kept = kept_pixels(key, options)
    if kept is not None:
        pixels, good = kept
        counts.counts += good.pop("counts")
    else:
        store = PixelStore(sum(map(len, rows.values())), pictures.shape, options, key)
        good = {}
        for split, chosen in rows.items():
            good[split] = _store(pictures, chosen, store, counts if split == "train" else None)
        pixels = store.finish(counts=counts.counts, **good)
    splits, start = {}, 0
    for split, chosen in good.items():
        if pixels is None:
            splits[split] = pictures.stream(chosen)
        else:
            images = pixels[start : start + len(chosen)]
            splits[split] = Table({"image": images}, pictures.ids[chosen])
        start += len(chosen)
    feature = describe_image("image", pictures.shape, counts) if len(good["train"]) else None
    return splits, feature, good


def _store(pictures, rows, store, counts):
    """Decode rows into a store; count the pixels; return which rows were decoded."""
    size = max(1, _BATCH_BYTES // int(np.prod(pictures.shape)))
    good = [np.zeros(0, np.int64)]
    for numbers, images in pictures.decoded(rows).batch(size).as_numpy_iterator():
        store.append(images)
        if counts is not None:
            counts.add(images)
        good.append(numbers)
    return np.concatenate(good)
