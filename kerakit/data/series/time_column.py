"""A column of times as it was read: dates, times of day with or without a zone, numbers."""

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Callable

import numpy as np

from kerakit.data.columns.column import NA_VALUES, Numbers, read_column
from kerakit.errors import DataError

__all__ = ["MICROSECONDS", "TimeColumn", "holds_times", "read_times"]

MICROSECONDS = 1_000_000  # in a second

_EPOCH = datetime.datetime(1970, 1, 1)
_ONE = datetime.timedelta(microseconds=1)
# A column of which this share are dates is one of dates; the others are slips, which
# reading it then names.
_MOSTLY_DATES = 0.95
_LOOKED_AT = 1000  # values, which tell as much as a million
# Beyond the year 5000 in seconds: these are milliseconds, as JavaScript and pandas write them.
_TOO_LATE = 1e11


@dataclasses.dataclass(frozen=True)
class TimeColumn:
    """The times of the rows of a series.

    Attributes:
        name: str. The column.
        instants: int64 array of shape `(n,)`. Microseconds since 1970-01-01T00:00Z; a time
            without a zone counts as UTC.
        wall: int64 array of shape `(n,)`. What the clock on the wall showed, in the same
            unit: days and months are regular by it where summer time shifts the instants.
        written: function from a row to how the source wrote its time.
    """

    name: str
    instants: np.ndarray
    wall: np.ndarray
    written: Callable[[int], str]


def holds_times(values, typed):
    """Whether a column holds times, all or nearly all, that cannot be numbers.

    Args:
        values: Arrow array.
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
    words = read_column(values, NA_VALUES, typed).values
    there = [word for word in words if word and not word.isdigit()]
    # Most columns of text are told by their first value.
    if not there or _moment(there[0]) is None and _moment(there[-1]) is None:
        return False
    there = there[:: 1 + len(there) // _LOOKED_AT]
    return sum(_moment(word) is not None for word in there) >= _MOSTLY_DATES * len(there)


def read_times(values, typed, name, place):
    """Read a column of times.

    ISO 8601 is read (`1949-01`, `2016-07-01`, `2016-07-01 13:00`, `2016-07-01T13:00:00+02:00`),
    and Arrow's own types. Numbers of four digits are years, of eight that are all dates
    days (`20160701`), others seconds since 1970.

    Args:
        values: Arrow array of n times.
        typed: bool. Whether the source has types.
        name: str. The column.
        place: function from a row to its place, for errors.

    Returns:
        `TimeColumn`.

    Raises:
        DataError: when a time is missing or cannot be read, or only some have a zone.
    """
    import pyarrow as pa

    if isinstance(values, np.ndarray):
        raise DataError(f"{place(0)}, column {name!r}: expected one time a row, not several.")
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        return _typed_times(values, name, place)
    if _is_text(values.type):
        column = read_column(values, NA_VALUES, typed)
        _refuse_missing(column.missing(), name, place)
        if column.odd.any():
            return _written_times(column, name, place)
        return _numbers_as_times(column.numbers(), name, place)
    column = read_column(values, origin=f"column {name!r}")
    if not isinstance(column, Numbers):
        raise DataError(f"{place(0)}, column {name!r}: these are no times. {_EXPECTED}")
    _refuse_missing(column.missing(), name, place)
    return _numbers_as_times(column.values, name, place)


_EXPECTED = (
    "Expected ISO dates and times, such as 2016-07-01, 2016-07-01 13:00 or "
    "2016-07-01T13:00:00+02:00, or seconds since 1970; of other forms "
    "pandas.to_datetime makes a DataFrame's column, which load_series takes."
)


def _typed_times(values, name, place):
    """Timestamps and dates of Arrow."""
    import pyarrow as pa
    import pyarrow.compute as pc

    _refuse_missing(values.is_null().to_numpy(zero_copy_only=False), name, place)
    zone = getattr(values.type, "tz", None)
    values = values.cast(pa.timestamp("us", zone), safe=False)
    instants = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
    wall = instants
    if zone:
        # Where a system knows no time zones, the instants are right all the same.
        with contextlib.suppress(pa.ArrowInvalid):
            wall = pc.local_timestamp(values).cast(pa.int64()).to_numpy(zero_copy_only=False)
    texts = values if zone is None else values.cast(pa.timestamp("us", "UTC"))
    return TimeColumn(name, instants, wall, lambda row: str(texts[row]).removesuffix("Z"))


def _written_times(column, name, place):
    """ISO dates and times; `column` is `Texts`."""
    count = len(column.values)
    instants, wall = np.zeros(count, np.int64), np.zeros(count, np.int64)
    zoned, wrong = np.zeros(count, bool), np.zeros(count, bool)
    for index, word in enumerate(column.values):
        moment = _moment(word)
        if moment is None:
            wrong[index] = word != ""
            continue
        shown = moment.replace(tzinfo=None)
        wall[index] = (shown - _EPOCH) // _ONE
        zoned[index] = moment.tzinfo is not None
        instants[index] = wall[index] - (moment.utcoffset() // _ONE if zoned[index] else 0)

    def written(row):
        return column.values[column.codes[row]]

    if wrong.any():
        row = int(np.argmax(wrong[column.codes]))
        raise DataError(f"{place(row)}, column {name!r}: {written(row)!r} is no time. {_EXPECTED}")
    of_rows = zoned[column.codes]
    if of_rows.any() and not of_rows.all():
        other = int(np.argmax(of_rows != of_rows[0]))
        raise DataError(
            f"{place(other)}, column {name!r}: {written(other)!r} {_zone(of_rows[other])}, and "
            f"{written(0)!r} of the first row {_zone(of_rows[0])}. Write all in one way."
        )
    return TimeColumn(name, instants[column.codes], wall[column.codes], written)


def _numbers_as_times(numbers, name, place):
    """Years, days as `20160701`, or seconds since 1970."""
    bad = ~np.isfinite(numbers) | (np.abs(numbers) >= _TOO_LATE)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{place(row)}, column {name!r}: {numbers[row]:.17g} cannot be seconds since 1970. "
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
    """The `datetime` that a word writes, or `None`."""
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


def _refuse_missing(missing, name, place):
    if missing.any():
        raise DataError(
            f"{place(int(np.argmax(missing)))}, column {name!r}: the time is missing. Fill it in, "
            "or remove the row."
        )


def _zone(has):
    return "has a zone" if has else "has no zone"
