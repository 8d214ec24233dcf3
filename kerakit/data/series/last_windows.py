"""The last windows of one or several series in a table, to forecast the steps after them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.columns.spelling import spellings_of
from kerakit.data.names import near_match
from kerakit.data.series.last_window import last_window
from kerakit.data.series.reading.panel import panel_rows, static_values
from kerakit.data.series.times.time_column import holds_times, read_times
from kerakit.data.series.times.time_parts import joined_times
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["LastWindows", "last_windows"]


@dataclasses.dataclass(frozen=True)
class LastWindows:
    """The last windows of the series in a table.

    Attributes:
        columns: list of arrays of shape `(series, ...)`, in the order of the spec's features.
        time: str, or `None`. The column of the times.
        later: Arrow array of the times of the forecasts, series by series, in the type of that
            column; `None` where there are no regular times.
        ids: dict from a column of the id to an Arrow array with one value for each series; empty
            for one series without an id.
        is_turned: bool. Whether the newest row came first, and the rows were turned round.
    """

    columns: list[np.ndarray]
    time: str | None
    later: Any
    ids: dict[str, Any] = dataclasses.field(default_factory=dict)
    is_turned: bool = False


def last_windows(
    columns: Mapping[str, Any],
    spec: Spec,
    *,
    name: str,
    typed: bool,
    location: Callable[[int], str],
    na_values: Sequence[str] | None = None,
    format: NumberFormat = PLAIN,
) -> LastWindows:
    """Read the last window of each series of a table whose rows are steps of time.

    Series with fewer rows than a window are left out, with a warning.

    Args:
        columns: dict from column name to Arrow array.
        spec: `Spec` of a forecast.
        name, typed, location, na_values, format: as for `last_window`.

    Raises:
        DataError: as `last_window` does; when a column of the id is missing, or no series has
            enough rows.
    """
    written = {"typed": typed, "na_values": na_values, "format": format}
    parts = spec.series.time_parts
    if parts and columns.keys() >= set(parts):
        columns = {**columns, spec.series.time: joined_times(columns, parts, typed, location)}
    time = _time_of(columns, spec, typed, name)
    times = None if time is None else read_times(columns[time], typed, time, location)
    if not spec.series.id:
        found = last_window(columns, spec, times, name=name, location=location, **written)
        arrays = [found.inputs[feature] for feature in spec.feature_names]
        return LastWindows(arrays, found.time, found.later, is_turned=found.is_turned)
    _check_ids(columns, spec, name)
    rows = len(next(iter(columns.values())))
    panel = panel_rows(columns, spec.series.id, rows, location=location, **written)
    ahead, known, short = spec.series.horizon if spec.series.future else 0, [], []
    once = {*spec.series.id, *spec.series.static}
    for series, of in enumerate(panel.rows):
        if len(of) - ahead < spec.series.window:
            short.append(panel.ids[series])
            continue
        part = {c: each if c in once else each.take(of) for c, each in columns.items()}
        where = panel.location(series, location)
        label = f"{name}, {panel.name} {panel.ids[series]!r}"
        own = None if times is None else times.take(of)
        one = last_window(part, spec, own, name=label, location=where, **written)
        known.append((series, one))
    if not known:
        raise DataError(
            f"{name}: the model makes a forecast from {spec.series.window:,} steps of a series, "
            f"one in each row, and none of {len(panel.ids):,} series has so many. Pass more rows."
        )
    if short:
        warn(
            f"{name}: {len(short):,} of {len(panel.ids):,} series have fewer rows than the "
            f"{spec.series.window:,} that a forecast is made from, and get none: "
            f"{shortlist(short, 3)}."
        )
    return _together(columns, spec, panel, known, name, location, written)


def _together(columns, spec, panel, known, name, location, written):
    import pyarrow as pa

    chosen = [series for series, _ in known]
    by_column = {feature.column: feature for feature in spec.features}
    arrays = {
        feature: np.concatenate([one.inputs[feature] for _, one in known])
        for feature in known[0][1].inputs
    }
    once = {
        column: static_values(columns[column], column, panel, location=location, **written)
        for column in spec.series.static
    }
    once[spec.series.id_name] = np.array(panel.ids, object)
    for column, values in once.items():
        feature = by_column[column]
        arrays[feature.name] = _as_known(values[chosen], feature, column, name)
    first = np.array([panel.rows[series][0] for series in chosen])
    later = [one.later for _, one in known]
    return LastWindows(
        [arrays[feature] for feature in spec.feature_names],
        known[0][1].time,
        None if any(each is None for each in later) else pa.concat_arrays(map(_plain, later)),
        {column: _plain(columns[column].take(first)) for column in spec.series.id},
        any(one.is_turned for _, one in known),
    )


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


def _as_known(values, feature, column, name):
    """Values in the spelling of the training data; unknown ones are warned of."""
    if feature.kind != "categorical":
        return values
    spellings = spellings_of(feature)
    values = np.array([spellings.category(value) for value in values], object)
    unknown = [value for value in values if not spellings.is_known(value)]
    if unknown:
        warn(
            f"{name}, column {column!r}: {len(unknown):,} of {len(values):,} series have a value "
            f"that is not in the training rows, such as {shortlist(unknown, 3)}. The model treats "
            "it as unknown."
        )
    return values


def _check_ids(columns, spec, name):
    absent = [column for column in spec.series.id if column not in columns]
    if absent:
        raise DataError(
            f"{name}: the model forecasts several series, and the column {absent[0]!r}, which "
            f"tells them apart, is missing.{near_match(absent[0], columns)} The columns are "
            f"[{shortlist(columns, 8)}]. For a single series, fill it with its id, or with any "
            "other for a series that the model does not know."
        )


def _plain(array):
    """An Arrow array in one piece."""
    return array.combine_chunks() if hasattr(array, "combine_chunks") else array
