"""Batches of data that do not fit in memory once they are preprocessed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import tensorflow as tf

from kerakit.training.rows.class_weights import weighted
from kerakit.training.rows.raw import has_images

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kerakit.data.data import Data

__all__ = ["batches_in_order", "streamed_batches"]

SHUFFLE_ROWS = 16_384  # rows of a stream that are mixed at a time
SHUFFLE_BYTES = 256 * 2**20  # memory that the images among these rows may take
VALIDATION_BATCH = 4096  # rows of data without images that are validated at a time


def streamed_batches(
    data: Data,
    preprocess: keras.Model | None,
    batch_size: int,
    seed: int,
    weights: np.ndarray | None = None,
    validation_batch_size: int | None = None,
) -> tuple[Callable[[int], tf.data.Dataset], tf.data.Dataset | None]:
    """Return the batches that `StreamedEpochs` trains on: `(batches, validation)`.

    A table is shuffled as a whole, row by row, on disk as in memory. A stream is shuffled by
    `SHUFFLE_ROWS` at a time (fewer of large images). Both orders depend on the seed and the
    epoch alone.

    Args:
        data: `Data`.
        preprocess: `keras.Model`, or `None` to give the features as they are.
        batch_size: int.
        seed: int.
        weights: float array of shape `(classes,)`, or `None`. Class weights.
        validation_batch_size: int or `None`. Defaults to what is fastest.

    Returns:
        Tuple of a function from the index of an epoch to a `tf.data.Dataset` of its training
        batches, and the `tf.data.Dataset` of the validation batches, or `None`.
    """
    images = has_images(data.spec)
    parallel = {"num_parallel_calls": tf.data.AUTOTUNE} if images else {}

    ready = _ready(preprocess, weights)
    gather = data.gatherer("train")
    if gather is not None:
        rows = data.spec.sizes["train"]

        def batches(epoch):
            order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=(seed, epoch))
            picked = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
            return picked.map(lambda index: ready(*gather(index)), **parallel)
    else:
        shuffled_rows = _shuffled_rows(data.spec) if images else SHUFFLE_ROWS

        def batches(epoch):
            shuffled = data.train.shuffle(shuffled_rows, seed=epoch + 1_000_003 * seed)
            return shuffled.batch(batch_size).map(ready, **parallel)

    size = validation_batch_size or (batch_size if images else VALIDATION_BATCH)
    return batches, batches_in_order(data, "validation", preprocess, size, weights)


def batches_in_order(
    data: Data,
    split: Literal["train", "validation", "test"],
    preprocess: keras.Model | None,
    batch_size: int,
    weights: np.ndarray | None = None,
) -> tf.data.Dataset | None:
    """Return the batches of a split in the order of its rows, or `None` where it is absent.

    Args:
        data, preprocess, batch_size, weights: as in `streamed_batches`.
        split: `"train"`, `"validation"` or `"test"`.
    """
    parallel = {"num_parallel_calls": tf.data.AUTOTUNE} if has_images(data.spec) else {}
    batches = data.batches(split, batch_size)
    return None if batches is None else batches.map(_ready(preprocess, weights), **parallel)


def _ready(preprocess, weights):
    """A function from raw rows to those that train, with their weights."""

    def ready(features, target, weight=None):
        values = features if preprocess is None else preprocess(features, training=False)
        if isinstance(values, list):
            values = tuple(values)  # tf.data would pack a list into one tensor
        weight = weighted(target, weight, weights)
        return (values, target) if weight is None else (values, target, weight)

    return ready


def _shuffled_rows(spec):
    """How many rows with images are mixed at a time."""
    size = sum(feature.size * tf.as_dtype(feature.dtype).size for feature in spec.features)
    return max(1, min(SHUFFLE_ROWS, math.floor(SHUFFLE_BYTES / max(size, 1))))
