"""Log loss and accuracy of a model on rows, in float32, as it will be served."""

import numpy as np
import tensorflow as tf

from kerakit.training.kernels import fused_batch_norm

__all__ = ["score"]

LEAST = 1e-7  # probabilities are clipped there, as in Keras


def score(model, data, split, rows=32):
    """Return `(log loss, accuracy)` of a classifier on a split; `(None, None)` without one.

    Args:
        model: `keras.Model`, a dict of features in, probabilities out.
        data: `Data`.
        split: str.
        rows: int. Rows at a time. Defaults to `32`.
    """
    batches = data.batches(split, rows)
    if batches is None:
        return None, None
    run = tf.function(
        lambda features: model(features, training=False), autograph=False, reduce_retracing=True
    )
    losses, right, weights = [], [], []
    with fused_batch_norm(model):
        for features, target, *weight in batches:
            probabilities, target = run(features).numpy(), target.numpy()
            chosen = np.clip(probabilities[np.arange(len(target)), target], LEAST, 1.0)
            losses.append(-np.log(chosen))
            right.append(probabilities.argmax(1) == target)
            weights.append(weight[0].numpy() if weight else np.ones(len(target)))
    weights = np.concatenate(weights)
    loss = np.average(np.concatenate(losses), weights=weights)
    return float(loss), float(np.average(np.concatenate(right), weights=weights))
