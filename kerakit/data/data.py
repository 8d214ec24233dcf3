"""`Data`: the three splits of one source, and what they are."""

import dataclasses
import functools

import numpy as np

from kerakit.data.spec import Spec
from kerakit.data.split import SPLITS
from kerakit.data.storage.mapped import is_lazy, row_reader, take_rows

__all__ = ["SPLITS", "Data", "Table"]

_ROWS_AT_A_TIME = 32  # of a column in a file, where single rows are asked for


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows that can be had in any order, column by column, as a client would send them.

    Attributes:
        features: dict from feature name to array of shape `(n, *feature.shape)`; float32
            with NaN for missing numbers, `object` arrays of `str` with `""` for missing
            strings, uint8 arrays of images. A `np.memmap` stays in its file: it is never
            read as a whole. The windows of a forecast are `Windows`. Sequences of different
            lengths end in NaN.
        target: array of shape `(n,)` or `(n, targets)`: float32 in the target's unit,
            int32 class ids, or float32 0/1 for multilabel. Of a forecast `Windows` of shape
            `(n, horizon[, channels])`; of tags int32 ids of shape `(n, most tokens)`, -1
            behind the last.
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
            {name: take_rows(column, rows) for name, column in self.features.items()},
            take_rows(self.target, rows),
            None if self.weight is None else take_rows(self.weight, rows),
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
        self._held = {}

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
        """Return the `Table` of a split, or `None` where its rows are a stream."""
        source = self._sources[split]
        return source if isinstance(source, Table) else None

    def gatherer(self, split):
        """Return a function that fetches rows of a split by their places; `None` for a stream.

        It takes an int tensor of shape `(b,)` and returns `(features, target)`, or
        `(features, target, weight)`, of these rows. It can be used in `tf.data` and in
        graphs. Columns in memory are held as tensors from the first use of a split on; those
        in a file are read row by row.
        """
        import tensorflow as tf

        if self.table(split) is None:
            return None
        elements = self._elements(split)

        def gather(rows):
            def one(column):
                return column(rows) if callable(column) else tf.gather(column, rows)

            return tf.nest.map_structure(one, elements)

        return gather

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
        elements, rows = self._elements(split), len(source)

        def cut(start):
            end = tf.minimum(start + batch_size, rows)

            def one(column):
                return column(tf.range(start, end)) if callable(column) else column[start:end]

            return tf.nest.map_structure(one, elements)

        return tf.data.Dataset.range(0, rows, batch_size).map(cut)

    def _elements(self, split):
        """The elements of a table: tensors, and functions that read columns in files."""
        import tensorflow as tf

        if split not in self._held:
            # In main memory, where tf.data works, whatever other devices there are.
            with tf.device("CPU:0"):
                self._held[split] = tf.nest.map_structure(
                    lambda x: row_reader(x) if is_lazy(x) else tf.convert_to_tensor(x),
                    self._sources[split].elements(),
                )
        return self._held[split]

    def _rows(self, split):
        source = self._sources[split]
        if not isinstance(source, Table):
            return source
        import tensorflow as tf

        elements = self._elements(split)
        if not any(map(callable, tf.nest.flatten(elements))):
            return tf.data.Dataset.from_tensor_slices(elements)
        rows = self.batches(split, _ROWS_AT_A_TIME).unbatch()
        return rows.apply(tf.data.experimental.assert_cardinality(len(source)))

    def __repr__(self):
        spec = self.spec
        sizes = ", ".join(f"{split}={spec.sizes.get(split, '?')}" for split in SPLITS)
        return f"Data({spec.task}, {len(spec.features)} features, {sizes})"
