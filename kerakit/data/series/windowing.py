"""Windowing: series are split by time into segments, and each segment into windows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.data.data import SPLITS
from kerakit.data.series.reading.source import SeriesSource
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.series.options import SeriesOptions
    from kerakit.data.spec import Series

__all__ = ["Segment", "split_by_time", "usable_windows", "window_starts"]


@dataclasses.dataclass(frozen=True)
class Segment:
    """The steps of series in which the targets of one split lie.

    Attributes:
        source: `SeriesSource`.
        values: float32 array of all steps, `(steps,)` or `(steps, channels)`.
        spans: int64 array of shape `(series, 2)`. Of each series the first step of the split and
            the one after the last; equal where a series has no step in the split.
    """

    source: SeriesSource
    values: np.ndarray
    spans: np.ndarray

    @property
    def longest(self) -> int:
        """The number of steps of the series that has most."""
        return int(np.diff(self.spans, axis=1).max())

    def is_inside(self) -> np.ndarray:
        """Return a bool array of shape `(steps,)`: which steps are in the segment."""
        change = np.zeros(len(self.values) + 1, np.int64)
        np.add.at(change, self.spans[:, 0], 1)
        np.add.at(change, self.spans[:, 1], -1)
        return np.cumsum(change[:-1]) > 0


def split_by_time(
    sources: dict[str, SeriesSource], series: Series, options: SeriesOptions
) -> dict[str, Segment]:
    """Split series by time into one segment for each of training, validation and test.

    Several series with times are split at the same two moments. Without times each is split by
    itself.

    Args:
        sources: dict from split to `SeriesSource`; `"train"` is there.
        series: `Series`, with window and horizon.
        options: `SeriesOptions`, with `test_size` and `validation_size`.

    Returns:
        dict from split to `Segment`, in the order of `SPLITS`.

    Raises:
        DataError: when a split is too short for a single window.
    """
    train = sources["train"]
    values = {split: _without_single_channel(source.values) for split, source in sources.items()}
    spans, segments = _whole(train), {}
    for split in ("test", "validation"):
        if split in sources:
            segments[split] = Segment(sources[split], values[split], _whole(sources[split]))
            continue
        size = getattr(options, f"{split}_size")
        if size:
            starts = _last_part(train, spans, size)
            segments[split] = Segment(
                train, values["train"], np.stack([starts, spans[:, 1]], axis=1)
            )
            spans = np.stack([spans[:, 0], starts], axis=1)
    segments["train"] = Segment(train, values["train"], spans)
    segments = {split: segments[split] for split in SPLITS if split in segments}
    for split, segment in segments.items():
        starts_afresh = split == "train" or split in sources
        needed = series.horizon + (series.window if starts_afresh else 0)
        if segment.longest < needed:
            lengths = ", ".join(f"{name} {other.longest:,}" for name, other in segments.items())
            longest = int(np.diff(_whole(train), axis=1).max())
            which = f"The longest of {len(train.ids):,} series" if train.ids else "The series"
            raise DataError(
                f"{segment.source.name}: the {split} split has {segment.longest:,} steps, and "
                f"{needed:,} are needed: "
                + (f"window={series.window} and " if starts_afresh else "")
                + f"horizon={series.horizon}. ({which} has {longest:,} steps: {lengths}.) "
                "Pass a smaller window= or horizon=, another test_size= or validation_size=, or a "
                "longer series."
            )
    return segments


def _whole(source):
    """All steps of each series."""
    return np.stack([source.grid.bounds[:-1], source.grid.bounds[1:]], axis=1)


def _last_part(source, spans, size):
    """Of each series, the first step of the last part of some spans."""
    lengths = np.diff(spans, axis=1)[:, 0]
    if len(spans) == 1 or source.times is None:
        steps = np.full(len(spans), size) if isinstance(size, int) else _share(size, lengths)
        return np.maximum(spans[:, 0], spans[:, 1] - steps)
    moments = np.unique(np.concatenate([source.times[start:end] for start, end in spans]))
    steps = size if isinstance(size, int) else int(_share(size, np.array(len(moments))))
    first = moments[max(0, len(moments) - steps)]
    return np.array(
        [start + np.searchsorted(source.times[start:end], first) for start, end in spans]
    )


def _share(size, lengths):
    return np.maximum(1, np.rint(size * lengths)).astype(np.int64)


def window_starts(segment: Segment, series: Series, stride: int) -> np.ndarray:
    """Return the first step of each window whose whole target lies in a segment.

    Args:
        segment: `Segment`.
        series: `Series`, with window and horizon.
        stride: int. Steps from one window of a series to the next. The windows of the next series
            begin another step later, so that those of all series lie on all days of a week.
    """
    found = []
    for number, (start, end) in enumerate(segment.spans):
        if start == end:
            continue
        first = max(int(segment.source.grid.bounds[number]), start - series.window)
        first += number % stride
        found.append(np.arange(first, end - series.horizon - series.window + 1, stride))
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def usable_windows(segment: Segment, starts: np.ndarray, series: Series) -> np.ndarray:
    """Return a bool array: which windows have a whole target and some value in their input."""
    missing = np.isnan(segment.source.values)
    missing_targets = _sums(missing.any(axis=1), starts + series.window, series.horizon)
    empty_steps = _sums(missing.all(axis=1), starts, series.window)
    return (missing_targets == 0) & (empty_steps < series.window)


def _without_single_channel(values):
    """One channel as `(steps,)`, several as `(steps, channels)`."""
    return values[:, 0] if values.shape[1] == 1 else values


def _sums(flags, starts, length):
    """How many of `length` flags are set, from each start on."""
    total = np.concatenate([[0], np.cumsum(flags)])
    return total[starts + length] - total[starts]
