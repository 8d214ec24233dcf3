"""Rows of a column that is in memory, or in a file that is mapped and never read as a whole."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.data.storage.windows import Windows

__all__ = ["is_lazy", "is_mapped", "row_reader", "take_rows"]

# More bytes than this of a mapped column are copied to a temporary file.
_IN_MEMORY = 64 * 2**20
# After so many bytes of a mapped file were read, its pages are given back to the system. Rows in
# random order bring in more pages than they fill: seven times as many for rows of 150 kB
# (measured), which makes about 60 MiB.
_RESIDENT = 8 * 2**20


def is_mapped(column: Any) -> bool:
    """Whether a column is in a file (a `np.memmap`) rather than in memory."""
    return isinstance(column, np.memmap) and _map_of(column) is not None


def is_lazy(column: Any) -> bool:
    """Whether a column is read row by row: it is in a file, or its rows are `Windows`."""
    return isinstance(column, Windows) or is_mapped(column)


def take_rows(column: Any, rows: np.ndarray | slice) -> Any:
    """Return some rows of a column.

    A slice of a mapped column, or rows that follow on each other, are a view of the file.
    Other rows are copied; more than 64 MiB are copied to an unnamed temporary file.

    Args:
        column: array of shape `(n, ...)`.
        rows: slice, or int array of shape `(k,)`.
    """
    if isinstance(rows, slice) or not is_mapped(column):
        return column[rows]
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    if len(rows) and rows.min() >= 0 and np.array_equal(rows, np.arange(len(rows)) + rows[0]):
        return column[rows[0] : rows[0] + len(rows)]
    width = column.itemsize * int(np.prod(column.shape[1:]))
    if len(rows) * width <= _IN_MEMORY:
        return np.asarray(column[rows])
    step = max(1, _RESIDENT // width)
    with tempfile.TemporaryFile() as file:
        for start in range(0, len(rows), step):
            np.asarray(column[rows[start : start + step]]).tofile(file)
            _give_back(column)
        return np.memmap(file, column.dtype, "r", shape=(len(rows), *column.shape[1:]))


def row_reader(column: Any) -> Callable:
    """Return a function from an int tensor of row indices to these rows of a lazy column.

    The function runs inside `tf.data` and graphs, sets the static shape of its result, and
    keeps at most about 60 MiB of a file in the memory of the process.
    """
    import tensorflow as tf

    if isinstance(column, Windows):
        return column.reader()

    taken = 0

    def read(rows):
        nonlocal taken
        found = np.asarray(column[rows])
        taken += found.nbytes
        if taken > _RESIDENT:
            taken = 0
            _give_back(column)
        return found

    def rows_of(rows):
        found = tf.numpy_function(read, [rows], column.dtype, stateful=False)
        return tf.ensure_shape(found, (*rows.shape, *column.shape[1:]))

    return rows_of


def _map_of(column):
    """The `mmap` that a column is a view of, or `None`."""
    while isinstance(column, np.ndarray):
        column = column.base
    return column if isinstance(column, mmap.mmap) else None


def _give_back(column):
    """Give the pages of a mapped column back to the system; the file keeps its content."""
    mapped = _map_of(column)
    if hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
