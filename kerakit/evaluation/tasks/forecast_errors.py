"""The errors of a forecaster and of the baselines on some windows, and by groups of origins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.evaluation.metrics.forecasting import HorizonErrors
from kerakit.evaluation.metrics.origins import Origins
from kerakit.evaluation.metrics.several_series import SeriesErrors

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["Backtest", "ForecastErrors"]


class ForecastErrors:
    """Sum the errors of the model and of each baseline.

    Args:
        spec: `Spec` of a forecast.
        names: names of the answers, such as `"model"`.

    Attributes:
        horizon: dict from name to `HorizonErrors`.
        series: dict from name to `SeriesErrors`; empty where there is one series.
    """

    def __init__(self, spec: Spec, names: Iterable[str]) -> None:
        self.spec = spec
        self.horizon = {name: HorizonErrors() for name in names}
        several = bool(spec.series.id)
        self.series = {name: SeriesErrors(spec) for name in self.horizon if several}

    def add(
        self,
        y: np.ndarray,
        answers: Mapping[str, np.ndarray],
        interval: Mapping[str, np.ndarray],
        ids: np.ndarray | None = None,
    ) -> None:
        """Add a batch.

        Args:
            y: array of shape `(n, horizon[, channels])`. True values.
            answers: dict from name to forecasts of the same shape.
            interval: dict with the `lower` and the `upper` ends of the model, or an empty dict.
            ids: object array of shape `(n,)`: the ids of several series; or `None`.
        """
        for name, answer in answers.items():
            self.horizon[name].add(y, answer)
            if self.series:
                self.series[name].add(ids, y, answer)
        if interval:
            self.horizon["model"].add_intervals(y, **interval)

    def metrics(
        self, scale: np.ndarray | None, scales: Mapping[str, np.ndarray]
    ) -> dict[str, dict[str, float | None]]:
        """Return the metrics by name.

        Args:
            scale: what MASE divides by, of one series, or `None`; see `HorizonErrors.metrics`.
            scales: the same of each of several series; see `SeriesErrors.metrics`.
        """
        variance = self.spec.target.variance
        found = {name: one.metrics(variance, scale) for name, one in self.horizon.items()}
        for name, one in self.series.items():
            found[name] |= one.metrics(scales)
        return found


class Backtest:
    """Sum errors by groups of forecast origins: rolling-origin evaluation of a fixed model.

    Args:
        spec: `Spec` of a forecast.
        names: names of the answers; the first is `"model"`.
        origins: `Origins` of the test rows.

    Reference:
        Tashman: Out-of-sample tests of forecasting accuracy, International Journal of Forecasting
        16, 2000; Hyndman & Athanasopoulos: Forecasting: Principles and Practice, section 5.10.
    """

    def __init__(self, spec: Spec, names: Sequence[str], origins: Origins) -> None:
        self.origins, self.spec = origins, spec
        self.errors = [ForecastErrors(spec, names) for _ in range(origins.count)]

    def add(
        self,
        first: int,
        y: np.ndarray,
        answers: Mapping[str, np.ndarray],
        interval: Mapping[str, np.ndarray],
        ids: np.ndarray | None = None,
    ) -> None:
        """Add a batch that begins with the test row `first`; see `ForecastErrors.add`."""
        groups = self.origins.groups[first : first + len(y)]
        for group in np.unique(groups):
            of = groups == group
            self.errors[group].add(
                y[of],
                {name: answer[of] for name, answer in answers.items()},
                {end: values[of] for end, values in interval.items()},
                None if ids is None else ids[of],
            )

    def result(self, scale: np.ndarray | None, scales: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Return `Report.origins`; arguments as in `ForecastErrors.metrics`."""
        one = len(self.spec.target.names) == 1 and not self.spec.series.id
        metric, groups = "rmse" if one else "mase", []
        for group, errors in enumerate(self.errors):
            found = errors.metrics(scale, scales)
            own = found.pop("model")
            begins = self.origins.begins[group]
            groups.append(
                {
                    "windows": errors.horizon["model"].count,
                    "first": begins and begins[0],
                    "last": begins and begins[1],
                    "model": own,
                    "baseline": found,
                    "skill": {name: _skill(own[metric], of[metric]) for name, of in found.items()},
                }
            )
        parts = ("model", "baseline", "skill")
        return {
            "count": len(groups),
            "spacing": self.origins.spacing,
            "metric": metric,
            "groups": groups,
            "mean": {part: _over([of[part] for of in groups], _mean) for part in parts},
            "std": {part: _over([of[part] for of in groups], _std) for part in parts},
        }


def _skill(own, other):
    """1 less the error in proportion to that of a baseline, or `None`."""
    return 1 - own / other if own is not None and other else None


def _over(values, function):
    """A function of the numbers at each place of dicts of one form."""
    if isinstance(values[0], Mapping):
        return {key: _over([of.get(key) for of in values], function) for key in values[0]}
    return None if None in values else function(values)


def _mean(values):
    return float(np.mean(values))


def _std(values):
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
