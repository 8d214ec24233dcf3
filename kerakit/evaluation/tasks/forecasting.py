"""How a forecaster is measured: beside the last season and a linear model, step by step."""

import numpy as np

from kerakit.errors import DataError
from kerakit.evaluation import inputs
from kerakit.evaluation.baselines.forecasts import fit_linear, last_season
from kerakit.evaluation.batches import batches, split_size
from kerakit.evaluation.metrics.forecasting import HorizonErrors, naive_scale, training_series
from kerakit.evaluation.plots import forecasts as series_plots
from kerakit.evaluation.tasks.measured import Measured

__all__ = ["check_forecast_shape", "measure_forecast"]

SHOWN = 4  # windows that are drawn


def check_forecast_shape(shape, spec, quantiles=None):
    """Check that answers of `shape` are forecasts.

    Args:
        shape: tuple of ints or `None`.
        spec: `Spec` with a `series`.
        quantiles: not used.

    Raises:
        DataError: when it is neither `(batch, horizon)` nor, of several channels,
            `(batch, horizon, channels)`.
    """
    channels = len(spec.target.names)
    wanted = (None, spec.series.horizon, *((channels,) if channels > 1 else ()))
    if not inputs.fits(shape, wanted):
        raise DataError(
            f"The model answers with shape {shape}, but {spec.dataset or 'the data'} needs "
            f"{wanted}: {spec.series.horizon} steps"
            + (f" of {channels} channels" if channels > 1 else "")
            + ". Build the forecaster from the data's spec."
        )


def measure_forecast(model, data, quantiles, drawn):
    """Measure a forecaster window by window; nothing but sums is kept, and a few windows.

    Args:
        model: `keras.Model`. Answers in the series' units.
        data: `Data`.
        quantiles: `None`.
        drawn: bool. Not used: a few windows are always kept.

    Returns:
        `Measured`. `by_horizon` has the RMSE of each step, of the model and of the baselines.
    """
    spec = data.spec
    baselines, notes = _baselines(data)
    errors = {name: HorizonErrors() for name in ("model", *baselines)}
    wanted, shown, rows = _evenly(split_size(data, "test")), [], 0
    model.make_predict_function(force=True)
    for features, target, *_ in batches(data, "test"):
        window, y = np.asarray(features[spec.feature_names[0]]), np.asarray(target)
        answers = {"model": _predict(model, features, spec)}
        answers |= {name: predict(window) for name, predict in baselines.items()}
        inputs.check_targets(y, spec, rows)
        inputs.check_predictions(answers["model"], spec, rows)
        for name, answer in answers.items():
            errors[name].add(y, answer)
        for row in wanted[(wanted >= rows) & (wanted < rows + len(y))]:
            here = {name: answer[row - rows] for name, answer in answers.items()}
            shown.append((int(row), window[row - rows], y[row - rows], here))
        rows += len(y)
    if not rows:
        raise DataError(f"{spec.dataset or 'The data'} has no test windows to measure on.")
    series = training_series(data)
    scale = None if series is None else naive_scale(series, spec.series.season)
    if scale is None or not (scale > 0).any():
        exact = scale is not None and (scale == 0).any()
        why = "repeats itself exactly" if exact else "has no two values a season apart"
        notes.append(f"mase is not known: the training part {why}.")
    metrics = {name: one.metrics(spec.target.variance, scale) for name, one in errors.items()}
    by_step = {name: one.rmse_by_step() for name, one in errors.items()}

    def draw():
        return {
            "forecasts": series_plots.forecasts(shown, spec.target.names, spec.target.unit),
            "error_by_horizon": series_plots.error_by_horizon(by_step, spec.target.unit),
        }

    return Measured(
        test=metrics.pop("model"),
        baseline=metrics,
        rows=rows,
        draw=draw,
        notes=notes,
        fields={"by_horizon": by_step},
    )


def _baselines(data):
    """Functions from a batch of windows to forecasts, by name, and sentences on them."""
    series = data.spec.series
    linear, note = fit_linear(data)

    def seasonal(window):
        return last_season(window, series.horizon, series.season)

    if 1 < series.season <= series.window:
        repeated = f"last {series.season} steps, one season,"
    else:
        repeated = "last value" + (
            ", since its season is longer than the window" if series.season > 1 else ""
        )
    baselines = {"seasonal_naive": seasonal, "linear": linear}
    return baselines, [f"The seasonal naive forecast repeats the {repeated} of the window.", note]


def _predict(model, features, spec):
    answer = np.asarray(model.predict_on_batch(inputs.arrange(model, features)), np.float32)
    check_forecast_shape(answer.shape, spec)
    return answer


def _evenly(total):
    """Places of a few windows, the first and the last among them; of a stream the first ones."""
    if not total:
        return np.arange(SHOWN)
    return np.unique(np.linspace(0, total - 1, SHOWN).round().astype(int))
