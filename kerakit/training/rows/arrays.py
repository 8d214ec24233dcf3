"""Rows that train from memory: a split that went through `preprocess` once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import tensorflow as tf

from kerakit.data.data import Table
from kerakit.data.storage.mapped import is_mapped
from kerakit.data.storage.windows import Windows
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.status import show_done, telling
from kerakit.training.rows.class_weights import weighted
from kerakit.training.rows.tokens import TokenRows, token_rows, tokens_in_memory

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["Arrays", "LazyRows", "preprocessed", "size_in_memory"]

CHUNK = 16_384  # rows that go through `preprocess` at a time


@dataclasses.dataclass(frozen=True)
class Arrays:
    """Rows ready to train on, in memory.

    Attributes:
        values: tensor, or structure of tensors, of shapes `(n, ...)`. The network's input.
        target: tensor of shape `(n,)` or `(n, targets)`.
        weight: float32 tensor of shape `(n,)`, or `None`.
    """

    values: Any
    target: tf.Tensor
    weight: tf.Tensor | None

    def __len__(self) -> int:
        return int(self.target.shape[0])

    def take(self, rows: tf.Tensor) -> tuple[Any, ...]:
        """Return the batch of the rows at `rows`, an int tensor of shape `(b,)`; in graphs too."""
        tensors = (self.values, self.target)
        tensors += () if self.weight is None else (self.weight,)
        return tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), tensors)


@dataclasses.dataclass(frozen=True)
class LazyRows:
    """Windows that are taken from a series when a batch of them trains; as `Arrays`, but lazy.

    Attributes:
        gather: function from an int tensor of rows to their batch.
        count: int. How many rows there are.
    """

    gather: Callable[[tf.Tensor], tuple[Any, ...]]
    count: int

    def __len__(self) -> int:
        return self.count

    def take(self, rows: tf.Tensor) -> tuple[Any, ...]:
        """Return the batch of the rows at `rows`, an int tensor of shape `(b,)`; in graphs too."""
        return self.gather(rows)


@telling("Preparing the rows")
def preprocessed(
    data: Data,
    split: Literal["train", "validation", "test"],
    preprocess: keras.Model | None,
    weights: np.ndarray | None = None,
) -> Arrays | LazyRows | TokenRows | None:
    """Return the rows of a split in memory, or `None` where the split is absent.

    Args:
        data: `Data`.
        split: `"train"`, `"validation"` or `"test"`.
        preprocess: `keras.Model`, or `None` to take the features as they are.
        weights: float array of shape `(classes,)`, or `None`. Class weights, which multiply
            the sample weights.

    Raises:
        DataError: when the split has no rows.
    """
    table = data.table(split)
    if table is not None and any(isinstance(c, Windows) for c in table.features.values()):
        return LazyRows(data.gatherer(split), len(table)) if len(table) else None
    if _are_tokens(data, table, preprocess) and len(table):
        return token_rows(table, preprocess)
    if preprocess is None and table is not None and len(table):
        # All rows at once are the tensors that `data` holds already, not a copy of them.
        values, target, *weight = next(iter(data.batches(split, len(table))))
        return Arrays(values, target, weighted(target, weight[0] if weight else None, weights))
    batches = data.batches(split, CHUNK)
    if batches is None:
        return None
    chunks = []
    for features, target, *weight in batches:
        values = features if preprocess is None else preprocess(features, training=False)
        weight = weighted(target, weight[0] if weight else None, weights)
        chunks.append((values, target) if weight is None else (values, target, weight))
        show_done(len(chunks) * CHUNK, data.spec.sizes.get(split))
    if not chunks:
        raise DataError(f"The {split} split has no rows.")
    joined = tf.nest.map_structure(_joined, *chunks)
    values, target, *weight = joined
    return Arrays(values, target, weight[0] if weight else None)


def size_in_memory(
    data: Data, split: Literal["train", "validation", "test"], preprocess: keras.Model | None
) -> float:
    """Estimate the bytes that `preprocessed` would take, from the first rows.

    A column on disk (a `numpy.memmap`) counts as too large, whatever its size.
    """
    table = data.table(split)
    rows = len(table) if isinstance(table, Table) else data.spec.sizes.get(split, 0)
    if isinstance(table, Table):
        columns = table.features.values()
        if any(map(is_mapped, columns)):
            return math.inf
        if preprocess is None:
            return sum(column.nbytes for column in columns)
        if _are_tokens(data, table, preprocess):
            return tokens_in_memory(table, preprocess)
    for features, *_ in data.batches(split, 64).take(1):
        values = features if preprocess is None else preprocess(features, training=False)
        tensors = tf.nest.flatten(values)
        widths = [np.prod(t.shape[1:]) * (t.dtype.size or 16) for t in tensors]
        return int(rows * sum(widths))
    return 0


def _are_tokens(data, table, preprocess):
    """Whether rows are tagged sentences whose features are found token by token."""
    several = preprocess is not None and len(preprocess.outputs) > 1
    return TASKS[data.spec.task].answer == "tags" and several and table is not None


def _joined(*chunks):
    """Chunks of rows one behind the other; shorter sequences get zeros at their end."""
    widths = [chunk.shape[1] if chunk.shape.rank > 1 else None for chunk in chunks]
    if len(set(widths)) > 1:
        rest = [[0, 0]] * (chunks[0].shape.rank - 2)
        chunks = [
            tf.pad(chunk, [[0, 0], [0, max(widths) - width], *rest])
            for chunk, width in zip(chunks, widths, strict=True)
        ]
    return tf.concat(chunks, 0)
