"""A column of times as it was read: dates, times of day with or without a zone, numbers."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from kerakit.data.columns.column import Numbers, read_column
from kerakit.data.columns.dates import find_dates
from kerakit.data.columns.missing import missing_texts
from kerakit.data.series.times.other_dates import other_dates
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MICROSECONDS", "TimeColumn", "holds_times", "read_times", "turned_locations"]

MICROSECONDS = 1_000_000  # in a second

_EPOCH = datetime.datetime(1970, 1, 1)
_ONE = datetime.timedelta(microseconds=1)
# A column is one of dates where at least this fraction of its values are dates. The other
# values are slips, and reading the column names the first of them.
_DATES_FRACTION = 0.95
_SAMPLED_VALUES = 1000  # enough to tell dates from other texts in a column of millions
# As seconds, this is beyond the year 5000: such numbers are milliseconds, as JavaScript and
# pandas write them.
_MAX_SECONDS = 1e11


@dataclasses.dataclass(frozen=True)
class TimeColumn:
    """The times of the rows of a series.

    Attributes:
        name: str. The column.
        instants: int64 array of shape `(n,)`. Microseconds since 1970-01-01T00:00Z; a time
            without a zone counts as UTC.
        local: int64 array of shape `(n,)`. The local times, in the same unit. Days and months
            are regular in local time, also where summer time shifts the instants.
        written: function from a row to its time as the source wrote it.
    """

    name: str
    instants: np.ndarray
    local: np.ndarray
    written: Callable[[int], str]

    @property
    def is_newest_first(self) -> bool:
        """Whether each row is older than the one before."""
        return len(self.instants) > 1 and bool((np.diff(self.instants) < 0).all())

    def turned(self) -> TimeColumn:
        """Return the rows in reverse order."""
        return self.take(np.arange(len(self.instants))[::-1])

    def take(self, rows: np.ndarray) -> TimeColumn:
        """Return the times of some rows, at an int array of them."""

        def written(row):
            return self.written(int(rows[row]))

        return TimeColumn(self.name, self.instants[rows], self.local[rows], written)


def holds_times(values: pa.Array | pa.ChunkedArray | np.ndarray, typed: bool) -> bool:
    """Return whether all or nearly all values of a column are dates or times, not numbers.

    Args:
        values: Arrow array, or an array of several numbers for each row.
        typed: bool. Whether the source has types; a text file has none.

    Example:

    >>> import pyarrow as pa
    >>> holds_times(pa.array(["1949-01", "1949-02"]), typed=False)
    True
    """
    import pyarrow as pa

    if isinstance(values, np.ndarray):
        return False
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return True
    if not _is_text(values.type):
        return False
    column = read_column(values, missing_texts(None), typed)
    there = [word for word in column.values if word and not word.isdigit()]
    if not there:
        return False
    # The first value is enough to see that most columns of text hold no ISO dates.
    if _moment(there[0]) is None and _moment(there[-1]) is None:
        return find_dates(column) is not None
    there = there[:: 1 + len(there) // _SAMPLED_VALUES]
    return sum(_moment(word) is not None for word in there) >= _DATES_FRACTION * len(there)


def read_times(
    values: pa.Array | pa.ChunkedArray | np.ndarray,
    typed: bool,
    name: str,
    location: Callable[[int], str],
) -> TimeColumn:
    """Read a column of dates or times.

    ISO 8601 is read (`1949-01`, `2016-07-01`, `2016-07-01 13:00`, `2016-07-01T13:00:00+02:00`),
    Arrow's own types, and the other spellings of `find_dates` (`31/12/2023`, `Dec 31, 2023`).
    Where the column does not tell whether the day or the month comes first, the order of the rows
    does. Numbers of four digits are years. Numbers of eight digits are days
    (`20160701`) where all of them are dates. Other numbers are seconds since 1970.

    Args:
        values: Arrow array of n times.
        typed: bool. Whether the source has types.
        name: str. The column.
        location: function from a row to its location (file and line), for errors.

    Returns:
        `TimeColumn`.

    Raises:
        DataError: when a time is missing or cannot be read, or only some have a zone.
    """
    import pyarrow as pa

    if isinstance(values, np.ndarray):
        raise DataError(
            f"{location(0)}, column {name!r}: expected one time for each row, found several."
        )
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return _typed_times(values, name, location)
    if _is_text(values.type):
        column = read_column(values, missing_texts(None), typed)
        _refuse_missing(column.missing(), name, location)
        if column.odd.any():
            return _written_times(column, name, location)
        return _numbers_as_times(column.numbers(), name, location)
    column = read_column(values, origin=f"column {name!r}")
    if not isinstance(column, Numbers):
        raise DataError(f"{location(0)}, column {name!r}: the values are not times. {_EXPECTED}")
    _refuse_missing(column.missing(), name, location)
    return _numbers_as_times(column.values, name, location)


_EXPECTED = (
    "Expected ISO dates and times, such as 2016-07-01, 2016-07-01 13:00 or "
    "2016-07-01T13:00:00+02:00, or seconds since 1970, or another usual spelling in all rows, such "
    "as 31/12/2016. Convert other forms with pandas.to_datetime, and pass the DataFrame."
)


def turned_locations(location: Callable[[int], str], count: int) -> Callable[[int], str]:
    """Return the locations of `count` rows that were turned round; see `TimeColumn.turned`."""
    return lambda row: location(count - 1 - row)


def _typed_times(values, name, location):
    """Timestamps and dates of Arrow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    _refuse_missing(values.is_null().to_numpy(zero_copy_only=False), name, location)
    zone = getattr(values.type, "tz", None)
    values = values.cast(pa.timestamp("us", zone), safe=False)
    instants = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
    local = instants
    if zone:
        # On a system without a database of time zones the instants are right all the same.
        with contextlib.suppress(pa.ArrowInvalid):
            local = pc.local_timestamp(values).cast(pa.int64()).to_numpy(zero_copy_only=False)
    texts = values if zone is None else values.cast(pa.timestamp("us", "UTC"))
    return TimeColumn(name, instants, local, lambda row: str(texts[row]).removesuffix("Z"))


def _written_times(column, name, location):
    """Dates and times in ISO 8601, or in another spelling; `column` is `Texts`."""
    count = len(column.values)
    instants, local = np.zeros(count, np.int64), np.zeros(count, np.int64)
    zoned, wrong = np.zeros(count, bool), np.zeros(count, bool)
    for index, word in enumerate(column.values):
        moment = _moment(word)
        if moment is None:
            wrong[index] = word != ""
            continue
        shown = moment.replace(tzinfo=None)
        local[index] = (shown - _EPOCH) // _ONE
        zoned[index] = moment.tzinfo is not None
        instants[index] = local[index] - (moment.utcoffset() // _ONE if zoned[index] else 0)

    def written(row):
        return column.values[column.codes[row]]

    wrong = wrong[column.codes]
    if wrong.all():
        other = other_dates(column, name)
        if other is not None:
            seconds, wrong = other
            instants = local = seconds * MICROSECONDS
    else:
        instants, local = instants[column.codes], local[column.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{location(row)}, column {name!r}: {written(row)!r} is not a time. {_EXPECTED}"
        )
    row_zoned = zoned[column.codes]
    if row_zoned.any() and not row_zoned.all():
        other = int(np.argmax(row_zoned != row_zoned[0]))
        raise DataError(
            f"{location(other)}, column {name!r}: {written(other)!r} {_zone(row_zoned[other])}, "
            f"and {written(0)!r} of the first row {_zone(row_zoned[0])}. Write all times with a "
            "zone, or all without."
        )
    return TimeColumn(name, instants, local, written)


def _numbers_as_times(numbers, name, location):
    """Years, days as `20160701`, or seconds since 1970."""
    bad = ~np.isfinite(numbers) | (np.abs(numbers) >= _MAX_SECONDS)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{location(row)}, column {name!r}: {numbers[row]:.17g} cannot be seconds since 1970. "
            "Divide milliseconds by 1,000 and nanoseconds by 1,000,000,000."
        )
    moments = None
    if np.array_equal(numbers, np.rint(numbers)) and numbers.min() >= 1000:
        if numbers.max() < 3000:
            moments = [datetime.datetime(int(year), 1, 1) for year in numbers]
        elif numbers.min() >= 1000_01_01 and numbers.max() < 3000_01_01:
            moments = [_moment(str(int(day))) for day in numbers]
    if moments is None or None in moments:
        micros = np.rint(numbers * MICROSECONDS).astype(np.int64)
    else:
        micros = np.array([(moment - _EPOCH) // _ONE for moment in moments], np.int64)
    return TimeColumn(name, micros, micros, lambda row: f"{numbers[row]:.17g}")


def _moment(word):
    """The `datetime` that an ISO 8601 text stands for, or `None`."""
    if re.fullmatch(r"\d{4}-\d\d", word):
        word += "-01"
    try:
        return datetime.datetime.fromisoformat(word)
    except ValueError:
        return None


def _is_text(kind):
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _refuse_missing(missing, name, location):
    if missing.any():
        raise DataError(
            f"{location(int(np.argmax(missing)))}, column {name!r}: the time is missing. Fill it "
            "in, or remove the row."
        )


def _zone(zoned):
    return "has a zone" if zoned else "has no zone"
