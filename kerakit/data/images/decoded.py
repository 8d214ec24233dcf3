"""Encoded images of any source -> decoded splits and their statistics, in one pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.data import Table
from kerakit.data.images.cache import CacheOptions, PixelStore, cache_key, load_pixels
from kerakit.data.images.statistics import PixelCounts, describe_image
from kerakit.data.spec import Feature
from kerakit.status import show_done

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["EncodedImages", "decode_splits"]

_BATCH_BYTES = 2**21  # of decoded images that are handled at a time


@dataclasses.dataclass(frozen=True)
class EncodedImages:
    """Encoded images that can be read in any number of passes.

    Attributes:
        encoded: function from an int array of rows to a `tf.data.Dataset` of `(row, value)`:
            each of the rows that can be read, in an order that is the same each time. Only
            `decode` must know what a value is.
        decode: function from a value to a uint8 tensor of `shape`, of TensorFlow operations.
        shape: tuple of ints `(height, width, channels)`.
        ids: int32 array. The class id of each row.
        fingerprint: str. SHA-256 of the source.
    """

    encoded: Callable[[np.ndarray], tf.data.Dataset]
    decode: Callable[[Any], tf.Tensor]
    shape: tuple[int, int, int]
    ids: np.ndarray
    fingerprint: str

    def decoded(self, *rows: np.ndarray) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of `(row, image)`; what cannot be decoded is left out.

        Args:
            rows: int arrays. The images of the first array come first.
        """
        import tensorflow as tf

        first, *others = (self.encoded(chosen) for chosen in rows if len(chosen))
        for other in others:
            first = first.concatenate(other)
        images = first.map(
            lambda row, value: (row, self.decode(value)), num_parallel_calls=tf.data.AUTOTUNE
        )
        return images.ignore_errors()

    def stream(self, rows: np.ndarray) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of `({"image": image}, class id)`, decoded as it is read."""
        import tensorflow as tf

        ids = tf.constant(self.ids)
        return self.decoded(rows).map(lambda row, image: ({"image": image}, tf.gather(ids, row)))


def decode_splits(
    images: EncodedImages, rows: dict[str, np.ndarray], options: CacheOptions
) -> tuple[dict[str, Any], Feature | None, dict[str, np.ndarray]]:
    """Decode all images once, and keep them where there is room.

    Args:
        images: `EncodedImages`.
        rows: dict from split to int array, the rows of each split.
        options: `CacheOptions`.

    Returns:
        `(splits, feature, rows)`: a dict from split to `Table` (in memory, or a `np.memmap`)
        or repeatable `tf.data.Dataset`; the image's `Feature`, or `None` without a training
        image; and a dict from split to the rows that could be decoded.
    """
    key = cache_key(images.fingerprint, images.shape, rows)
    counts = PixelCounts(images.shape[-1])
    cached = load_pixels(key, options)
    if cached is not None:
        pixels, good = cached
        counts.counts += good.pop("counts")
    else:
        store = PixelStore(sum(map(len, rows.values())), images.shape, options, key)
        good = _decode_into(store, counts, images, rows)
        pixels = store.finish(counts=counts.counts, **good)
    splits, start = {}, 0
    for split, chosen in good.items():
        if pixels is None:
            splits[split] = images.stream(chosen)
        else:
            column = pixels[start : start + len(chosen)]
            splits[split] = Table({"image": column}, images.ids[chosen])
        start += len(chosen)
    feature = describe_image("image", images.shape, counts) if len(good["train"]) else None
    return splits, feature, good


def _decode_into(store, counts, images, rows):
    """Decode rows into a store; count the training pixels; return which rows were decoded.

    One pipeline decodes all splits: TensorFlow takes 0.2 s of CPU time to start one.
    """
    names = list(rows)
    split_of = np.full(len(images.ids), -1)
    for number, chosen in enumerate(rows.values()):
        split_of[chosen] = number
    decoded = [np.zeros(0, np.int64)]
    size = max(1, _BATCH_BYTES // int(np.prod(images.shape)))
    for numbers, pixels in images.decoded(*rows.values()).batch(size).as_numpy_iterator():
        store.append(pixels)
        training = split_of[numbers] == names.index("train")
        counts.add(pixels if training.all() else pixels[training])
        decoded.append(numbers)
        show_done(sum(map(len, decoded)), len(images.ids))
    found = np.concatenate(decoded)
    return {split: found[split_of[found] == number] for number, split in enumerate(names)}
