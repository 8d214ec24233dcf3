"""Dates of a series in other spellings than ISO 8601."""

from __future__ import annotations

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Texts
from kerakit.data.columns.date_spelling import DAY_FIRST, MONTH_FIRST
from kerakit.data.columns.dates import find_dates, numbers_of
from kerakit.warn import warn

__all__ = ["other_dates"]

_DAY = 86_400  # seconds
_CLEAR = 1.5  # times as even are the steps of the right order of day and month, at least


def other_dates(column: Texts, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Read a column of dates in another usual spelling than ISO 8601; see `find_dates`.

    Where the column does not tell whether the day or the month comes first, the order with the
    more even steps is taken. A warning tells where that is not clear.

    Args:
        column: `Texts` of n rows, none of which is missing.
        name: str. The column.

    Returns:
        `(seconds, wrong)`: int64 array of shape `(n,)`, since 1970, and bool array of shape
        `(n,)`: which rows are no dates. `None` where most are not.
    """
    dates = find_dates(column)
    if dates is None:
        return None
    formats, orders = (dates.format,), (DAY_FIRST, MONTH_FIRST)
    found = {f: numbers_of(column.values, f) for f in (orders if dates.doubt else formats)}
    instants = {
        f: (n.days.astype(np.int64) * _DAY + n.seconds)[column.codes] for f, n in found.items()
    }
    unevenness = {f: _unevenness(moments) for f, moments in instants.items()}
    format = min(unevenness, key=unevenness.get)
    if dates.doubt and not max(unevenness.values()) >= _CLEAR * unevenness[format]:
        warn(
            f"Column {name!r} does not tell whether the day or the month comes first in "
            f"{short_repr(dates.doubt)}. Taken: {format}. Convert the column with "
            "pandas.to_datetime to say so yourself."
        )
    return instants[format], ~found[format].valid[column.codes]


def _unevenness(moments):
    """The longest step over the usual one; infinite where the times are in no order."""
    changes = np.diff(moments)
    if len(changes) and (changes < 0).all():
        changes = -changes
    if not len(changes) or (changes <= 0).any():
        return np.inf
    return float(changes.max() / np.median(changes))
