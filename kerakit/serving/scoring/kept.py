"""Columns of the file to score that are copied to the answers, such as an id."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import check, shortlist
from kerakit.data.names import near_match
from kerakit.data.options import names as checked_names
from kerakit.errors import DataError
from kerakit.serving.answering.columns import answer_columns

if TYPE_CHECKING:
    from kerakit.serving.served import Served

__all__ = ["as_written", "find_kept", "kept_names"]


def kept_names(owner: str, keep: Any) -> tuple[str, ...]:
    """Check the `keep` parameter; return the names of the columns, each once."""
    kept = checked_names(owner, "keep", keep)
    check(all(kept), owner, "keep", "the names of columns", keep)
    return tuple(dict.fromkeys(kept))


def find_kept(
    kept: Iterable[str], names: Sequence[str], served: Served, file: str | os.PathLike[str]
) -> list[str]:
    """Check that columns are in a file, and that no answer has the name of one.

    Args:
        kept: strings. The columns to copy.
        names: list of strings. The columns of the file.
        served: `Served`.
        file: path, for errors.

    Returns:
        The list of columns.

    Raises:
        DataError: when a column is not there, or an answer bears its name.
    """
    answers = set(_answer_names(served)) if kept else ()
    for name in kept:
        if name not in names:
            raise DataError(
                f"{file}: there is no column {name!r} to keep.{near_match(name, names)} The "
                f"columns are {shortlist(names)}."
            )
        if name in answers:
            raise DataError(
                f"{file}: the column {name!r} cannot be kept, since the answers have a column of "
                f"that name. Rename it in the file. The answers are {shortlist(sorted(answers))}."
            )
    return list(kept)


def as_written(column: Any, untyped: bool) -> Any:
    """Return a column of a block as an Arrow array whose type is that of all blocks.

    Args:
        column: `pyarrow` array.
        untyped: bool. Whether the file has no types, so that the column is copied as texts.
    """
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()) if untyped else column


def _answer_names(served):
    """The names of the columns of answers, found from their shapes."""
    outputs = served.manifest["signatures"]["serving_default"]["outputs"]
    empty = {name: np.empty((0, *out["shape"][1:])) for name, out in outputs.items()}
    return answer_columns(empty, served.spec)
