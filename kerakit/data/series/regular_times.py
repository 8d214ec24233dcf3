"""The times of a series: their order, the step between them, gaps, and the season."""

import dataclasses

import numpy as np

from kerakit.data.series.time_column import MICROSECONDS
from kerakit.errors import DataError

__all__ = ["GAPS", "Step", "fill_times", "regular_positions", "season_of"]

GAPS = ("error", "fill", "ignore")

_DAY = 86_400
_MONTH = 30.4 * _DAY  # as `Series.step` counts them

# Steps after which the pattern of people and nature most often repeats: a day for parts of
# it, a week for days, a year for weeks, months and quarters (Hyndman & Athanasopoulos 2021,
# Forecasting: Principles and Practice, section 2.1).
_SEASONS = {600: 144, 900: 96, 1800: 48, 3600: 24, _DAY: 7, 7 * _DAY: 52}
_SEASONS_OF_MONTHS = {1: 12, 3: 4}

# Of the rows that are a month or more apart, this share must be on the same day of the month
# (or its last) for the step to be one of months; the others are slips, to be reported.
_MOSTLY_SAME_DAY = 0.9

# More rows put in for each that is there: a slip in one time, not a gap.
_MOST_FILLED = 10


@dataclasses.dataclass(frozen=True)
class Step:
    """What lies between one row and the next.

    Attributes:
        micros: int. Microseconds; 0 where the step is one of months.
        months: int. Months of the calendar; 0 where the step is one of microseconds.
        day: int in [0, 31]. Of months: the day on which the rows are, or the last before it.
    """

    micros: int = 0
    months: int = 0
    day: int = 0

    @property
    def seconds(self):
        """Float: seconds of a step; a month counts 30.4 days."""
        return self.months * _MONTH if self.months else self.micros / MICROSECONDS

    def __str__(self):
        if self.months:
            count, unit = self.months, "month"
        else:
            units = (("day", _DAY), ("hour", 3600), ("minute", 60), ("second", 1))
            seconds = self.micros / MICROSECONDS
            unit, size = next((u for u in units if seconds % u[1] == 0), units[-1])
            count = seconds / size
        return f"{count:g} {unit}{'' if count == 1 else 's'}"


def season_of(step):
    """Return the season that goes with a step, in steps; 1 where none is known.

    Example:

    >>> season_of(Step(micros=3600 * MICROSECONDS)), season_of(Step(months=3)), season_of(None)
    (24, 4, 1)
    """
    if step is None:
        return 1
    if step.months:
        return _SEASONS_OF_MONTHS.get(step.months, 1)
    return _SEASONS.get(step.seconds, 1)


def regular_positions(times, gaps, place):
    """Check the times of a series, and find the step between its rows.

    The step is the most common difference, in seconds or in months of the calendar, of the
    instants or of what the clock showed, whichever is the more regular.

    Args:
        times: `TimeColumn` of n rows.
        gaps: str. One of `GAPS`.
        place: function from a row to its place, for errors.

    Returns:
        `(step, positions)`: `Step`, or `None` for a single row; and an int64 array of shape
        `(n,)`, each row's place on the regular grid, from 0.

    Raises:
        DataError: when times are out of order, double, off the grid, or (with
            `gaps="error"`) missing.
    """
    _refuse_disorder(times, place)
    count = len(times.instants)
    if count < 2:
        return None, np.arange(count)
    step, positions = min((_grid(clock) for clock in _clocks(times)), key=_irregular)
    if gaps == "ignore":
        return step, np.arange(count)
    off = positions < 0
    if off.any():
        row = int(np.argmax(off))
        raise DataError(
            f"{place(row)}, column {times.name!r}: {times.written(row)!r} is no whole number of "
            f"steps after {times.written(row - 1)!r} or before; the rows are mostly {step} apart, "
            f"and {int(off.sum()):,} of {count:,} are not. Correct the time, bring the series to "
            "equal steps (resample it), or pass gaps='ignore' to take the rows as they follow on "
            "each other."
        )
    jumps = np.diff(positions) - 1
    missing, many = int(jumps.sum()), int((jumps > 0).sum())
    if missing and gaps == "error":
        row = int(np.argmax(jumps > 0)) + 1
        here = int(jumps[row - 1])
        raise DataError(
            f"{place(row)}, column {times.name!r}: {times.written(row - 1)!r} is followed by "
            f"{times.written(row)!r}, and the step is {step}: {here:,} row(s) missing there, "
            f"{missing:,} in {many:,} gap(s) in all. Pass gaps='fill' to put in rows of missing "
            "values, or gaps='ignore' to take the rows as they follow on each other."
        )
    if missing > _MOST_FILLED * count:
        row = int(np.argmax(jumps)) + 1
        raise DataError(
            f"{place(row)}, column {times.name!r}: {times.written(row - 1)!r} is followed by "
            f"{times.written(row)!r}, and the step is {step}: filling the gaps would put in "
            f"{missing:,} rows beside the {count:,} that are there. Correct the time, or bring "
            "the series to longer steps."
        )
    return step, positions


def fill_times(times, positions, step):
    """Return int64 instants of shape `(positions[-1] + 1,)`, with those of missing rows put in.

    Missing months are laid on their day of the calendar, others in equal distances.

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
    wall = times.wall[row]
    months = wall.astype("datetime64[us]").astype("datetime64[M]") + ahead * step.months
    start, last = months.astype("datetime64[D]"), (months + 1).astype("datetime64[D]") - 1
    date = np.minimum(start + (step.day - 1), last).astype("datetime64[us]").astype(np.int64)
    shift = times.instants[row] - wall
    return np.where(ahead == 0, wall, date + wall % (_DAY * MICROSECONDS)) + shift


def _refuse_disorder(times, place):
    differences = np.diff(times.instants)
    if (differences < 0).any():
        row = int(np.argmax(differences < 0)) + 1
        raise DataError(
            f"{place(row)}, column {times.name!r}: {times.written(row)!r} comes after "
            f"{times.written(row - 1)!r} of the row before. Expected times in ascending order; "
            "sort the rows."
        )
    if (differences == 0).any():
        row = int(np.argmax(differences == 0)) + 1
        raise DataError(
            f"{place(row)}, column {times.name!r}: {times.written(row)!r} is the time of the row "
            f"before too, as {int((differences == 0).sum()):,} times in all. Expected one row for "
            "each time: remove one, take the mean, or keep the rows of one series where the file "
            "has several; where clocks are set back, write times with their zone (+02:00)."
        )


def _clocks(times):
    """The instants, and the clock on the wall where it runs on and is another one."""
    same = np.array_equal(np.diff(times.instants), np.diff(times.wall))
    yield times.wall if same else times.instants
    if not same and (np.diff(times.wall) > 0).all():
        yield times.wall


def _irregular(found):
    """How many rows are off the grid or come after a gap."""
    _, positions = found
    return int((positions < 0).sum() + (np.diff(positions) != 1).sum())


def _grid(clock):
    """`(step, positions)` of the rows by one clock, -1 for a row that is off the grid."""
    differences = np.diff(clock)
    common = _most_common(differences)
    if common >= 28 * _DAY * MICROSECONDS:
        found = _grid_of_months(clock)
        if found is not None:
            return found
    # The first row of which the step is right is on the grid, whatever the very first is.
    anchor = clock[np.argmax(differences == common)]
    positions, rest = np.divmod(clock - anchor, common)
    positions -= positions[0]
    return Step(micros=int(common)), np.where(rest == 0, positions, -1)


def _grid_of_months(clock):
    """The same by months of the calendar, or `None` where the days of the month differ."""
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
    if good.mean() < _MOSTLY_SAME_DAY or step < 1:
        return None
    anchor = months[np.argmax(np.diff(months) == step)]
    positions, rest = np.divmod(months - anchor, step)
    positions -= positions[0]
    return Step(months=step, day=candidate), np.where(good & (rest == 0), positions, -1)


def _most_common(values):
    """The most common value; the smallest where several are."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct[np.argmax(counts)]
