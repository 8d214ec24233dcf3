"""The inputs of a forecaster: the window, its time, covariates, and what a series has once."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.data.names import identifiers
from kerakit.data.series.reading.source import SeriesSource
from kerakit.data.series.times.time_column import MICROSECONDS
from kerakit.data.series.windowing import Segment
from kerakit.data.spec import Feature, Series
from kerakit.data.storage.windows import Windows
from kerakit.data.tables.statistics import describe_feature
from kerakit.errors import DataError

__all__ = ["describe_channels", "describe_inputs", "further_inputs", "series_variances"]

_RESERVED = ("window", "covariates", "future", "time")  # names of inputs

# A series that hardly varies beside its size, in training, is not given a huge weight: its
# deviation counts as at least this fraction of its root mean square.
_LEAST_DEVIATION = 1e-3


def describe_inputs(
    segment: Segment, channels: list[dict[str, Any]], starts: np.ndarray, series: Series
) -> tuple[Feature, ...]:
    """Return the features of a forecast, with the statistics of the training split.

    Args:
        segment: `Segment` of the training split.
        channels: list from `describe_channels`.
        starts: int64 array. The first step of each training window.
        series: `Series`, with the ids of several series.

    Returns:
        tuple of `Feature`: `window`, `covariates`, `future`, those of `static`, the id and `time`,
        as far as there are any.

    Raises:
        DataError: when a covariate has no value, or a column has the name of another input.
    """
    source, inside = segment.source, segment.is_inside()
    column = source.channels[0] if len(channels) == 1 else "window"
    found = [_sequence("window", series.window, channels, column)]
    for name, columns, steps in _blocks(series):
        values = getattr(source, name)[inside]
        of = [_moments(source, c, v, constant=True) for c, v in zip(columns, values.T, strict=True)]
        found.append(_sequence(name, steps, of, columns[0] if len(of) == 1 else name))
    names = identifiers((*series.static, *([series.id_name] if series.id else [])), source.name)
    for column, name in names.items():
        if name.lower() in _RESERVED:
            raise DataError(
                f"{source.name}: the column {column!r} has the name of another input of the model. "
                "Rename it."
            )
    present = np.unique(source.series_of(starts))
    for column in series.static:
        found.append(describe_feature(names[column], source.static[column][present], column))
    if series.id:
        own = {"column": series.id_name, "vocabulary": series.ids}
        found.append(Feature(names[series.id_name], "categorical", "string", **own))
    if series.calendar:
        found.append(Feature("time", "numeric", "int64", (), source.time_name or "time"))
    return tuple(found)


def describe_channels(segment: Segment) -> list[dict[str, Any]]:
    """Return the statistics of each channel in the training split, as a `Feature` has them.

    Args:
        segment: `Segment` of the training split.

    Returns:
        list of dicts with `mean`, `variance`, `minimum`, `maximum` and `missing`.

    Raises:
        DataError: when a channel is constant, or has no value.
    """
    source, values = segment.source, segment.source.values[segment.is_inside()]
    return [_moments(source, *of) for of in zip(source.channels, values.T, strict=True)]


def further_inputs(
    source: SeriesSource, starts: np.ndarray, series: Series, features: tuple[Feature, ...]
) -> dict[str, Any]:
    """Return the columns of a split beside `window`, a value for each window.

    Args:
        source: `SeriesSource`.
        starts: int64 array. The first step of each window.
        series: `Series`.
        features: tuple of `Feature`, from `describe_inputs`.
    """
    by_column = {feature.column: feature.name for feature in features}
    of, found = source.series_of(starts), {}
    for name, columns, steps in _blocks(series):
        values = getattr(source, name)
        found[name] = Windows(values[:, 0] if len(columns) == 1 else values, starts, steps)
    for column in series.static:
        found[by_column[column]] = source.static[column][of]
    if series.id:
        found[by_column[series.id_name]] = np.array(source.ids, object)[of]
    if series.calendar:
        found["time"] = source.times[starts + series.window - 1] // MICROSECONDS
    return found


def series_variances(segment: Segment) -> np.ndarray:
    """Return the variance of each channel of each series: an array `(series, channels)`.

    A series that is constant, or has no value, has 0.

    Args:
        segment: `Segment` of the training split.
    """
    found = []
    for start, end in segment.spans:
        values = segment.source.values[start:end].astype(np.float64)
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        values = np.where(known, values, 0.0)
        mean = values.sum(axis=0) / count
        variance = (known * (values - mean) ** 2).sum(axis=0) / count
        least = _LEAST_DEVIATION**2 * (values**2).sum(axis=0) / count
        found.append(np.where(variance > 0, np.maximum(variance, least), 0.0))
    return np.array(found)


def _blocks(series):
    """`(name, columns, steps)` of the covariates there are."""
    blocks = (
        ("covariates", series.covariates, series.window),
        ("future", series.future, series.window + series.horizon),
    )
    return [block for block in blocks if block[1]]


def _moments(source, name, column, constant=False):
    """The statistics of a channel, or of a covariate, which may be constant."""
    known = column[~np.isnan(column)].astype(np.float64)
    if not len(known) or (known.min() == known.max() and not constant):
        found = f"constant, {known[0]:g}," if len(known) else "missing"
        raise DataError(
            f"{source.name}, column {name!r}: the value is {found} in all {len(column):,} "
            "steps of the training split. A model cannot learn from it; check the column, or "
            "use a longer training split."
        )
    return {
        "mean": float(known.mean()),
        "variance": float(known.var()),
        "minimum": float(known.min()),
        "maximum": float(known.max()),
        "missing": len(column) - len(known),
    }


def _sequence(name, steps, moments, column):
    """The feature of one or several columns of steps."""
    if len(moments) == 1:
        return Feature(name, "sequence", "float32", (steps,), column, **moments[0])
    together = {key: tuple(of[key] for of in moments) for key in moments[0]}
    return Feature(name, "sequence", "float32", (steps, len(moments)), column, **together)
