"""Baseline of whole series: a linear model of series resampled to one length."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.evaluation.batches import batches, split_size
from kerakit.solvers.logistic import fit_logistic, probabilities

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kerakit.data.data import Data

__all__ = ["fit_series", "resample", "series_length"]

MAX_ROWS = 10_000
MAX_STEPS = 128  # a longer series is resampled to fewer steps, with the same shape
# Rows x columns x classes: about 4 s of CPU time, as for pixels.
MAX_CELLS = 80_000_000
MIN_ROWS_PER_CLASS = 10
RIDGE_PENALTIES = tuple(10.0**power for power in range(-2, 5))  # scikit-learn's alpha
_OMITTED = "The logistic baseline was left out: "


def fit_series(data: Data) -> tuple[Callable[[Any], np.ndarray] | None, str]:
    """Fit a logistic regression on series that are resampled to one length.

    A series is read at equal distances from its first step to its last, and missing values are
    interpolated. The columns are the steps of all channels, standardised. A sample of at most
    10,000 training rows is used, drawn with the split's seed; fewer where there are many
    columns or classes.

    Args:
        data: `Data` of labels whose only feature is a sequence of numbers.

    Returns:
        `(predict, note)`: a function of a batch of features that returns probabilities of
        shape `(n, classes)`, and a note on the fit. `predict` is `None` where the baseline
        was left out; then the note gives the reason.
    """
    spec = data.spec
    feature, classes = spec.features[0], len(spec.classes)
    if len(spec.features) > 1:
        return None, f"{_OMITTED}the data has other features besides the series."
    if TASKS[spec.task].answer == "numbers":
        return _linear(data, feature)
    if TASKS[spec.task].answer != "label":
        return None, f"{_OMITTED}it is for one label per series, not for {spec.task}."
    steps = _steps(feature)
    channels = feature.shape[1] if len(feature.shape) > 1 else 1
    outputs = 1 if classes == 2 else classes
    rows = min(MAX_ROWS, MAX_CELLS // (steps * channels * outputs))
    x, ids, total = _training_rows(data, rows, steps)
    if len(ids) < min(total, MIN_ROWS_PER_CLASS * classes):
        size = f"with {channels:,} channels and {classes:,} classes"
        return None, f"{_OMITTED}{size} it would take more than a few CPU seconds."
    if ids.min() == ids.max():
        return None, f"{_OMITTED}its rows have one class only."
    mean, std = _moments(x)
    model = fit_logistic(_standardised(x, mean, std), ids)

    def predict(features):
        z = _standardised(resample(features[feature.name], steps), mean, std)
        return probabilities(model, z, classes)

    of_all = f"{len(ids):,} of {total:,} training rows, drawn with seed {spec.seed}"
    return predict, (
        f"The logistic baseline uses each series resampled to {steps} steps. It was fitted on "
        f"{of_all if len(ids) < total else f'all {total:,} training rows'}."
    )


def _linear(data, feature):
    """As `fit_series`, by ridge regression of a number."""
    from sklearn.linear_model import RidgeCV

    steps = _steps(feature)
    channels = feature.shape[1] if len(feature.shape) > 1 else 1
    x, target, total = _training_rows(data, min(MAX_ROWS, MAX_CELLS // (steps * channels)), steps)
    mean, std = _moments(x)
    model = RidgeCV(RIDGE_PENALTIES).fit(_standardised(x, mean, std), target)

    def predict(features):
        return model.predict(_standardised(resample(features[feature.name], steps), mean, std))

    seed = data.spec.seed
    of_all = f"{len(target):,} of {total:,} training rows, drawn with seed {seed}"
    return predict, (
        f"The linear baseline is a ridge regression on each series resampled to {steps} steps. It "
        f"was fitted on {of_all if len(target) < total else f'all {total:,} training rows'}."
    )


def resample(series: ArrayLike, steps: int) -> np.ndarray:
    """Resample series of any lengths to rows of one length.

    Args:
        series: array of shape `(n, longest)` or `(n, longest, channels)`; NaN at the end is
            padding. NaN inside is a missing value, which is interpolated.
        steps: int in `[1, inf)`.

    Returns:
        float array of shape `(n, steps * channels)`, channel by channel; NaN for a channel
        without any value.

    Example:

    >>> resample(np.array([[0.0, 1.0, 2.0], [5.0, 7.0, np.nan]]), 3).tolist()
    [[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]]
    """
    series = np.asarray(series, np.float64)
    series = series.reshape(*series.shape[:2], -1)
    rows = np.full((len(series), series.shape[2], steps), np.nan)
    for row, values in zip(rows, series, strict=True):
        positions = np.linspace(0, max(series_length(values) - 1, 0), steps)
        for channel, column in zip(row, values.T, strict=True):
            known = np.flatnonzero(np.isfinite(column))
            if len(known):
                channel[:] = np.interp(positions, known, column[known])
    return rows.reshape(len(series), -1)


def series_length(values: ArrayLike) -> int:
    """Return the number of steps of one series, shape `(longest[, channels])`, without padding."""
    values = np.asarray(values)
    known = np.flatnonzero(~np.isnan(values.reshape(len(values), -1)).all(axis=1))
    return int(known[-1]) + 1 if len(known) else 0


def _steps(feature):
    """The length to resample to: that of the longest training series, 128 at most."""
    longest = feature.shape[0]
    if longest is None:
        longest = int(feature.quantiles[-1]) if feature.quantiles else MAX_STEPS
    return int(np.clip(longest, 1, MAX_STEPS))


def _training_rows(data, rows, steps):
    """Resampled series, class ids, and the number of rows of the split."""
    name, table = data.spec.feature_names[0], data.table("train")
    total = split_size(data, "train")
    rng = np.random.default_rng(data.spec.seed)
    if table is not None:
        chosen = np.sort(rng.choice(total, rows, replace=False)) if rows < total else slice(None)
        sample = table.take(chosen)
        ids = np.asarray(sample.target).astype(int)
        return resample(sample.features[name], steps), ids, total
    fraction = 1.0 if total is None else min(1.0, rows / max(total, 1))
    samples, ids = [], []
    for features, target, *_ in batches(data, "train"):
        target = np.asarray(target)
        chosen = rng.random(len(target)) < fraction
        samples.append(resample(np.asarray(features[name])[chosen], steps))
        ids.append(target[chosen].astype(int))
        if sum(map(len, ids)) >= rows:
            break
    x, ids = np.concatenate(samples)[:rows], np.concatenate(ids)[:rows]
    return x, ids, total or len(ids)


def _moments(x):
    """Mean and standard deviation of each column over the values that are known."""
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0).sum(axis=0) / count
    std = np.sqrt(np.where(known, (x - mean) ** 2, 0).sum(axis=0) / count)
    return mean, np.where(std > 0, std, 1.0)


def _standardised(x, mean, std):
    return np.nan_to_num((x - mean) / std, nan=0.0, posinf=0.0, neginf=0.0)
