"""Dates of a series in other spellings than ISO 8601."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Texts
from kerakit.data.columns.date_spelling import DAY_FIRST, MONTH_FIRST
from kerakit.data.columns.dates import find_dates, numbers_of
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["EXPECTED", "MICROSECONDS", "other_dates"]

MICROSECONDS = 1_000_000  # in a second
_DAY = 86_400  # seconds
_CLEAR = 1.5  # times as even are the steps of the right order of day and month, at least

EXPECTED = (
    "Expected ISO dates and times, such as 2016-07-01, 2016-07-01 13:00 or "
    "2016-07-01T13:00:00+02:00, or seconds since 1970. Convert other forms with "
    "pandas.to_datetime, and pass the DataFrame."
)


def other_dates(column: Texts, name: str, location: Callable[[int], str]) -> np.ndarray | None:
    """Read a column of dates in another usual spelling than ISO 8601; see `find_dates`.

    Where the column does not tell whether the day or the month comes first, the more even steps
    do.

    Args:
        column: `Texts` of n rows, none of which is missing.
        name: str. The column.
        location: function from a row to its location, for errors.

    Returns:
        int64 array of shape `(n,)`, microseconds since 1970; `None` where these are no dates.

    Raises:
        DataError: when a value is no date.
    """
    dates = find_dates(column)
    if dates is None:
        return None
    formats, orders = (dates.format,), (DAY_FIRST, MONTH_FIRST)
    found = {f: numbers_of(column.values, f) for f in (orders if dates.doubt else formats)}
    instants = {
        f: (n.days.astype(np.int64) * _DAY + n.seconds)[column.codes] * MICROSECONDS
        for f, n in found.items()
    }
    unevenness = {f: _unevenness(moments) for f, moments in instants.items()}
    format = min(unevenness, key=unevenness.get)
    if dates.doubt and not max(unevenness.values()) >= _CLEAR * unevenness[format]:
        warn(
            f"Column {name!r} does not tell whether the day or the month comes first in "
            f"{short_repr(dates.doubt)}. Taken: {format}. Convert the column with "
            "pandas.to_datetime to say so yourself."
        )
    wrong = ~found[format].valid[column.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        written = column.values[column.codes[row]]
        raise DataError(
            f"{location(row)}, column {name!r}: {written!r} is not a date, and the others are. "
            f"{EXPECTED}"
        )
    return instants[format]


def _unevenness(moments):
    """The longest step over the usual one; infinite where the times are in no order."""
    changes = np.diff(moments)
    if len(changes) and (changes < 0).all():
        changes = -changes
    if not len(changes) or (changes <= 0).any():
        return np.inf
    return float(changes.max() / np.median(changes))
