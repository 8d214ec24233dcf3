"""The last window of a series, to forecast the steps after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.names import near_match
from kerakit.data.series.reading.columns import value_column
from kerakit.data.series.times.later_column import later_column
from kerakit.data.series.times.regular_times import Step, check_order, regular_positions
from kerakit.data.series.times.time_column import (
    MICROSECONDS,
    TimeColumn,
    holds_times,
    read_times,
    turned_locations,
)
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["LastWindow", "last_window"]

_ENOUGH_ROWS = 16  # to see the step of a series, however short its window is
_MONTH = Step(months=1).seconds


@dataclasses.dataclass(frozen=True)
class LastWindow:
    """The last window of a series.

    Attributes:
        columns: list of arrays of one row each, in the order of the spec's features.
        time: str, or `None`. The column of the times.
        later: Arrow array of the times of the forecast, in the type of that column; `None`
            where there are no regular times.
        is_turned: bool. Whether the newest row came first, and the rows were turned round.
    """

    columns: list[np.ndarray]
    time: str | None
    later: Any
    is_turned: bool = False


def last_window(
    columns: Mapping[str, Any],
    spec: Spec,
    *,
    name: str,
    typed: bool,
    location: Callable[[int], str],
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
) -> LastWindow:
    """Read the last window of a series whose rows are steps of time.

    Steps that are missing among the times are missing values of the window, with a warning,
    unless the model was trained on rows that were treated as consecutive.

    Args:
        columns: dict from column name to Arrow array. Other columns than those of the channels
            and of the time are ignored.
        spec: `Spec` of a forecast.
        name: str. The table or file, for messages.
        typed: bool. Whether the source has types.
        location: function from a row to its location, for errors.
        na_values: tuple of strings, or `None`, as for `value_column`.
        format: `NumberFormat` of the numbers in a text file. Defaults to `PLAIN`.

    Raises:
        DataError: when a column is missing or no number, the rows are fewer than a window, or
            the times are out of order or of another step than in training.
    """
    series, channels = spec.series, spec.target.names
    absent = [channel for channel in channels if channel not in columns]
    if absent:
        raise DataError(
            f"{name}: the columns [{shortlist(absent, 8)}] are missing."
            f"{near_match(absent[0], columns)} The columns are [{shortlist(columns, 8)}]."
        )
    rows = len(columns[channels[0]])
    if rows < series.window:
        raise DataError(
            f"{name}: the model makes a forecast from {series.window:,} steps, one in each row. "
            f"Got {rows:,} row(s). Pass at least {series.window:,} rows."
        )
    time = _time_of(columns, spec, typed, name)
    times = None if time is None else read_times(columns[time], typed, time, location)
    is_turned = times is not None and times.is_newest_first
    if is_turned:
        order = np.arange(rows)[::-1]
        columns = {column: columns[column].take(order) for column in (*channels, time)}
        times, location = times.turned(), turned_locations(location, rows)
    start = max(0, rows - max(series.window, _ENOUGH_ROWS))

    def tail_location(row):
        return location(start + row)

    values = np.stack(
        [
            value_column(
                columns[c].slice(start),
                c,
                na_values,
                typed,
                tail_location,
                format=format,
                has_option=not typed,
            )
            for c in channels
        ],
        axis=1,
    )
    if times is None:
        return LastWindow(_inputs(values[-series.window :], None, spec, name), None, None)
    check_order(times, location)
    times = _tail(times, start)
    step, gaps = None, "ignore" if series.gaps == "ignore" else "fill"
    if len(times.instants) > 1:
        step, positions = regular_positions(times, gaps, tail_location, can_ignore=False)
        grid = np.full((positions[-1] + 1, len(channels)), np.nan)
        grid[positions] = values
        values = grid
        _check_step(step, spec, name, time)
        missing = series.window - int((positions >= len(grid) - series.window).sum())
        if missing:
            warn(
                f"{name}: {missing:,} step(s) of the last {series.window:,} are missing among the "
                f"times of {time!r}. They count as missing values."
            )
    window = _inputs(values[-series.window :], times.instants[-1], spec, name)
    step = step or _trained_step(spec, times)
    on_grid = gaps == "fill"
    later = later_column(columns[time], times, step, series.horizon, on_grid=on_grid)
    return LastWindow(window, time, later, is_turned)


def _time_of(columns, spec, typed, name):
    """The column of the times: that of the training data, or the only one with dates."""
    series = spec.series
    if series.time in columns and series.time not in spec.target.names:
        return series.time
    rest = [column for column in columns if column not in spec.target.names]
    dates = [column for column in rest if holds_times(columns[column], typed)]
    if len(dates) == 1:
        return dates[0]
    if series.calendar:
        wanted = f" {series.time!r}" if series.time else ""
        raise DataError(
            f"{name}: the model takes the time of the last row, and the column{wanted} of times is "
            f"missing. The columns are [{shortlist(columns, 8)}]."
        )
    return None


def _tail(times, start):
    return TimeColumn(
        times.name,
        times.instants[start:],
        times.local[start:],
        lambda row: times.written(start + row),
    )


def _inputs(values, instant, spec, name):
    """The window, and the time of its last step, as the model takes them."""
    with np.errstate(over="ignore"):
        window = values.astype(np.float32)
    if np.isinf(window).any():
        raise DataError(f"{name}: a value of the last {len(window):,} rows is infinite.")
    if np.isnan(window).all():
        raise DataError(
            f"{name}: all values of the last {len(window):,} rows are missing. A forecast needs "
            "some of them."
        )
    arrays = {spec.feature_names[0]: window.reshape(1, *spec.features[0].shape)}
    if spec.series.calendar:
        arrays["time"] = np.array([instant // MICROSECONDS], np.int64)
    return [arrays[feature.name] for feature in spec.features]


def _check_step(step, spec, name, time):
    trained = spec.series.step
    if trained is not None and step.seconds != trained:
        raise DataError(
            f"{name}, column {time!r}: the rows are {step} apart, and those of the training were "
            f"{_step(trained)} apart. Resample the series to the same steps."
        )


def _trained_step(spec, times):
    """The step of the training data, for a single row."""
    return None if spec.series.step is None else _step(spec.series.step, times)


def _step(seconds, times=None):
    months = round(seconds / _MONTH)
    if months and seconds == months * _MONTH:
        day = 0 if times is None else times.local[-1].astype("datetime64[us]").item().day
        return Step(months=months, day=day)
    return Step(micros=round(seconds * MICROSECONDS))
