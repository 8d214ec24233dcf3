"""Rows of series on regular steps of time: in order, and with places for missing steps."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np

from kerakit.data.series.reading.panel import Panel
from kerakit.data.series.times.regular_times import FEW, Step, fill_times, regular_positions
from kerakit.data.series.times.time_column import TimeColumn, turned_locations
from kerakit.errors import DataError

__all__ = ["Grid", "regular_grid"]


@dataclasses.dataclass(frozen=True)
class Grid:
    """The steps of all series, one series behind the other.

    Attributes:
        rows: int64 array of shape `(steps,)`. The row of the table of each step, -1 for a step
            that is missing there.
        bounds: int64 array of shape `(series + 1,)`. Where each series begins and ends.
        times: int64 array of shape `(steps,)`, microseconds since 1970-01-01T00:00Z; `None`
            without a time column.
        step: `Step`, or `None` without a time column or where each series has a single row.
        notes: tuple of strings. Sentences to warn of.
    """

    rows: np.ndarray
    bounds: np.ndarray
    times: np.ndarray | None = None
    step: Step | None = None
    notes: tuple[str, ...] = ()

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return values of rows as values of steps, NaN for a missing step.

        Args:
            values: float32 array of shape `(rows, columns)`.

        Returns:
            float32 array of shape `(steps, columns)`.
        """
        if np.array_equal(self.rows, np.arange(len(values))):
            return values
        return np.where((self.rows >= 0)[:, np.newaxis], values[self.rows], np.float32(np.nan))


def regular_grid(
    panel: Panel,
    times: TimeColumn | None,
    gaps: str,
    name: str,
    location: Callable[[int], str],
) -> Grid:
    """Put the rows of each series on regular steps of time, the oldest first.

    All series have the same step, and each begins and ends when it does.

    Args:
        panel: `Panel`.
        times: `TimeColumn` of all rows; `None` takes them as they stand.
        gaps: str. As in `load_series`.
        name: str. The file or table, for notes and errors.
        location: function from a row to its location, for errors.

    Raises:
        DataError: when times are wrong, as for `regular_positions`, or the steps of two series
            differ.
    """
    if times is None:
        bounds = np.cumsum([0, *map(len, panel.rows)])
        return Grid(np.concatenate(panel.rows), bounds)
    # Of several series, a short one may lack one step of twenty: the steps of all count.
    several = gaps == "auto" and bool(panel.ids)
    parts, notes, is_turned = [], [], False
    for series, rows in enumerate(panel.rows):
        column, where = times.take(rows), panel.location(series, location)
        if column.is_newest_first:
            is_turned, rows, column = True, rows[::-1], column.turned()
            where = turned_locations(where, len(rows))
        step, positions = regular_positions(column, "fill" if several else gaps, where)
        parts.append(_Part(rows, column, step, positions, where))
    if is_turned:
        notes.append(f"{name}: the newest row comes first. The rows were turned round.")
    step = _common_step(panel, parts, name)
    if several:
        _refuse_many_gaps(parts)
    filled = [part.filled() for part in parts]
    rows, instants = (np.concatenate(arrays) for arrays in zip(*filled, strict=True))
    bounds = np.cumsum([0, *(part.steps for part in parts)])
    missing = int((rows < 0).sum())
    if missing and gaps == "auto":
        notes.append(
            f"{name}: {missing:,} of {len(rows):,} steps are missing among the times of "
            f"{times.name!r}, and count as missing values. gaps='error' refuses them."
        )
    return Grid(rows, bounds, instants, step, tuple(notes))


@dataclasses.dataclass(frozen=True)
class _Part:
    """The rows of one series, in order, and their places among the steps."""

    rows: np.ndarray
    times: TimeColumn
    step: Step | None
    positions: np.ndarray
    location: Callable[[int], str]

    @property
    def steps(self):
        """How many steps there are, with the missing ones."""
        return int(self.positions[-1]) + 1

    def filled(self):
        """The row of each step, -1 where it is missing, and the times of the steps."""
        if self.steps == len(self.rows):
            return self.rows, self.times.instants
        rows = np.full(self.steps, -1, np.int64)
        rows[self.positions] = self.rows
        return rows, fill_times(self.times, self.positions, self.step)


def _common_step(panel, parts, name):
    """The step of all series, or `None` where each has a single row."""
    known = [(series, part.step) for series, part in enumerate(parts) if part.step is not None]
    if not known:
        return None
    usual = Counter(step.seconds for _, step in known).most_common(1)[0][0]
    common = next(step for _, step in known if step.seconds == usual)
    for series, step in known:
        if step.seconds != usual:
            raise DataError(
                f"{name}: the rows of {panel.name} {panel.ids[series]!r} are {step} apart, and "
                f"those of most series are {common} apart. Resample all series to the same steps."
            )
    return common


def _refuse_many_gaps(parts):
    """Raise the error of a gap where more than a few steps of all series are missing."""
    missing = [part.steps - len(part.rows) for part in parts]
    if sum(missing) > FEW * sum(part.steps for part in parts):
        worst = parts[int(np.argmax(missing))]
        regular_positions(worst.times, "error", worst.location)
