"""Cutting a series by time into stretches for training, validation and test, and windows."""

import dataclasses

import numpy as np

from kerakit.data.data import SPLITS
from kerakit.data.series.source import SeriesSource
from kerakit.errors import DataError

__all__ = ["Stretch", "cut", "usable", "window_starts"]


@dataclasses.dataclass(frozen=True)
class Stretch:
    """Steps of a series in which the targets of a split lie.

    Attributes:
        source: `SeriesSource`.
        values: float32 array of the whole series, `(steps,)` or `(steps, channels)`.
        begin, end: ints. The first step, and the one after the last.
    """

    source: SeriesSource
    values: np.ndarray
    begin: int
    end: int

    def __len__(self):
        return self.end - self.begin


def cut(sources, series, options):
    """Cut series by time.

    Args:
        sources: dict from split to `SeriesSource`; `"train"` is there.
        series: `Series`, with window and horizon.
        options: `SeriesOptions`, with `test_size` and `validation_size`.

    Returns:
        dict from split to `Stretch`, in the order of `SPLITS`.

    Raises:
        DataError: when a split is too short for a single window.
    """
    train = sources["train"]
    values = {split: _flat(source.values) for split, source in sources.items()}
    end, stretches = len(train), {}
    for split in ("test", "validation"):
        if split in sources:
            stretches[split] = Stretch(sources[split], values[split], 0, len(sources[split]))
            continue
        size = getattr(options, f"{split}_size")
        steps = size if isinstance(size, int) else max(1, round(size * end))
        if steps:
            begin = max(0, end - steps)
            stretches[split] = Stretch(train, values["train"], begin, end)
            end = begin
    stretches["train"] = Stretch(train, values["train"], 0, end)
    sizes = {split: len(stretches[split]) for split in SPLITS if split in stretches}
    for split, steps in sizes.items():
        own = split == "train" or split in sources
        needed = series.horizon + (series.window if own else 0)
        if steps < needed:
            parts = ", ".join(f"{part} {many:,}" for part, many in sizes.items())
            raise DataError(
                f"{stretches[split].source.name}: the {split} part has {steps:,} steps, and "
                f"{needed:,} are needed: "
                + (f"window={series.window} and " if own else "")
                + f"horizon={series.horizon}. (The series has {len(train):,} steps: {parts}.) Pass "
                "a smaller window= or horizon=, other test_size= or validation_size=, or a longer "
                "series."
            )
    return {split: stretches[split] for split in SPLITS if split in stretches}


def _flat(values):
    """One channel as `(steps,)`, several as `(steps, channels)`."""
    return values[:, 0] if values.shape[1] == 1 else values


def window_starts(stretch, split, series):
    """Return the first step of each window whose whole target lies in a stretch."""
    first = max(0, stretch.begin - series.window)
    last = stretch.end - series.horizon - series.window
    return np.arange(first, last + 1, series.stride if split == "train" else 1)


def usable(stretch, starts, series):
    """Return which windows have a whole target, and some value in their input."""
    missing = np.isnan(stretch.source.values)
    targets = starts + series.window
    holes = _sums(missing.any(axis=1), targets, series.horizon)
    empty = _sums(missing.all(axis=1), starts, series.window)
    return (holes == 0) & (empty < series.window)


def _sums(flags, starts, length):
    """How many of `length` flags are set, from each start on."""
    total = np.concatenate([[0], np.cumsum(flags)])
    return total[starts + length] - total[starts]
