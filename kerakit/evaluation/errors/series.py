"""The errors that a classifier of series was surest of, drawn as small curves."""

from kerakit.evaluation.baselines.series import series_length
from kerakit.evaluation.errors.confident_errors import percent
from kerakit.evaluation.plots.figure import new_figure, plain, style

__all__ = ["shows_series", "wrong_series"]

COLUMNS = 3
MAX_CHANNELS = 5
NAME = 14  # characters of a class's name that fit above a curve


def shows_series(spec):
    """Whether there is a series to show beside each single label."""
    series = len(spec.features) == 1 and spec.features[0].kind == "sequence"
    return series and spec.task in ("binary", "multiclass")


def wrong_series(errors, classes):
    """Draw wrong answers with their series, the surest first.

    Args:
        errors: list of `WrongAnswer`, at least one, whose `shown` is an array of shape
            `(steps,)` or `(steps, channels)`, NaN at its end being padding.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. Above each curve: the true class, the predicted one, the
        confidence and the row of the test split. Five channels are drawn at most.
    """
    columns = min(COLUMNS, len(errors))
    rows = -(-len(errors) // columns)
    figure, axes = new_figure(columns, rows, width=3.6, height=2.4)
    for axis in axes.flat[len(errors) :]:
        axis.set_axis_off()
    for axis, error in zip(axes.flat, errors, strict=False):
        true, predicted = (plain(classes[i], NAME) for i in (error.true, error.predicted))
        title = f"{true}, taken for {predicted}\n{percent(error.confidence)} sure, row {error.row}"
        style(axis, title, "Step", "")
        axis.title.set_fontsize(9)
        values = error.shown[: max(1, series_length(error.shown))]
        values = values.reshape(len(values), -1)[:, :MAX_CHANNELS]
        axis.plot(values, linewidth=1.1, marker="." if len(values) < 3 else "")
    return figure
