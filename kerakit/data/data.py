"""`Data`: the training, validation and test split of a source, with its description."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.checks import check, naming
from kerakit.data.spec import Spec
from kerakit.data.split import SPLITS
from kerakit.data.storage.mapped import is_mapped, take_rows
from kerakit.data.storage.packed import PackedColumns
from kerakit.data.summary import summary_html, summary_text

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["SPLITS", "Data", "Table"]

Split = Literal["train", "validation", "test"]

_COLUMNS_SHOWN = 30
_ROWS_AT_A_TIME = 32  # of a column in a file, where single rows are asked for


@dataclasses.dataclass(frozen=True, repr=False)
class Table:
    """Rows in any order, column by column, with the values that a client would send.

    Attributes:
        features: dict from feature name to array of shape `(n, *feature.shape)`; float32
            with NaN for missing numbers, `object` arrays of `str` with `""` for missing
            strings, uint8 arrays of images. A `np.memmap` stays in its file: it is never
            read as a whole. The windows of a forecast are `Windows`. Sequences of different
            lengths end in NaN.
        target: array of shape `(n,)` or `(n, targets)`: float32 in the target's unit,
            int32 class ids, or float32 0/1 for multilabel. For a forecast `Windows` of shape
            `(n, horizon[, channels])`. For tags int32 ids of shape `(n, steps)`, where `steps`
            is the length of the longest sentence; -1 stands behind the last token.
        weight: float32 array of shape `(n,)`, or `None`. Sample weights.
        groups: int32 array of shape `(n,)`, or `None`. The group of each row, where the rows were
            loaded with `groups=`. A group has the same number in every split.

    Example:

    >>> Table({"alcohol": np.zeros(3, "float32")}, np.arange(3.0))
    Table of 3 rows
      alcohol: float32
      target: float64
    """

    features: dict[str, np.ndarray]
    target: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: np.ndarray | slice) -> Table:
        """Return the `Table` of the rows at `rows` (an index array or a slice)."""
        return Table(
            {name: take_rows(column, rows) for name, column in self.features.items()},
            take_rows(self.target, rows),
            None if self.weight is None else take_rows(self.weight, rows),
            None if self.groups is None else take_rows(self.groups, rows),
        )

    def elements(self) -> tuple:
        """Return `(features, target)`, with the weight as a third element if there is one."""
        if self.weight is None:
            return self.features, self.target
        return self.features, self.target, self.weight

    def __repr__(self) -> str:
        columns = [*self.features.items(), ("target", self.target)]
        others = (("weight", self.weight), ("groups", self.groups))
        columns += [(name, column) for name, column in others if column is not None]
        lines = [f"Table of {len(self):,} rows"]
        for name, column in columns[:_COLUMNS_SHOWN]:
            lines.append(f"{name}: {' x '.join([str(column.dtype), *map(str, column.shape[1:])])}")
        more = len(columns) - _COLUMNS_SHOWN
        lines += [f"and {more:,} more columns"] if more > 0 else []
        return "\n  ".join(lines)


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

    def __init__(
        self,
        train: Table | tf.data.Dataset,
        validation: Table | tf.data.Dataset | None,
        test: Table | tf.data.Dataset,
        spec: Spec,
    ) -> None:
        self.spec = spec
        self._sources = {"train": train, "validation": validation, "test": test}
        self._tensors: dict[str, PackedColumns] = {}

    @classmethod
    def from_tables(
        cls,
        train: Any,
        validation: Any = None,
        test: Any = None,
        *,
        target: str | Sequence[str] | None = None,
        **options: Any,
    ) -> Data:
        """Make a `Data` from tables that you have split yourself.

        The statistics of the features and of the target come from `train` only. The result is
        that of `load_arrays`, which reads the tables.

        Args:
            train: pair `(x, y)`: `x` is an array of shape `(n, d)`, a dict of columns, a
                DataFrame or an array of images; `y` is an array of shape `(n,)` or
                `(n, targets)`. With `target=`, a dict of columns or a DataFrame that has the
                target among its columns.
            validation, test: tables of the same form. Default to `None`: a fraction of the
                training rows is split off (`validation_size=0` for no validation rows).
            target: str, or sequence of str. The columns of the tables to predict. Defaults to
                `None`: the tables are pairs.
            options: further keywords of `load_arrays`, such as `task`, `column_types`,
                `sample_weight` (of the training rows) or `dataset` (the name in reports).

        Returns:
            `Data`.

        Raises:
            DataError: when lengths, shapes, types or values are wrong; the message has the row.
            ArgumentError: when an argument has a value that it cannot have.

        Example:

        >>> x, y = np.arange(40.0).reshape(20, 2) % 7, np.arange(20.0)
        >>> data = Data.from_tables(train=(x[:12], y[:12]), test=(x[12:], y[12:]), unit="m")
        >>> data.spec.sizes, data.spec.target.unit
        ({'train': 10, 'validation': 2, 'test': 8}, 'm')
        """
        from kerakit.data import load_arrays  # its file is above this one

        tables = {"train": train, "validation": validation, "test": test}
        owner = "Data.from_tables"
        if target is None:
            for split, table in tables.items():
                ok = table is None and split != "train"
                ok = ok or (isinstance(table, (tuple, list)) and len(table) == 2)
                expected = "a pair (x, y); a table that has the target in it needs target="
                check(ok, owner, split, expected, table)
            x, y = train
        else:
            x, y = train, target if isinstance(target, str) else list(target)
        with naming(owner):
            return load_arrays(x, y, validation=validation, test=test, **options)

    @functools.cached_property
    def train(self) -> tf.data.Dataset:
        """`tf.data.Dataset` of the training rows."""
        return self._rows("train")

    @functools.cached_property
    def validation(self) -> tf.data.Dataset | None:
        """`tf.data.Dataset` of the validation rows, or `None`."""
        return self._rows("validation")

    @functools.cached_property
    def test(self) -> tf.data.Dataset:
        """`tf.data.Dataset` of the test rows."""
        return self._rows("test")

    def table(self, split: Split) -> Table | None:
        """Return the `Table` of a split, or `None` where its rows are a stream."""
        source = self._sources[split]
        return source if isinstance(source, Table) else None

    def gatherer(self, split: Split) -> Callable | None:
        """Return a function from row indices to the rows of a split; `None` for a stream.

        The function takes an int tensor of shape `(b,)` and returns `(features, target)`, or
        `(features, target, weight)`, of these rows. It can be used in `tf.data` and in
        graphs. Columns in memory are kept as tensors from the first use of a split on;
        columns in a file are read row by row.
        """
        import tensorflow as tf

        if self.table(split) is None:
            return None
        columns = self._columns(split)

        def gather(rows):
            return columns.fetch(
                lambda column: column(rows) if callable(column) else tf.gather(column, rows)
            )

        return gather

    def batches(self, split: Split, batch_size: int) -> tf.data.Dataset | None:
        """Return a `tf.data.Dataset` of batches of a split, in order; `None` if it is absent.

        A batch of a `Table` is a slice of each column. That costs far less than batching
        single rows.
        """
        import tensorflow as tf

        source = self._sources[split]
        if source is None:
            return None
        if not isinstance(source, Table):
            return source.batch(batch_size)
        columns, rows = self._columns(split), len(source)

        # Nothing here needs AutoGraph, which converts a function anew for each call.
        @tf.autograph.experimental.do_not_convert
        def batch(start):
            end = tf.minimum(start + batch_size, rows)
            return columns.fetch(
                lambda column: (
                    column(tf.range(start, end)) if callable(column) else column[start:end]
                )
            )

        return tf.data.Dataset.range(0, rows, batch_size).map(batch)

    def _columns(self, split):
        """The `PackedColumns` of a table, made at the first use of the split."""
        if split not in self._tensors:
            self._tensors[split] = PackedColumns(self._sources[split].elements())
        return self._tensors[split]

    def _rows(self, split):
        source = self._sources[split]
        if not isinstance(source, Table):
            return source
        import tensorflow as tf

        columns = self._columns(split)
        if columns.apart is not None:
            return tf.data.Dataset.from_tensor_slices(columns.apart)
        rows = self.batches(split, _ROWS_AT_A_TIME).unbatch()
        return rows.apply(tf.data.experimental.assert_cardinality(len(source)))

    def __copy__(self) -> Data:
        return Data(*self._sources.values(), self.spec)

    def __getstate__(self) -> dict[str, Any]:
        """Tables and spec, for `pickle` and `copy.deepcopy`; tensors are made again when needed."""
        for split, source in self._sources.items():
            if source is None:
                continue
            if not isinstance(source, Table):
                raise TypeError(
                    f"The {split} split of this Data is a stream (a tf.data.Dataset), which can "
                    "neither be pickled nor copied. Load the data again instead."
                )
            if any(map(is_mapped, source.features.values())):
                raise TypeError(
                    f"The {split} split of this Data is in a file that belongs to this process, "
                    "and can neither be pickled nor copied. Load the data again instead."
                )
        return {"spec": self.spec, "_sources": self._sources, "_tensors": {}}

    def __repr__(self) -> str:
        return summary_text("Data", self.spec)

    def _repr_html_(self) -> str:
        return summary_html("Data", self.spec)
