"""Answers as a CSV or Parquet file: one column per output, written batch by batch."""

from __future__ import annotations

import contextlib
import csv
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["PARQUET", "open_answers"]

PARQUET = (".parquet", ".pq")

# Small row groups make a Parquet file large and slow to read.
_ROW_GROUP = 1 << 16


@contextlib.contextmanager
def open_answers(path: pathlib.Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Open a file for answers: Parquet for `.parquet` and `.pq`, else CSV.

    Args:
        path: `pathlib.Path`.

    Yields:
        Function that writes the next rows: a dict from column name to values.
    """
    with _parquet(path) if path.suffix.lower() in PARQUET else _csv(path) as write:
        yield write


@contextlib.contextmanager
def _csv(path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        begun = False

        def write(table):
            nonlocal begun
            if not begun:
                writer.writerow(table)
                begun = True
            writer.writerows(zip(*map(_cells, table.values()), strict=True))

        yield write


def _cells(column):
    """The values of a column, as the writer of CSV takes them."""
    if not hasattr(column, "to_pylist"):
        return column
    import pyarrow as pa

    # Python has no float32: 0.1 would get nine digits more.
    return (column.cast(pa.string()) if column.type == pa.float32() else column).to_pylist()


@contextlib.contextmanager
def _parquet(path):
    import pyarrow as pa
    from pyarrow import parquet

    waiting, writer = [], None

    def flush():
        nonlocal writer
        table = pa.concat_tables(waiting)
        waiting.clear()
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)

    def write(table):
        waiting.append(pa.table(table))
        if sum(map(len, waiting)) >= _ROW_GROUP:
            flush()

    try:
        yield write
        if waiting:
            flush()
    finally:
        if writer is not None:
            writer.close()
