"""Answers as a CSV or Parquet file: one column per output, written batch by batch."""

from __future__ import annotations

import contextlib
import csv
import pathlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from kerakit.data.spec import Spec

__all__ = ["LABEL_SEPARATOR", "PARQUET", "answer_columns", "open_answers"]

LABEL_SEPARATOR = ";"
PARQUET = (".parquet", ".pq")

_ORDER = ("prediction", "lower", "upper", "label", "labels", "confidence", "probabilities")
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


def answer_columns(answer: dict[str, np.ndarray], spec: Spec) -> dict[str, Any]:
    """Return the answers of `Served` as a dict from column name to values.

    Example:

    >>> import numpy as np
    >>> from kerakit.data.spec import Feature, Spec
    >>> spec = Spec("binary", (Feature("x"),), classes=("no", "yes"))
    >>> columns = answer_columns({"probabilities": np.array([[0.25, 0.75]])}, spec)
    >>> {name: values.tolist() for name, values in columns.items()}
    {'probability_no': [0.25], 'probability_yes': [0.75]}
    """
    return dict(_flat({name: answer[name] for name in _ORDER if name in answer}, spec))


def _flat(answer, spec):
    for name, values in answer.items():
        if name == "labels":
            yield name, [LABEL_SEPARATOR.join(filter(None, row)) for row in values]
        elif values.ndim == 1:
            yield name, values
        elif name == "probabilities":
            for label, column in zip(spec.classes, values.T, strict=True):
                yield f"probability_{label}", column
        else:
            for target, column in zip(spec.target.names, values.T, strict=True):
                yield f"{name}_{target}", column


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
            writer.writerows(zip(*table.values(), strict=True))

        yield write


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
