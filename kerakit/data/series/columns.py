"""Which columns of a table are the values of a series, and which is its time."""

import numpy as np

from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.names import near_match
from kerakit.data.series.time_column import holds_times
from kerakit.errors import DataError

__all__ = ["choose_columns", "value_column"]

# From this share of numbers on, the few texts in a column of a text file are more likely
# slips than what the column is for; reading it then names the first.
_MOSTLY_NUMBERS = 0.95


def choose_columns(columns, value, time, typed, name, options):
    """Find the columns of the values and of the times.

    Args:
        columns: dict from column name to Arrow array.
        value: tuple of strings, or `None`: the only column with numbers.
        time: str, or `None`: the only column with dates.
        typed: bool. Whether the source has types; a text file has none.
        name: str. What the user calls the source.
        options: `SeriesOptions`.

    Returns:
        `(value, time, notes)`: tuple of strings, str or `None`, and a list of at most one
        warning.

    Raises:
        DataError: when a column is not there, or it is not plain which is meant.
    """
    for parameter, wanted in (("value", value or ()), ("time", () if time is None else (time,))):
        for column in wanted:
            if column not in columns:
                raise DataError(
                    f"{name}: there is no column {column!r}, which {parameter}= names."
                    f"{near_match(column, columns)} The columns are {_listed(columns)}."
                )
    if value is not None and (time in value or len(set(value)) < len(value) or not value):
        raise DataError(
            f"{name}: value={value!r} names no column, one twice, or that of time={time!r}. Name "
            "each column once."
        )
    rest = [column for column in columns if column not in (value or ())]
    if time is None:
        dates = [column for column in rest if holds_times(columns[column], typed)]
        if len(dates) > 1:
            raise DataError(
                f"{name}: several columns hold dates: {_listed(dates)}. Pass time= with the one "
                "that orders the rows."
            )
        time = dates[0] if dates else None
    rest = [column for column in columns if column != time]
    if value is None:
        value = _only_numeric(columns, rest, typed, name, options)
    texts = [c for c in rest if c not in value and not _is_numeric(columns[c], typed, options)]
    if time is None and texts:
        return (
            value,
            time,
            [
                f"{name}: no column holds ISO dates, so the rows are taken as equal steps in time. "
                f"Not used: {_listed(texts)}. If one of them is the time, pass time=."
            ],
        )
    return value, time, []


def value_column(values, name, na_values, typed, place):
    """Return a column as float64 array of shape `(n,)`, NaN where a value is missing.

    Args:
        values: Arrow array.
        name: str. The column.
        na_values: tuple of strings that stand for a missing value, or `None` for the usual.
        typed: bool. Whether the source has types.
        place: function from a row to its place, for errors.

    Raises:
        DataError: when a value is no number.
    """
    column = _read(values, na_values, typed)
    if isinstance(column, Numbers) and column.values.ndim == 1:
        return column.values
    if not isinstance(column, Texts):
        kind = getattr(values, "type", "several numbers a row")
        raise DataError(
            f"{place(0)}, column {name!r}: the column holds {kind}. Expected one number a row."
        )
    wrong = column.odd[column.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{place(row)}, column {name!r}: {column.written[column.codes[row]]!r} is not a "
            f"number, as {int(wrong.sum()):,} of {len(column):,} values. Correct it, or add it to "
            "na_values= if it stands for a missing value."
        )
    return column.numbers()


def _only_numeric(columns, rest, typed, name, options):
    """The one column of numbers, as a tuple."""
    if len(rest) == 1:
        return tuple(rest)
    numeric = [column for column in rest if _is_numeric(columns[column], typed, options)]
    if len(numeric) == 1:
        return tuple(numeric)
    if numeric:
        raise DataError(
            f"{name}: several columns hold numbers: {_listed(numeric)}. Pass value= with the one "
            "to forecast, or a list of those to forecast together."
        )
    held = f"The columns are {_listed(columns)}" if rest else "There is no column beside the time"
    raise DataError(f"{name}: no column holds numbers to forecast. {held}.")


def _is_numeric(values, typed, options):
    """Whether a column holds numbers, all or nearly all."""
    column = _read(values, options.na_values, typed)
    if isinstance(column, Numbers):
        return column.values.ndim == 1
    if typed or not isinstance(column, Texts):
        return False
    there = column.values[column.codes] != ""
    odd = column.odd[column.codes]
    return there.any() and odd.sum() <= (1 - _MOSTLY_NUMBERS) * there.sum()


def _read(values, na_values, typed):
    """`Numbers` or `Texts`; `None` where the type is neither."""
    try:
        return read_column(values, na_values, typed)
    except DataError:
        return None


def _listed(columns, most=40):
    listed = ", ".join(map(repr, list(columns)[:most]))
    return listed if len(columns) <= most else f"{listed} and {len(columns) - most} more"
