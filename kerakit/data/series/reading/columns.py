"""Which columns of a table are the values of a series, its time, its id and its covariates."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.columns.odd_texts import find_odd_texts
from kerakit.data.names import near_match
from kerakit.data.series.times.time_column import holds_times
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.series.options import SeriesOptions

__all__ = ["SeriesColumns", "choose_columns", "is_numeric", "value_column"]

# A column of a text file is numeric where at least this fraction of its values are numbers.
# The few other values are slips, and reading the column names the first of them.
_NUMBERS_FRACTION = 0.95


@dataclasses.dataclass(frozen=True)
class SeriesColumns:
    """The columns of a table of series, by what they hold.

    Attributes:
        value: tuple of strings, or `None`: the only column with numbers.
        time: str, or `None`: the only column with dates.
        id: tuple of strings. The columns that tell one series from another.
        covariates, future: tuples of strings. Further numbers of each step: those that are known
            up to the end of a window, and those that are known up to the end of the horizon.
        static: tuple of strings. What a series has once, for all of its steps.
        time_parts: tuple of strings. The columns that make the time together, where there are
            several; `time` is then the name of what they make.
    """

    value: tuple[str, ...] | None = None
    time: str | None = None
    id: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    time_parts: tuple[str, ...] = ()

    @property
    def by_parameter(self) -> dict[str, tuple[str, ...]]:
        """The named columns, by the parameter that names them."""
        by_name = {**dataclasses.asdict(self), "value": self.value or ()}
        whole = () if self.time is None else (self.time,)
        return by_name | {"time": by_name.pop("time_parts") or whole}

    @property
    def named(self) -> tuple[str, ...]:
        """All named columns."""
        return tuple(column for named in self.by_parameter.values() for column in named)


def choose_columns(
    columns: Mapping[str, Any],
    chosen: SeriesColumns,
    typed: bool,
    name: str,
    options: SeriesOptions,
) -> tuple[SeriesColumns, list[str]]:
    """Find the columns of the values and of the times.

    Args:
        columns: dict from column name to Arrow array.
        chosen: `SeriesColumns` that the user named.
        typed: bool. Whether the source has types; a text file has none.
        name: str. The file's path, or a name of the array or DataFrame, for errors.
        options: `SeriesOptions`.

    Returns:
        `(chosen, notes)`: `SeriesColumns` whose `value` is not `None`, and a list of at most one
        warning.

    Raises:
        DataError: when a column is not there, or several columns could be meant.
    """
    value, time = chosen.value, chosen.time
    for parameter, wanted in chosen.by_parameter.items():
        for column in wanted:
            if column not in columns:
                raise DataError(
                    f"{name}: there is no column {column!r}, which {parameter}= names."
                    f"{near_match(column, columns)} The columns are {shortlist(columns)}."
                )
    if value is not None and (time in value or len(set(value)) < len(value) or not value):
        raise DataError(
            f"{name}: value={list(value)} and time={time!r} must name different columns, at least "
            "one of them in value=. Name each column once."
        )
    twice = [column for column, count in Counter(chosen.named).items() if count > 1]
    if twice:
        names = [key for key, wanted in chosen.by_parameter.items() if twice[0] in wanted]
        raise DataError(
            f"{name}: the column {twice[0]!r} is named by {' and '.join(f'{n}=' for n in names)}"
            f"{' twice' if len(names) == 1 else ''}. Name each column once."
        )
    rest = [column for column in columns if column not in chosen.named]
    if time is None:
        dates = [column for column in rest if holds_times(columns[column], typed)]
        if len(dates) > 1:
            raise DataError(
                f"{name}: several columns have dates: {shortlist(dates)}. Pass time= with the "
                "column that orders the rows."
            )
        time = dates[0] if dates else None
    others = {*chosen.named, time} - set(value or ())
    rest = [column for column in columns if column not in others]
    if value is None:
        value = _only_numeric(columns, rest, typed, name, options)
    texts = [c for c in rest if c not in value and not _is_number(columns[c], typed, options)]
    notes = []
    if time is None and texts:
        what = "If one of them is the time, pass time=."
        if not chosen.id:
            what = what[:-1] + "; if one tells several series apart, id=."
        notes.append(
            f"{name}: no column has dates, so the rows are treated as equal steps in time. "
            f"Not used: {shortlist(texts)}. {what}"
        )
    return dataclasses.replace(chosen, value=value, time=time), notes


def value_column(
    values: Any,
    name: str,
    na_values: Sequence[str] | None,
    typed: bool,
    location: Callable[[int], str],
    *,
    format: NumberFormat = PLAIN,
    has_option: bool = True,
) -> np.ndarray:
    """Return a column of values as a float64 array of shape `(n,)`, NaN where one is missing.

    Args:
        values: Arrow array.
        name: str. The column.
        na_values: tuple of strings that stand for a missing value, or `None` for the usual.
        typed: bool. Whether the source has types.
        location: function from a row to its location (file and line), for errors.
        format: `NumberFormat` of the numbers in texts. Defaults to `PLAIN`.
        has_option: bool. Whether an error may advise keywords. Defaults to `True`.

    Raises:
        DataError: when a value is not a number.
    """
    column = _read(values, na_values, typed, format)
    if isinstance(column, Numbers) and column.values.ndim == 1:
        return column.values
    if not isinstance(column, Texts):
        kind = getattr(values, "type", "several numbers in each row")
        raise DataError(
            f"{location(0)}, column {name!r}: the column has {kind}. Expected one number in each "
            "row."
        )
    wrong = column.odd[column.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        advice = "add it to na_values=" if has_option else "leave it empty"
        cure = f"Correct the value, or {advice} if it stands for a missing value."
        odd = find_odd_texts(column) if has_option and not typed else None
        if odd is not None and odd.is_marked:
            cure = odd.cure
        written = short_repr(column.written[column.codes[row]])
        raise DataError(
            f"{location(row)}, column {name!r}: {written} is not a number; {int(wrong.sum()):,} of "
            f"{len(column):,} values are not. {cure}"
        )
    return column.numbers()


def _only_numeric(columns, rest, typed, name, options):
    """The one column of numbers, as a tuple."""
    if len(rest) == 1:
        return tuple(rest)
    numeric = [column for column in rest if _is_number(columns[column], typed, options)]
    if len(numeric) == 1:
        return tuple(numeric)
    if numeric:
        raise DataError(
            f"{name}: several columns have numbers: {shortlist(numeric)}. Pass value= with the "
            "column to forecast, or with a list of columns to forecast together."
        )
    for column in [] if typed else rest:
        texts = _read(columns[column], options.na_values, typed, options.number_format)
        odd = find_odd_texts(texts) if isinstance(texts, Texts) else None
        if odd is not None and odd.is_marked:
            raise DataError(
                f"{name}: no column has numbers to forecast. Column {column!r}: {odd.sentence} "
                f"{odd.cure}"
            )
    found = f"The columns are {shortlist(columns)}." if rest else "The only column is the time."
    raise DataError(f"{name}: no column has numbers to forecast. {found}")


def is_numeric(
    values: Any, typed: bool, na_values: Sequence[str] | None, format: NumberFormat
) -> bool:
    """Whether all or nearly all values of a column are numbers.

    Args:
        values: Arrow array.
        typed: bool. Whether the source has types.
        na_values: tuple of strings that stand for a missing value, or `None` for the usual.
        format: `NumberFormat` of the numbers in texts.
    """
    column = _read(values, na_values, typed, format)
    if isinstance(column, Numbers):
        return column.values.ndim == 1
    if typed or not isinstance(column, Texts):
        return False
    present = column.values[column.codes] != ""
    odd = column.odd[column.codes]
    return present.any() and odd.sum() <= (1 - _NUMBERS_FRACTION) * present.sum()


def _is_number(values, typed, options):
    return is_numeric(values, typed, options.na_values, options.number_format)


def _read(values, na_values, typed, format):
    """`Numbers` or `Texts`; `None` where the type is neither."""
    try:
        return read_column(values, na_values, typed, format=format)
    except DataError:
        return None
