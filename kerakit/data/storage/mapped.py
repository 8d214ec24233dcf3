"""Rows of columns, in memory or in a file that is mapped and never read as a whole."""

import mmap
import tempfile

import numpy as np

from kerakit.data.storage.windows import Windows

__all__ = ["is_lazy", "is_mapped", "row_reader", "take_rows"]

# Rows taken from a mapped column that are more than this come in a file of their own.
_IN_MEMORY = 64 * 2**20
# After reading this much of a mapped file its pages are handed back. Rows at random bring
# more pages in than they need: seven times as many for 150 kB a row (measured), so some 60 MiB.
_RESIDENT = 8 * 2**20


def is_mapped(column):
    """Whether a column lies in a file (a `np.memmap`) rather than in memory."""
    return isinstance(column, np.memmap) and _map_of(column) is not None


def is_lazy(column):
    """Whether a column is read row by row: it lies in a file, or its rows are `Windows`."""
    return isinstance(column, Windows) or is_mapped(column)


def take_rows(column, rows):
    """Return some rows of a column.

    Of a mapped column a slice, or rows that follow on each other, is a view of the file;
    other rows are copied, into an unnamed temporary file where they are more than 64 MiB.

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
            _hand_back(column)
        return np.memmap(file, column.dtype, "r", shape=(len(rows), *column.shape[1:]))


def row_reader(column):
    """Return a function from an int tensor of rows to the rows of a lazy column.

    It runs inside `tf.data` and graphs, knows its static shape, and keeps no more than
    some 60 MiB of a file in the process's memory.
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
            _hand_back(column)
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


def _hand_back(column):
    """Let the system have the pages of a mapped column back; what is written stays."""
    mapped = _map_of(column)
    if hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
