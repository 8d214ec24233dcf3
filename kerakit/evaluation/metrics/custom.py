"""Metrics that the user adds: functions of true values and predictions, or metrics of Keras."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import check, short_repr
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    Metric = Callable[[np.ndarray, np.ndarray], Any]

__all__ = ["check_metrics", "compute_metrics"]

# Metrics that only some models of a task have.
_FURTHER = ("coverage", "interval_width", "set_size", "top_5_accuracy")


def check_metrics(metrics: Any, task: str, classes: int = 0) -> dict[str, Metric]:
    """Check the `metrics` parameter of `evaluate`; return it as a dict of functions.

    Args:
        metrics: As in `evaluate`.
        task: str. A name in `TASKS`.
        classes: int. The number of classes. Defaults to `0`, for numbers.

    Raises:
        ArgumentError: when it is not a dict from new names to functions or Keras metrics, or a
            list of Keras metrics, or a Keras metric does not suit the task.
    """
    metrics = {} if metrics is None else metrics
    expected = "a dict from name to a function of (y, prediction), or a list of Keras metrics"
    given = isinstance(metrics, (Mapping, list, tuple))
    check(given, "evaluate", "metrics", expected, metrics)
    if not isinstance(metrics, Mapping):
        reported = TASKS[task].metrics
        metrics = {_name(one): one for one in metrics if not (_name(one) == one in reported)}
    metrics = dict(metrics)
    for name, metric in metrics.items():
        check(isinstance(name, str) and name.strip(), "evaluate", "metrics", expected, metrics)
        if _is_keras(metric):
            metrics[name] = metric = _of_keras(metric, task, classes)
        what = "a function or a Keras metric"
        check(callable(metric), "evaluate", f"metrics[{short_repr(name)}]", what, metric)
        if name in (*TASKS[task].metrics, *_FURTHER):
            raise ArgumentError(
                f"The 'metrics' parameter of evaluate has the name {name!r}, which is the name of "
                "a built-in metric. Choose another name."
            )
    return metrics


def compute_metrics(
    metrics: Mapping[str, Metric], y: np.ndarray, p: np.ndarray, task: str
) -> dict[str, float | None]:
    """Compute the user's metrics of one model or baseline.

    Args:
        metrics: dict from name to function, checked by `check_metrics`.
        y: array. True values: numbers of shape `(n,)` or `(n, targets)`, class ids of shape
            `(n,)`, flags of shape `(n, classes)`, or future values of shape
            `(n, horizon[, channels])`.
        p: array. Predictions: numbers of the same shape as `y`, or probabilities of shape
            `(n, classes)`.
        task: str. A name in `TASKS`.

    Returns:
        dict from name to float; `None` where a metric is NaN or infinite.

    Raises:
        ArgumentError: when a function raises an error, or does not return one number.

    Example:

    >>> def worst(y, p):
    ...     return np.abs(y - p).max()
    >>> compute_metrics({"worst": worst}, np.array([1.0, 2.0]), np.array([1.5, 2.0]), "regression")
    {'worst': 0.5}
    """
    if not metrics:
        return {}
    p = np.asarray(p, np.float64)
    if TASKS[task].answer in ("label", "tags"):
        p = p / p.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only to 1e-7
    y, p = _read_only(y), _read_only(p)
    return {name: _compute(name, metric, y, p) for name, metric in metrics.items()}


def _name(metric):
    return metric if isinstance(metric, str) else getattr(metric, "name", "")


def _is_keras(metric):
    if isinstance(metric, str):
        return True
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(metric, keras.metrics.Metric)


def _of_keras(metric, task, classes):
    """A function of `(y, prediction)` that computes a Keras metric of all rows."""
    from kerakit.presets.metrics import formed_metrics

    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        metric = "BinaryAccuracy" if TASKS[task].answer == "labels" else "SparseCategoricalAccuracy"
    (formed,) = formed_metrics("evaluate", [metric], TASKS[task].answer, classes)

    def compute(y, p):
        formed.reset_state()
        return np.asarray(formed(y, p.astype("float32")))

    return compute


def _compute(name, metric, y, p):
    try:
        value = metric(y, p)
    except Exception as error:
        raise ArgumentError(
            f"The metric {short_repr(name)} of evaluate raised {type(error).__name__}: "
            f"{str(error)[:200]}. It was called with true values of shape {y.shape} and "
            f"predictions of shape {p.shape}."
        ) from error
    number = np.asarray(value) if not isinstance(value, str) else np.asarray(None)
    if number.shape != () or number.dtype.kind not in "fiub":
        raise ArgumentError(
            f"The metric {short_repr(name)} of evaluate must return one number. Got "
            f"{short_repr(value)} of type {type(value).__name__} instead."
        )
    number = float(number)
    return number if math.isfinite(number) else None


def _read_only(values):
    """A view that a metric cannot change: plots and other metrics use the same array."""
    view = np.asarray(values).view()
    view.flags.writeable = False
    return view
