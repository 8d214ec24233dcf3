"""Errors of forecasts, summed batch by batch: memory does not grow with the windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kerakit.data.data import Data

__all__ = ["HorizonErrors", "naive_scale", "training_series"]


class HorizonErrors:
    """Sum absolute and squared errors for each step of the horizon and each channel.

    Example:

    >>> errors = HorizonErrors()
    >>> errors.add(np.array([[1.0, 2.0]]), np.array([[1.0, 4.0]]))
    >>> errors.metrics()["mae"], errors.rmse_by_step()
    (1.0, [0.0, 2.0])
    """

    def __init__(self) -> None:
        self.count, self.absolute, self.squared = 0, np.zeros(()), np.zeros(())
        self.inside: np.ndarray | None = None
        self.width = np.zeros(())

    def add(self, y: ArrayLike, p: ArrayLike) -> None:
        """Add a batch.

        Args:
            y, p: arrays of shape `(n, horizon)` or `(n, horizon, channels)`. True values and
                forecasts.
        """
        error = np.asarray(p, np.float64) - np.asarray(y, np.float64)
        error = error.reshape(*error.shape[:2], -1)
        self.count += len(error)
        self.absolute = self.absolute + np.abs(error).sum(axis=0)
        self.squared = self.squared + (error**2).sum(axis=0)

    def add_intervals(self, y: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> None:
        """Add the intervals of a batch that `add` was given.

        Args:
            y, lower, upper: arrays of shape `(n, horizon)` or `(n, horizon, channels)`.
        """
        y, lower, upper = (np.asarray(each, np.float64) for each in (y, lower, upper))
        y, lower, upper = (each.reshape(*each.shape[:2], -1) for each in (y, lower, upper))
        inside = ((lower <= y) & (y <= upper)).sum(axis=0)
        self.inside = inside if self.inside is None else self.inside + inside
        self.width = self.width + (upper - lower).sum(axis=0)

    def metrics(
        self, variance: Sequence[float] = (), scale: ArrayLike | None = None
    ) -> dict[str, float | None]:
        """Compute the metrics over all windows, steps and channels, with equal weights.

        Several channels have several units, so that a mean of their errors means nothing: of
        these only the metrics without a unit are returned. `channel_metrics` has each channel by
        itself.

        Args:
            variance: sequence of floats, the variance of each channel in the training split.
                A channel that does not vary is not standardised. Empty where it is unknown.
            scale: array of shape `(channels,)` or `None`. See `naive_scale`.

        Returns:
            dict of floats: for one channel `"mse"`, `"mae"` and `"rmse"` (the root of `"mse"`) in
            its unit; `"mase"`, the mean absolute error divided by that of the naive
            forecast (the mean over the channels that have a naive error above 0); and
            `"mse_standardised"` and `"mae_standardised"`, errors of the series divided by
            its standard deviation. `None` where a metric is undefined. For one channel with
            intervals also `"coverage"`, the share of true values inside, and `"interval_width"`.
        """
        mse, mae = self._by_channel()
        spread = _spread(variance)
        scaled = _scaled(mae, scale)
        scaled = scaled[np.isfinite(scaled)]
        in_its_unit = {
            "mse": _plain(mse.mean()),
            "mae": _plain(mae.mean()),
            "rmse": _plain(np.sqrt(mse.mean())),
        }
        return {
            **(in_its_unit if len(mse) == 1 else {}),
            "mase": _plain(scaled.mean()) if len(scaled) else None,
            "mse_standardised": _plain(np.mean(mse / spread)),
            "mae_standardised": _plain(np.mean(mae / np.sqrt(spread))),
            **(self._intervals(0) if len(mse) == 1 else {}),
        }

    def channel_metrics(
        self, names: Sequence[str], scale: ArrayLike | None = None
    ) -> dict[str, dict[str, float | None]]:
        """Compute the metrics of each channel over all windows and steps.

        Args:
            names: sequence of str. The channels.
            scale: as for `metrics`.

        Returns:
            dict from channel to `"rmse"` and `"mae"` in its unit, and `"mase"`; with intervals
            also `"coverage"` and `"interval_width"`.
        """
        mse, mae = self._by_channel()
        columns = zip(names, np.sqrt(mse), mae, _scaled(mae, scale), strict=True)
        return {
            name: dict(zip(("rmse", "mae", "mase"), map(_plain, values), strict=True))
            | self._intervals(channel)
            for channel, (name, *values) in enumerate(columns)
        }

    def rmse_by_step(self, variance: Sequence[float] = ()) -> list[float]:
        """Return the RMSE of each step of the horizon.

        Args:
            variance: as for `metrics`. The errors of several channels are divided by the
                channel's standard deviation.
        """
        squared = self.squared / self.count
        if squared.shape[-1] > 1:
            squared = squared / _spread(variance)
        return np.sqrt(np.mean(squared, axis=-1)).tolist()

    def _intervals(self, channel):
        """Coverage and width of the intervals of a channel, where there are any."""
        if self.inside is None:
            return {}
        means = (np.mean(of[:, channel]) / self.count for of in (self.inside, self.width))
        return dict(zip(("coverage", "interval_width"), map(_plain, means), strict=True))

    def _by_channel(self):
        """The mean squared and the mean absolute error of each channel."""
        return (np.mean(x / self.count, axis=0) for x in (self.squared, self.absolute))


def training_series(data: Data) -> np.ndarray | None:
    """Return the segment of the series that training windows cover.

    It begins with the first step of the first window and ends with the last step of the last
    target.

    Args:
        data: `Data` of a forecast.

    Returns:
        array of shape `(steps,)` or `(steps, channels)`; `None` where the windows are a stream.
    """
    from kerakit.data.storage.windows import Windows

    table = data.table("train")
    if table is None or not isinstance(table.target, Windows):
        return None
    window = table.features.get(data.spec.feature_names[0])
    first = window if isinstance(window, Windows) else table.target
    end = int(table.target.starts.max()) + table.target.length
    return table.target.series[int(first.starts.min()) : end]


def naive_scale(series: ArrayLike, season: int) -> np.ndarray:
    """Return the mean absolute error of the seasonal naive forecast: the scale of MASE.

    Args:
        series: array of shape `(steps,)` or `(steps, channels)`. NaN is a missing value; a
            step counts only where its value and the value one season before are known.
        season: int in `[1, inf)`. Steps of a season.

    Returns:
        float64 array of shape `(channels,)`; NaN where no two known values are one season
        apart.

    Reference:
        Hyndman, Koehler: Another look at measures of forecast accuracy, International
        Journal of Forecasting 22, 2006.

    Example:

    >>> naive_scale(np.array([1.0, 2.0, 4.0, 4.0]), season=2)
    array([2.5])
    """
    series = np.asarray(series)
    series = series.reshape(len(series), -1)
    if len(series) <= season:
        return np.full(series.shape[1], np.nan)
    total, count = np.zeros(series.shape[1]), np.zeros(series.shape[1])
    step = max(1, 2**22 // series.shape[1])  # so that a long series is not copied at once
    for start in range(season, len(series), step):
        later = series[start : start + step].astype(np.float64)
        change = np.abs(later - series[start - season : start - season + len(later)])
        known = np.isfinite(change)
        total += np.where(known, change, 0).sum(axis=0)
        count += known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _spread(variance):
    """The variance of each channel, 1 for one that does not vary; NaN where it is unknown."""
    variance = np.asarray(variance, np.float64)
    return np.where(variance > 0, variance, 1.0) if len(variance) else np.nan


def _scaled(mae, scale):
    """The mean absolute errors divided by those of the naive forecast, NaN without one."""
    scale = np.full(mae.shape, np.nan) if scale is None else np.asarray(scale, np.float64)
    return mae / np.where(scale > 0, scale, np.nan)


def _plain(value):
    return float(value) if math.isfinite(value) else None
