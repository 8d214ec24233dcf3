"""Time series to forecast, and labelled sequences in `.ts` files."""

import os
import pathlib
import warnings

from kerakit.checks import check
from kerakit.data.options import Options, names
from kerakit.data.series.options import SeriesOptions
from kerakit.errors import ArgumentError

__all__ = ["load_series"]


def load_series(
    source,
    *,
    value=None,
    time=None,
    window=None,
    horizon=None,
    stride=1,
    calendar=(),
    season=None,
    gaps="error",
    test=None,
    validation=None,
    test_size=0.2,
    validation_size=0.2,
    na_values=None,
    unit=None,
    seed=0,
    dataset=None,
):
    """Load a time series to forecast, or the labelled sequences of a `.ts` file.

    A series is cut by time into a training, a validation and a test part, never shuffled. A
    row is a window of the series and the steps that follow it; it belongs to the part in
    which these steps lie, all of them. Its input may reach back into the part before, as a
    forecast made at that time could. Windows are cut out of the one series when they are
    needed and take no memory of their own. Statistics come from the training part only.

    A `.ts` file (UCR and UEA archives) holds sequences of one label each, of equal or
    different lengths, which are classified whole; what `test=` and `validation=` do not give
    is split off at random, class by class.

    Args:
        source: path of a CSV or Parquet file with a row for each step; array of shape
            `(steps,)` or `(steps, channels)`; DataFrame of pandas, polars or pyarrow (an index
            of dates of pandas counts as a column); or path of a `.ts` file.
        value: str or sequence of str. The column to forecast, or several to forecast together.
            Defaults to `None`: the only one with numbers.
        time: str. The column of times: ISO dates with or without a time of day and zone, or
            seconds since 1970. Defaults to `None`: the only one with dates, if there is one.
        window: int in `[1, inf)`. Steps a forecast is made from. Defaults to `None`: the larger
            of 2 seasons and 4 horizons.
        horizon: int in `[1, inf)`. Steps to forecast. Defaults to `None`: one season.
        stride: int in `[1, inf)`. Steps from one training window to the next; of validation
            and test every window is used. Defaults to `1`.
        calendar: str or sequence of str among `"day"`, `"week"` and `"year"`. Cycles whose phase
            the model is to know: the time of the window's last step becomes an input `time`, in
            seconds since 1970 in UTC. Needs a time column. Defaults to `()`.
        season: int in `[1, inf)`. Steps after which the pattern repeats. Defaults to `None`: a
            day for steps of 10, 15, 30 or 60 minutes, a week for days, a year for weeks,
            months and quarters; else 1.
        gaps: str. What to do where steps are missing among the times. `"error"`; `"fill"` puts
            in rows of missing values; `"ignore"` takes the rows as they follow on each other
            (trading days). Defaults to `"error"`.
        test, validation: series of the same kind as `source`, used whole: their windows start
            afresh. Defaults to `None`: the end of `source` is cut off.
        test_size: float in `(0.0, 1.0)`, the share of the steps to test on; or an int in
            `[1, inf)`, how many steps. Defaults to `0.2`.
        validation_size: float in `(0.0, 1.0)`, the share of the other steps to validate on; an
            int in `[1, inf)`; or 0 for none. Defaults to `0.2`.
        na_values: str or sequence of str that stand for missing values beside the empty cell of
            a text file. Defaults to `None`: `?`, `NA`, `NaN`, `null`, `None` and their like.
        unit: str. Unit of the values, for reports. Defaults to `None`.
        seed: int in `[0, inf)`. Seed of the split of a `.ts` file. Defaults to `0`.
        dataset: str. What to call the data in reports. Defaults to `None`: the file's name, or
            `"series"`.

    Returns:
        `Data`. Of a series: task `"forecast"`, input `window` of shape `(window,)` or
        `(window, channels)`, target of shape `(horizon,)` or `(horizon, channels)`, both in the
        series' own units. Of a `.ts` file: task `"binary"` or `"multiclass"`, input `series` of
        shape `(steps,)` or `(steps, channels)`, which ends in NaN where others are longer.

    Raises:
        DataError: when a file, column, time or value cannot be used, or the series is too
            short; the message has the file and the line, or the row counted from 0.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    >>> import numpy as np
    >>> data = load_series(np.sin(np.arange(240) / 4), window=24, horizon=6)
    >>> data
    Data(forecast, 1 features, train=125, validation=33, test=43)
    >>> features, target = next(iter(data.train))
    >>> features["window"].shape, target.shape
    (TensorShape([24]), TensorShape([6]))
    """
    owner = "load_series"
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str or None", dataset)
    if _is_labelled(source):
        only = {
            "value": (value, None),
            "time": (time, None),
            "window": (window, None),
            "horizon": (horizon, None),
            "stride": (stride, 1),
            "calendar": (calendar, ()),
            "season": (season, None),
            "gaps": (gaps, "error"),
            "na_values": (na_values, None),
            "unit": (unit, None),
        }
        given = [f"{name}=" for name, (value, default) in only.items() if value != default]
        if given:
            raise ArgumentError(
                f"{source} holds labelled sequences, which are classified whole. Of load_series, "
                f"this goes with a series to forecast: {', '.join(given)}. Leave it out."
            )
        options = Options(owner, test_size=test_size, validation_size=validation_size, seed=seed)
        return _labelled(source, validation, test, options, dataset)

    from kerakit.data.series.forecast import forecast_data
    from kerakit.data.series.source import read_series

    value = None if value is None else names(owner, "value", value)
    check(time is None or isinstance(time, str), owner, "time", "a str or None", time)
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
        unit=unit,
        seed=seed,
    )
    train = read_series(source, options, value=value, time=time)
    if dataset is None:
        dataset = _file_name(source) or train.name
    sources = {"train": train}
    for split, other in (("validation", validation), ("test", test)):
        if other is None:
            continue
        if _is_labelled(other):
            raise ArgumentError(f"{split}={other} holds labelled sequences, and source a series.")
        # The columns are those of the training series; an array has none to choose from.
        columns = {} if _is_array(other) else {"value": train.channels, "time": train.time_name}
        sources[split] = read_series(other, options, name=f"{train.name} ({split})", **columns)
    data, notes = forecast_data(sources, options, dataset=dataset)
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return data


def _labelled(source, validation, test, options, dataset):
    """`Data` of `.ts` files."""
    from kerakit.data.sequences.assemble import sequence_data
    from kerakit.data.sequences.ts_file import read_ts

    files = {"train": source, "validation": validation, "test": test}
    for split, file in files.items():
        if file is not None and not _is_labelled(file):
            raise ArgumentError(
                f"The '{split}' parameter of load_series must be the path of a .ts file, as "
                f"source is. Got {file!r} instead."
            )
    parts = {split: read_ts(file) for split, file in files.items() if file is not None}
    data, notes = sequence_data(parts, options, dataset=dataset or _file_name(source))
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=3)
    return data


def _is_labelled(source):
    return isinstance(source, (str, os.PathLike)) and str(source).lower().endswith(".ts")


def _file_name(source):
    return pathlib.Path(source).name if isinstance(source, (str, os.PathLike)) else ""


def _is_array(source):
    from kerakit.data.columns.frames import is_frame

    dated = getattr(getattr(getattr(source, "index", None), "dtype", None), "kind", "") == "M"
    return not (isinstance(source, (str, os.PathLike)) or is_frame(source) or dated)
