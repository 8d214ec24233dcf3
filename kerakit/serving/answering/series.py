"""Forecasts for tables whose rows are steps of time: the steps after the last row."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.series.last_windows import LastWindows, last_windows
from kerakit.data.series.reading.pandas_index import with_dates
from kerakit.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["Steps", "read_steps", "series_columns", "step_columns"]


@dataclasses.dataclass(frozen=True)
class Steps:
    """A table of time steps, read for a forecaster.

    Attributes:
        columns: list of arrays, a row for each series, in the order of the spec's features.
        frame: the table, or the Series of pandas, as the user passed it.
        windows: `LastWindows`.
        spec: `Spec`.
    """

    columns: list[np.ndarray]
    frame: Any
    windows: LastWindows
    spec: Spec

    def give(self, answer: dict[str, np.ndarray]) -> Any:
        """Return the forecasts in the form of the table: a row for each step ahead."""
        columns = step_columns(answer, self.spec)
        later, time = self.windows.later, self.windows.time
        if self.windows.ids:
            return _several(self.frame, columns, self.windows, self.spec)
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(self.frame, (pandas.DataFrame, pandas.Series)):
            parts = self.spec.series.time_parts
            return _pandas(pandas, self.frame, columns, time, later, bool(parts))
        if later is not None:
            columns = {time: later, **columns}
        polars = sys.modules.get("polars")
        if polars is not None and isinstance(self.frame, polars.DataFrame):
            return polars.DataFrame(columns)
        import pyarrow as pa

        return pa.table(columns)


def read_steps(rows: Any, spec: Spec, owner: str) -> Steps | None:
    """Return a table of time steps for a forecaster as `Steps`, or `None` where it is none.

    A table has the channels as columns, with one number in each cell. A Series of pandas is the
    one channel of a model.

    Args:
        rows: what the user passed.
        spec: `Spec`.
        owner: str. The function that the user called, for errors.

    Raises:
        ArgumentError: when the table does not fit the spec.
    """
    if spec.series is None:
        return None
    frame = rows
    if hasattr(rows, "to_frame") and hasattr(rows, "index") and len(spec.target.names) == 1:
        frame = rows.to_frame(spec.target.names[0])
    if not is_frame(frame) or spec.feature_names[0] in _names(frame):
        return None
    index = getattr(frame, "index", None)
    if getattr(index, "nlevels", 1) > 1 and not spec.series.id:
        raise ArgumentError(
            f"{owner}: the table has an index of {index.nlevels} levels. A forecast continues one "
            "series: pass the rows of one, as table.loc[key] gives them."
        )
    try:
        columns = frame_columns(with_dates(frame), "the table")
        if _holds_windows(columns, spec):
            return None
        windows = last_windows(
            columns,
            spec,
            name="the table",
            typed=True,
            na_values=spec.na_values,
            format=NumberFormat(spec.decimal, spec.thousands),
            location=lambda row: f"row {row} (counted from 0)",
        )
    except DataError as error:
        raise ArgumentError(f"{owner}: {error}") from error
    if windows.is_turned and hasattr(rows, "iloc"):
        rows = rows.iloc[::-1]  # whose index the forecast continues
    return Steps(windows.columns, rows, windows, spec)


def step_columns(answer: dict[str, np.ndarray], spec: Spec) -> dict[str, np.ndarray]:
    """Return forecasts as a dict from channel to array of shape `(series * horizon,)`.

    Other outputs than the forecast are named `CHANNEL_OUTPUT`.
    """
    columns = {}
    for output, values in answer.items():
        steps = values.reshape(values.shape[0] * values.shape[1], -1)
        for channel, column in zip(spec.target.names, steps.T, strict=True):
            columns[channel if output == "forecast" else f"{channel}_{output}"] = column
    return columns


def series_columns(
    columns: dict[str, np.ndarray], windows: LastWindows, horizon: int
) -> dict[str, Any]:
    """Return the columns of the forecasts with the ids and the times before them.

    Args:
        columns: dict from `step_columns`.
        windows: `LastWindows`.
        horizon: int. Steps of each forecast.
    """
    found = {}
    for column, ids in windows.ids.items():
        found[column] = ids.take(np.repeat(np.arange(len(ids)), horizon))
    if windows.later is not None:
        found[windows.time] = windows.later
    return found | columns


def _several(frame, columns, windows, spec):
    """The forecasts of several series in the form of the table."""
    import pyarrow as pa

    columns = series_columns(columns, windows, spec.series.horizon)
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(frame, (pandas.DataFrame, pandas.Series)):
        found = pa.table(columns).to_pandas()
        levels = [level for level in frame.index.names if level in found.columns]
        if frame.index.nlevels > 1 and levels:
            found = found.set_index(levels)
        alone = isinstance(frame, pandas.Series) and len(found.columns) == 1
        return found.iloc[:, 0] if alone else found
    if polars is not None and isinstance(frame, polars.DataFrame):
        return polars.DataFrame(columns)
    return pa.table(columns)


def _names(frame):
    return frame.column_names if hasattr(frame, "column_names") else list(frame.columns)


def _holds_windows(columns, spec):
    """Whether each cell of the one channel is a whole window."""
    import pyarrow as pa

    column = columns.get(spec.features[0].column)
    return isinstance(column, np.ndarray) or (
        column is not None and pa.types.is_nested(getattr(column, "type", pa.null()))
    )


def _pandas(pandas, rows, columns, time, later, is_joined):
    of_series = isinstance(rows, pandas.Series)
    index, count = rows.index, len(next(iter(columns.values())))
    if isinstance(index, pandas.PeriodIndex):
        index = pandas.period_range(index[-1] + 1, periods=count, name=index.name)
    elif getattr(index, "freq", None) is not None:
        index = pandas.date_range(index[-1], periods=count + 1, freq=index.freq, name=index.name)
        index = index[1:]
    elif isinstance(index, pandas.DatetimeIndex) and later is not None:
        index = pandas.DatetimeIndex(later.to_pandas(), name=index.name)
    elif isinstance(index, pandas.RangeIndex) and index.step > 0:
        first = (index[-1] if len(index) else -1) + index.step
        index = pandas.RangeIndex(first, first + count * index.step, index.step, name=index.name)
    else:
        index = pandas.RangeIndex(1, count + 1, name="step")
    if of_series and len(columns) == 1:
        (values,) = columns.values()
        return pandas.Series(values, index, name=rows.name)
    if of_series:  # with its interval
        return pandas.DataFrame(columns, index)
    if later is not None and (is_joined or time in rows.columns):
        columns = {time: later.to_pandas().to_numpy(), **columns}
    return pandas.DataFrame(columns, index)
