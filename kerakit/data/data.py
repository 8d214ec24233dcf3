"""`Data`: the three splits of one source, and what they are."""

import dataclasses
import functools

import numpy as np

from kerakit.data.spec import Spec

__all__ = ["SPLITS", "Data", "Table"]

SPLITS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows in memory, column by column, as a client would send them.

    Attributes:
        features: dict from feature name to array of shape `(n, *feature.shape)`; float32
            with NaN for missing numbers, `object` arrays of `str` with `""` for missing
            strings.
        target: array of shape `(n,)` or `(n, targets)`: float32 in the target's unit,
            int32 class ids, or float32 0/1 for multilabel.
        weight: float32 array of shape `(n,)`, or `None`. Sample weights.
    """

    features: dict[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self):
        return len(self.target)

    def take(self, rows):
        """Return the `Table` of the rows at `rows` (an index array or a slice)."""
        return Table(
            {name: column[rows] for name, column in self.features.items()},
            self.target[rows],
            None if self.weight is None else self.weight[rows],
        )

    def elements(self):
        """Return `(features, target)`, with the weight as a third element if there is one."""
        if self.weight is None:
            return self.features, self.target
        return self.features, self.target, self.weight


class Data:
    """The training, validation and test split of one source, with its `Spec`.

    Args:
        train, validation, test: `Table`, or a repeatable, unbatched `tf.data.Dataset` of
            `(features, target)` or `(features, target, weight)`. `validation` may be
            `None`.
        spec: `Spec`.

    `data.train`, `data.validation` and `data.test` are `tf.data.Dataset`s of single
    rows: raw values, nothing normalised. They are made when first asked for, so that
    loading a table does not wait for TensorFlow.
    """

    def __init__(self, train, validation, test, spec: Spec):
        self.spec = spec
        self._sources = {"train": train, "validation": validation, "test": test}

    @functools.cached_property
    def train(self):
        """`tf.data.Dataset` of the training rows."""
        return self._rows("train")

    @functools.cached_property
    def validation(self):
        """`tf.data.Dataset` of the validation rows, or `None`."""
        return self._rows("validation")

    @functools.cached_property
    def test(self):
        """`tf.data.Dataset` of the test rows."""
        return self._rows("test")

    def table(self, split):
        """Return the `Table` of a split, or `None` where the rows are not in memory."""
        source = self._sources[split]
        return source if isinstance(source, Table) else None

    def batches(self, split, batch_size):
        """Return a `tf.data.Dataset` of batches of a split, in order; `None` if it is absent.

        Tables are cut as slices, which costs far less than batching single rows.
        """
        import tensorflow as tf

        source = self._sources[split]
        if source is None:
            return None
        if not isinstance(source, Table):
            return source.batch(batch_size)
        elements = tf.nest.map_structure(tf.convert_to_tensor, source.elements())
        starts = tf.data.Dataset.range(0, len(source), batch_size)
        return starts.map(
            lambda start: tf.nest.map_structure(lambda x: x[start : start + batch_size], elements)
        )

    def _rows(self, split):
        source = self._sources[split]
        if not isinstance(source, Table):
            return source
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(source.elements())

    def __repr__(self):
        spec = self.spec
        sizes = ", ".join(f"{split}={spec.sizes.get(split, '?')}" for split in SPLITS)
        return f"Data({spec.task}, {len(spec.features)} features, {sizes})"
