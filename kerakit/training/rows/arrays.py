"""What a network trains on: the split mapped through `preprocess`, once."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from kerakit.checks import check
from kerakit.data.data import Table
from kerakit.data.storage.mapped import is_mapped
from kerakit.data.storage.windows import Windows
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError, DataError

__all__ = [
    "Arrays",
    "LazyRows",
    "class_weights",
    "preprocessed",
    "size_in_memory",
    "weighted",
]

CHUNK = 16_384  # rows that go through `preprocess` at a time


@dataclasses.dataclass(frozen=True)
class Arrays:
    """Rows ready to train on, in memory.

    Attributes:
        values: tensor, or structure of tensors, that the trained part takes.
        target: tensor of shape `(n,)` or `(n, targets)`.
        weight: float32 tensor of shape `(n,)`, or `None`.
    """

    values: object
    target: tf.Tensor
    weight: tf.Tensor | None

    def __len__(self):
        return int(self.target.shape[0])

    def take(self, rows):
        """Return the batch of the rows at `rows`, an int tensor of shape `(b,)`; in graphs too."""
        parts = (self.values, self.target)
        parts += () if self.weight is None else (self.weight,)
        return tf.nest.map_structure(lambda part: tf.gather(part, rows), parts)


@dataclasses.dataclass(frozen=True)
class LazyRows:
    """Rows that are cut out of a series when a batch of them trains; as `Arrays`, but lazy.

    Attributes:
        gather: function from an int tensor of rows to their batch.
        count: int. How many rows there are.
    """

    gather: Callable
    count: int

    def __len__(self):
        return self.count

    def take(self, rows):
        """Return the batch of the rows at `rows`, an int tensor of shape `(b,)`; in graphs too."""
        return self.gather(rows)


def weighted(target, weight, weights):
    """Return the sample weights times those of the classes; `None` where there are neither."""
    if weights is None:
        return weight
    own = tf.gather(tf.constant(weights, "float32"), target)
    return own if weight is None else own * weight


def preprocessed(data, split, preprocess, weights=None):
    """Return the `Arrays` (or `LazyRows`) of a split, or `None` where the split is absent.

    Args:
        data: `Data`.
        split: `"train"`, `"validation"` or `"test"`.
        preprocess: `keras.Model`, or `None` to take the features as they are.
        weights: float array of shape `(classes,)`, or `None`. Class weights, which multiply
            the sample weights.
    """
    table = data.table(split)
    if table is not None and any(isinstance(c, Windows) for c in table.features.values()):
        return LazyRows(data.gatherer(split), len(table)) if len(table) else None
    if preprocess is None and table is not None and len(table):
        # All rows at once are the tensors that `data` holds already, not a copy of them.
        values, target, *weight = next(iter(data.batches(split, len(table))))
        return Arrays(values, target, weighted(target, weight[0] if weight else None, weights))
    batches = data.batches(split, CHUNK)
    if batches is None:
        return None
    parts = []
    for features, target, *weight in batches:
        values = features if preprocess is None else preprocess(features, training=False)
        weight = weighted(target, weight[0] if weight else None, weights)
        parts.append((values, target) if weight is None else (values, target, weight))
    if not parts:
        raise DataError(f"The {split} split has no rows.")
    joined = tf.nest.map_structure(_joined, *parts)
    values, target, *weight = joined
    return Arrays(values, target, weight[0] if weight else None)


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


def size_in_memory(data, split, preprocess):
    """Estimate the bytes that `preprocessed` would take, from the first rows.

    What lies on disk (a `numpy.memmap` column) is too large, whatever its size.
    """
    table = data.table(split)
    rows = len(table) if isinstance(table, Table) else data.spec.sizes.get(split, 0)
    if isinstance(table, Table):
        columns = table.features.values()
        if any(map(is_mapped, columns)):
            return math.inf
        if preprocess is None:
            return sum(column.nbytes for column in columns)
    for features, *_ in data.batches(split, 64).take(1):
        values = features if preprocess is None else preprocess(features, training=False)
        tensors = tf.nest.flatten(values)
        widths = [np.prod(t.shape[1:]) * (t.dtype.size or 16) for t in tensors]
        return int(rows * sum(widths))
    return 0


def class_weights(spec, class_weight):
    """Return the weight of each class as a float array of shape `(classes,)`, or `None`.

    Args:
        spec: `Spec`.
        class_weight: `None`, `"balanced"` (n / (classes * count), as in scikit-learn), or a
            dict with a weight for every class, by label or id.

    Raises:
        ArgumentError: when the task has no classes, or a class is missing or unknown.
    """
    if class_weight is None:
        return None
    if spec.task not in tasks_with(answer="label"):
        raise ArgumentError(
            f"The 'class_weight' parameter of fit is for one label per row. Got a {spec.task} task."
        )
    counts = np.array(spec.class_counts, "float64")
    if class_weight == "balanced":
        return counts.sum() / (len(counts) * np.maximum(counts, 1))
    expected = f"None, 'balanced' or a dict with the classes {list(spec.classes)}"
    check(isinstance(class_weight, dict), "fit", "class_weight", expected, class_weight)
    ids = {label: number for number, label in enumerate(spec.classes)}
    by_id = {ids.get(key, key): value for key, value in class_weight.items()}
    complete = set(by_id) == set(range(len(counts))) and len(by_id) == len(class_weight)
    positive = all(isinstance(v, (int, float)) and v >= 0 for v in by_id.values())
    check(complete and positive, "fit", "class_weight", expected, class_weight)
    return np.array([by_id[number] for number in range(len(counts))], "float64")
