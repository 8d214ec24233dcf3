"""How a regressor is measured: beside the mean and a linear model."""

from kerakit.builders.contract import prediction_column
from kerakit.evaluation.baselines.tables import fit_baselines
from kerakit.evaluation.metrics import metrics
from kerakit.evaluation.plots import figure as plots
from kerakit.evaluation.tasks.measured import Measured
from kerakit.evaluation.tasks.predictions import predict_test

__all__ = ["measure_numbers"]


def measure_numbers(model, data, quantiles, drawn):
    """Measure a regressor, of several targets or of quantiles too.

    Args:
        model: `keras.Model`.
        data: `Data`.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.
        drawn: bool. Not used: the plots need no more than the numbers do.

    Returns:
        `Measured`.
    """
    baselines, notes = fit_baselines(data, model)
    y, answers = predict_test(model, data, baselines, quantiles)
    p, interval = answers.pop("model"), {}
    if quantiles is not None:
        if len(quantiles) > 1:
            interval = {"lower": p[:, 0], "upper": p[:, -1]}
        p = p[:, prediction_column(quantiles)]
    test = metrics.regression_metrics(y, p)
    if interval:
        test |= metrics.interval_metrics(y, **interval)

    def draw():
        words = {"names": data.spec.target.names, "unit": data.spec.target.unit}
        return {
            "predicted_vs_true": plots.predicted_vs_true(y, p, **words, **interval),
            "residuals": plots.residuals(y, p, **words),
        }

    return Measured(
        test=test,
        baseline={name: metrics.regression_metrics(y, one) for name, one in answers.items()},
        rows=len(y),
        draw=draw,
        notes=notes,
    )
