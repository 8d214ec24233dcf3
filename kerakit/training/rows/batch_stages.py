"""The stage between raw images and the network, inside the compiled step."""

import tensorflow as tf

from kerakit.training.rows.soft_targets import as_rows

__all__ = ["image_stage"]


def image_stage(preprocess, augment, seed, width=None):
    """Return `prepare(batch, step, training) -> batch` for raw batches of images.

    Pixels stay uint8 until a batch of them trains. What is random depends on the seed and
    the step alone, so that a resumed run sees what the uninterrupted one would have.

    Args:
        preprocess: `keras.Model`, or `None`.
        augment: function `(batch, seed) -> batch` from `augmentation`, or `None`. Applied to
            training batches only.
        seed: int.
        width: int or `None`. Where targets are mixed, the width of their rows.
    """

    def prepare(batch, step, training):
        if training and augment is not None:
            if width is not None:
                features, target, *weight = batch
                batch = (features, as_rows(target, width), *weight)
            own = tf.stack([tf.constant(seed % 2**63, "int64"), tf.cast(step, "int64")])
            batch = augment(batch, own)
        features, *rest = batch
        values = features if preprocess is None else preprocess(features, training=False)
        return (values, *rest)

    return prepare
