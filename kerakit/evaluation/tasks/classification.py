"""How a classifier is measured: one label for each row, or several yes/no labels."""

import numpy as np

from kerakit.evaluation.baselines.tables import fit_baselines
from kerakit.evaluation.errors.confident_errors import SurestErrors
from kerakit.evaluation.errors.images import display_size, shows_images, wrong_images
from kerakit.evaluation.errors.series import shows_series, wrong_series
from kerakit.evaluation.errors.texts import shows_texts, wrong_texts
from kerakit.evaluation.metrics import metrics
from kerakit.evaluation.metrics.confusion import most_confused, per_class
from kerakit.evaluation.plots import classification as class_plots
from kerakit.evaluation.plots.fonts import drawable, font_families
from kerakit.evaluation.tasks.measured import Measured
from kerakit.evaluation.tasks.predictions import predict_test

__all__ = ["measure_classes", "measure_labels"]


def measure_classes(model, data, quantiles, drawn):
    """Measure a classifier of one label for each row.

    Args:
        model: `keras.Model`.
        data: `Data`.
        quantiles: `None`.
        drawn: bool. Whether the rows it got wrong with the most confidence are kept for the
            report, where they are images, texts or series.

    Returns:
        `Measured`.
    """
    spec = data.spec
    baselines, notes = fit_baselines(data, model)
    errors = _errors(spec) if drawn else None
    y, answers = predict_test(model, data, baselines, errors=errors)
    p = answers.pop("model")
    label, test = p.argmax(axis=1), metrics.classification_metrics(y, p)
    wrong = errors.errors if errors else []

    def draw():
        classes = drawable(spec.classes)
        with font_families(spec.classes):
            figures = {"confusion_matrix": class_plots.confusion_matrix(y, label, classes)}
            figures |= _of_probabilities(y, p, p.max(axis=1), label == y, test, classes)
            if wrong and shows_images(spec):
                figures["worst_errors"] = wrong_images(wrong, classes)
            if wrong and shows_series(spec):
                figures["worst_errors"] = wrong_series(wrong, classes)
        return figures

    return Measured(
        test=test,
        baseline={name: metrics.classification_metrics(y, one) for name, one in answers.items()},
        rows=len(y),
        draw=draw,
        notes=notes,
        fields={
            "per_class": per_class(y, label, spec.classes),
            "confused": tuple(most_confused(y, label, spec.classes)),
            "wrong": wrong_texts(wrong, spec.classes) if shows_texts(spec) else (),
        },
    )


def measure_labels(model, data, quantiles, drawn):
    """Measure a classifier of several yes/no labels for each row; as `measure_classes`."""
    spec = data.spec
    baselines, notes = fit_baselines(data, model)
    y, answers = predict_test(model, data, baselines)
    p = answers.pop("model")
    test = metrics.multilabel_metrics(y, p)

    def draw():
        correct, confidence = (p >= 0.5) == (y == 1), np.maximum(p, 1 - p)
        classes = drawable(spec.classes)
        with font_families(spec.classes):
            return _of_probabilities(y, p, confidence.ravel(), correct.ravel(), test, classes)

    return Measured(
        test=test,
        baseline={name: metrics.multilabel_metrics(y, one) for name, one in answers.items()},
        rows=len(y),
        draw=draw,
        notes=notes,
    )


def _errors(spec):
    """What keeps the surest errors of the split, or `None` where a row is not to be looked at."""
    if shows_images(spec):
        return SurestErrors(lambda images, row: display_size(np.asarray(images[row])), limit=20)
    if shows_texts(spec):
        return SurestErrors(lambda texts, row: texts[row].numpy().decode(errors="replace"))
    if shows_series(spec):
        return SurestErrors(lambda series, row: np.array(series[row]), limit=9)
    return None


def _of_probabilities(y, p, confidence, correct, test, classes):
    return {
        "roc": class_plots.roc(y, p, classes),
        "precision_recall": class_plots.precision_recall(y, p, classes),
        "reliability_diagram": class_plots.reliability_diagram(confidence, correct, test["ece"]),
    }
