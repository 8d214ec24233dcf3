"""Test metrics of regression and classification, as floats or `None`, for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "calibration_bins",
    "classification_metrics",
    "expected_calibration_error",
    "multilabel_metrics",
    "regression_metrics",
    "target_metrics",
]

ECE_BINS = 15  # as in Guo et al. 2017, section 2
TOP = 5
_TOP_CLASSES = 10  # with so few classes the top-5 accuracy says little


def regression_metrics(y: ArrayLike, p: ArrayLike) -> dict[str, float | None]:
    """Compute RMSE, MAE and R2 of numeric predictions.

    Several targets have several units, so that a mean of their errors means nothing: only the
    mean of their R2 is returned. `target_metrics` has each target by itself.

    Args:
        y: array of shape `(n,)` or `(n, targets)`. True values.
        p: array of the same shape. Predictions, in the same unit.

    Returns:
        dict of floats: `"rmse"` and `"mae"` in the unit of a single target, and `"r2"` in
        `(-inf, 1]`, which is `None` where it is undefined (fewer than two rows, or no target
        that varies).

    Example:

    >>> regression_metrics([1.0, 2.0, 3.0], [1.0, 2.0, 5.0])["mae"]
    0.6666666666666666
    """
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    y, p = _columns(y), _columns(p)
    varies = (y.max(axis=0) > y.min(axis=0)) if len(y) > 1 else np.zeros(y.shape[1], bool)
    r2 = _plain(r2_score(y[:, varies], p[:, varies])) if varies.any() else None
    if y.shape[1] > 1:
        return {"r2": r2}
    return {
        "rmse": _plain(root_mean_squared_error(y, p)),
        "mae": _plain(mean_absolute_error(y, p)),
        "r2": r2,
    }


def target_metrics(
    y: ArrayLike, p: ArrayLike, names: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Return the metrics of each of several targets, in its own unit.

    Args:
        y, p: arrays of shape `(n, targets)`. True values and predictions.
        names: sequence of str. The targets.

    Returns:
        dict from target to `"rmse"`, `"mae"` and `"r2"`.

    Example:

    >>> target_metrics([[1.0, 90.0], [3.0, 70.0]], [[1.0, 80.0], [3.0, 80.0]], ["m", "kg"])["kg"]
    {'rmse': 10.0, 'mae': 10.0, 'r2': 0.0}
    """
    columns = zip(names, _columns(y).T, _columns(p).T, strict=True)
    return {name: regression_metrics(true, predicted) for name, true, predicted in columns}


def classification_metrics(y: ArrayLike, p: ArrayLike) -> dict[str, float | None]:
    """Compute the metrics of a classifier with one label per row.

    Args:
        y: int array of shape `(n,)`. Class ids in `[0, classes)`.
        p: array of shape `(n, classes)`. Probabilities; rows sum to 1.

    Returns:
        dict of floats in `[0, 1]` (`log_loss`: `[0, inf)`):

        - `"accuracy"`, and `"balanced_accuracy"`: the mean recall of the classes that `y` has.
        - `"f1"`: of class 1 for two classes; of more, the macro average over the classes that
          are among the labels or the predictions.
        - `"auc"`: area under the ROC curve of class 1 for two classes; of more, the macro
          average of one class against the rest. `None` when `y` lacks a class.
        - `"average_precision"`: area under the steps of precision over recall of class 1 for
          two classes, `None` when `y` lacks it; of more, the mean over the classes that `y`
          has.
        - `"log_loss"`: mean negative log-likelihood, in nats.
        - `"ece"`: expected calibration error, see `expected_calibration_error`.
        - `"top_5_accuracy"`, for more than ten classes: the fraction of rows whose true class
          is among the five most probable ones (of equal probabilities the first, as in
          `"accuracy"`).

    Example:

    >>> result = classification_metrics([0, 1], [[0.8, 0.2], [0.4, 0.6]])
    >>> result["accuracy"], result["auc"], round(result["ece"], 3)
    (1.0, 1.0, 0.3)
    """
    from sklearn import metrics

    y, p = np.asarray(y, np.int64), np.asarray(p, np.float64)
    p = p / p.sum(axis=1, keepdims=True)  # float32 rows sum to 1 only to 1e-7
    classes, label = p.shape[1], p.argmax(axis=1)
    present = np.unique(y)
    auc = None
    if len(present) == classes:
        score = p[:, 1] if classes == 2 else p
        auc = metrics.roc_auc_score(y, score, multi_class="ovr", labels=np.arange(classes))
    average = {"average": "binary" if classes == 2 else "macro", "zero_division": 0}
    values = {
        "accuracy": _plain(np.mean(label == y)),
        "balanced_accuracy": _balanced(y, label),
        "f1": _plain(metrics.f1_score(y, label, **average)),
        "auc": _plain(auc),
        "average_precision": _average_precision(y, p, present),
        "log_loss": _plain(metrics.log_loss(y, p, labels=np.arange(classes))),
        "ece": expected_calibration_error(p.max(axis=1), label == y),
    }
    if classes > _TOP_CLASSES:
        values["top_5_accuracy"] = _top_accuracy(y, p)
    return values


def multilabel_metrics(y: ArrayLike, p: ArrayLike) -> dict[str, float | None]:
    """Compute the metrics of a classifier with several yes/no labels per row.

    A label is predicted where its probability is at least 0.5.

    Args:
        y: array of shape `(n, labels)` of 0 and 1.
        p: array of shape `(n, labels)`. Probability of each label.

    Returns:
        dict of floats: `"accuracy"` is the subset accuracy (the fraction of rows of which
        every label is right); `"balanced_accuracy"` and `"f1"` are means over the labels;
        `"auc"` is the mean over the labels that have both values in `y` (`None` when there is
        none), and `"average_precision"` over those that have a 1; `"log_loss"` is the mean
        binary cross-entropy, in nats; `"ece"` is computed from all yes/no decisions together.

    Example:

    >>> multilabel_metrics([[1, 0], [0, 0]], [[0.9, 0.2], [0.1, 0.7]])["accuracy"]
    0.5
    """
    from sklearn import metrics

    y, p = np.asarray(y, np.int64), np.asarray(p, np.float64)
    label = (p >= 0.5).astype(np.int64)
    each = [classification_metrics(y[:, i], np.stack([1 - q, q], 1)) for i, q in enumerate(p.T)]
    confidence = np.where(label == 1, p, 1 - p)
    return {
        "accuracy": _plain(np.mean(np.all(label == y, axis=1))),
        "balanced_accuracy": _plain(
            np.mean([_balanced(*column) for column in zip(y.T, label.T, strict=True)])
        ),
        "f1": _plain(metrics.f1_score(y, label, average="macro", zero_division=0)),
        "auc": _mean_of(each, "auc"),
        "average_precision": _mean_of(each, "average_precision"),
        "log_loss": _plain(np.mean([one["log_loss"] for one in each])),
        "ece": expected_calibration_error(confidence.ravel(), (label == y).ravel()),
    }


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, bins: int = ECE_BINS
) -> float | None:
    """Compute the expected calibration error (ECE): mean gap between confidence and accuracy.

    Predictions are grouped by their confidence into bins of equal width. The result is the
    mean of `|accuracy - confidence|` over the bins, weighted by their counts.

    Args:
        confidence: array of shape `(n,)`. Probability of the predicted class, in `[0, 1]`.
        correct: bool array of shape `(n,)`. Whether the prediction is right.
        bins: int in `[1, inf)`. Defaults to 15.

    Returns:
        float in `[0, 1]`.

    Reference:
        Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017.

    Example:

    >>> round(expected_calibration_error([0.9, 0.9], [True, False]), 3)
    0.4
    """
    mean, accuracy, count = calibration_bins(confidence, correct, bins)
    return _plain(np.sum(count * np.abs(accuracy - mean)) / np.sum(count))


def calibration_bins(
    confidence: ArrayLike, correct: ArrayLike, bins: int = ECE_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group predictions into bins of confidence `(0, 1/bins], ..., (1 - 1/bins, 1]`.

    Args:
        confidence, correct, bins: As in `expected_calibration_error`.

    Returns:
        Three float arrays of shape `(filled bins,)`: mean confidence, accuracy and number
        of predictions of each bin that is not empty.

    Example:

    >>> calibration_bins([0.25, 0.75, 1.0], [True, False, True], bins=2)
    (array([0.25 , 0.875]), array([1. , 0.5]), array([1., 2.]))
    """
    confidence = np.asarray(confidence, np.float64)
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins).astype(np.float64)
    total = np.bincount(index, weights=confidence, minlength=bins)
    right = np.bincount(index, weights=np.asarray(correct, np.float64), minlength=bins)
    filled = count > 0
    return total[filled] / count[filled], right[filled] / count[filled], count[filled]


def _balanced(y, label):
    """Mean recall of the classes that `y` has."""
    return _plain(np.mean([np.mean(label[y == one] == one) for one in np.unique(y)]))


def _average_precision(y, p, present):
    from sklearn.metrics import average_precision_score

    measured = present if p.shape[1] > 2 else [1] if 1 in present else []
    areas = [average_precision_score(y == one, p[:, one]) for one in measured]
    return _plain(np.mean(areas)) if areas else None


def _mean_of(each, name):
    """The mean of a metric of several labels, without those for which it is undefined."""
    defined = [one[name] for one in each if one[name] is not None]
    return _plain(np.mean(defined)) if defined else None


def _top_accuracy(y, p):
    """Fraction of rows whose true class is among the first five, by probability, then by id."""
    of_true, ids = p[np.arange(len(y)), y][:, None], np.arange(p.shape[1])
    before = (p > of_true) | ((p == of_true) & (ids < y[:, None]))
    return _plain(np.mean(before.sum(axis=1) < TOP))


def _columns(values):
    values = np.asarray(values, np.float64)
    return values.reshape(len(values), -1)


def _plain(value):
    """A Python float, or `None` for NaN and infinity, which JSON does not have."""
    return float(value) if value is not None and math.isfinite(value) else None
