"""Measure a classifier: one label for each row, or several yes/no labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerakit.evaluation.baselines.tables import fit_baselines
from kerakit.evaluation.errors.confident_errors import ConfidentErrors
from kerakit.evaluation.errors.images import display_size, has_images, plot_images
from kerakit.evaluation.errors.series import has_series, plot_series
from kerakit.evaluation.errors.texts import has_texts, text_rows
from kerakit.evaluation.metrics import metrics
from kerakit.evaluation.metrics.confusion import most_confused, per_class
from kerakit.evaluation.metrics.coverage import set_metrics
from kerakit.evaluation.metrics.custom import compute_metrics
from kerakit.evaluation.plots import classification as plots
from kerakit.evaluation.plots.fonts import drawable, font_families
from kerakit.evaluation.tasks.importance import measure_importance
from kerakit.evaluation.tasks.measured import Measured, MeasureOptions
from kerakit.evaluation.tasks.predictions import predict_test

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["measure_label", "measure_labels"]

_SMALLEST = np.finfo(np.float64).eps  # of a probability in a logarithm, as in scikit-learn


def measure_label(model: keras.Model, data: Data, options: MeasureOptions) -> Measured:
    """Measure a classifier of one label for each row.

    Args:
        model: `keras.Model`.
        data: `Data`.
        options: `MeasureOptions`. Where a report will be written, the confident errors of
            images, texts and series are kept for it.
    """
    spec = data.spec
    baselines, notes = fit_baselines(data, model, options.without)
    kept = _confident_errors(spec) if options.plotted else None
    y, answers = predict_test(model, data, {**baselines, **options.baselines}, errors=kept)

    def measure(p):
        own = compute_metrics(options.metrics, y, p, spec.task)
        return metrics.classification_metrics(y, p) | own

    p = answers.pop("model")
    label, test = p.argmax(axis=1), measure(p)
    if options.sets is not None:
        test |= set_metrics(y, options.sets.of(p))
    importance, said = measure_importance(model, data, y, p, ("log_loss", _log_loss))
    errors = kept.errors if kept else []

    def draw():
        classes = drawable(spec.classes)
        with font_families(spec.classes):
            figures = {"confusion_matrix": plots.confusion_matrix(y, label, classes)}
            figures |= _of_probabilities(y, p, p.max(axis=1), label == y, test, classes)
            if errors and has_images(spec):
                figures["confident_errors"] = plot_images(errors, classes)
            if errors and has_series(spec):
                figures["confident_errors"] = plot_series(errors, classes)
        return figures

    return Measured(
        test=test,
        baseline={name: measure(answer) for name, answer in answers.items()},
        rows=len(y),
        draw=draw,
        notes=[*notes, *said],
        fields={
            "per_class": per_class(y, label, spec.classes),
            "confused": tuple(most_confused(y, label, spec.classes)),
            "confident_errors": text_rows(errors, spec.classes) if has_texts(spec) else (),
            "importance": importance,
        },
    )


def measure_labels(model: keras.Model, data: Data, options: MeasureOptions) -> Measured:
    """Measure a classifier of several yes/no labels for each row; as `measure_label`."""
    spec = data.spec
    baselines, notes = fit_baselines(data, model, options.without)
    y, answers = predict_test(model, data, {**baselines, **options.baselines})

    def measure(p):
        return metrics.multilabel_metrics(y, p) | compute_metrics(options.metrics, y, p, spec.task)

    p = answers.pop("model")
    test = measure(p)
    importance, said = measure_importance(model, data, y, p, ("log_loss", _binary_log_loss))

    def draw():
        correct, confidence = (p >= 0.5) == (y == 1), np.maximum(p, 1 - p)
        classes = drawable(spec.classes)
        with font_families(spec.classes):
            return _of_probabilities(y, p, confidence.ravel(), correct.ravel(), test, classes)

    return Measured(
        test=test,
        baseline={name: measure(answer) for name, answer in answers.items()},
        rows=len(y),
        draw=draw,
        notes=[*notes, *said],
        fields={"importance": importance},
    )


def _log_loss(y, p):
    """The `log_loss` of `classification_metrics`, alone."""
    p = np.asarray(p, np.float64)
    of_true = p[np.arange(len(y)), np.asarray(y, np.int64)] / p.sum(axis=1)
    return -np.log(np.maximum(of_true, _SMALLEST)).mean()


def _binary_log_loss(y, p):
    """The `log_loss` of `multilabel_metrics`, alone."""
    p = np.asarray(p, np.float64)
    return -np.log(np.maximum(np.where(np.asarray(y) == 1, p, 1 - p), _SMALLEST)).mean()


def _confident_errors(spec):
    """A collector of confident errors, or `None` where a row cannot be shown to a reader."""
    if has_images(spec):
        return ConfidentErrors(lambda images, row: display_size(np.asarray(images[row])), limit=20)
    if has_texts(spec):
        return ConfidentErrors(lambda texts, row: texts[row].numpy().decode(errors="replace"))
    if has_series(spec):
        return ConfidentErrors(lambda series, row: np.array(series[row]), limit=9)
    return None


def _of_probabilities(y, p, confidence, correct, test, classes):
    return {
        "roc": plots.roc(y, p, classes),
        "precision_recall": plots.precision_recall(y, p, classes),
        "reliability_diagram": plots.reliability_diagram(confidence, correct, test["ece"]),
    }
