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
from kerakit.data.series.reading.panel import flag_or_number_column
from kerakit.data.series.times.later_column import later_column
from kerakit.data.series.times.regular_times import Step, check_order, regular_positions
from kerakit.data.series.times.time_column import (
    MICROSECONDS,
    TimeColumn,
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
        inputs: dict from the name of a feature to an array of one row: those that change with
            time.
        time: str, or `None`. The column of the times.
        later: Arrow array of the times of the forecast, in the type of that column; `None`
            where there are no regular times.
        is_turned: bool. Whether the newest row came first, and the rows were turned round.
    """

    inputs: dict[str, np.ndarray]
    time: str | None
    later: Any
    is_turned: bool = False


def last_window(
    columns: Mapping[str, Any],
    spec: Spec,
    times: TimeColumn | None,
    *,
    name: str,
    typed: bool,
    location: Callable[[int], str],
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
) -> LastWindow:
    """Read the last window of one series whose rows are steps of time.

    Where the model takes what is known of the future, the rows behind the last known value of the
    channels are the steps ahead.

    Steps that are missing among the times are missing values of the window, with a warning,
    unless the model was trained on rows that were treated as consecutive.

    Args:
        columns: dict from column name to Arrow array. Other columns than those of the channels,
            of the covariates and of the time are ignored.
        spec: `Spec` of a forecast.
        times: `TimeColumn` of the rows, or `None` where there are no times.
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
    numbers = (*channels, *series.covariates, *series.future)
    _check_there(columns, (*numbers, *series.static), name)
    rows = len(columns[channels[0]])
    time = None if times is None else times.name
    is_turned = times is not None and times.is_newest_first
    if is_turned:
        order = np.arange(rows)[::-1]
        columns = {column: columns[column].take(order) for column in (*numbers, time)}
        times, location = times.turned(), turned_locations(location, rows)

    def read(column, start):
        convert = value_column if column in channels else flag_or_number_column
        return convert(
            columns[column].slice(start),
            column,
            typed=typed,
            location=lambda row: location(start + row),
            na_values=na_values,
            format=format,
            has_option=not typed,
        )

    known = rows
    if series.future:
        there = [np.isfinite(read(column, 0)) for column in channels]
        known = int(np.flatnonzero(np.any(there, axis=0)).max(initial=-1)) + 1
        _check_ahead(rows - known, spec, name)
        rows = known + series.horizon
    if known < series.window:
        raise DataError(
            f"{name}: the model makes a forecast from {series.window:,} steps, one in each row. "
            f"Got {known:,} row(s). Pass at least {series.window:,} rows."
        )
    start = max(0, known - max(series.window, _ENOUGH_ROWS))
    values = np.stack([read(column, start)[: rows - start] for column in numbers], axis=1)
    end = known - start
    if times is None:
        return LastWindow(_inputs(values, end, None, spec, name), None, None)
    check_order(times, location)
    tail, step = times.take(np.arange(start, rows)), None
    gaps = "ignore" if series.gaps == "ignore" else "fill"
    if len(tail.instants) > 1:
        step, positions = regular_positions(
            tail, gaps, lambda row: location(start + row), can_ignore=False
        )
        grid = np.full((positions[-1] + 1, len(numbers)), np.nan)
        grid[positions] = values
        values, end = grid, int(positions[end - 1]) + 1
        _check_step(step, spec, name, time)
        inside = (positions >= end - series.window) & (positions < end)
        missing = series.window - int(inside.sum())
        if missing:
            warn(
                f"{name}: {missing:,} step(s) of the last {series.window:,} are missing among the "
                f"times of {time!r}. They count as missing values."
            )
    last = times.take(np.arange(start, known))
    inputs = _inputs(values, end, last.instants[-1], spec, name)
    step = step or _trained_step(spec, last)
    later = later_column(
        columns[time].slice(0, known), last, step, series.horizon, on_grid=gaps == "fill"
    )
    return LastWindow(inputs, time, later, is_turned)


def _check_there(columns, wanted, name):
    """Refuse a table that lacks columns."""
    absent = [column for column in wanted if column not in columns]
    if absent:
        raise DataError(
            f"{name}: the columns [{shortlist(absent, 8)}] are missing."
            f"{near_match(absent[0], columns)} The columns are [{shortlist(columns, 8)}]."
        )


def _check_ahead(rows, spec, name):
    """Refuse fewer rows behind the last known value than the steps of the horizon."""
    series = spec.series
    if rows < series.horizon:
        raise DataError(
            f"{name}: the model takes {shortlist(series.future)} of the {series.horizon:,} steps "
            f"that it forecasts. Got {rows:,} row(s) behind the last value of "
            f"{shortlist(spec.target.names)}. Append rows that are empty there, and have the times "
            "and what is known of the future."
        )


def _inputs(values, end, instant, spec, name):
    """The window and the further inputs, as the model takes them, each of one row.

    Args:
        values: float64 array of shape `(steps, columns)`: the channels, the covariates and those
            that are known ahead.
        end: int. The step behind the last one of the window.
        instant: int or `None`. The time of the window's last step, in microseconds.
    """
    series, channels = spec.series, len(spec.target.names)
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    window, ahead = slice(end - series.window, end), end + series.horizon
    if np.isinf(values[window]).any():
        raise DataError(f"{name}: a value of the last {series.window:,} rows is infinite.")
    if np.isnan(values[window, :channels]).all():
        raise DataError(
            f"{name}: all values of the last {series.window:,} rows are missing. A forecast needs "
            "some of them."
        )
    behind = channels + len(series.covariates)
    arrays = {spec.feature_names[0]: values[window, :channels]}
    if series.covariates:
        arrays["covariates"] = values[window, channels:behind]
    if series.future:
        known = values[end - series.window : ahead, behind:]
        missing = ~np.isfinite(known[series.window :]).all(axis=0)
        if len(known) < series.window + series.horizon or missing.any():
            column = series.future[int(np.argmax(missing))]
            raise DataError(
                f"{name}, column {column!r}: the value of a step ahead is missing or infinite. The "
                f"model takes it for each of the {series.horizon:,} steps behind the last known "
                "value. Fill it in."
            )
        arrays["future"] = known
    if series.calendar:
        arrays["time"] = np.array(instant // MICROSECONDS, np.int64)
    shapes = {feature.name: feature.shape for feature in spec.features}
    return {name: array.reshape(1, *shapes[name]) for name, array in arrays.items()}


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
