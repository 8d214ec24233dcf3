"""Batches of data that do not fit in memory once preprocessed."""

import tensorflow as tf

from kerakit.data.data import Table

__all__ = ["streamed_batches"]

SHUFFLE_ROWS = 16_384  # rows of a stream that are mixed at a time


def streamed_batches(data, preprocess, batch_size, seed, weights=None):
    """Return what `StreamedEpochs` takes: `(batches, validation)`.

    A table is shuffled as a whole, row by row; a stream by `SHUFFLE_ROWS` at a time. Both
    orders depend on the seed and the epoch alone.

    Args:
        data: `Data`.
        preprocess: `keras.Model`, or `None`.
        batch_size: int.
        seed: int.
        weights: float array of shape `(classes,)`, or `None`. Class weights.

    Returns:
        Tuple of a function from an epoch's number to a `tf.data.Dataset`, and the `tf.data.Dataset`
        of the validation batches, or `None`.
    """

    def ready(features, target, weight=None):
        values = features if preprocess is None else preprocess(features, training=False)
        if weights is not None:
            own = tf.gather(tf.constant(weights, "float32"), target)
            weight = own if weight is None else own * weight
        return (values, target) if weight is None else (values, target, weight)

    table = data.table("train")
    if isinstance(table, Table):
        rows = len(table)
        elements = tf.nest.map_structure(tf.convert_to_tensor, table.elements())

        def batches(epoch):
            order = tf.random.experimental.stateless_shuffle(tf.range(rows), seed=(seed, epoch))
            picked = tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
            return picked.map(
                lambda index: ready(*tf.nest.map_structure(lambda x: tf.gather(x, index), elements))
            )
    else:

        def batches(epoch):
            shuffled = data.train.shuffle(SHUFFLE_ROWS, seed=epoch + 1_000_003 * seed)
            return shuffled.batch(batch_size).map(ready)

    held = data.batches("validation", 4096)
    return batches, None if held is None else held.map(ready)
