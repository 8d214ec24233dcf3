"""What a forecast must be seen beside: the last season once more, and a linear model."""

import numpy as np

from kerakit.evaluation.batches import batches, is_empty, split_size

__all__ = ["fit_linear", "last_season", "without_gaps"]

# Of the penalty, in mean variances of a step of the window. A penalty must be there at all:
# the last step, less itself, is always zero.
STRENGTHS = (1e-6, 1e-4, 1e-2, 1.0)
_USUAL = 1e-4
# Windows of single channels. 100,000 of 336 steps take about 3 s of CPU time, and one answer
# of a linear model has 337 numbers to find.
MAX_ROWS = 100_000


def without_gaps(window):
    """Return windows with each missing value replaced by the last one known before it.

    At the beginning of a window it is the first one known after it; a window without any
    value is all zeros.

    Args:
        window: array of shape `(n, steps)` or `(n, steps, channels)`; NaN is missing.

    Returns:
        float64 array of shape `(n, steps, channels)`, one channel where there was none.

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
    place = np.where(last >= 0, last, known.argmax(axis=1)[:, None])
    return np.nan_to_num(np.take_along_axis(window, place, axis=1), posinf=0.0, neginf=0.0)


def last_season(window, horizon, season):
    """Return the seasonal naive forecast: the last season of the window, again and again.

    Args:
        window: array of shape `(n, steps)` or `(n, steps, channels)`; a missing value is
            the last one known.
        horizon: int in `[1, inf)`.
        season: int in `[1, inf)`. Of a window shorter than a season it is the last value.

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


def fit_linear(data):
    """Fit a linear map from the window to the horizon, both less the window's last value.

    Ridge regression in closed form, with one map for all channels, each in its standard
    deviations. The strength is the one with the lowest squared error on the validation
    split. The sums that it takes are added up window by window, so that memory is that of
    one square of the window; of long training sets every second, third, ... window is used.

    Args:
        data: `Data` of a forecast.

    Returns:
        `(predict, note)`: a function of a batch of windows that returns forecasts, of shape
        `(n, horizon)` or `(n, horizon, channels)`, and a sentence on what it is.

    Reference:
        Zeng, Chen, Zhang, Xu: Are Transformers Effective for Time Series Forecasting?
        (NLinear), AAAI 2023; Toner, Darlow: An Analysis of Linear Time Series Forecasting
        Models (in closed form), ICML 2024.
    """
    deviation = _deviation(data.spec)
    train = _moments(data, "train", deviation)
    x, y, xx, xy = train.centred()
    values, vectors = np.linalg.eigh(xx)
    values, turned = np.maximum(values, 0.0), vectors.T @ xy
    unit = max(values.mean(), 1e-12)
    maps = {s: vectors @ (turned / (values + s * unit)[:, None]) for s in STRENGTHS}
    strength, chosen = _USUAL, "as is usual without a validation split"
    if not is_empty(data, "validation"):
        valid = _moments(data, "validation", deviation)
        loss = {s: valid.loss(kernel, y - x @ kernel) for s, kernel in maps.items()}
        strength = min(loss, key=loss.get)
        chosen = "had the lowest squared error on the validation split"
    kernel = maps[strength]
    bias = y - x @ kernel

    def predict(window):
        change, last = _changes(without_gaps(window), deviation)
        answer = last + deviation * np.moveaxis(change @ kernel + bias, 1, 2)
        return answer[..., 0] if np.ndim(window) == 2 else answer

    return predict, (
        f"The linear baseline is a ridge regression; its strength of {strength:g} {chosen}."
        f"{train.note}"
    )


class _Moments:
    """Sums over rows that a linear map, and its squared error, can be worked out from."""

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
        """Means of window and horizon, and the covariances about them."""
        n = max(self.count, 1)
        x, y = self.x / n, self.y / n
        return x, y, self.xx / n - np.outer(x, x), self.xy / n - np.outer(x, y)

    def loss(self, kernel, bias):
        """The sum of squared errors of a map, without its rows."""
        fitted = ((self.xx @ kernel) * kernel).sum(axis=0)
        fitted += 2 * bias * (self.x @ kernel) + self.count * bias**2
        crossed = (self.xy * kernel).sum(axis=0) + bias * self.y
        return float((self.yy - 2 * crossed + fitted).sum())


def _moments(data, split, deviation):
    spec = data.spec
    moments = _Moments(spec.series.window, spec.series.horizon)
    total, name = split_size(data, split), spec.feature_names[0]
    every = 1 if total is None else max(1, -(-total * len(deviation) // MAX_ROWS))
    if every > 1:
        moments.note = f" It was fitted on one window in {every}."
    before = 0
    for features, target, *_ in batches(data, split):
        chosen = slice(-before % every, None, every)
        window, y = (np.asarray(part)[chosen] for part in (features[name], target))
        before += len(target)
        change, last = _changes(without_gaps(window), deviation)
        y = (y.reshape(*y.shape[:2], -1) - last) / deviation
        y = np.moveaxis(y, 2, 1).reshape(-1, moments.y.size)
        known = np.isfinite(y).all(axis=1)
        moments.add(change.reshape(-1, moments.x.size)[known], y[known])
    return moments


def _changes(window, deviation):
    """Windows less their last value, `(n, channels, steps)`, and that value `(n, 1, channels)`."""
    last = window[:, -1:]
    return np.moveaxis((window - last) / deviation, 2, 1), last


def _deviation(spec):
    """The scale of each channel: its standard deviation, 1 where it does not vary."""
    variance = np.asarray(spec.target.variance or (1.0,) * len(spec.target.names), np.float64)
    return np.sqrt(np.where(variance > 0, variance, 1.0))
