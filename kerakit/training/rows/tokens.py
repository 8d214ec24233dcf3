"""Rows of tagged sentences that train from memory, without padding."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from kerakit.data.data import Table
from kerakit.data.tagged.spans import MAX_TOKENS, sentence_lengths, spans
from kerakit.data.tasks import TASKS
from kerakit.status import show_done

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["TokenRows", "token_lengths", "token_rows", "tokens_in_memory"]

TOKENS = 4 * MAX_TOKENS  # that go through `preprocess` at a time; no layer makes floats of them


@dataclasses.dataclass(frozen=True)
class TokenRows:
    """Sentences ready to train on, in memory; as `Arrays`, but token by token.

    Memory grows with the tokens: padded to the longest one, all sentences would take as much as
    that one.

    Attributes:
        values: list of tensors of shapes `(tokens + 1, ...)`. The features of the tokens of all
            sentences, one behind the other, and those of padding at the end.
        target: int tensor of shape `(tokens + 1,)`. Their tags, and -1 at the end.
        starts: int32 tensor of shape `(n + 1,)`. The first token of each sentence, and the number
            of tokens.
        weight: `None`.
    """

    values: list[tf.Tensor]
    target: tf.Tensor
    starts: tf.Tensor
    weight: None = None

    def __len__(self) -> int:
        return int(self.starts.shape[0]) - 1

    def take(self, rows: tf.Tensor) -> tuple[Any, ...]:
        """Return the batch of the rows at `rows`, padded to its longest sentence; in graphs too."""
        first = tf.gather(self.starts, rows)
        lengths = tf.gather(self.starts, rows + 1) - first
        steps = tf.range(tf.maximum(tf.reduce_max(lengths), 1))
        place = tf.where(steps < lengths[:, None], first[:, None] + steps, self.starts[-1])
        return [tf.gather(one, place) for one in self.values], tf.gather(self.target, place)


def token_rows(table: Table, preprocess: keras.Model) -> TokenRows:
    """Return the sentences of a split in memory.

    Args:
        table: `Table` of tagged sentences, at least one.
        preprocess: `keras.Model`. Strings of shape `(batch,)` in, tensors of shape
            `(batch, tokens, ...)` out.
    """
    lengths = sentence_lengths(table.target)
    parts, tags = [], []
    for part in spans(lengths, TOKENS):
        features, target, *_ = table.take(part).elements()
        features = {name: tf.convert_to_tensor(column) for name, column in features.items()}
        real = tf.sequence_mask(lengths[part])
        width = real.shape[1]
        found = preprocess(features, training=False)
        parts.append([tf.boolean_mask(one[:, :width], real) for one in found])
        tags.append(np.asarray(target)[np.asarray(target) >= 0])
        show_done(part.stop, len(lengths))
    values = [_with_padding(tf.concat(one, 0), 0) for one in zip(*parts, strict=True)]
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype("int32")
    target = _with_padding(tf.constant(np.concatenate(tags)), -1)
    return TokenRows(values, target, tf.constant(starts))


def token_lengths(data: Data) -> np.ndarray | None:
    """Return the tokens of each training sentence, or `None` for other data than tagged ones."""
    table = data.table("train")
    if table is None or TASKS[data.spec.task].answer != "tags":
        return None
    return sentence_lengths(table.target)


def tokens_in_memory(table: Table, preprocess: keras.Model) -> int:
    """Return the bytes that `token_rows` would take."""
    tokens = int(sentence_lengths(table.target).sum())
    sizes = [np.prod(one.shape[2:]) * tf.as_dtype(one.dtype).size for one in preprocess.outputs]
    return int(tokens * (sum(sizes) + table.target.itemsize))


def _with_padding(values, filling):
    """The values of all tokens, and those of padding behind them."""
    last = tf.fill([1, *values.shape[1:]], tf.cast(filling, values.dtype))
    return tf.concat([values, last], 0)
