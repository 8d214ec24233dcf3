"""Measure a regressor: metrics beside those of baselines, and how much each column counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.contract import prediction_column
from kerakit.evaluation.baselines.tables import fit_baselines
from kerakit.evaluation.metrics import metrics
from kerakit.evaluation.metrics.coverage import interval_metrics
from kerakit.evaluation.metrics.custom import compute_metrics
from kerakit.evaluation.metrics.quantiles import LevelErrors
from kerakit.evaluation.plots import regression as plots
from kerakit.evaluation.tasks.importance import measure_importance
from kerakit.evaluation.tasks.measured import Measured, MeasureOptions
from kerakit.evaluation.tasks.predictions import predict_test

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["measure_numbers"]


def measure_numbers(model: keras.Model, data: Data, options: MeasureOptions) -> Measured:
    """Measure a regressor, also of several targets or of quantiles.

    Args:
        model: `keras.Model`.
        data: `Data`.
        options: `MeasureOptions`.
    """
    spec, quantiles = data.spec, options.quantiles
    names = spec.target.names
    baselines, notes = fit_baselines(data, model, options.without)
    y, answers = predict_test(model, data, {**baselines, **options.baselines}, quantiles)
    p, interval = answers.pop("model"), {}
    loss = _loss(y, spec, quantiles)
    importance, said = measure_importance(model, data, y, p, loss, quantiles)
    by_level = options.levels and LevelErrors(options.levels)
    if by_level:
        own = options.own and predict_test(options.own, data, {}, options.levels)[1]["model"]
        by_level.add(y, p if own is None else own)
    if quantiles is not None:
        if len(quantiles) > 1:
            interval = {"lower": p[..., 0], "upper": p[..., -1]}
        p = p[..., prediction_column(quantiles)]

    def measure(p):
        shape = (-1,) if len(names) == 1 else (-1, len(names))
        own = compute_metrics(options.metrics, y.reshape(shape), p.reshape(shape), spec.task)
        return metrics.regression_metrics(y, p) | own

    test = measure(p)
    if interval and len(names) == 1:
        test |= interval_metrics(y, **interval)

    per_level = by_level.per_level() if by_level else {}
    if by_level:
        test["pinball"] = by_level.mean()[0]

    per_target = {}
    if len(names) > 1:
        per_target = metrics.target_metrics(y, p, names)
        for column, target in enumerate(names if interval else ()):
            ends = {end: values[:, column] for end, values in interval.items()}
            per_target[target] |= interval_metrics(y[:, column], **ends)
        for name, answer in answers.items():
            for target, values in metrics.target_metrics(y, answer, names).items():
                per_target[target].setdefault("baseline", {})[name] = values

    def draw():
        labels = {"names": names, "unit": spec.target.unit}
        return {
            "predicted_vs_true": plots.predicted_vs_true(y, p, **labels, **interval),
            "residuals": plots.residuals(y, p, **labels),
        }

    return Measured(
        test=test,
        baseline={name: measure(answer) for name, answer in answers.items()},
        rows=len(y),
        draw=draw,
        notes=[*notes, *said],
        fields={"per_target": per_target, "per_level": per_level, "importance": importance},
    )


def _loss(y, spec, quantiles):
    """The loss by which columns are measured: the RMSE, of several targets without their units."""
    single = len(spec.target.names) == 1
    variance = np.asarray(spec.target.variance or np.var(y, axis=0), np.float64)
    scale = 1.0 if single else np.where(variance > 0, variance, 1.0) ** 0.5

    def rmse(y, p):
        p = p if quantiles is None else p[..., prediction_column(quantiles)]
        return np.sqrt(np.mean(((p - y) / scale) ** 2, dtype=np.float64))

    return "rmse" if single else "rmse_standardised", rmse
