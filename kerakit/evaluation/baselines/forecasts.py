"""Baselines of forecasts: the seasonal naive forecast and a linear model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.evaluation.batches import batches, is_empty, split_size
from kerakit.evaluation.metrics.several_series import series_deviations, series_ids
from kerakit.status import telling

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kerakit.data.data import Data

__all__ = ["fit_linear", "last_season", "without_gaps"]

# The penalty, in mean variances of a step of the window. It must be above 0: the last step
# minus itself is always zero.
ALPHAS = (1e-6, 1e-4, 1e-2, 1.0)
_DEFAULT_ALPHA = 1e-4
# Windows of single channels. 100,000 windows of 336 steps take about 3 s of CPU time, and each
# step of the horizon has 337 weights.
MAX_ROWS = 100_000


def without_gaps(window: ArrayLike) -> np.ndarray:
    """Replace each missing value in windows by the last known value before it.

    At the beginning of a window it is replaced by the first known value after it. A window
    without any value becomes zeros.

    Args:
        window: array of shape `(n, steps)` or `(n, steps, channels)`; NaN is missing.

    Returns:
        float64 array of shape `(n, steps, channels)`, with one channel if there was no axis.

    Example:

    >>> without_gaps(np.array([[np.nan, 1.0, np.nan, 3.0]]))[0, :, 0].tolist()
    [1.0, 1.0, 1.0, 3.0]
    """
    window = np.asarray(window, np.float64)
    window = window.reshape(*window.shape[:2], -1)
    known = np.isfinite(window)
    if known.all():
        return window
    steps = np.arange(window.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    index = np.where(last >= 0, last, known.argmax(axis=1)[:, None])
    return np.nan_to_num(np.take_along_axis(window, index, axis=1), posinf=0.0, neginf=0.0)


def last_season(window: ArrayLike, horizon: int, season: int) -> np.ndarray:
    """Return the seasonal naive forecast: the last season of the window, repeated.

    Args:
        window: array of shape `(n, steps)` or `(n, steps, channels)`. A missing value is
            replaced by the last known value.
        horizon: int in `[1, inf)`.
        season: int in `[1, inf)`. If the window is shorter, the last value is repeated.

    Returns:
        float64 array of shape `(n, horizon)` or `(n, horizon, channels)`.

    Example:

    >>> last_season(np.array([[1.0, 2.0, 3.0]]), horizon=3, season=2).tolist()
    [[2.0, 3.0, 2.0]]
    """
    filled = without_gaps(window)
    steps = filled.shape[1]
    season = season if season <= steps else 1
    answer = filled[:, steps - season + np.arange(horizon) % season]
    return answer[..., 0] if np.ndim(window) == 2 else answer


@telling("Fitting the baselines")
def fit_linear(data: Data) -> tuple[Callable[[Any], np.ndarray], str]:
    """Fit a ridge regression from the window, and from covariates, to the horizon.

    The last value of the window is subtracted from the window and from the horizon, and both
    are divided by the standard deviation of the channel; of several series, by that of the
    series, in training (of the window, where the series was not there). All channels share one
    linear map, which is solved in closed form. The penalty alpha is the one with the lowest
    squared error on the validation split. Sums are computed batch by batch, so that memory grows
    only with the square of the window. Of a long training split every second, third, ... window
    is used.

    Args:
        data: `Data` of a forecast.

    Returns:
        `(predict, note)`: a function of a batch of features, or of windows where there is nothing
        else, that returns forecasts of shape `(n, horizon)` or `(n, horizon, channels)`; and a
        note on the fit.

    Reference:
        Zeng, Chen, Zhang, Xu: Are Transformers Effective for Time Series Forecasting?
        (NLinear), AAAI 2023; Toner, Darlow: An Analysis of Linear Time Series Forecasting
        Models (in closed form), ICML 2024.
    """
    name = data.spec.feature_names[0]
    train = _moments(data, "train")
    x, y, xx, xy = train.centred()
    values, vectors = np.linalg.eigh(xx)
    values, rotated = np.maximum(values, 0.0), vectors.T @ xy
    unit = max(values.mean(), 1e-12)
    maps = {a: vectors @ (rotated / (values + a * unit)[:, None]) for a in ALPHAS}
    alpha, chosen = _DEFAULT_ALPHA, "is the default without a validation split"
    if not is_empty(data, "validation"):
        valid = _moments(data, "validation")
        loss = {a: valid.loss(kernel, y - x @ kernel) for a, kernel in maps.items()}
        alpha = min(loss, key=loss.get)
        chosen = "had the lowest squared error on the validation split"
    kernel = maps[alpha]
    bias = y - x @ kernel

    def predict(features):
        features = features if isinstance(features, Mapping) else {name: features}
        change, last, std = _changes(features, data.spec)
        answer = last + std * np.moveaxis(change @ kernel + bias, 1, 2)
        return answer[..., 0] if np.ndim(features[name]) == 2 else answer

    return predict, (
        f"The linear baseline is a ridge regression. Its penalty alpha of {alpha:g} {chosen}."
        f"{train.note}"
    )


class _Moments:
    """Sums over rows, from which a linear map and its squared error are computed."""

    def __init__(self, steps, horizon):
        self.count, self.note = 0, ""
        self.x, self.y, self.yy = np.zeros(steps), np.zeros(horizon), np.zeros(horizon)
        self.xx, self.xy = np.zeros((steps, steps)), np.zeros((steps, horizon))

    def add(self, x, y):
        self.count += len(x)
        self.x += x.sum(axis=0)
        self.y += y.sum(axis=0)
        self.yy += (y**2).sum(axis=0)
        self.xx += x.T @ x
        self.xy += x.T @ y

    def centred(self):
        """Means of window and horizon, and their covariances."""
        n = max(self.count, 1)
        x, y = self.x / n, self.y / n
        return x, y, self.xx / n - np.outer(x, x), self.xy / n - np.outer(x, y)

    def loss(self, kernel, bias):
        """The sum of squared errors of a linear map, computed from the sums alone."""
        fitted = ((self.xx @ kernel) * kernel).sum(axis=0)
        fitted += 2 * bias * (self.x @ kernel) + self.count * bias**2
        crossed = (self.xy * kernel).sum(axis=0) + bias * self.y
        return float((self.yy - 2 * crossed + fitted).sum())


def _moments(data, split):
    spec = data.spec
    width = spec.series.window + sum(feature.size for feature in _covariates(spec))
    moments = _Moments(width, spec.series.horizon)
    total, channels = split_size(data, split), len(spec.target.names)
    every = 1 if total is None else max(1, -(-total * channels // MAX_ROWS))
    if every > 1:
        moments.note = f" It was fitted on one window in {every}."
    before = 0
    for features, target, *_ in batches(data, split):
        chosen = slice(-before % every, None, every)
        part = {name: np.asarray(values)[chosen] for name, values in features.items()}
        y = np.asarray(target)[chosen]
        before += len(target)
        change, last, std = _changes(part, spec)
        y = (y.reshape(*y.shape[:2], -1) - last) / std
        y = np.moveaxis(y, 2, 1).reshape(-1, moments.y.size)
        known = np.isfinite(y).all(axis=1)
        moments.add(change.reshape(-1, width)[known], y[known])
    return moments


def _changes(features, spec):
    """What the map reads, the last value of each window, and what both are divided by.

    Returns:
        `(change, last, std)` of shapes `(n, channels, width)`, `(n, 1, channels)` and
        `(n, 1, channels)`: the windows minus their last value, and the covariates behind them.
    """
    window = without_gaps(features[spec.feature_names[0]])
    last, std = window[:, -1:], _std(features, window, spec)
    change = [np.moveaxis((window - last) / std, 2, 1)]
    for feature in _covariates(spec):
        values = np.asarray(features[feature.name], np.float64)
        variance = np.asarray(feature.variance, np.float64)
        values = (values - np.asarray(feature.mean)) / np.sqrt(np.where(variance > 0, variance, 1))
        values = np.nan_to_num(values).reshape(len(values), 1, -1)
        change.append(np.repeat(values, window.shape[2], axis=1))
    return np.concatenate(change, axis=2), last, std


def _covariates(spec):
    return [f for f in spec.features[1:] if f.kind == "sequence"]


def _std(features, window, spec):
    """What a row is divided by: the deviation of each channel, or that of its series."""
    variance = np.asarray(spec.target.variance or (1.0,) * len(spec.target.names), np.float64)
    std = np.sqrt(np.where(variance > 0, variance, 1.0))[None, None]
    if not spec.series.id:
        return std
    of_series = series_deviations(series_ids(features, spec), spec)[:, None]
    of_window = window.std(axis=1, keepdims=True)
    of_window = np.where(of_window > 0, of_window, std)
    return np.where(np.isfinite(of_series), of_series, of_window)
