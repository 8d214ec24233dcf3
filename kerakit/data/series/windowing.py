"""Windowing: a series is split by time into segments, and each segment into windows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.data.data import SPLITS
from kerakit.data.series.source import SeriesSource
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.series.options import SeriesOptions
    from kerakit.data.spec import Series

__all__ = ["Segment", "split_by_time", "usable_windows", "window_starts"]


@dataclasses.dataclass(frozen=True)
class Segment:
    """The steps of a series in which the targets of one split lie.

    Attributes:
        source: `SeriesSource`.
        values: float32 array of the whole series, `(steps,)` or `(steps, channels)`.
        start, end: ints. The first step, and the one after the last.
    """

    source: SeriesSource
    values: np.ndarray
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def split_by_time(
    sources: dict[str, SeriesSource], series: Series, options: SeriesOptions
) -> dict[str, Segment]:
    """Split series by time into one segment for each of training, validation and test.

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
    end, segments = len(train), {}
    for split in ("test", "validation"):
        if split in sources:
            segments[split] = Segment(sources[split], values[split], 0, len(sources[split]))
            continue
        size = getattr(options, f"{split}_size")
        steps = size if isinstance(size, int) else max(1, round(size * end))
        if steps:
            start = max(0, end - steps)
            segments[split] = Segment(train, values["train"], start, end)
            end = start
    segments["train"] = Segment(train, values["train"], 0, end)
    segments = {split: segments[split] for split in SPLITS if split in segments}
    for split, segment in segments.items():
        starts_afresh = split == "train" or split in sources
        needed = series.horizon + (series.window if starts_afresh else 0)
        if len(segment) < needed:
            lengths = ", ".join(f"{name} {len(other):,}" for name, other in segments.items())
            raise DataError(
                f"{segment.source.name}: the {split} split has {len(segment):,} steps, and "
                f"{needed:,} are needed: "
                + (f"window={series.window} and " if starts_afresh else "")
                + f"horizon={series.horizon}. (The series has {len(train):,} steps: {lengths}.) "
                "Pass a smaller window= or horizon=, another test_size= or validation_size=, or a "
                "longer series."
            )
    return segments


def window_starts(segment: Segment, split: str, series: Series) -> np.ndarray:
    """Return the first step of each window whose whole target lies in a segment."""
    first = max(0, segment.start - series.window)
    last = segment.end - series.horizon - series.window
    return np.arange(first, last + 1, series.stride if split == "train" else 1)


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
