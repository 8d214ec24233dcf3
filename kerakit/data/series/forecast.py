"""Time series -> `Data` of windows: what `load_series` and the generated series share."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.series.inputs import (
    describe_channels,
    describe_inputs,
    further_inputs,
    series_variances,
)
from kerakit.data.series.options import SeriesOptions
from kerakit.data.series.reading.source import SeriesSource
from kerakit.data.series.times.regular_times import season_of
from kerakit.data.series.windowing import split_by_time, usable_windows, window_starts
from kerakit.data.spec import Series, Spec, Target
from kerakit.data.storage.windows import Windows
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["forecast_data"]

# Windows of several series to train on, and to validate on: an epoch of them takes seconds. Of more
# windows, which overlap, every second, third, ... is taken.
MAX_WINDOWS = {"train": 32_768, "validation": 16_384}


def forecast_data(
    sources: dict[str, SeriesSource], options: SeriesOptions, *, dataset: str
) -> tuple[Data, list[str]]:
    """Split series by time, make windows of them, and describe them.

    Args:
        sources: dict from `"train"`, and `"validation"` and `"test"` where the user has them,
            to `SeriesSource`. The splits that are not there are taken from the end of the
            training series.
        options: `SeriesOptions`.
        dataset: str. Name of the data in reports.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn of.

    Raises:
        DataError: when a split is too short for a window, has no complete window, or the
            training values are constant.
    """
    train = sources["train"]
    for split, other in sources.items():
        _refuse_other_kind(train, other, split)
    if options.calendar and train.times is None:
        raise DataError(
            f"{train.name}: calendar={options.calendar!r} needs the times of the rows, and there "
            "is no time column. Pass time=, or leave calendar= out."
        )
    rows = None
    if options.gaps == "ignore" and train.times is not None:
        longest = int(np.argmax(np.diff(train.grid.bounds)))
        rows = train.times[slice(*train.grid.bounds[longest : longest + 2])]
    season = options.season or season_of(train.step, rows)
    window, horizon = options.lengths(season)
    series = Series(
        window=window,
        horizon=horizon,
        stride=options.stride,
        season=season,
        step=train.step.seconds if train.step else None,
        calendar=options.calendar,
        time=train.time_name,
        time_parts=train.columns.time_parts,
        gaps=options.gaps,
        id=train.columns.id,
        covariates=train.columns.covariates,
        future=train.columns.future,
        static=train.columns.static,
    )
    segments = split_by_time(sources, series, options)
    channels = describe_channels(segments["train"])
    moments = (tuple(of[key] for of in channels) for key in ("mean", "variance"))
    target = Target(train.channels, options.unit, *moments)
    starts, left_out = {}, 0
    for split, segment in segments.items():
        starts[split], without = _windows(segment, split, series)
        left_out += without
    series = _described(series, segments["train"], starts["train"])
    features = describe_inputs(segments["train"], channels, starts["train"], series)
    tables = {
        split: _table(segment, starts[split], series, features)
        for split, segment in segments.items()
    }
    for split in {"train", "validation"} & tables.keys() if series.ids else ():
        weights = _weights(segments[split].source, starts[split], series, target)
        tables[split] = dataclasses.replace(tables[split], weight=weights)
    spec = Spec(
        task="forecast",
        features=features,
        target=target,
        sizes={split: len(tables.get(split) or ()) for split in SPLITS},
        seed=options.seed,
        fingerprint=_digest(sources),
        dataset=dataset,
        na_values=options.na_values,
        decimal=options.decimal,
        thousands=options.thousands,
        series=series,
    )
    notes = [note for source in sources.values() for note in source.notes]
    notes += _missing_notes(sources, left_out)
    notes += _series_notes(segments, starts, series)
    return Data(tables["train"], tables.get("validation"), tables["test"], spec), notes


def _refuse_other_kind(train, other, split):
    """Refuse a series with other channels or another step than the training series."""
    if len(other.channels) != len(train.channels):
        raise DataError(
            f"{other.name}: {split}= has {len(other.channels)} channels, and {train.name} has "
            f"{len(train.channels)}: {', '.join(train.channels)}. Give both the same channels."
        )
    if other.panel.name != train.panel.name:
        raise DataError(
            f"{other.name}: {split}= has {_told_apart(other)}, and {train.name} has "
            f"{_told_apart(train)}. Give both the same columns."
        )
    steps = ["no times" if s.times is None else f"steps of {s.step}" for s in (train, other)]
    if steps[0] != steps[1] and len(other) > 1:
        raise DataError(
            f"{other.name}: {split}= has {steps[1]}, and {train.name} has {steps[0]}. Give both "
            "the same steps."
        )


def _told_apart(source):
    return f"series told apart by {source.panel.name!r}" if source.panel.name else "one series"


def _windows(segment, split, series):
    """The first steps of the windows of a split; and how many were left out."""
    stride = series.stride if split == "train" else 1
    starts = window_starts(segment, series, stride)
    usable = starts[usable_windows(segment, starts, series)]
    if not len(usable):
        raise DataError(
            f"{segment.source.name}: all {len(starts):,} windows of the {split} split have a "
            "missing value in their target, or nothing but missing values in their input. "
            "Fill in missing values, pass a smaller horizon=, or use a series with fewer "
            "missing values."
        )
    without = len(starts) - len(usable)
    limit = MAX_WINDOWS.get(split, len(usable))
    if segment.source.ids and len(usable) > limit:
        starts = window_starts(segment, series, stride * -(-len(usable) // limit))
        usable = starts[usable_windows(segment, starts, series)]
    return usable, without


def _described(series, segment, starts):
    """The `Series` with the ids and the variances of those that there are windows of."""
    if not segment.source.ids:
        return series
    present = np.unique(segment.source.series_of(starts))
    variances = series_variances(segment)[present]
    if not variances.any():
        raise DataError(
            f"{segment.source.name}: each of the {len(present):,} series is constant in the "
            "training split. A model cannot learn from them; check the values, or use a longer "
            "training split."
        )
    return dataclasses.replace(
        series,
        ids=tuple(segment.source.ids[number] for number in present),
        variances=tuple(tuple(map(float, of)) for of in variances),
    )


def _weights(source, starts, series, target):
    """The weight of each window: its errors count in the deviations of its series."""
    every = np.array(series.variances)
    weights = np.where(every > 0, np.array(target.variance) / np.where(every > 0, every, 1.0), 0.0)
    of = dict(zip(series.ids, weights.mean(axis=1), strict=True))
    return np.array([of.get(id, 0.0) for id in source.ids], np.float32)[source.series_of(starts)]


def _table(segment, starts, series, features):
    columns = {"window": Windows(segment.values, starts, series.window)}
    columns |= further_inputs(segment.source, starts, series, features)
    begins, times = starts + series.window, segment.source.times
    times = None if times is None else times[begins]
    return Table(columns, Windows(segment.values, begins, series.horizon, times))


def _missing_notes(sources, left_out):
    """A list of at most one warning about missing values."""
    notes = []
    for source in sources.values():
        missing = np.isnan(source.values)
        if missing.any():
            run, start = _longest_run(missing.any(axis=1), source.grid.bounds)
            notes.append(
                f"{source.name}: {int(missing.sum()):,} of {missing.size:,} values are missing, "
                f"for up to {run:,} step(s) in a row (from {source.location(start)})"
            )
    if not notes:
        return []
    return [
        f"{'; '.join(notes)}. {left_out:,} window(s) are left out: a value of their target, or "
        "all of their input, is missing."
    ]


def _longest_run(flags, bounds):
    """`(length, start)` of the longest run of set flags in a series; the first of several."""
    # A flag that is not set stands before each series, and one behind the last.
    apart = np.insert(flags.astype(np.int8), bounds, 0)
    changes = np.flatnonzero(np.diff(apart))
    starts, ends = changes[::2], changes[1::2]
    longest = int(np.argmax(ends - starts))
    step = np.insert(np.arange(len(flags)), bounds, -1)[starts[longest] + 1]
    return int(ends[longest] - starts[longest]), int(step)


def _series_notes(segments, starts, series):
    """A list of warnings about series that there are no windows of."""
    if not series.ids:
        return []
    notes, source = [], segments["train"].source
    known = set(series.ids)
    without = [id for id in source.ids if id not in known]
    if without:
        notes.append(
            f"{source.name}: {len(without):,} of {len(source.ids):,} series have no window to "
            f"train on, such as {shortlist(without, 3)}: their part of the training split is "
            f"shorter than window={series.window} and horizon={series.horizon}, or lacks values. "
            "The model does not know their ids, and scales them by their windows."
        )
    constant = [id for id, of in zip(series.ids, series.variances, strict=True) if not any(of)]
    if constant:
        notes.append(
            f"{source.name}: {len(constant):,} of {len(series.ids):,} series are constant in the "
            f"training split, such as {shortlist(constant, 3)}. Nothing is learned from them."
        )
    return notes


def _digest(sources):
    digests = [source.digest for source in sources.values()]
    return digests[0] if len(digests) == 1 else fingerprint(digests)
