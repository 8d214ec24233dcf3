"""Errors of forecasts of several series: each by itself, and none more than another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.evaluation.metrics.forecasting import HorizonErrors, naive_scale

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from kerakit.data.data import Data
    from kerakit.data.spec import Spec

__all__ = ["SeriesErrors", "naive_scales", "series_deviations", "series_ids"]


def series_ids(features: Mapping[str, Any], spec: Spec) -> np.ndarray:
    """Return the ids of rows, an object array of `str` of shape `(n,)`.

    Args:
        features: dict from feature name to array of a batch.
        spec: `Spec` of several series.
    """
    name = next(f.name for f in spec.features if f.column == spec.series.id_name)
    values = np.asarray(features[name])
    return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values], object)


def series_deviations(ids: ArrayLike, spec: Spec) -> np.ndarray:
    """Return the standard deviation of the series of each row, in training.

    Args:
        ids: array of shape `(n,)`. The ids of the rows.
        spec: `Spec` of several series.

    Returns:
        float64 array of shape `(n, channels)`; NaN where the series was not in the training
        split, or is constant there.
    """
    known = {id: of for id, of in zip(spec.series.ids, spec.series.variances, strict=True)}
    unknown = (math.nan,) * len(spec.target.names)
    variances = np.array([known.get(id, unknown) for id in np.asarray(ids)], np.float64)
    variances = variances.reshape(-1, len(unknown))
    return np.sqrt(np.where(variances > 0, variances, np.nan))


def naive_scales(data: Data) -> dict[str, np.ndarray]:
    """Return the scale of MASE of each training series, see `naive_scale`.

    Args:
        data: `Data` of several series.

    Returns:
        dict from id to float64 array of shape `(channels,)`; empty where the windows are a
        stream.
    """
    from kerakit.data.storage.windows import Windows

    table = data.table("train")
    if table is None or not isinstance(table.target, Windows):
        return {}
    ids, target = series_ids(table.features, data.spec), table.target
    order = np.argsort(ids.astype(str), kind="stable")
    first = np.flatnonzero(np.concatenate([[True], ids[order][1:] != ids[order][:-1]]))
    window = data.spec.series.window
    found = {}
    for rows in np.split(order, first[1:]):
        starts = target.starts[rows]
        series = target.series[int(starts.min()) - window : int(starts.max()) + target.length]
        found[str(ids[rows[0]])] = naive_scale(series, data.spec.series.season)
    return found


class SeriesErrors:
    """Sum the errors of a model, or of a baseline, on several series.

    Args:
        spec: `Spec` of several series.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.standardised = HorizonErrors()
        self.sums: dict[str, np.ndarray] = {}  # absolute and squared errors, by channel
        self.windows: dict[str, int] = {}

    def add(self, ids: np.ndarray, y: ArrayLike, p: ArrayLike) -> None:
        """Add a batch.

        Args:
            ids: object array of shape `(n,)`. The ids of the rows.
            y, p: arrays of shape `(n, horizon)` or `(n, horizon, channels)`. True values and
                forecasts.
        """
        y, p = (np.asarray(each, np.float64) for each in (y, p))
        y, p = (each.reshape(*each.shape[:2], -1) for each in (y, p))
        deviations = series_deviations(ids, self.spec)[:, np.newaxis]
        known = np.isfinite(deviations).all(axis=(1, 2))
        if known.any():
            scale = deviations[known]
            self.standardised.add(y[known] / scale, p[known] / scale)
        error = p - y
        sums = np.stack([np.abs(error).mean(axis=1), (error**2).mean(axis=1)], axis=1)
        names, codes = np.unique(ids.astype(str), return_inverse=True)
        totals = np.zeros((len(names), *sums.shape[1:]))
        np.add.at(totals, codes, sums)
        for id, total, count in zip(names.tolist(), totals, np.bincount(codes), strict=True):
            self.sums[id] = self.sums.get(id, 0.0) + total
            self.windows[id] = self.windows.get(id, 0) + int(count)

    def metrics(self, scales: Mapping[str, np.ndarray]) -> dict[str, float | None]:
        """Compute the metrics without a unit.

        Args:
            scales: dict from id to the scale of MASE, see `naive_scales`.

        Returns:
            dict of floats: `"mase"`, the mean over the series; `"mse_standardised"` and
            `"mae_standardised"`, the mean over the windows of errors in standard deviations of
            their own series. `None` where a metric is undefined. Series that were not in the
            training split have none of them.
        """
        each = [self._mase(id, scales) for id in self.windows]
        known = [value for value in each if value is not None]
        standardised = {"mse": None, "mae": None}
        if self.standardised.count:
            ones = (1.0,) * len(self.spec.target.names)
            found = self.standardised.metrics(ones)
            standardised = {name: found[f"{name}_standardised"] for name in standardised}
        return {
            "mase": float(np.mean(known)) if known else None,
            "mse_standardised": standardised["mse"],
            "mae_standardised": standardised["mae"],
        }

    def per_series(self, scales: Mapping[str, np.ndarray]) -> dict[str, dict[str, float | None]]:
        """Compute the metrics of each series.

        Args:
            scales: as for `metrics`.

        Returns:
            dict from id to `"windows"`, `"mase"` and, of one channel, `"rmse"` and `"mae"` in
            its unit.
        """
        found = {}
        for id, count in self.windows.items():
            values: dict[str, float | None] = {"windows": count}
            absolute, squared = self.sums[id] / count
            if len(absolute) == 1:
                values |= {"rmse": float(np.sqrt(squared[0])), "mae": float(absolute[0])}
            found[id] = values | {"mase": self._mase(id, scales)}
        return found

    def mase_by_channel(self, scales: Mapping[str, np.ndarray]) -> list[float | None]:
        """Compute the mean over the series of each channel's MASE, `None` where it is undefined.

        Args:
            scales: as for `metrics`.
        """
        positive = {id: np.where(scale > 0, scale, np.nan) for id, scale in scales.items()}
        each = [
            self.sums[id][0] / n / positive[id] for id, n in self.windows.items() if id in scales
        ]
        channels = len(self.spec.target.names)
        columns = np.reshape(each, (-1, channels)).T
        known = [column[np.isfinite(column)] for column in columns]
        return [float(np.mean(column)) if len(column) else None for column in known]

    def rmse_by_step(self) -> list[float]:
        """Return the RMSE of each step of the horizon, in deviations of the series."""
        if not self.standardised.count:
            return []
        return self.standardised.rmse_by_step((1.0,) * len(self.spec.target.names))

    def _mase(self, id, scales):
        scale = scales.get(id)
        if scale is None:
            return None
        mae = self.sums[id][0] / self.windows[id]
        good = scale > 0
        return float(np.mean(mae[good] / scale[good])) if good.any() else None
