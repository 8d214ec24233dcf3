"""The linear baseline of series: a logistic regression on each, stretched to one length."""

import numpy as np

from kerakit.evaluation.batches import batches, split_size
from kerakit.solvers.logistic import fit_logistic, probabilities

__all__ = ["fit_series", "resample", "series_length"]

MAX_ROWS = 10_000
MAX_STEPS = 128  # a longer series is thinned out: its shape stays
# Rows x columns x classes: about 4 s of CPU time, as for pixels.
MAX_CELLS = 80_000_000
MIN_ROWS_PER_CLASS = 10
_OMITTED = "The logistic baseline was left out: "


def fit_series(data):
    """Fit a logistic regression on series that are interpolated to one length.

    A series is read at equal distances from its first step to its last, missing values
    interpolated, channels side by side, and every column standardised. At most 10,000
    training rows are used, drawn with the split's seed, fewer where columns or classes are
    many.

    Args:
        data: `Data` of labels whose only feature is a sequence of numbers.

    Returns:
        `(predict, note)`: a function of a batch of features that returns probabilities of
        shape `(n, classes)`, and a sentence on what it is; `predict` is `None` where the
        baseline was left out, and the sentence says why.
    """
    spec = data.spec
    feature, classes = spec.features[0], len(spec.classes)
    if len(spec.features) > 1:
        return None, f"{_OMITTED}the series stand beside other features."
    if spec.task not in ("binary", "multiclass"):
        return None, f"{_OMITTED}it is for one label per series, not for {spec.task}."
    steps = _steps(feature)
    channels = feature.shape[1] if len(feature.shape) > 1 else 1
    outputs = 1 if classes == 2 else classes
    rows = min(MAX_ROWS, MAX_CELLS // (steps * channels * outputs))
    x, ids, total = _training_rows(data, rows, steps)
    if len(ids) < min(total, MIN_ROWS_PER_CLASS * classes):
        what = f"with {channels:,} channels and {classes:,} classes"
        return None, f"{_OMITTED}{what} it would cost more than a few CPU seconds."
    if ids.min() == ids.max():
        return None, f"{_OMITTED}its rows hold one class only."
    mean, deviation = _moments(x)
    model = fit_logistic(_standardised(x, mean, deviation), ids)

    def predict(features):
        z = _standardised(resample(features[feature.name], steps), mean, deviation)
        return probabilities(model, z, classes)

    of_all = f"{len(ids):,} of {total:,} training rows, drawn with seed {spec.seed}"
    return predict, (
        f"The logistic baseline sees each series stretched to {steps} steps. It was fitted on "
        f"{of_all if len(ids) < total else f'all {total:,} training rows'}."
    )


def resample(series, steps):
    """Return series of any lengths as rows of one length.

    Args:
        series: array of shape `(n, longest)` or `(n, longest, channels)`; NaN at the end is
            padding, NaN inside a missing value, which is interpolated.
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
        places = np.linspace(0, max(series_length(values) - 1, 0), steps)
        for channel, column in zip(row, values.T, strict=True):
            known = np.flatnonzero(np.isfinite(column))
            if len(known):
                channel[:] = np.interp(places, known, column[known])
    return rows.reshape(len(series), -1)


def series_length(values):
    """Return the steps of one series, shape `(longest[, channels])`, without its padding."""
    values = np.asarray(values)
    known = np.flatnonzero(~np.isnan(values.reshape(len(values), -1)).all(axis=1))
    return int(known[-1]) + 1 if len(known) else 0


def _steps(feature):
    """The length to stretch to: the longest of training, 128 at most."""
    longest = feature.shape[0]
    if longest is None:
        longest = int(feature.quantiles[-1]) if feature.quantiles else MAX_STEPS
    return int(np.clip(longest, 1, MAX_STEPS))


def _training_rows(data, rows, steps):
    """Resampled series, ids, and how many rows the split has."""
    name, table = data.spec.feature_names[0], data.table("train")
    total = split_size(data, "train")
    rng = np.random.default_rng(data.spec.seed)
    if table is not None:
        chosen = np.sort(rng.choice(total, rows, replace=False)) if rows < total else slice(None)
        part = table.take(chosen)
        return resample(part.features[name], steps), np.asarray(part.target).astype(int), total
    share = 1.0 if total is None else min(1.0, rows / max(total, 1))
    parts, ids = [], []
    for features, target, *_ in batches(data, "train"):
        target = np.asarray(target)
        chosen = rng.random(len(target)) < share
        parts.append(resample(np.asarray(features[name])[chosen], steps))
        ids.append(target[chosen].astype(int))
        if sum(map(len, ids)) >= rows:
            break
    x, ids = np.concatenate(parts)[:rows], np.concatenate(ids)[:rows]
    return x, ids, total or len(ids)


def _moments(x):
    """Mean and deviation of each column over the values that are known."""
    known = np.isfinite(x)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0).sum(axis=0) / count
    deviation = np.sqrt(np.where(known, (x - mean) ** 2, 0).sum(axis=0) / count)
    return mean, np.where(deviation > 0, deviation, 1.0)


def _standardised(x, mean, deviation):
    return np.nan_to_num((x - mean) / deviation, nan=0.0, posinf=0.0, neginf=0.0)
