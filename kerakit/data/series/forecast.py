"""A time series -> `Data` of windows: what `load_series` and the generated series share."""

from __future__ import annotations

import numpy as np

from kerakit.data.data import SPLITS, Data, Table
from kerakit.data.series.options import SeriesOptions
from kerakit.data.series.source import SeriesSource
from kerakit.data.series.times.regular_times import season_of
from kerakit.data.series.times.time_column import MICROSECONDS
from kerakit.data.series.windowing import Segment, split_by_time, usable_windows, window_starts
from kerakit.data.spec import Feature, Series, Spec, Target
from kerakit.data.storage.windows import Windows
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["forecast_data"]


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
    rows = train.times if options.gaps == "ignore" else None
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
        gaps=options.gaps,
    )
    segments = split_by_time(sources, series, options)
    features, target = _describe(segments["train"], series, options)
    tables, left_out = {}, 0
    for split, segment in segments.items():
        starts = window_starts(segment, split, series)
        usable = starts[usable_windows(segment, starts, series)]
        if not len(usable):
            raise DataError(
                f"{segment.source.name}: all {len(starts):,} windows of the {split} split have a "
                "missing value in their target, or nothing but missing values in their input. "
                "Fill in missing values, pass a smaller horizon=, or use a series with fewer "
                "missing values."
            )
        left_out += len(starts) - len(usable)
        tables[split] = _table(segment, usable, series)
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
    return Data(tables["train"], tables.get("validation"), tables["test"], spec), notes


def _refuse_other_kind(train, other, split):
    """Refuse a series with other channels or another step than the training series."""
    if len(other.channels) != len(train.channels):
        raise DataError(
            f"{other.name}: {split}= has {len(other.channels)} channels, and {train.name} has "
            f"{len(train.channels)}: {', '.join(train.channels)}. Give both the same channels."
        )
    steps = ["no times" if s.times is None else f"steps of {s.step}" for s in (train, other)]
    if steps[0] != steps[1] and len(other) > 1:
        raise DataError(
            f"{other.name}: {split}= has {steps[1]}, and {train.name} has {steps[0]}. Give both "
            "the same steps."
        )


def _table(segment, starts, series):
    features = {"window": Windows(segment.values, starts, series.window)}
    if series.calendar:
        last = segment.source.times[starts + series.window - 1]
        features["time"] = last // MICROSECONDS
    return Table(features, Windows(segment.values, starts + series.window, series.horizon))


def _describe(segment: Segment, series, options):
    """Features and target, with the statistics of the training split."""
    source = segment.source
    values = source.values[: segment.end]
    described = []
    for name, column in zip(source.channels, values.T, strict=True):
        known = column[~np.isnan(column)].astype(np.float64)
        if not len(known) or known.min() == known.max():
            found = f"constant, {known[0]:g}," if len(known) else "missing"
            raise DataError(
                f"{source.name}, column {name!r}: the value is {found} in all {len(values):,} "
                "steps of the training split. A model cannot learn from it; check the column, or "
                "use a longer training split."
            )
        described.append(
            {
                "mean": float(known.mean()),
                "variance": float(known.var()),
                "minimum": float(known.min()),
                "maximum": float(known.max()),
                "missing": len(column) - len(known),
            }
        )
    single = len(described) == 1
    statistics = {
        key: described[0][key] if single else tuple(channel[key] for channel in described)
        for key in described[0]
    }
    shape = (series.window,) if single else (series.window, len(described))
    column = source.channels[0] if single else "window"
    features = [Feature("window", "sequence", "float32", shape, column, **statistics)]
    if series.calendar:
        features.append(Feature("time", "numeric", "int64", (), source.time_name))
    moments = (tuple(channel[key] for channel in described) for key in ("mean", "variance"))
    return tuple(features), Target(source.channels, options.unit, *moments)


def _missing_notes(sources, left_out):
    """A list of at most one warning about missing values."""
    notes = []
    for source in sources.values():
        missing = np.isnan(source.values)
        if missing.any():
            run, start = _longest_run(missing.any(axis=1))
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


def _longest_run(flags):
    """`(length, start)` of the longest run of set flags; the first of several."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int(ends[longest] - starts[longest]), int(starts[longest])


def _digest(sources):
    digests = [source.digest for source in sources.values()]
    return digests[0] if len(digests) == 1 else fingerprint(digests)
