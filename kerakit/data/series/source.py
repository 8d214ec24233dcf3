"""One time series as it was read: its values, its times, and where each row came from."""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.series.columns import choose_columns, value_column
from kerakit.data.series.times.regular_times import Step, fill_times, regular_positions
from kerakit.data.series.times.time_column import (
    MICROSECONDS,
    TimeColumn,
    read_times,
    turned_locations,
)
from kerakit.data.table_files.table_file import read_table_file
from kerakit.errors import DataError
from kerakit.files import fingerprint

if TYPE_CHECKING:
    from kerakit.data.series.options import SeriesOptions

__all__ = ["SeriesSource", "read_series", "with_dates"]


@dataclasses.dataclass(frozen=True)
class SeriesSource:
    """The steps of a series.

    Attributes:
        name: str. The file's path, or a name of the array or DataFrame, for errors.
        values: float32 array of shape `(steps, channels)`, NaN where a value is missing.
        channels: tuple of strings. The channels' names.
        digest: str. SHA-256 of what was read.
        times: int64 array of shape `(steps,)`, microseconds since 1970-01-01T00:00Z; `None`
            without a time column.
        time_name: str or `None`. The time column.
        step: `Step`, or `None` without a time column or with a single row.
        notes: tuple of strings. Sentences to warn of.
    """

    name: str
    values: np.ndarray
    channels: tuple[str, ...]
    digest: str
    times: np.ndarray | None = None
    time_name: str | None = None
    step: Step | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def location(self, step: int) -> str:
        """Return the time of a step, or its number where there are no times, for messages."""
        if self.times is None:
            return f"step {step} (counted from 0)"
        seconds, micros = divmod(int(self.times[step]), MICROSECONDS)
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(0, seconds, micros)
        return str(moment)


def read_series(
    source: Any,
    options: SeriesOptions,
    *,
    name: str | None = None,
    value: tuple[str, ...] | None = None,
    time: str | None = None,
) -> SeriesSource:
    """Read a series from a file, an array or a DataFrame.

    Args:
        source: path, array of shape `(steps,)` or `(steps, channels)`, or DataFrame.
        options: `SeriesOptions`.
        name: str. Name of an array or a DataFrame. Defaults to `None`: `"series"`.
        value: tuple of strings. The columns of the values. Defaults to `None`: the only one
            with numbers.
        time: str. The column of the times. Defaults to `None`: the only one with dates.

    Returns:
        `SeriesSource`.

    Raises:
        DataError: when the source cannot be read, or its values or times are wrong.
    """
    source = with_dates(source)
    if isinstance(source, (str, os.PathLike)):
        read = read_table_file(pathlib.Path(source), **options.text)
        named = {*(value or ()), time}
        name, digest = str(source), fingerprint(read.parts())
        _refuse_headless(name, read)
        columns, location, typed = read.without_index(named), read.location, read.typed
    elif is_frame(source):
        name, digest, typed = name or "series", None, True
        columns, location = frame_columns(source, name), _row_of(name)
        if not columns or not len(next(iter(columns.values()))):
            raise DataError(f"{name}: the table has no rows. Expected one row for each step.")
    else:
        return _array_source(source, name or "series", value, time)
    value, time, notes = choose_columns(columns, value, time, typed, name, options)
    na_values, form = options.na_values, options.number_format
    values = [value_column(columns[c], c, na_values, typed, location, format=form) for c in value]
    series = SeriesSource(
        name=name,
        values=_finite(np.stack(values, axis=1), value, location),
        channels=value,
        digest=digest or "",
        notes=tuple(notes),
    )
    if time is not None:
        times = read_times(columns[time], typed, time, location)
        if times.is_newest_first:
            times, location = times.turned(), turned_locations(location, len(series))
            notes = [*notes, f"{name}: the newest row comes first. The rows were turned round."]
            series = dataclasses.replace(series, values=series.values[::-1], notes=tuple(notes))
        series = _on_grid(series, times, options, location)
    return series if digest else dataclasses.replace(series, digest=_digest(series))


def _array_source(source, name, value, time):
    """A series from an array: no columns, no times."""
    for parameter, column in (("value", value), ("time", time)):
        if column is not None:
            raise DataError(
                f"{name}: {parameter}= names a column, and an array has no column names. Pass a "
                "DataFrame or a file, or select the channels of the array yourself."
            )
    try:
        array = np.asarray(source)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name}: the source is not an array: {error}.") from error
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or 0 in array.shape:
        raise DataError(
            f"{name}: expected the path of a file, a DataFrame, or an array of numbers of shape "
            f"(steps,) or (steps, channels). Got {type(source).__name__} of shape {array.shape} "
            f"and dtype {array.dtype}."
        )
    array = array.reshape(len(array), -1)
    count = array.shape[1]
    channels = tuple(f"value_{n}" for n in range(1, count + 1)) if count > 1 else ("value",)
    series = SeriesSource(name, _finite(array, channels, _row_of(name)), channels, "")
    return dataclasses.replace(series, digest=_digest(series))


def _on_grid(series, times: TimeColumn, options, location: Callable):
    """The series with its times, and with rows of NaN in its gaps for `gaps="fill"`."""
    step, positions = regular_positions(times, options.gaps, location)
    instants, values = times.instants, series.values
    if len(positions) and positions[-1] + 1 > len(positions):
        instants = fill_times(times, positions, step)
        missing = len(instants) - len(positions)
        if options.gaps == "auto":
            note = (
                f"{series.name}: {missing:,} of {len(instants):,} steps are missing among the "
                f"times of {times.name!r}, and count as missing values. gaps='error' refuses them."
            )
            series = dataclasses.replace(series, notes=(*series.notes, note))
        values = np.full((len(instants), values.shape[1]), np.nan, np.float32)
        values[positions] = series.values
    return dataclasses.replace(
        series, values=values, times=instants, time_name=times.name, step=step
    )


def _finite(values, channels, location):
    """The values as float32; infinite ones are refused."""
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    infinite = np.isinf(values)
    if infinite.any():
        row, channel = np.unravel_index(int(np.argmax(infinite)), values.shape)
        raise DataError(
            f"{location(int(row))}, column {channels[channel]!r}: the value is infinite or beyond "
            "float32. Correct it, or mark it as missing (an empty cell, NaN)."
        )
    return values


def with_dates(source: Any) -> Any:
    """Return the source; of a pandas object with an index of dates, with the index as a column.

    An index of periods stands for the starts of the periods.
    """
    index = getattr(source, "index", None)
    dtype = getattr(index, "dtype", None)
    if str(dtype).startswith("period["):
        index = index.to_timestamp()
        source = source.set_axis(index)
    elif getattr(dtype, "kind", "") != "M":
        return source
    if hasattr(source, "to_frame"):
        source = source.to_frame("value" if source.name is None else str(source.name))
    return source.reset_index(names="time" if index.name is None else str(index.name))


def _refuse_headless(name, read):
    """Refuse a text file without a header: its first row of values would be lost as names."""
    names = list(read.columns)
    counted = names == [str(number) for number in range(len(names))]  # pandas without names
    if read.hint and not counted and all(_is_value(cell) for cell in names):
        raise DataError(
            f"{name}, line 1: expected the names of the columns, found {', '.join(names)}. Add a "
            "row of names above the values."
        )


def _is_value(cell):
    for read in (float, datetime.datetime.fromisoformat):
        try:
            read(cell)
            return True
        except ValueError:
            continue
    return False


def _row_of(name):
    return lambda row: f"{name}, row {row} (counted from 0)"


def _digest(series):
    parts = ["/".join(series.channels), np.ascontiguousarray(series.values)]
    if series.times is not None:
        parts.append(np.ascontiguousarray(series.times))
    return fingerprint(parts)
