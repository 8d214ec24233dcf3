"""Which steps of a batch of sequences are there, and what follows from that.

A mask is a float32 tensor of shape `(batch, steps)`, 1.0 where a sequence has a step and 0.0
behind its end. It travels as a tensor of its own: a mask that Keras attaches would be lost
where values are cached.
"""

import keras
from keras import ops

__all__ = ["attended", "last_step", "masked_mean", "reversed_steps", "with_mask"]


def with_mask(values, mask):
    """Return values of shape `(batch, steps, width)` with zeros behind the end."""
    return values if mask is None else values * mask[..., None]


def last_step(values, mask):
    """Return the last step of each sequence, shape `(batch, width)`; zeros of an empty one."""
    if mask is None:
        return values[:, -1]
    following = ops.pad(mask[:, 1:], [[0, 0], [0, 1]])
    return ops.sum(values * (mask * (1.0 - following))[..., None], axis=1)


def masked_mean(values, mask):
    """Return the mean over the steps that are there, shape `(batch, width)`."""
    if mask is None:
        return ops.mean(values, axis=1)
    count = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
    return ops.sum(values * mask[..., None], axis=1) / count


def reversed_steps(values, mask):
    """Return each sequence from its own last step to its first; padding stays at the end."""
    if mask is None:
        return ops.flip(values, axis=1)
    ones = ops.ones_like(mask)
    place = ops.cast(ops.cumsum(ones, axis=1), "int32") - 1
    length = ops.cast(ops.sum(mask, axis=1, keepdims=True), "int32")
    order = ops.where(place < length, length - 1 - place, place)
    return ops.take_along_axis(values, order[..., None], axis=1)


def attended(values, mask, name):
    """Return a weighted mean over the steps, with weights that the model learns.

    The score of a step is `v . tanh(W h + b)` (Bahdanau et al. 2015, arXiv:1409.0473). An empty
    sequence has zeros.
    """
    width = values.shape[-1]
    hidden = keras.layers.Dense(width, activation="tanh", name=f"{name}.attention")(values)
    scores = keras.layers.Dense(1, use_bias=False, name=f"{name}.score")(hidden)[..., 0]
    scores = ops.cast(scores, "float32")
    if mask is not None:
        scores = ops.where(mask > 0, scores, -1e9)
    weights = ops.softmax(scores, axis=-1)
    if mask is not None:
        weights = weights * mask  # of an empty sequence softmax would weigh the padding
    return ops.sum(values * ops.cast(weights, values.dtype)[..., None], axis=1)
