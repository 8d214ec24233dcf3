"""Padding in batches of sequences of different lengths.

A mask is a float32 tensor of shape `(batch, steps)`, 1.0 for the steps of a sequence and 0.0 for
the padding at its end. It is a tensor of its own, because a mask that Keras attaches to values
is lost when the values are cached.
"""

from __future__ import annotations

import keras
from keras import ops

__all__ = ["attended", "last_step", "masked_mean", "reversed_steps", "with_mask"]


def with_mask(values: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    """Return values of shape `(batch, steps, width)` with zeros for padding."""
    return values if mask is None else values * mask[..., None]


def last_step(values: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    """Return the last step of each sequence, shape `(batch, width)`; zeros for an empty one."""
    if mask is None:
        return values[:, -1]
    following = ops.pad(mask[:, 1:], [[0, 0], [0, 1]])
    return ops.sum(values * (mask * (1.0 - following))[..., None], axis=1)


def masked_mean(values: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    """Return the mean over the steps without padding, shape `(batch, width)`."""
    if mask is None:
        return ops.mean(values, axis=1)
    count = ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)
    return ops.sum(values * mask[..., None], axis=1) / count


def reversed_steps(values: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    """Return the steps of each sequence in reverse order; padding stays at the end."""
    if mask is None:
        return ops.flip(values, axis=1)
    ones = ops.ones_like(mask)
    position = ops.cast(ops.cumsum(ones, axis=1), "int32") - 1
    length = ops.cast(ops.sum(mask, axis=1, keepdims=True), "int32")
    order = ops.where(position < length, length - 1 - position, position)
    return ops.take_along_axis(values, order[..., None], axis=1)


def attended(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, name: str
) -> keras.KerasTensor:
    """Return a mean over the steps with learned weights (additive attention).

    The score of a step is `v . tanh(W h + b)` (Bahdanau et al. 2015, arXiv:1409.0473). An empty
    sequence gives zeros.
    """
    width = values.shape[-1]
    hidden = keras.layers.Dense(width, activation="tanh", name=f"{name}.attention")(values)
    scores = keras.layers.Dense(1, use_bias=False, name=f"{name}.score")(hidden)[..., 0]
    scores = ops.cast(scores, "float32")
    if mask is not None:
        scores = ops.where(mask > 0, scores, -1e9)
    weights = ops.softmax(scores, axis=-1)
    if mask is not None:
        weights = weights * mask  # for an empty sequence, softmax would weight the padding
    return ops.sum(values * ops.cast(weights, values.dtype)[..., None], axis=1)
