"""Time series as they were read: their values, their times, and where each row came from."""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.series.reading.columns import SeriesColumns, choose_columns, value_column
from kerakit.data.series.reading.grid import Grid, regular_grid
from kerakit.data.series.reading.pandas_index import id_levels, with_dates
from kerakit.data.series.reading.panel import (
    Panel,
    flag_or_number_column,
    panel_rows,
    static_values,
)
from kerakit.data.series.times.regular_times import Step
from kerakit.data.series.times.time_column import MICROSECONDS, read_times
from kerakit.data.series.times.time_parts import joined_times
from kerakit.data.table_files.table_file import read_table_file
from kerakit.errors import DataError
from kerakit.files import fingerprint

if TYPE_CHECKING:
    from kerakit.data.series.options import SeriesOptions

__all__ = ["SeriesSource", "read_series"]


@dataclasses.dataclass(frozen=True)
class SeriesSource:
    """The steps of a series, or of several, one behind the other.

    Attributes:
        name: str. The file's path, or a name of the array or DataFrame, for errors.
        values: float32 array of shape `(steps, channels)`, NaN where a value is missing.
        channels: tuple of strings. The channels' names.
        digest: str. SHA-256 of what was read.
        grid: `Grid`. Where each series begins and ends, and the times.
        panel: `Panel`. The ids of several series.
        columns: `SeriesColumns`. The columns of the table; empty for an array.
        covariates, future: float32 arrays of shape `(steps, columns)`, which may be 0.
        static: dict from column to array of shape `(series,)`.
        notes: tuple of strings. Sentences to warn of.
    """

    name: str
    values: np.ndarray
    channels: tuple[str, ...]
    digest: str
    grid: Grid
    panel: Panel
    columns: SeriesColumns = SeriesColumns()
    covariates: np.ndarray | None = None
    future: np.ndarray | None = None
    static: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def times(self) -> np.ndarray | None:
        """The times of the steps, or `None`; see `Grid`."""
        return self.grid.times

    @property
    def step(self) -> Step | None:
        """The time from one step to the next, or `None`."""
        return self.grid.step

    @property
    def time_name(self) -> str | None:
        """The column of the times, or `None`."""
        return self.columns.time

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of several series; empty for a single one without an id."""
        return self.panel.ids

    def series_of(self, steps: np.ndarray) -> np.ndarray:
        """Return the number of the series that each step belongs to."""
        return np.searchsorted(self.grid.bounds, steps, side="right") - 1

    def location(self, step: int) -> str:
        """Return the time of a step, or its number where there are no times, for messages."""
        series = int(self.series_of(np.array([step]))[0])
        if self.times is None:
            number = step - int(self.grid.bounds[series])
            place = f"step {number} (counted from 0)"
        else:
            seconds, micros = divmod(int(self.times[step]), MICROSECONDS)
            place = str(datetime.datetime(1970, 1, 1) + datetime.timedelta(0, seconds, micros))
        return f"{place} of {self.panel.name} {self.ids[series]!r}" if self.ids else place


def read_series(
    source: Any,
    options: SeriesOptions,
    *,
    name: str | None = None,
    columns: SeriesColumns | None = None,
) -> SeriesSource:
    """Read one or several series from a file, an array or a DataFrame.

    Args:
        source: path, array of shape `(steps,)` or `(steps, channels)`, or DataFrame.
        options: `SeriesOptions`.
        name: str. Name of an array or a DataFrame. Defaults to `None`: `"series"`.
        columns: `SeriesColumns` that the user named. Defaults to `None`: the only column of
            numbers, and the only one of dates.

    Returns:
        `SeriesSource`.

    Raises:
        DataError: when the source cannot be read, or its values or times are wrong.
    """
    columns = columns or SeriesColumns()
    if not columns.id:
        columns = dataclasses.replace(columns, id=id_levels(source))
    source = with_dates(source)
    if isinstance(source, (str, os.PathLike)):
        read = read_table_file(pathlib.Path(source), **options.text)
        name, digest = str(source), fingerprint(read.parts())
        _refuse_headless(name, read)
        table, location = read.without_index(set(columns.named)), read.location
        typed = read.typed
    elif is_frame(source):
        name, digest, typed = name or "series", "", True
        table, location = frame_columns(source, name), _row_of(name)
        if not table or not len(next(iter(table.values()))):
            raise DataError(f"{name}: the table has no rows. Expected one row for each step.")
    else:
        return _array_source(source, name or "series", columns)
    columns, notes = choose_columns(table, columns, typed, name, options)
    if columns.time_parts:
        parts = joined_times(table, columns.time_parts, typed, location)
        table = {**table, columns.time: parts}
    if columns.static and not columns.id:
        raise DataError(
            f"{name}: static= names what each of several series has once, and there is one series "
            "only. Pass id= with the column that tells several apart, or leave static= out."
        )
    written = {"na_values": options.na_values, "format": options.number_format}

    def numbers(names, read):
        if not names:
            return None
        return _finite(np.stack([read(c) for c in names], axis=1), names, location)

    def value(c):
        return value_column(table[c], c, typed=typed, location=location, **written)

    def covariate(c):
        return flag_or_number_column(table[c], c, typed, location, **written)

    values = numbers(columns.value, value)
    known = [numbers(names, covariate) for names in (columns.covariates, columns.future)]
    panel = panel_rows(table, columns.id, len(values), typed, location, **written)
    time = columns.time
    times = None if time is None else read_times(table[time], typed, time, location)
    grid = regular_grid(panel, times, options.gaps, name, location)
    covariates, future = (None if array is None else grid.spread(array) for array in known)
    series = SeriesSource(
        name=name,
        values=grid.spread(values),
        channels=columns.value,
        digest=digest,
        grid=grid,
        panel=panel,
        columns=columns,
        covariates=covariates,
        future=future,
        static={
            c: static_values(table[c], c, panel, typed, location, **written) for c in columns.static
        },
        notes=(*notes, *grid.notes),
    )
    return series if digest else dataclasses.replace(series, digest=_digest(series))


def _array_source(source, name, columns):
    """A series from an array: no columns, no times."""
    for parameter, named in columns.by_parameter.items():
        if named:
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
    panel = Panel((), [np.arange(len(array))])
    grid = Grid(panel.rows[0], np.array([0, len(array)]))
    values = _finite(array, channels, _row_of(name))
    series = SeriesSource(name, values, channels, "", grid, panel)
    return dataclasses.replace(series, digest=_digest(series))


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
    arrays = (series.times, series.covariates, series.future)
    parts += [np.ascontiguousarray(array) for array in arrays if array is not None]
    parts += [f"{c}={','.join(map(str, of))}" for c, of in series.static.items()]
    parts += ["/".join(series.ids)] if series.ids else []
    return fingerprint(parts)
