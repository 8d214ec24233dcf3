"""A column of keys: one string for each row, and none of them missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerakit.data.columns.column import Texts, read_column
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.errors import DataError

__all__ = ["key_column"]


def key_column(
    values: Any,
    name: str,
    na_values: Sequence[str] | None,
    typed: bool,
    location: Callable[[int], str],
    *,
    format: NumberFormat = PLAIN,
) -> np.ndarray:
    """Return a column, such as one of ids or labels, as an object array of `str`.

    Args:
        values: Arrow array of n rows.
        name: str. The column.
        na_values: tuple of strings that stand for a missing value, or `None` for the usual.
        typed: bool. Whether the source has types; a text file has none.
        location: function from a row to its location, for errors.
        format: `NumberFormat` of the numbers in texts. Defaults to `PLAIN`.

    Raises:
        DataError: when a value is missing, or a row has several.

    Example:

    >>> import pyarrow as pa
    >>> key_column(pa.array([1, 2]), "store", None, True, str).tolist()
    ['1', '2']
    """
    read = read_column(values, na_values, typed, f"column {name!r}", format)
    if not hasattr(read, "texts"):
        raise DataError(f"{location(0)}, column {name!r}: expected one value in each row.")
    texts: Texts = read.texts()
    missing = texts.missing()
    if missing.any():
        row = int(np.argmax(missing))
        raise DataError(
            f"{location(row)}, column {name!r}: the value is missing; {int(missing.sum()):,} of "
            f"{len(missing):,} are. Fill it in, or remove the row."
        )
    return texts.strings()
