"""Plots of a classifier: confusion matrix, ROC, precision and recall, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerakit.evaluation.metrics.metrics import calibration_bins
from kerakit.evaluation.plots.figure import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    legend,
    new_figure,
    plain,
    style,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

__all__ = ["confusion_matrix", "precision_recall", "reliability_diagram", "roc"]

MAX_NAMED = 10  # more curves cannot be told apart
MAX_COUNTED = 30  # with more classes the counts in the confusion matrix cannot be read


def confusion_matrix(y: ArrayLike, label: ArrayLike, classes: Sequence[str]) -> Figure:
    """Plot the confusion matrix of a classifier: true classes in rows, predicted in columns.

    Args:
        y, label: int arrays of shape `(n,)`. True and predicted class ids.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. The colour is the fraction of the true class (row), the
        number is the count. With more than 30 classes the numbers are left out.
    """
    from sklearn import metrics

    size = len(classes)
    counts = metrics.confusion_matrix(y, label, labels=np.arange(size))
    fraction = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(2.8 + 0.27 * size, 4.2, 11))
    figure, axes = new_figure(width=side + 0.6, height=side)
    figure.set_layout_engine("compressed")  # cells are square; else labels would be cut off
    axis = axes[0, 0]
    style(axis, "Confusion matrix", "Predicted class", "True class")
    axis.grid(False)
    image = axis.imshow(fraction, cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axis, fraction=0.046, pad=0.03)
    bar.set_label("Fraction of the true class", color=INK)
    bar.ax.tick_params(labelsize=9)
    shown = np.arange(0, size, max(1, -(-size // 40)))
    names = [plain(classes[i], 18) for i in shown]
    upright = size > 6 or max(map(len, names)) * size > 40
    axis.set_xticks(shown, names, rotation=90 if upright else 0, fontsize=8)
    axis.set_yticks(shown, names, fontsize=8)
    if size <= MAX_COUNTED:
        font = 11 if size <= 5 else 8 if size <= 15 else 6
        for i, j in np.ndindex(size, size):
            if counts[i, j] or size <= 5:
                color = "white" if fraction[i, j] > 0.55 else INK
                text = f"{counts[i, j]:,}"
                axis.text(j, i, text, ha="center", va="center", color=color, fontsize=font)
    return figure


def roc(y: ArrayLike, p: ArrayLike, classes: Sequence[str]) -> Figure:
    """Plot the ROC curve: true-positive rate against false-positive rate.

    Args:
        y: array of shape `(n,)` of class ids, or `(n, labels)` of 0 and 1.
        p: array of shape `(n, classes)`. Probabilities.
        classes: sequence of str. Of two classes the curve of `classes[1]` is drawn; of more,
            one curve for each class against the rest. A class that none or all of the rows
            have gets no curve.

    Returns:
        `matplotlib.figure.Figure`.
    """
    from sklearn import metrics

    def curve(truth, score):
        false, true, _ = metrics.roc_curve(truth, score)
        return false, true, f"AUC {metrics.auc(false, true):.3f}"

    figure, axes = new_figure(width=5.4, height=4.6)
    style(axes[0, 0], "ROC", "False-positive rate", "True-positive rate (recall)")
    axes[0, 0].plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="chance")
    return _curves(figure, axes[0, 0], y, p, classes, curve)


def precision_recall(y: ArrayLike, p: ArrayLike, classes: Sequence[str]) -> Figure:
    """Plot precision against recall, which shows rare classes better than ROC does.

    Args:
        y, p, classes: As in `roc`.

    Returns:
        `matplotlib.figure.Figure`.
    """
    from sklearn import metrics

    def curve(truth, score):
        precision, recall, _ = metrics.precision_recall_curve(truth, score)
        return recall, precision, f"AP {metrics.average_precision_score(truth, score):.3f}"

    figure, axes = new_figure(width=5.4, height=4.6)
    style(axes[0, 0], "Precision and recall", "Recall", "Precision")
    return _curves(figure, axes[0, 0], y, p, classes, curve, drawstyle="steps-post")


def reliability_diagram(
    confidence: ArrayLike, correct: ArrayLike, ece: float | None = None
) -> Figure:
    """Plot the reliability diagram: accuracy against confidence, above a histogram.

    Args:
        confidence: array of shape `(n,)`. Probability of the predicted class.
        correct: bool array of shape `(n,)`. Whether the prediction is right.
        ece: float or `None`. Expected calibration error, for the title.

    Returns:
        `matplotlib.figure.Figure`.
    """
    mean, accuracy, count = calibration_bins(confidence, correct)
    figure, axes = new_figure(1, 2, width=5.4, height=2.3, ratios=(2, 1))
    top, bottom = axes[:, 0]
    title = "Reliability" if ece is None else f"Reliability, ECE {ece:.3f}"
    style(top, title, "Confidence", "Accuracy")
    top.plot([0, 1], [0, 1], color=ORANGE, linewidth=1.2, label="calibrated")
    top.vlines(mean, accuracy, mean, color=GREY, linewidth=1)
    top.plot(mean, accuracy, "o-", color=BLUE, markersize=5, label="model")
    top.set(xlim=(0, 1.02), ylim=(0, 1.02))
    legend(top, loc="upper left")
    style(bottom, "Confidence of the predictions", "Confidence", "Fraction")
    bottom.bar(mean, count / count.sum(), width=1 / 18, color=BLUE, alpha=0.85)
    bottom.set(xlim=(0, 1.02))
    return figure


def _curves(figure, axis, y, p, classes, curve, **options):
    from matplotlib import colormaps

    y, p = np.asarray(y), np.asarray(p, np.float64)
    truth = y if y.ndim == 2 else y[:, None] == np.arange(len(classes))
    columns = [1] if y.ndim == 1 and len(classes) == 2 else range(len(classes))
    columns = [i for i in columns if 0 < truth[:, i].sum() < len(truth)]
    named = len(columns) <= MAX_NAMED
    for i in columns:
        x, height, score = curve(truth[:, i], p[:, i])
        color = BLUE if len(columns) == 1 else colormaps["tab10"](i % 10) if named else BLUE
        look = {"color": color} if named else {"color": color, "alpha": 0.35, "linewidth": 1}
        label = f"{plain(classes[i], 18)}, {score}" if named else None
        axis.plot(x, height, label=label, **look, **options)
    if not columns:
        axis.text(0.5, 0.5, "The test rows need two classes.", ha="center", color=INK)
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
    legend(axis)
    return figure
