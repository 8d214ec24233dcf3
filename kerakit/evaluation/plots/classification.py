"""Pictures of a classifier's errors, as Matplotlib figures."""

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

__all__ = ["confusion_matrix", "precision_recall", "reliability_diagram", "roc"]

MAX_NAMED = 10  # curves that can be told apart
MAX_COUNTED = 30  # classes whose counts can be read in the confusion matrix


def confusion_matrix(y, label, classes):
    """Draw how often each true class was taken for which.

    Args:
        y, label: int arrays of shape `(n,)`. True and predicted class ids.
        classes: sequence of str.

    Returns:
        `matplotlib.figure.Figure`. Shading is the share of the true class (row), numbers
        are counts; beyond 30 classes the numbers are left out.
    """
    from sklearn import metrics

    size = len(classes)
    counts = metrics.confusion_matrix(y, label, labels=np.arange(size))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(2.8 + 0.27 * size, 4.2, 11))
    figure, axes = new_figure(width=side + 0.6, height=side)
    figure.set_layout_engine("compressed")  # as its cells are square; else labels are cut off
    axis = axes[0, 0]
    style(axis, "Confusion matrix", "Predicted class", "True class")
    axis.grid(False)
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    bar = figure.colorbar(image, ax=axis, fraction=0.046, pad=0.03)
    bar.set_label("Share of the true class", color=INK)
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
                color = "white" if share[i, j] > 0.55 else INK
                text = f"{counts[i, j]:,}"
                axis.text(j, i, text, ha="center", va="center", color=color, fontsize=font)
    return figure


def roc(y, p, classes):
    """Draw the receiver operating characteristic: recall over the false-positive rate.

    Args:
        y: array of shape `(n,)` of class ids, or `(n, labels)` of 0 and 1.
        p: array of shape `(n, classes)`. Probabilities.
        classes: sequence of str. Two: the curve of `classes[1]`; more: one class against
            the rest, for each class that has both kinds of rows.

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


def precision_recall(y, p, classes):
    """Draw precision over recall, which shows rare classes better than ROC does.

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


def reliability_diagram(confidence, correct, ece=None):
    """Draw how often the model is right over how sure it is, and how sure it mostly is.

    Args:
        confidence: array of shape `(n,)`. Probability of the predicted class.
        correct: bool array of shape `(n,)`.
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
    style(bottom, "How sure the model is", "Confidence", "Share")
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
        axis.text(0.5, 0.5, "needs two classes among the test rows", ha="center", color=INK)
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
    legend(axis)
    return figure
