"""Forecasting from a file: the steps after its last row."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.data.series.last_windows import last_windows
from kerakit.data.table_files.table_file import read_table_file
from kerakit.errors import ArgumentError
from kerakit.files import atomic_path
from kerakit.serving.answering.columns import in_order
from kerakit.serving.answering.series import series_columns, step_columns
from kerakit.serving.scoring.output import open_answers

if TYPE_CHECKING:
    from kerakit.data.columns.number_format import NumberFormat
    from kerakit.serving.served import Served

__all__ = ["forecast_file"]


def forecast_file(
    served: Served,
    source: pathlib.Path,
    out: pathlib.Path,
    *,
    text: Mapping[str, Any],
    na_values: Sequence[str] | None,
    format: NumberFormat,
    keep: Sequence[str],
) -> int:
    """Write the forecast after the last row of each series of a file: a row for each step ahead.

    Args:
        served: `Served`, a forecaster.
        source: `pathlib.Path` of a file with one row for each step.
        out: `pathlib.Path` to write. The first columns have the ids of several series, and the
            times of the forecast, if the file has times at equal steps; the others bear the names
            of the channels.
        text: dict of keyword arguments of `read_table_file`.
        na_values: tuple of strings, or `None`, as for `load_series`.
        format: `NumberFormat` of the numbers in a text file.
        keep: sequence of str, which must be empty.

    Returns:
        int, the number of rows.

    Raises:
        DataError: when the file cannot be read, or does not fit the model.
        ArgumentError: when columns are to be kept.
    """
    if keep:
        raise ArgumentError(
            "The 'keep' parameter of predict_csv copies cells of a row to its answer. A forecast "
            "is of rows that the file does not have yet: leave it out."
        )
    read = read_table_file(source, **text, decimal=format.decimal)
    series = served.spec.series
    named = {*served.spec.target.names, *series.id, *series.covariates, *series.future}
    windows = last_windows(
        read.without_index({*named, *series.static, *series.time_parts, series.time}),
        served.spec,
        name=str(source),
        typed=read.typed,
        location=read.location,
        na_values=na_values,
        format=format,
    )
    answer = in_order(served.answer(windows.columns))
    columns = series_columns(step_columns(answer, served.spec), windows, series.horizon)
    with atomic_path(out) as aside, open_answers(aside) as write:
        write(columns)
    return series.horizon * len(windows.columns[0])
