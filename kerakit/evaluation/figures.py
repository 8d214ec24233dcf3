"""Which plots a task gets, in the order of the report."""

import numpy as np

from kerakit.evaluation import class_plots, plots
from kerakit.evaluation.fonts import drawable, font_families
from kerakit.evaluation.worst_errors import worst_errors

__all__ = ["figures_of"]


def figures_of(spec, y, p, test, *, history=None, stages=(), lower=None, upper=None, errors=()):
    """Draw everything that the report shows.

    Args:
        spec: `Spec` of the data.
        y: array of test targets, `(n,)` or `(n, targets)`.
        p: array of predictions, `(n,)`, `(n, targets)` or `(n, classes)`.
        test: dict of the test metrics.
        history: dict from metric to a list of floats per epoch, or `None`.
        stages: sequence of dicts. The stages of the history, as `fine_tune` gives them.
        lower, upper: arrays of shape `(n,)`, or `None`. An interval.
        errors: list of `WrongAnswer`. An image classifier's surest errors.

    Returns:
        dict from plot name to `matplotlib.figure.Figure`.
    """
    figures, classes = {}, drawable(spec.classes)
    if spec.task == "regression":
        words = {"names": spec.target.names, "unit": spec.target.unit}
        interval = {"lower": lower, "upper": upper}
        figures["predicted_vs_true"] = plots.predicted_vs_true(y, p, **words, **interval)
        figures["residuals"] = plots.residuals(y, p, **words)
    else:
        with font_families(spec.classes):
            figures |= _of_classes(spec, y, p, test, classes)
    if history and not _is_point(history):
        figures["learning_curves"] = plots.learning_curves(history, stages)
    if errors:
        with font_families(spec.classes):
            figures["worst_errors"] = worst_errors(errors, classes)
    return figures


def _is_point(history):
    """Whether all that there is of fine-tuning is a head that was solved in one step."""
    return "stage" in history and len(history["stage"]) == 1


def _of_classes(spec, y, p, test, classes):
    figures = {}
    if spec.task == "multilabel":
        correct, confidence = (p >= 0.5) == (y == 1), np.maximum(p, 1 - p)
    else:
        label = p.argmax(axis=1)
        correct, confidence = label == y, p.max(axis=1)
        figures["confusion_matrix"] = class_plots.confusion_matrix(y, label, classes)
    figures["roc"] = class_plots.roc(y, p, classes)
    figures["precision_recall"] = class_plots.precision_recall(y, p, classes)
    figures["reliability_diagram"] = class_plots.reliability_diagram(
        confidence.ravel(), correct.ravel(), test["ece"]
    )
    return figures
