"""Stages between a raw batch and the network, inside the compiled step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from kerakit.training.rows.soft_targets import as_rows

if TYPE_CHECKING:
    import keras

__all__ = ["preprocess_stage", "trim_stage"]


PIECE = 256  # steps; of 6,000 English sentences that have been seen none is as long


def preprocess_stage(
    preprocess: keras.Model | None,
    augment: Callable[..., Any] | None,
    seed: int,
    width: int | None = None,
) -> Callable[..., Any]:
    """Return `prepare(batch, step, training) -> batch` for raw batches of images or windows.

    Pixels stay uint8 until a batch of them trains. Random changes depend on the seed and the
    step alone, so that a resumed run sees the same batches as an uninterrupted one.

    Args:
        preprocess: `keras.Model`, or `None`.
        augment: function `(batch, seed) -> batch` from `augmentation`, or `None`. It is applied
            to training batches only.
        seed: int.
        width: int or `None`. The number of classes, where targets are mixed and become rows.
    """

    def prepare(batch, step, training):
        if training and augment is not None:
            if width is not None:
                features, target, *weight = batch
                batch = (features, as_rows(target, width), *weight)
            step_seed = tf.stack([tf.constant(seed % 2**63, "int64"), tf.cast(step, "int64")])
            batch = augment(batch, step_seed)
        features, *rest = batch
        values = features if preprocess is None else preprocess(features, training=False)
        return (values, *rest)

    return prepare


def trim_stage(batch: tuple[Any, ...], step: Any, training: bool) -> tuple[Any, ...]:
    """Cut the padding that all sequences of a batch share; a `prepare(batch, step, training)`.

    A sentence of more than 256 tokens that have tags becomes several rows, each of at most 256
    tokens: else the padding of the sentences beside it would take the memory of its length each.

    In tensors of shape `(batch, steps)`, int ids and masks, a step is present where it is not
    0. Tensors with more axes, and tags, are cut to the steps of the first of these tensors.

    Args:
        batch: `(values, target)` or `(values, target, weight)`; values is a tensor or a list.
        step, training: not used.
    """
    values, target, *weight = batch
    tensors = list(values) if isinstance(values, (list, tuple)) else [values]
    flat = [tensor for tensor in tensors if tensor.shape.rank == 2]
    if not flat:
        return batch
    steps = _longest(flat[0])
    tensors = [
        tensor[:, : _longest(tensor) if tensor.shape.rank == 2 else steps] for tensor in tensors
    ]
    if target.shape.rank == 2 and target.dtype.is_integer:
        tensors, target = _in_pieces(tensors, target[:, :steps], steps)
    values = tensors if isinstance(values, (list, tuple)) else tensors[0]
    return (values, target, *weight)


def _in_pieces(tensors, tags, steps):
    """The rows of a batch in pieces of at most `PIECE` steps, without those of padding alone."""

    def cut():
        missing = -steps % PIECE
        pieces = [_piece(one, missing, 0) for one in tensors] + [_piece(tags, missing, -1)]
        real = pieces[-1][:, 0] >= 0
        return [tf.boolean_mask(one, real) for one in pieces]

    *tensors, tags = tf.cond(steps > PIECE, cut, lambda: [*tensors, tags])
    return tensors, tags


def _piece(values, missing, filling):
    rest = values.shape[2:]
    edges = [[0, 0], [0, missing], *[[0, 0]] * len(rest)]
    return tf.reshape(tf.pad(values, edges, constant_values=filling), [-1, PIECE, *rest])


def _longest(ids):
    """The number of steps of the longest sequence, 1 at least."""
    used = tf.reduce_any(ids != 0, axis=0)
    numbers = tf.range(1, tf.shape(ids)[1] + 1)
    return tf.maximum(tf.reduce_max(tf.where(used, numbers, 0)), 1)
