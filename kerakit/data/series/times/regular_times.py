"""The times of a series: their order, the step between them, gaps, and the season."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.data.series.times.time_column import MICROSECONDS, TimeColumn
from kerakit.errors import DataError

__all__ = [
    "FEW",
    "GAPS",
    "Step",
    "check_order",
    "fill_times",
    "later_times",
    "regular_positions",
    "season_of",
]

GAPS = ("auto", "error", "fill", "ignore")

_DAY = 86_400
_MONTH = 30.4 * _DAY  # as `Series.step` counts them

# Steps after which the pattern of people and nature most often repeats: a day for parts of
# it, a week for days, a year for weeks, months and quarters (Hyndman & Athanasopoulos 2021,
# Forecasting: Principles and Practice, section 2.1).
_SEASONS = {600: 144, 900: 96, 1800: 48, 3600: 24, _DAY: 7, 7 * _DAY: 52}
_SEASONS_OF_MONTHS = {1: 12, 3: 4}

# Where rows are a month or more apart, this fraction of them must be on the same day of the
# month (or its last day) for the step to be counted in months. The other rows are slips, which
# are reported.
_SAME_DAY_FRACTION = 0.9

# Filling gaps may add this many rows for each row that is there. Beyond that, one time is
# probably wrong, and there is no gap.
_MAX_FILLED_PER_ROW = 10
FEW = 0.01  # of the steps, which gaps="auto" takes for missing values


@dataclasses.dataclass(frozen=True)
class Step:
    """The time from one row to the next.

    Attributes:
        micros: int. Microseconds; 0 where the step is counted in months.
        months: int. Months of the calendar; 0 where the step is counted in microseconds.
        day: int in [0, 31]. Where the step is counted in months: the day of the month of the
            rows; rows of shorter months are on their last day.
    """

    micros: int = 0
    months: int = 0
    day: int = 0

    @property
    def seconds(self) -> float:
        """Float: seconds of a step; a month counts 30.4 days."""
        return self.months * _MONTH if self.months else self.micros / MICROSECONDS

    def __str__(self) -> str:
        if self.months:
            count, unit = self.months, "month"
        else:
            units = (("day", _DAY), ("hour", 3600), ("minute", 60), ("second", 1))
            seconds = self.micros / MICROSECONDS
            unit, size = next((u for u in units if seconds % u[1] == 0), units[-1])
            count = seconds / size
        return f"{count:g} {unit}{'' if count == 1 else 's'}"


def season_of(step: Step | None, times: np.ndarray | None = None) -> int:
    """Return the usual season of a series with such a step, in steps; 1 where none is known.

    Args:
        step: `Step`, or `None`.
        times: int64 array of the times of consecutive rows, in microseconds, or `None`. Where
            rows are left out regularly, as on the weekends of trading days, the season is the
            number of rows that most often lie in its time.

    Example:

    >>> season_of(Step(micros=3600 * MICROSECONDS)), season_of(Step(months=3)), season_of(None)
    (24, 4, 1)
    >>> trading = np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15]) * 86_400 * MICROSECONDS
    >>> season_of(Step(micros=86_400 * MICROSECONDS), trading)
    5
    """
    season = _usual_season(step)
    if season == 1 or step is None or step.months or times is None:
        return season
    later = np.searchsorted(times, times + season * step.micros)
    rows = (later - np.arange(len(times)))[later < len(times)]
    return max(int(_most_common(rows)), 1) if len(rows) else season


def _usual_season(step):
    if step is None:
        return 1
    if step.months:
        return _SEASONS_OF_MONTHS.get(step.months, 1)
    return _SEASONS.get(step.seconds, 1)


def regular_positions(
    times: TimeColumn, gaps: str, location: Callable[[int], str], *, can_ignore: bool = True
) -> tuple[Step | None, np.ndarray]:
    """Check the times of a series, and find the step between its rows.

    The step is the most common difference between rows, in seconds or in months of the
    calendar. It is taken from the instants or from the local times, whichever is the more
    regular.

    Args:
        times: `TimeColumn` of n rows.
        gaps: str. One of `GAPS`.
        location: function from a row to its location (file and line), for errors.
        can_ignore: bool. Whether an error may advise `gaps="ignore"`. Defaults to `True`.

    Returns:
        `(step, positions)`: `Step`, or `None` for a single row; and an int64 array of shape
        `(n,)`, the index of each row on the regular grid, from 0.

    Raises:
        DataError: when times are out of order, repeated, not on the grid, or (with
            `gaps="error"`, or with `"auto"` more than one in a hundred) missing.
    """
    check_order(times, location)
    count = len(times.instants)
    if count < 2:
        return None, np.arange(count)
    step, positions = min((_grid(clock) for clock in _clocks(times)), key=_irregular)
    if gaps == "ignore":
        return step, np.arange(count)
    off = positions < 0
    if off.any():
        row = int(np.argmax(off))
        ignore = ", or pass gaps='ignore' to treat the rows as consecutive" if can_ignore else ""
        raise DataError(
            f"{location(row)}, column {times.name!r}: the time {times.written(row)!r} is not a "
            f"whole number of steps away from {times.written(row - 1 if row else 1)!r}. Most rows "
            f"are {step} apart; {int(off.sum()):,} of {count:,} rows are not. Correct the time, "
            f"resample the series to equal steps{ignore}."
        )
    jumps = np.diff(positions) - 1
    missing, gap_count = int(jumps.sum()), int((jumps > 0).sum())
    many = missing > FEW * (positions[-1] + 1)
    if missing and (gaps == "error" or (gaps == "auto" and many)):
        row = int(np.argmax(jumps > 0)) + 1
        missing_here = int(jumps[row - 1])
        raise DataError(
            f"{location(row)}, column {times.name!r}: {times.written(row - 1)!r} is followed by "
            f"{times.written(row)!r}, and the step is {step}: {missing_here:,} row(s) are missing "
            f"there, and {missing:,} in {gap_count:,} gap(s) in all. Pass gaps='fill' to insert "
            "rows of missing values, or gaps='ignore' to treat the rows as consecutive."
        )
    if missing > _MAX_FILLED_PER_ROW * count:
        row = int(np.argmax(jumps)) + 1
        raise DataError(
            f"{location(row)}, column {times.name!r}: {times.written(row - 1)!r} is followed by "
            f"{times.written(row)!r}, and the step is {step}: filling the gaps would add "
            f"{missing:,} rows to the {count:,} that are there. Correct the time, or resample "
            "the series to longer steps."
        )
    return step, positions


def fill_times(times: TimeColumn, positions: np.ndarray, step: Step) -> np.ndarray:
    """Return int64 instants of shape `(positions[-1] + 1,)`, with times for the missing rows.

    Missing months get their day of the calendar; other missing rows are equally spaced.

    Args:
        times: `TimeColumn` of n rows.
        positions: int64 array of shape `(n,)`, from `regular_positions`.
        step: `Step`, likewise.
    """
    every = np.arange(positions[-1] + 1)
    row = np.searchsorted(positions, every, side="right") - 1
    ahead = every - positions[row]
    if not step.months:
        return (
            np.interp(every, positions, times.instants - times.instants[0]).round().astype(np.int64)
            + times.instants[0]
        )
    local = times.local[row]
    shift = times.instants[row] - local
    return np.where(ahead == 0, local, later_times(local, ahead, step)) + shift


def later_times(local: np.ndarray, ahead: np.ndarray, step: Step) -> np.ndarray:
    """Return the times that are `ahead` steps after local times: int64, in microseconds.

    Steps of months go to the step's day of the month, or to the month's last day.

    Args:
        local: int64 array. Microseconds.
        ahead: int64 array of the same shape.
        step: `Step`.
    """
    if not step.months:
        return local + ahead * step.micros
    months = local.astype("datetime64[us]").astype("datetime64[M]") + ahead * step.months
    start, last = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") - 1
    date = np.minimum(start + (step.day - 1), last).astype("datetime64[us]").astype(np.int64)
    return date + local % (_DAY * MICROSECONDS)


def check_order(times: TimeColumn, location: Callable[[int], str]) -> None:
    """Raise a `DataError` unless the times are in ascending order, each of them once."""
    differences = np.diff(times.instants)
    if (differences < 0).any():
        row = int(np.argmax(differences < 0)) + 1
        raise DataError(
            f"{location(row)}, column {times.name!r}: {times.written(row)!r} comes after "
            f"{times.written(row - 1)!r} of the row before. Expected times in ascending order; "
            "sort the rows, or keep one series where there are several (id= trains one model of "
            "all)."
        )
    if (differences == 0).any():
        row = int(np.argmax(differences == 0)) + 1
        raise DataError(
            f"{location(row)}, column {times.name!r}: {times.written(row)!r} is the time of the "
            f"row before, too; {int((differences == 0).sum()):,} rows repeat a time in all. "
            "Expected one row for each time. Remove repeats or take their mean; keep one series "
            "where the file has several, or train one model of all by id=; where the time of day "
            "stands in another column, pass both as time=; where clocks are set back, write times "
            "with their zone (+02:00)."
        )


def _clocks(times):
    """The instants, and the local times where these differ and are in ascending order."""
    same = np.array_equal(np.diff(times.instants), np.diff(times.local))
    yield times.local if same else times.instants
    if not same and (np.diff(times.local) > 0).all():
        yield times.local


def _irregular(found):
    """The number of rows that are not on the grid or come after a gap."""
    _, positions = found
    return int((positions < 0).sum() + (np.diff(positions) != 1).sum())


def _grid(clock):
    """`(step, positions)` of the rows by one clock, -1 for a row that is not on the grid."""
    differences = np.diff(clock)
    common = _most_common(differences)
    if common >= 28 * _DAY * MICROSECONDS:
        found = _grid_of_months(clock)
        if found is not None:
            return found
    # The first row with a step of the usual length is on the grid; the very first row may not be.
    anchor = clock[np.argmax(differences == common)]
    positions, rest = np.divmod(clock - anchor, common)
    positions -= positions[0]
    return Step(micros=int(common)), np.where(rest == 0, positions, -1)


def _grid_of_months(clock):
    """The same in months of the calendar, or `None` where the days of the month differ."""
    dates = clock.astype("datetime64[us]")
    months = dates.astype("datetime64[M]")
    days = dates.astype("datetime64[D]")
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    of_day = clock % (_DAY * MICROSECONDS)

    def fits(candidate):
        return (day == np.minimum(candidate, last)) & (of_day == _most_common(of_day))

    candidate = max((int(_most_common(day)), int(day.max())), key=lambda d: fits(d).sum())
    good = fits(candidate)
    months = months.astype(np.int64)
    step = int(_most_common(np.diff(months)))
    if good.mean() < _SAME_DAY_FRACTION or step < 1:
        return None
    anchor = months[np.argmax(np.diff(months) == step)]
    positions, rest = np.divmod(months - anchor, step)
    positions -= positions[0]
    return Step(months=step, day=candidate), np.where(good & (rest == 0), positions, -1)


def _most_common(values):
    """The most common value; the smallest of several."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct[np.argmax(counts)]
