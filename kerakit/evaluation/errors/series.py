"""Confident errors of a classifier of series, drawn as small curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerakit.data.tasks import TASKS
from kerakit.evaluation.baselines.series import series_length
from kerakit.evaluation.errors.confident_errors import WrongPrediction, percent
from kerakit.evaluation.plots.figure import new_figure, plain, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kerakit.data.spec import Spec

__all__ = ["has_series", "plot_series"]

COLUMNS = 3
MAX_CHANNELS = 5
NAME = 14  # characters of a class name that fit above a curve


def has_series(spec: Spec) -> bool:
    """Whether each row is one series with one label."""
    series = len(spec.features) == 1 and spec.features[0].kind == "sequence"
    return series and TASKS[spec.task].answer == "label"


def plot_series(errors: Sequence[WrongPrediction], classes: Sequence[str]) -> Figure:
    """Plot misclassified series, those with the highest confidence first.

    Args:
        errors: list of `WrongPrediction`, at least one, whose `example` is an array of shape
            `(steps,)` or `(steps, channels)`; NaN at its end is padding.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. Above each curve: the true class, the predicted class, the
        confidence and the row of the test split. At most five channels are drawn.
    """
    columns = min(COLUMNS, len(errors))
    rows = -(-len(errors) // columns)
    figure, axes = new_figure(columns, rows, width=3.6, height=2.4)
    for axis in axes.flat[len(errors) :]:
        axis.set_axis_off()
    for axis, error in zip(axes.flat, errors, strict=False):
        true, predicted = (plain(classes[i], NAME) for i in (error.true, error.predicted))
        title = f"{true}, predicted {predicted}\n{percent(error.confidence)} sure, row {error.row}"
        style(axis, title, "Step", "")
        axis.title.set_fontsize(9)
        values = error.example[: max(1, series_length(error.example))]
        values = values.reshape(len(values), -1)[:, :MAX_CHANNELS]
        axis.plot(values, linewidth=1.1, marker="." if len(values) < 3 else "")
    return figure
