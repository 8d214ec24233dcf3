"""Several series in one table: which rows belong to which, and what each has once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Texts, read_column
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.series.reading.columns import is_numeric, value_column
from kerakit.data.series.reading.keys import key_column
from kerakit.errors import DataError

__all__ = ["Panel", "flag_or_number_column", "panel_rows", "static_values"]

_SEPARATOR = "/"  # between the values of several id columns
_FLAGS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


@dataclasses.dataclass(frozen=True)
class Panel:
    """The rows of a table, series by series.

    Attributes:
        ids: tuple of strings, in the order of their first rows; empty for a single series
            without an id.
        rows: list of int64 arrays. The rows of each series, in the order of the table.
        name: str or `None`. What tells the series apart: the id's column, or several joined.
    """

    ids: tuple[str, ...]
    rows: list[np.ndarray]
    name: str | None = None

    def location(self, series: int, location: Callable[[int], str]) -> Callable[[int], str]:
        """Return a function from a row of one series to its location in the table.

        Args:
            series: int. The number of the series.
            location: function from a row of the table to its location.
        """
        rows = self.rows[series]
        if self.name is None:
            return lambda row: location(int(rows[row]))
        of = f"{self.name} {short_repr(self.ids[series])}"
        return lambda row: f"{location(int(rows[row]))}, {of}"


def panel_rows(
    columns: Mapping[str, Any],
    id: tuple[str, ...],
    rows: int,
    typed: bool,
    location: Callable[[int], str],
    *,
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
) -> Panel:
    """Group the rows of a table by their ids. The rows of two series may alternate.

    Args:
        columns: dict from column name to Arrow array.
        id: tuple of strings. The columns of the ids; the values of several are joined by `/`.
            Empty where all rows are one series.
        rows: int. How many rows there are.
        typed: bool. Whether the source has types.
        location: function from a row to its location, for errors.
        na_values, format: as for `value_column`.

    Raises:
        DataError: when an id is missing, or two different ids would be joined to one.
    """
    if not id:
        return Panel((), [np.arange(rows)])
    keys = [key_column(columns[c], c, na_values, typed, location, format=format) for c in id]
    joined = keys[0]
    for key in keys[1:]:
        joined = joined + _SEPARATOR + key
    ids, first, codes = np.unique(joined.astype(str), return_index=True, return_inverse=True)
    for key in keys if len(keys) > 1 else ():
        other = np.flatnonzero(key != key[first[codes]])
        if len(other):
            row = int(other[0])
            raise DataError(
                f"{location(row)}: the ids of this row and of another, joined by {_SEPARATOR!r}, "
                f"are both {short_repr(str(joined[row]))}. Use ids without {_SEPARATOR!r}."
            )
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    by_first = np.argsort(first)
    return Panel(
        tuple(str(ids[series]) for series in by_first),
        [parts[series] for series in by_first],
        _SEPARATOR.join(id),
    )


def static_values(
    values: Any,
    name: str,
    panel: Panel,
    typed: bool,
    location: Callable[[int], str],
    *,
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
) -> np.ndarray:
    """Return what each series has once: a float32 array, or an object array of `str`.

    Args:
        values: Arrow array of the table's rows.
        name: str. The column.
        panel: `Panel`.
        typed, location, na_values, format: as for `panel_rows`.

    Returns:
        array of shape `(series,)`; a missing number is NaN, a missing string the empty one.

    Raises:
        DataError: when the rows of a series have different values.
    """
    if is_numeric(values, typed, na_values, format):
        read = value_column(values, name, na_values, typed, location, format=format)
        read = read.astype(np.float32)
    else:
        column = read_column(values, na_values, typed, f"column {name!r}", format)
        if not hasattr(column, "texts"):
            raise DataError(f"{location(0)}, column {name!r}: expected one value in each row.")
        read = column.texts().strings()
    found = []
    for series, rows in enumerate(panel.rows):
        of = read[rows]
        other = (of != of[0]) & ~((of != of) & (of[0] != of[0]))  # NaN is the same as NaN
        if other.any():
            row = int(np.argmax(other))
            raise DataError(
                f"{panel.location(series, location)(row)}, column {name!r}: the value is "
                f"{short_repr(_plain(of[row]))}, and the first row of the series has "
                f"{short_repr(_plain(of[0]))}. static= is for what a series has once. For what "
                "changes with time pass covariates= or future=."
            )
        found.append(of[0])
    return np.array(found, read.dtype)


def flag_or_number_column(
    values: Any,
    name: str,
    typed: bool,
    location: Callable[[int], str],
    *,
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
    has_option: bool = True,
) -> np.ndarray:
    """Return a covariate as a float64 array of shape `(n,)`; flags such as `yes` become 0 and 1.

    Args:
        values: Arrow array of n rows.
        name: str. The column.
        typed, location, na_values, format: as for `panel_rows`.
        has_option: bool. Whether an error may advise keywords. Defaults to `True`.

    Raises:
        DataError: when a value is neither a number nor, in a column of flags, a flag.
    """
    column = read_column(values, na_values, typed, f"column {name!r}", format)
    if isinstance(column, Texts):
        words = [str(word).lower() for word in column.values]
        if all(word in _FLAGS or word == "" for word in words) and any(words):
            return np.array([_FLAGS.get(word, np.nan) for word in words])[column.codes]
    return value_column(
        values, name, na_values, typed, location, format=format, has_option=has_option
    )


def _plain(value):
    return value.item() if hasattr(value, "item") else value
