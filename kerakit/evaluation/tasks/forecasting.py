"""Measure a forecaster: metrics beside the last season and a linear model, for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.contract import prediction_column
from kerakit.checks import shortlist
from kerakit.evaluation.baselines.forecasts import fit_linear, last_season
from kerakit.evaluation.batches import batches, split_size
from kerakit.evaluation.checks import check_predictions, check_targets
from kerakit.evaluation.metrics.custom import compute_metrics
from kerakit.evaluation.metrics.forecasting import naive_scale, training_series
from kerakit.evaluation.metrics.origins import find_origins
from kerakit.evaluation.metrics.quantiles import LevelErrors
from kerakit.evaluation.metrics.several_series import naive_scales, series_ids
from kerakit.evaluation.plots import forecasts as plots
from kerakit.evaluation.tasks.forecast_errors import Backtest, ForecastErrors
from kerakit.evaluation.tasks.measured import Measured, MeasureOptions
from kerakit.evaluation.tasks.predictions import no_rows, predict_batch

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["measure_forecast"]

PLOTTED = 4  # windows


def measure_forecast(model: keras.Model, data: Data, options: MeasureOptions) -> Measured:
    """Measure a forecaster window by window.

    Memory does not grow with the number of windows: only sums of errors and a few windows are
    kept, and all forecasts only if the user has metrics of their own.

    Args:
        model: `keras.Model`. Predicts in the units of the series.
        data: `Data`.
        options: `MeasureOptions`.

    Returns:
        `Measured`. Its `by_horizon` has the RMSE of each step, for the model and the baselines;
        of several channels, or series, in units of their standard deviations. Several channels
        are measured one by one in `per_target`, several series in `per_series`, quantiles in
        `per_level`, and groups of forecast origins in `origins`.
    """
    spec, levels = data.spec, options.levels
    several = bool(spec.series.id)
    baselines, notes = _baselines(data)
    baselines = {k: one for k, one in baselines.items() if k not in options.without}
    baselines |= options.baselines
    names = ("model", *baselines)
    errors, by_level = ForecastErrors(spec, names), levels and LevelErrors(levels)
    backtest = None
    if options.origins is not None:
        backtest = Backtest(spec, names, find_origins(data, options.origins))
    kept = {name: [] for name in ("true", *names)}
    plotted, shown, rows = _evenly(split_size(data, "test")), [], 0
    model.make_predict_function(force=True)
    for features, target, *_ in batches(data, "test"):
        window, y = np.asarray(features[spec.feature_names[0]]), np.asarray(target)
        found, interval = predict_batch(model, features, spec, options.quantiles), {}
        if by_level:
            own = options.own
            own = found if own is None else predict_batch(own, features, spec, levels)
            by_level.add(y, own, len(spec.target.names))
        if options.quantiles is not None:
            if len(options.quantiles) > 1:
                interval = {"lower": found[..., 0], "upper": found[..., -1]}
            found = found[..., prediction_column(options.quantiles)]
        answers = {"model": found}
        answers |= {name: predict(features) for name, predict in baselines.items()}
        check_targets(y, spec, rows)
        check_predictions(answers["model"], spec, rows)
        ids = series_ids(features, spec) if several else None
        errors.add(y, answers, interval, ids)
        if backtest is not None:
            backtest.add(rows, y, answers, interval, ids)
        if options.metrics:
            for name, values in {"true": y, **answers}.items():
                kept[name].append(values)
        for row in plotted[(plotted >= rows) & (plotted < rows + len(y))]:
            at = int(row - rows)
            of_row = {name: of[at] for name, of in {**answers, **interval}.items()}
            title = f"test window {row}"
            if ids is not None:
                title = f"{spec.series.id_name} {ids[at]}, {title}"
            shown.append((title, window[at], y[at], of_row))
        rows += len(y)
    if not rows:
        raise no_rows(spec)
    scale, note = (None, []) if several else _scale(data)
    scales = naive_scales(data) if several else {}
    metrics, by_series = errors.metrics(scale, scales), errors.series
    variance = spec.target.variance
    by_step = {name: one.rmse_by_step(variance) for name, one in errors.horizon.items()}
    per_target, per_series = _per_target(errors.horizon, spec, scale), {}
    if by_level:
        places = list(per_target.values()) or [metrics["model"]]
        for place, loss in zip(places, by_level.mean(), strict=True):
            place["pinball"] = loss
    if several:
        by_step = {name: one.rmse_by_step() for name, one in by_series.items()}
        for name, one in by_series.items() if per_target else ():
            for channel, mase in zip(spec.target.names, one.mase_by_channel(scales), strict=True):
                of = per_target[channel]
                (of if name == "model" else of["baseline"][name])["mase"] = mase
        per_series = _per_series(by_series, scales)
        note = _series_notes(per_series, spec)
    if options.metrics:
        y = np.concatenate(kept["true"])
        for name, values in metrics.items():
            p = np.concatenate(kept[name])
            values |= compute_metrics(options.metrics, y, p, spec.task)

    def draw():
        drawn = {"forecasts": plots.forecasts(shown, spec.target.names, spec.target.unit)}
        if all(by_step.values()):
            drawn["error_by_horizon"] = plots.error_by_horizon(
                by_step, spec.target.unit, standardised=bool(per_target) or several
            )
        if tested:
            drawn["error_by_origin"] = plots.error_by_origin(tested, spec.target.unit)
        return drawn

    tested = {} if backtest is None else backtest.result(scale, scales)
    per_level = by_level.per_level() if by_level else {}
    if levels:
        middle = levels[prediction_column(levels)]
        note = [*note, f"The forecast is the model's quantile of {middle:g}."]
    return Measured(
        test=metrics.pop("model"),
        baseline=metrics,
        rows=rows,
        draw=draw,
        notes=[*notes, *note],
        fields={
            "by_horizon": by_step,
            "per_target": per_target,
            "per_series": per_series,
            "per_level": per_level,
            "origins": tested,
        },
    )


def _per_series(by_series, scales):
    """The metrics of each series beside the baselines', the worst series first."""
    found = {name: of.per_series(scales) for name, of in by_series.items()}
    own = found.pop("model")

    def badness(id):
        return -(own[id]["mase"] or 0.0)

    return {
        id: own[id] | {"baseline": {name: of[id] for name, of in found.items()}}
        for id in sorted(own, key=badness)
    }


def _series_notes(per_series, spec):
    """Sentences on what the metrics of several series mean, and on unknown ones."""
    notes = [
        f"mase is the mean over {len(per_series):,} series; errors that are standardised count in "
        "the standard deviation of their own series, in training."
    ]
    unknown = sorted(per_series.keys() - set(spec.series.ids))
    if unknown:
        notes.append(
            f"{len(unknown):,} of {len(per_series):,} series of the test split were not in the "
            f"training split, such as {shortlist(unknown, 3)}: their errors are in mse, mae and "
            "rmse only."
        )
    return notes


def _per_target(errors, spec, scale):
    """The metrics of each of several channels in its own unit, beside the baselines'."""
    names = spec.target.names
    if len(names) == 1:
        return {}
    found = {name: one.channel_metrics(names, scale) for name, one in errors.items()}
    return {
        channel: values
        | {"baseline": {name: of[channel] for name, of in found.items() if name != "model"}}
        for channel, values in found["model"].items()
    }


def _scale(data):
    """The errors that MASE divides by, or `None`; and a list of at most one note."""
    series = training_series(data)
    if series is None:
        reason = "the training series is not in memory"
        return None, [f"mase is undefined: {reason}."]
    scale = naive_scale(series, data.spec.series.season)
    if (scale > 0).any():
        return scale, []
    reason = (
        "the training series repeats itself exactly"
        if (scale == 0).any()
        else "the training series has no two values that are one season apart"
    )
    return scale, [f"mase is undefined: {reason}."]


def _baselines(data):
    """Functions from a batch of features to forecasts, by name, and notes on them."""
    series, name = data.spec.series, data.spec.feature_names[0]
    linear, note = fit_linear(data)

    def seasonal(features):
        return last_season(np.asarray(features[name]), series.horizon, series.season)

    if 1 < series.season <= series.window:
        repeated = f"last {series.season} steps, one season,"
    else:
        repeated = "last value"
    text = f"The seasonal naive forecast repeats the {repeated} of the window."
    if series.season > max(series.window, 1):
        text = text[:-1] + ", because the season is longer than the window."
    return {"seasonal_naive": seasonal, "linear": linear}, [text, note]


def _evenly(total):
    """Rows of a few windows, evenly spaced, with the first and the last; of a stream the first."""
    if not total:
        return np.arange(PLOTTED)
    return np.unique(np.linspace(0, total - 1, PLOTTED).round().astype(int))
