"""Time series to forecast, one or several: files, arrays and DataFrames."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from kerakit.checks import check, naming
from kerakit.data.files.signature import is_ts_file
from kerakit.data.options import names
from kerakit.data.series.forecast import forecast_data
from kerakit.data.series.options import SeriesOptions
from kerakit.data.series.reading.columns import SeriesColumns
from kerakit.data.series.reading.source import read_series
from kerakit.data.series.times.time_parts import joined_name
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_series"]

_SOURCE = (
    "a CSV or Parquet file, an array or a DataFrame of a series to forecast (load_sequences "
    "loads .ts files of labelled sequences)"
)


@telling("Reading {}")
def load_series(
    source: Any,
    *,
    value: str | Sequence[str] | None = None,
    time: str | Sequence[str] | None = None,
    id: str | Sequence[str] = (),
    covariates: str | Sequence[str] = (),
    future: str | Sequence[str] = (),
    static: str | Sequence[str] = (),
    window: int | None = None,
    horizon: int | None = None,
    stride: int = 1,
    calendar: str | Sequence[str] = (),
    season: int | None = None,
    gaps: Literal["auto", "error", "fill", "ignore"] = "auto",
    test: Any = None,
    validation: Any = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    na_values: str | Sequence[str] | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    unit: str | None = None,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load one or several time series to forecast, from a file, an array or a DataFrame.

    A series is split by time into training, validation and test steps; it is never shuffled.
    Each row of the data is a window of the series and the steps that follow it, its target. A
    row belongs to the split in which its whole target lies. Its window may reach back into the
    split before, as in a forecast made at that time. The windows share the memory of the one
    series. Statistics come from the training split only.

    Of several series in one table (`id=`), one model learns from all of them. They are split at
    the same moments where they have times. Each counts in its own standard deviations: a large
    shop teaches no more than a small one. The id is an input of the model, which looks the
    deviation of the series up; a series with an id that it does not know is scaled by its window.

    To classify whole sequences, use `load_sequences`.

    Args:
        source: path of a CSV or Parquet file with one row for each step; array of shape
            `(steps,)` or `(steps, channels)`; or DataFrame of pandas, polars or pyarrow (an
            index of dates of pandas counts as a column).
        value: str or sequence of str. The column to forecast, or several to forecast together.
            Defaults to `None`: the only column with numbers.
        time: str or sequence of str. The column of times: ISO dates with or without a time of day
            and zone, dates in another usual spelling such as `12/31/2023`, or seconds since 1970.
            Several columns make one time: a date and a time of day (`13:00`, `1:00 PM`), or
            columns named `year`, `month`, `day`, `hour`, `minute` and `second`. Rows whose newest
            comes first are turned round. Defaults to `None`: the only column with dates, if there
            is one.
        id: str or sequence of str. The column that tells several series apart, or several such
            columns, whose values are joined by `/`. The rows of two series may alternate.
            Defaults to `()`: one series; the levels of an index of pandas that are no dates.
        covariates: str or sequence of str. Columns of further numbers (or of flags such as `yes`
            and `no`) that are known up to the last step of the window. Default to `()`.
        future: str or sequence of str. The same, known up to the last step of the horizon, such
            as a planned promotion or a holiday. Defaults to `()`.
        static: str or sequence of str. Columns of numbers or categories that a series has once,
            such as the kind of a shop. Defaults to `()`.
        window: int in `[1, inf)`. Number of steps that a forecast is made from. Defaults to
            `None`: 2 seasons or 4 horizons, whichever is longer.
        horizon: int in `[1, inf)`. Number of steps to forecast. Defaults to `None`: one season.
        stride: int in `[1, inf)`. Steps from one training window to the next; validation and
            test use every window. Of several series with more than 32,768 training windows
            (16,384 validation windows) it is larger. Defaults to `1`.
        calendar: str or sequence of str among `"day"`, `"week"` and `"year"`. Cycles whose phase
            the model gets: the time of the window's last step becomes an input `time`, in
            seconds since 1970 in UTC. Needs a time column. Defaults to `()`.
        season: int in `[1, inf)`. Steps after which the pattern repeats. Defaults to `None`: a
            day for steps of 10, 15, 30 or 60 minutes, a week for days, a year for weeks,
            months and quarters; else 1. With `gaps="ignore"` it is counted in rows: five for
            Monday to Friday.
        gaps: str. What to do where steps are missing among the times. `"error"` raises an
            error; `"fill"` inserts rows of missing values; `"ignore"` treats the rows as
            consecutive (trading days); `"auto"` fills where at most one step in a hundred is
            missing, with a warning, and raises an error elsewhere. Defaults to `"auto"`.
        test, validation: series of the same kind as `source`, used whole: their first window
            starts at their first step. Default to `None`: steps at the end of `source`.
        test_size: float in `(0.0, 1.0)`, the fraction of the steps to test on; or an int in
            `[1, inf)`, the number of steps. Defaults to `0.2`.
        validation_size: float in `(0.0, 1.0)`, the fraction of the other steps to validate on; an
            int in `[1, inf)`, the number of steps; or 0 for none. Defaults to `0.2`.
        na_values: str or sequence of str that stand for missing values, in addition to the usual
            ones of a text file: the empty cell, `NA`, `null`, `-`, `.` and their like, as in
            `load_csv`. With `[]` only an empty cell is missing. Defaults to `None`.
        decimal, thousands, separator, quote, encoding: how the numbers and the fields of a text
            file are written, as in `load_csv`. They hold for `test` and `validation` too.
            Default to `"."`, `None`, `None` (detected), `'"'` and `"utf-8"`.
        unit: str. Unit of the values, for reports. Defaults to `None`.
        seed: int in `[0, inf)`. Recorded in `spec.seed`; the split by time needs no chance.
            Defaults to `0`.
        dataset: str. Name of the data in reports. Defaults to `None`: the file's name, or
            `"series"`.

    Returns:
        `Data` of the task `"forecast"`. The input `window` has shape `(window,)` or
        `(window, channels)`, the target `(horizon,)` or `(horizon, channels)`; both are in the
        series' own units. Further inputs, where there are any: `covariates` of shape `(window,)`
        or `(window, columns)`, `future` of shape `(window + horizon,)` or `(window + horizon,
        columns)`, and a scalar for each of `static`, for the id and for `calendar` (`time`). The
        training windows of several series are weighted by the variance of their series.

    Raises:
        DataError: when a file, column, time or value cannot be used, or the series is too
            short; the message has the file and the line, or the row counted from 0.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    >>> import numpy as np
    >>> data = load_series(np.sin(np.arange(240) / 4), window=24, horizon=6)
    >>> data
    Data 'series': forecast
      rows: train 125, validation 33, test 43
      1 sequence feature: window 24
      target: value (mean ..., std ...)
      series: a window of 24 steps forecasts 6 steps
    >>> features, target = next(iter(data.train))
    >>> features["window"].shape, target.shape
    (TensorShape([24]), TensorShape([6]))
    """
    owner = "load_series"
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str or None", dataset)
    parts = () if time is None else names(owner, "time", time)
    check(time is None or parts, owner, "time", "a str, several, or None", time)
    columns = SeriesColumns(
        value=None if value is None else names(owner, "value", value),
        time=joined_name(parts) if parts else None,
        time_parts=parts if len(parts) > 1 else (),
        id=names(owner, "id", id),
        covariates=names(owner, "covariates", covariates),
        future=names(owner, "future", future),
        static=names(owner, "static", static),
    )
    for parameter, other in (("source", source), ("validation", validation), ("test", test)):
        check(not is_ts_file(other), owner, parameter, _SOURCE, other)
    options = SeriesOptions(
        owner,
        window=window,
        horizon=horizon,
        stride=stride,
        calendar=calendar,
        season=season,
        gaps=gaps,
        test_size=test_size,
        validation_size=validation_size,
        na_values=na_values,
        decimal=decimal,
        thousands=thousands,
        separator=separator,
        quote=quote,
        encoding=encoding,
        unit=unit,
        seed=seed,
    )
    with naming(owner):
        train = read_series(source, options, columns=columns)
        sources = {"train": train}
        for split, other in (("validation", validation), ("test", test)):
            if other is not None:
                # The columns are those of the training series; an array has none to choose from.
                same = SeriesColumns() if _is_array(other) else train.columns
                name = f"{train.name} ({split})"
                sources[split] = read_series(other, options, name=name, columns=same)
        if dataset is None:
            dataset = pathlib.Path(source).name if _is_path(source) else train.name
        data, notes = forecast_data(sources, options, dataset=dataset)
    for note in notes:
        warn(note)
    return data


def _is_path(source):
    return isinstance(source, (str, os.PathLike))


def _is_array(source):
    from kerakit.data.columns.frames import is_frame

    index = getattr(source, "index", None)
    dated = getattr(getattr(index, "dtype", None), "kind", "") == "M"
    dated = dated or getattr(index, "nlevels", 1) > 1
    return not (_is_path(source) or is_frame(source) or dated)
