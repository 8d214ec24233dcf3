"""Times that stand in several columns: a date and a time of day; year, month, day and hour."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Numbers, read_column
from kerakit.data.columns.missing import missing_texts
from kerakit.data.series.times.time_column import MICROSECONDS, read_times
from kerakit.errors import DataError

__all__ = ["joined_name", "joined_times"]

_UNITS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
# Names of columns whose numbers are parts of a time, in lower case.
_PARTS = {"year": "year", "yr": "year", "month": "month", "mnth": "month", "mo": "month"}
_PARTS |= {"day": "day", "hour": "hour", "hr": "hour", "minute": "minute", "min": "minute"}
_PARTS |= {"second": "second", "sec": "second"}
_RANGES = {"month": (1, 12), "day": (1, 31), "hour": (0, 24), "minute": (0, 59), "second": (0, 60)}
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?(?::(\d\d(?:\.\d+)?))?\s*([AaPp])?\.?[Mm]?\.?")


def joined_name(names: Sequence[str]) -> str:
    """Return the name of the column that the parts of a time become.

    Example:

    >>> joined_name(["Date", "Time"])
    'Date Time'
    """
    return " ".join(names)


def joined_times(
    columns: Mapping[str, Any], names: Sequence[str], typed: bool, location: Callable[[int], str]
) -> Any:
    """Return the times that stand in several columns, as an Arrow array of timestamps.

    Columns named `year`, `month`, `day`, `hour`, `minute` and `second` (in any case) hold numbers.
    Of the others one holds dates, as `read_times` reads them, and one may hold times of day:
    `13:00`, `1:00 PM`, `13`.

    Args:
        columns: dict from column name to Arrow array.
        names: sequence of str. The columns of the parts.
        typed: bool. Whether the source has types.
        location: function from a row to its location, for errors.

    Raises:
        DataError: when a part is missing or out of its range, or the columns make no time.

    Example:

    >>> import pyarrow as pa
    >>> parts = {"day": pa.array(["31/12/2023"]), "clock": pa.array(["13:05"])}
    >>> joined_times(parts, ["day", "clock"], False, str)[0].as_py().isoformat()
    '2023-12-31T13:05:00'
    """
    import pyarrow as pa

    numbers, dates, clocks = {}, [], []
    for name in names:
        part = _PARTS.get(name.lower())
        read = _as_numbers(columns[name], typed, name) if part else None
        if part is not None and read is not None and part not in numbers:
            numbers[part] = name, read
        else:
            clock = _clock(columns[name], typed)
            (dates if clock is None else clocks).append(name if clock is None else (name, clock))
    if len(dates) + ("year" in numbers) != 1 or len(clocks) > 1:
        raise DataError(
            f"{location(0)}: time= names the columns {shortlist(names)}. Expected one column of "
            "dates and one of times of day (13:00), or columns named year, month, day, hour, "
            "minute and second, as far as there are any."
        )
    if dates:
        micros = read_times(columns[dates[0]], typed, dates[0], location).local.copy()
    else:
        micros = _calendar(numbers, location)
    for part in ("hour", "minute", "second"):
        if part in numbers:
            micros += _whole(numbers, part, location) * _UNITS[part] * MICROSECONDS
    for name, (seconds, wrong) in clocks:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{location(row)}, column {name!r}: {short_repr(columns[name][row].as_py())} is "
                "not a time of day. Expected times such as 13:00, 13:00:30 or 1:00 PM in all rows."
            )
        micros += np.rint(seconds * MICROSECONDS).astype(np.int64)
    return pa.array(micros, pa.timestamp("us"))


def _as_numbers(values, typed, name):
    """A column as float64 array, or `None` where it holds something else."""
    column = read_column(values, missing_texts(None), typed, f"column {name!r}")
    if isinstance(column, Numbers):
        return column.values if column.values.ndim == 1 else None
    return None if not hasattr(column, "odd") or column.odd.any() else column.numbers()


def _clock(values, typed):
    """`(seconds, wrong)` of a column of times of day, or `None` where it is none."""
    import pyarrow as pa

    kind = getattr(values, "type", None)
    if kind is None or pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return None
    if pa.types.is_time(kind):
        micros = values.cast(pa.time64("us")).cast(pa.int64())
        seconds = micros.to_numpy().astype(np.float64) / MICROSECONDS
        return seconds, ~np.isfinite(seconds)
    column = read_column(values, missing_texts(None), typed)
    if isinstance(column, Numbers):
        column = column.texts()
    found = [_CLOCK.fullmatch(str(word).strip()) for word in column.values]
    there = [match is not None for match, word in zip(found, column.values, strict=True) if word]
    if not there or np.mean(there) < 0.5:
        return None
    seconds = np.array([_seconds(match) for match in found])[column.codes]
    return seconds, ~np.isfinite(seconds)


def _seconds(match):
    """Seconds since midnight, NaN for what is no time of day."""
    if match is None:
        return np.nan
    hour, minute, second, half = match.groups()
    hour = int(hour)
    if half is not None:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    seconds = hour * 3600 + int(minute or 0) * 60 + float(second or 0)
    return seconds if int(minute or 0) < 60 and seconds <= 86_400 else np.nan


def _calendar(numbers, location):
    """Microseconds of the days that stand as year, month and day."""
    year = _whole(numbers, "year", location)
    month = _whole(numbers, "month", location) if "month" in numbers else np.ones_like(year)
    day = _whole(numbers, "day", location) if "day" in numbers else np.ones_like(year)
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    wrong = days.astype("datetime64[M]") != months
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{location(row)}, column {numbers['day'][0]!r}: {months[row]} has no day {day[row]}. "
            "Correct the row."
        )
    return days.astype("datetime64[us]").astype(np.int64)


def _whole(numbers, part, location):
    """A part as int64; refuses what is no whole number in its range."""
    name, values = numbers[part]
    low, high = _RANGES.get(part, (1, 9999))
    wrong = ~((values >= low) & (values <= high) & (values == np.rint(values)))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{location(row)}, column {name!r}: the {part} is {values[row]:g}. Expected a whole "
            f"number from {low} to {high}."
        )
    return values.astype(np.int64)
