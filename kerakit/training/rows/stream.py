"""Batches of data that do not fit in memory once preprocessed."""

import math

import tensorflow as tf

from kerakit.training.model_parts import has_images
from kerakit.training.rows.arrays import weighted

__all__ = ["streamed_batches"]

SHUFFLE_ROWS = 16_384  # rows of a stream that are mixed at a time
SHUFFLE_BYTES = 256 * 2**20  # and what images among them may take


def streamed_batches(data, preprocess, batch_size, seed, weights=None):
    """Return what `StreamedEpochs` takes: `(batches, validation)`.

    A table is shuffled as a whole, row by row, wherever its columns lie; a stream by
    `SHUFFLE_ROWS` at a time (fewer of large images). Both orders depend on the seed and the
    epoch alone.

    Args:
        data: `Data`.
        preprocess: `keras.Model`, or `None` to give the features as they are.
        batch_size: int.
        seed: int.
        weights: float array of shape `(classes,)`, or `None`. Class weights.

    Returns:
        Tuple of a function from an epoch's number to a `tf.data.Dataset`, and the `tf.data.Dataset`
        of the validation batches, or `None`.
    """
    images = has_images(data.spec)
    ahead = {"num_parallel_calls": tf.data.AUTOTUNE} if images else {}

    def ready(features, target, weight=None):
        values = features if preprocess is None else preprocess(features, training=False)
        if isinstance(values, list):
            values = tuple(values)  # tf.data would pack a list into one tensor
        weight = weighted(target, weight, weights)
        return (values, target) if weight is None else (values, target, weight)

    gather = data.gatherer("train")
    if gather is not None:
        rows = data.spec.sizes["train"]

        def batches(epoch):
            order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=(seed, epoch))
            picked = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
            return picked.map(lambda index: ready(*gather(index)), **ahead)
    else:
        mixed_rows = _shuffled_rows(data.spec) if images else SHUFFLE_ROWS

        def batches(epoch):
            shuffled = data.train.shuffle(mixed_rows, seed=epoch + 1_000_003 * seed)
            return shuffled.batch(batch_size).map(ready, **ahead)

    held = data.batches("validation", batch_size if images else 4096)
    return batches, None if held is None else held.map(ready, **ahead)


def _shuffled_rows(spec):
    """How many rows with images are mixed at a time."""
    size = sum(feature.size * tf.as_dtype(feature.dtype).size for feature in spec.features)
    return max(1, min(SHUFFLE_ROWS, math.floor(SHUFFLE_BYTES / max(size, 1))))
