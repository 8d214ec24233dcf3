"""The columns of a table as tensors from which rows are fetched, many columns at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.data.storage.mapped import is_lazy, row_reader

__all__ = ["PackedColumns"]

# So many columns of one type share a tensor. A slice of a column is several operations, each of
# which takes about a millisecond to trace: with 800 columns `fit` took 18 s of CPU time, not 4 s.
_TOGETHER = 32


class PackedColumns:
    """The elements of a table, in main memory or in files.

    Scalar columns of one type, if they are many, are the columns of one tensor. Columns in files
    and `Windows` are read row by row.

    Args:
        elements: tuple `(features, target)` or `(features, target, weight)`, as
            `Table.elements` returns them.
    """

    def __init__(self, elements: tuple[Any, ...]) -> None:
        features, *others = elements
        self._names = list(features)
        alike: dict[str, list[str]] = {}
        for name, column in features.items():
            if not is_lazy(column) and column.ndim == 1:
                alike.setdefault(str(column.dtype), []).append(name)
        self._together = {
            tuple(names): _tensor(np.stack([features[name] for name in names], axis=1))
            for names in alike.values()
            if len(names) >= _TOGETHER
        }
        packed = {name for names in self._together for name in names}
        self._alone = {n: _tensor(column) for n, column in features.items() if n not in packed}
        self._others = [_tensor(column) for column in others]

    def fetch(self, rows_of: Callable[[Any], Any]) -> tuple[Any, ...]:
        """Return some rows, `(features, target)` or `(features, target, weight)`.

        Args:
            rows_of: function from a tensor, or from a function that reads rows of a column in a
                file, to the rows.
        """
        import tensorflow as tf

        found = {name: rows_of(column) for name, column in self._alone.items()}
        for names, columns in self._together.items():
            found |= dict(zip(names, tf.unstack(rows_of(columns), axis=1), strict=True))
        return ({name: found[name] for name in self._names}, *map(rows_of, self._others))

    @property
    def apart(self) -> tuple[Any, ...] | None:
        """The elements as tensors of their own, or `None` where some share one or are in files."""
        columns = [*self._alone.values(), *self._others]
        if self._together or any(map(callable, columns)):
            return None
        return (self._alone, *self._others)


def _tensor(column):
    """A column as a tensor in main memory, or the function that reads its rows from a file."""
    import tensorflow as tf

    if is_lazy(column):
        return row_reader(column)
    # In main memory, where tf.data works, whatever other devices there are.
    with tf.device("CPU:0"):
        return tf.convert_to_tensor(column)
