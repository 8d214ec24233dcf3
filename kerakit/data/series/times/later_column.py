"""The times after the last row of a series, in the type and the spelling of its column."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from kerakit.data.series.times.regular_times import Step, later_times
from kerakit.data.series.times.time_column import MICROSECONDS, TimeColumn

__all__ = ["later_column"]

_DAY = 86_400 * MICROSECONDS
_WORKING_WEEK = 5
_NUMERIC = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}( \d\d:\d\d(:\d\d)?)?")
_BARE = re.compile(r"\d[./-]|\d+[./-]\d[./-]")  # a day or a month without a zero before it
_RECENT = 60  # rows that show how dates are written
_ISO = re.compile(r"\d{4}-\d\d(-\d\d)?(?:([T ])(\d\d)(:\d\d)?(:\d\d)?.*?)?(Z|[+-].*)?")


def later_column(
    column: Any, times: TimeColumn, step: Step | None, count: int, *, on_grid: bool = False
) -> Any:
    """Return the next times of a series as an Arrow array, or `None` where they are not regular.

    Days without a Saturday and a Sunday go on from Monday to Friday.

    Args:
        column: Arrow array of the times as the source has them.
        times: `TimeColumn` of the same rows, in ascending order.
        step: `Step` between rows, or `None`.
        count: int. How many times.
        on_grid: bool. Whether the times are known to be whole steps apart. Defaults to `False`:
            they are regular only where each is one step after the one before.

    Returns:
        Arrow array of `count` times, of the type of the column. Texts and numbers are written as
        the last row is.

    Example:

    >>> import pyarrow as pa
    >>> from kerakit.data.series.times.time_column import read_times
    >>> column = pa.array(["1949-11", "1949-12"])
    >>> times = read_times(column, False, "month", str)
    >>> later_column(column, times, Step(months=1, day=1), 2).to_pylist()
    ['1950-01', '1950-02']
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = _later(times, step, np.arange(1, count + 1), on_grid)
    if found is None:
        return None
    instants, local, by_the_clock = found
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    moments = pa.array(local, pa.int64()).cast(pa.timestamp("us"))
    if pa.types.is_date(kind):
        return moments.cast(kind, safe=False)
    if pa.types.is_timestamp(kind):
        if kind.tz is None:
            return moments.cast(kind, safe=False)
        if by_the_clock:
            # An hour that summer time skips or repeats has the later or the earlier instant.
            options = {"ambiguous": "earliest", "nonexistent": "latest"}
            return pc.assume_timezone(moments, kind.tz, **options).cast(kind, safe=False)
        return pa.array(instants, pa.int64()).cast(pa.timestamp("us", kind.tz)).cast(kind)
    last = times.written(len(times.instants) - 1)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pa.array(_numbers(float(last), local), pa.float64())
        return numbers.cast(kind, safe=False) if pa.types.is_integer(kind) else numbers
    if re.fullmatch(r"\d+(\.\d+)?", last):
        return pa.array([f"{number:.15g}" for number in _numbers(float(last), local)])
    texts = [_text(last, moment) for moment in local.astype("datetime64[us]")]
    if _ISO.fullmatch(last) is None:
        texts = _numeric(times, last, local) or texts
    return pa.array(texts)


def _later(times, step, ahead, on_grid):
    """`(instants, local times, whether the local times are the regular ones)`, or `None`."""
    if step is None:
        return None
    local, instants = times.local, times.instants
    shift = instants[-1] - local[-1]
    after = np.broadcast_to(local[-1], ahead.shape)
    if not on_grid and _is_working_days(local, step):
        days = after.astype("datetime64[us]").astype("datetime64[D]")
        later = np.busday_offset(days, ahead).astype("datetime64[us]").astype(np.int64)
        later = later + after % _DAY
        return later + shift, later, True
    steps = step.micros
    regular = on_grid or step.months or any((np.diff(x) == steps).all() for x in (instants, local))
    if not regular:
        return None
    later = later_times(after, ahead, step)
    return later + shift, later, bool(step.months) or steps % _DAY == 0


def _is_working_days(local, step):
    if step.months or step.micros != _DAY or len(local) < _WORKING_WEEK:
        return False
    days = local.astype("datetime64[us]").astype("datetime64[D]")
    return bool(np.is_busday(days).all() and (np.diff(local) != _DAY).any())


def _numbers(last, local):
    """Years, days as `20160701`, or seconds since 1970, as the last row has it."""
    days = local.astype("datetime64[us]").astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    if last == int(last) and 1000 <= last < 3000:
        return years.astype(np.float64)
    if last == int(last) and 1000_01_01 <= last < 3000_01_01:
        texts = np.datetime_as_string(days)
        return np.array([float(text.replace("-", "")) for text in texts])
    return local / MICROSECONDS


def _numeric(times, last, local):
    """Dates such as `31.12.2023` or `12/31/2023 13:00`, as the rows are; `None` for others."""
    form = _NUMERIC.fullmatch(last)
    if form is None:
        return None
    count = len(times.local)
    recent = range(count - 1, max(count - _RECENT, 0) - 1, -1)
    shown = [(times.written(row), _moment(times.local[row])) for row in recent]
    # A row whose day is not its month tells which comes first.
    tells = (int(text[:2].rstrip("./-")) == at.day for text, at in shown if at.day != at.month)
    day_first = next(tells, True)
    width = 1 if any(_BARE.match(text) for text, _ in shown) else 2
    separator, hour, second = form.groups()

    def spelled(at):
        days = (at.day, at.month) if day_first else (at.month, at.day)
        date = separator.join([*(f"{part:0{width}d}" for part in days), f"{at.year:04d}"])
        return date + at.strftime((" %H:%M" if hour else "") + (":%S" if second else ""))

    return [spelled(_moment(each)) for each in local]


def _moment(micros):
    return micros.astype("datetime64[us]").item()


def _text(last, moment):
    """A time in the ISO form of the last row's text, with its zone."""
    form = _ISO.fullmatch(last)
    if form is None:
        return str(moment).removesuffix(".000000")
    day, separator, hour, minute, second, zone = form.groups()
    if hour is None:
        return str(moment)[: 10 if day else 7]
    length = 19 if second else 16 if minute else 13
    return str(moment)[:length].replace("T", separator) + (zone or "")
