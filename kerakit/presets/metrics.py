"""Keras' metrics for a model of the kit: each gets targets and predictions in the form it takes.

A classifier of the kit predicts `(batch, classes)` probabilities, for two classes too, and its
targets are class ids. Some metrics of Keras take that; others take one-hot rows, the probability
of the positive class, or the predicted class id.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerakit.checks import short_repr
from kerakit.errors import ArgumentError
from kerakit.keras_compat import copy_direction, function_of

__all__ = ["FormedMetric", "formed_metrics"]

_K = keras.metrics
# Metrics of a yes or no: for two classes they get the probability of the positive class.
_POSITIVE = (
    _K.AUC,
    _K.BinaryAccuracy,
    _K.BinaryCrossentropy,
    _K.BinaryIoU,
    _K.FBetaScore,
    _K.FalseNegatives,
    _K.FalsePositives,
    _K.Precision,
    _K.PrecisionAtRecall,
    _K.Recall,
    _K.RecallAtPrecision,
    _K.SensitivityAtSpecificity,
    _K.SpecificityAtSensitivity,
    _K.TrueNegatives,
    _K.TruePositives,
)
_IDS = (
    _K.SparseCategoricalAccuracy,
    _K.SparseCategoricalCrossentropy,
    _K.SparseTopKCategoricalAccuracy,
)
_ROWS = (
    _K.CategoricalAccuracy,
    _K.CategoricalCrossentropy,
    _K.CategoricalHinge,
    _K.OneHotIoU,
    _K.TopKCategoricalAccuracy,
)
_LABELS = (_K.Accuracy, _K.IoU)
# Metrics over the last axis, which for one number in each row is that of the rows.
_OVER_ROWS = (_K.ConcordanceCorrelation, _K.CosineSimilarity, _K.PearsonCorrelation)
_OF_CLASSES = (*_POSITIVE, *_IDS, *_ROWS, *_LABELS)


def formed_metrics(
    owner: str,
    metrics: Sequence[Any],
    answer: str,
    classes: int = 0,
    column: int | None = None,
) -> list[Any]:
    """Return metrics that take the targets and predictions of a model of the kit.

    Args:
        owner: str. The function that the user called, for errors.
        metrics: list of Keras metrics: names, functions or objects. A name becomes an object
            whose options suit the task: `"F1Score"` is the macro average for more than two
            classes. A function of the user's own is returned as it is, and so is a metric whose
            `update_state` is the user's own.
        answer: str. The `answer` of a `Task`.
        classes: int. The number of classes. Defaults to `0`, for numbers.
        column: int or `None`. The column that is the prediction of a model of quantiles.
            Defaults to `None`.

    Raises:
        ArgumentError: when a metric is unknown, or does not suit the answer.

    Example:

    >>> import numpy as np
    >>> (metric,) = formed_metrics("compile", ["Precision"], "label", classes=2)
    >>> metric.name
    'Precision'
    >>> y, p = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    >>> float(metric(y, p))  # one of the two rows above 0.5 is positive
    0.5
    """
    if not isinstance(metrics, (list, tuple)):
        raise ArgumentError(
            f"The 'metrics' parameter of {owner} must be a list of Keras metrics. Got "
            f"{short_repr(metrics)} instead."
        )
    return [_formed(owner, metric, answer, classes, column) for metric in metrics]


def _formed(owner, given, answer, classes, column):
    if isinstance(given, str) and given.lower() in ("accuracy", "acc"):
        if answer in ("numbers", "forecast"):
            raise _unfit(owner, given, "a metric of classes, and the model predicts numbers")
        return given  # Keras chooses the kind of accuracy by the shapes
    metric = _object(owner, given, answer, classes)
    if not _is_of_keras(metric):
        return given
    if isinstance(metric, (_K.Mean, _K.Sum)) and not isinstance(
        metric, (_K.MeanMetricWrapper, _K.RootMeanSquaredError)
    ):
        raise _unfit(owner, given, "a mean of given values, not a metric of targets")
    name = getattr(function_of(metric), "__name__", "")
    if answer in ("numbers", "forecast"):
        if isinstance(metric, _OF_CLASSES) or "categorical" in name or "binary" in name:
            raise _unfit(owner, given, "a metric of classes, and the model predicts numbers")
        if column is not None and answer == "forecast":
            metric = _of_numbers(metric, None)
        return _of_numbers(metric, column)
    takes_ids = isinstance(metric, _IDS) or name.startswith("sparse_")
    if answer == "tags":
        if not takes_ids:
            raise _unfit(
                owner, given, "not a metric of tags; 'accuracy' and the Sparse... metrics are"
            )
        return metric
    if answer == "labels":
        if takes_ids or (isinstance(metric, _LABELS) and not isinstance(metric, _POSITIVE)):
            raise _unfit(owner, given, "a metric of one class per row, and a row has several")
        return FormedMetric(metric, "columns") if isinstance(metric, _K.FBetaScore) else metric
    if takes_ids:
        return metric
    return FormedMetric(*_of_label(metric, name, classes))


def _of_numbers(metric, column):
    if column is not None:
        return FormedMetric(metric, f"column {column}")
    if isinstance(metric, _OVER_ROWS):
        return FormedMetric(metric, "flat")
    return FormedMetric(metric, "columns") if isinstance(metric, _K.R2Score) else metric


def _of_label(metric, name, classes):
    """The metric, and the form that it takes where a row has one class."""
    if isinstance(metric, _LABELS) and not isinstance(metric, (_K.BinaryIoU, _K.OneHotIoU)):
        rows = getattr(metric, "sparse_y_pred", True) is False
        return metric, "rows" if rows else "labels"
    if isinstance(metric, _K.OneHotIoU):
        return metric, "one-hot labels" if metric.sparse_y_pred else "rows"
    positive = isinstance(metric, _POSITIVE) or name.startswith("binary_")
    if classes != 2 or not positive or _is_of_rows(metric):
        return metric, "rows"
    if isinstance(metric, _K.FBetaScore) and metric.threshold is None:
        # With one column, "the largest of the row" would be that column.
        metric = type(metric).from_config({**metric.get_config(), "threshold": 0.5})
    return metric, "positive"


def _is_of_rows(metric):
    """Whether the options of a metric name a class, or average over the classes."""
    names_class = getattr(metric, "class_id", None) is not None
    several = getattr(metric, "top_k", None) is not None or getattr(metric, "multi_label", False)
    return names_class or several or getattr(metric, "average", None) is not None


def _object(owner, given, answer, classes):
    """The metric object that a name, a function or a config stands for; functions of users stay."""
    try:
        metric = _K.get(given)
    except (ValueError, TypeError):
        metric = None
    if metric is None or isinstance(metric, str):
        raise ArgumentError(
            f"The 'metrics' parameter of {owner} must be a list of Keras metrics: names such as "
            f"'AUC', functions or objects. Got {short_repr(given)}, which Keras does not know."
        )
    if inspect.isfunction(metric) and metric.__module__.startswith("keras."):
        return _K.MeanMetricWrapper(metric, name=metric.__name__)
    if isinstance(given, str):
        if isinstance(metric, _K.FBetaScore) and (answer == "labels" or classes > 2):
            threshold = 0.5 if answer == "labels" else None
            metric = type(metric)(average="macro", threshold=threshold)
        metric.name = given  # as Keras names it in the logs
    return metric


def _is_of_keras(metric):
    """Whether Keras wrote the code that computes a metric."""
    if not isinstance(metric, _K.Metric):
        return False
    written = next(kind for kind in type(metric).__mro__ if "update_state" in vars(kind))
    function = function_of(metric)
    owners = [written] if function is None else [written, function]
    return all(owner.__module__.startswith("keras.") for owner in owners)


def _unfit(owner, given, why):
    name = given if isinstance(given, str) else type(given).__name__
    name = getattr(given, "__name__", name)
    return ArgumentError(
        f"The 'metrics' parameter of {owner} must be a list of metrics that suit the model. Got "
        f"{name!r}, which is {why}."
    )


@keras.saving.register_keras_serializable("kerakit")
class FormedMetric(keras.metrics.Metric):
    """A Keras metric that gets targets and predictions in the form it takes.

    A metric with a number for every class gives their mean, since a log is one number.

    Args:
        metric: `keras.metrics.Metric`, or its serialised form.
        form: str. `"positive"`: whether a row is positive, and the probability of the second
            class, both of shape `(batch, 1)`. `"rows"`: one-hot rows, and the probabilities.
            `"labels"`: the true and the most probable class id. `"one-hot labels"`: one-hot
            rows, and the most probable class id. `"columns"`: numbers of shape `(batch,
            columns)`. `"flat"`: numbers of shape `(batch,)` where there is one column.
            `"column 1"`: the second column of the predictions, or of each step of a forecast.

    Call arguments:
        y_true: class ids of shape `(batch,)` or `(batch, 1)`, or rows of shape `(batch,
            classes)`; numbers for the last three forms.
        y_pred: probabilities of shape `(batch, classes)`, or numbers.
    """

    def __init__(self, metric: Any, form: str, name: str | None = None, dtype: Any = None) -> None:
        metric = metric if isinstance(metric, _K.Metric) else _K.deserialize(metric)
        super().__init__(name=name or metric.name, dtype=dtype)
        self.metric, self.form = metric, form
        copy_direction(metric, self)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = self._in_form(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
        if len(y_pred.shape) == 1:  # one value for the whole batch, which has no weight
            sample_weight = None
        self.metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self) -> Any:
        return ops.mean(self.metric.result())

    def reset_state(self) -> None:
        self.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.metric)
        return {**super().get_config(), "metric": inner, "form": self.form}

    def _in_form(self, y_true, y_pred):
        if self.form == "columns":
            return _as_columns(y_true), _as_columns(y_pred)
        if self.form == "flat":
            single = y_pred.shape[1:] in ((), (1,))
            return [ops.reshape(v, (-1,)) if single else v for v in (y_true, y_pred)]
        if self.form.startswith("column "):
            column = int(self.form.removeprefix("column "))
            if len(y_pred.shape) > 2:  # of a forecast
                return y_true, y_pred[..., column]
            return ops.reshape(y_true, (-1, 1)), y_pred[:, column : column + 1]
        width = y_pred.shape[-1]
        is_rows = len(y_true.shape) == 2 and y_true.shape[-1] == width > 1
        if is_rows:
            labels = ops.argmax(y_true, axis=-1)  # of mixed rows, the larger part
        else:
            labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        if self.form == "positive":
            positive = ops.cast(ops.equal(labels, 1), y_pred.dtype)
            return positive[:, None], y_pred[:, 1:2]
        if self.form == "labels":
            return labels, ops.argmax(y_pred, axis=-1)
        rows = y_true if is_rows else ops.one_hot(labels, width, dtype=y_pred.dtype)
        if self.form == "one-hot labels":
            return rows, ops.argmax(y_pred, axis=-1)
        if isinstance(self.metric, _POSITIVE):
            rows = ops.one_hot(labels, width, dtype=y_pred.dtype)
        return rows, y_pred


def _as_columns(values):
    width = values.shape[-1] if len(values.shape) > 1 else 1
    return ops.reshape(values, (-1, width))
