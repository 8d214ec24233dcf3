"""Sequences of a batch without the padding that none of them needs."""

import tensorflow as tf

__all__ = ["trim_stage"]


def trim_stage(batch, step, training):
    """Cut a batch of padded sequences to its longest one; what `prepare` of a `Runner` does.

    Of int ids and masks, shape `(batch, steps)`, a step is there where it is not 0; tensors
    with more axes, and tags, have the steps of the first of these.

    Args:
        batch: `(values, target)` or `(values, target, weight)`; values is a tensor or a list.
        step, training: not used.
    """
    values, target, *weight = batch
    parts = list(values) if isinstance(values, (list, tuple)) else [values]
    flat = [part for part in parts if part.shape.rank == 2]
    if not flat:
        return batch
    first = _longest(flat[0])
    parts = [part[:, : _longest(part) if part.shape.rank == 2 else first] for part in parts]
    if target.shape.rank == 2 and target.dtype.is_integer:
        target = target[:, :first]
    values = parts if isinstance(values, (list, tuple)) else parts[0]
    return (values, target, *weight)


def _longest(ids):
    """How many steps the longest sequence has, 1 at least."""
    used = tf.reduce_any(ids != 0, axis=0)
    places = tf.range(1, tf.shape(ids)[1] + 1)
    return tf.maximum(tf.reduce_max(tf.where(used, places, 0)), 1)
