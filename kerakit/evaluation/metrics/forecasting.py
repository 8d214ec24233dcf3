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

    def metrics(
        self, variance: Sequence[float] = (), scale: ArrayLike | None = None
    ) -> dict[str, float | None]:
        """Compute the metrics over all windows, steps and channels, with equal weights.

        Args:
            variance: sequence of floats, the variance of each channel in the training split.
                A channel that does not vary is not standardised. Empty where it is unknown.
            scale: array of shape `(channels,)` or `None`. See `naive_scale`.

        Returns:
            dict of floats: `"mse"`, `"mae"` and `"rmse"` (the root of `"mse"`) in the
            series' units; `"mase"`, the mean absolute error divided by that of the naive
            forecast (the mean over the channels that have a naive error above 0); and
            `"mse_standardised"` and `"mae_standardised"`, errors of the series divided by
            its standard deviation. `None` where a metric is undefined.
        """
        mse, mae = (np.mean(x / self.count, axis=0) for x in (self.squared, self.absolute))
        spread = np.asarray(variance, np.float64)
        spread = np.where(spread > 0, spread, 1.0) if len(spread) else np.nan
        scale = np.full(mae.shape, np.nan) if scale is None else np.asarray(scale, np.float64)
        scaled = mae[scale > 0] / scale[scale > 0]
        return {
            "mse": _plain(mse.mean()),
            "mae": _plain(mae.mean()),
            "rmse": _plain(np.sqrt(mse.mean())),
            "mase": _plain(scaled.mean()) if len(scaled) else None,
            "mse_standardised": _plain(np.mean(mse / spread)),
            "mae_standardised": _plain(np.mean(mae / np.sqrt(spread))),
        }

    def rmse_by_step(self) -> list[float]:
        """Return the RMSE of each step of the horizon."""
        return np.sqrt(np.mean(self.squared / self.count, axis=-1)).tolist()


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


def _plain(value):
    return float(value) if math.isfinite(value) else None
