"""Plots of a regressor: predicted against true values, and residuals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerakit.evaluation.plots.figure import (
    BLUE,
    ORANGE,
    axis_label,
    legend,
    new_figure,
    plain,
    style,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

__all__ = ["predicted_vs_true", "residuals"]

MAX_POINTS = 5_000  # more dots hide each other and make the file slow to open
MAX_TARGETS = 6


def predicted_vs_true(
    y: ArrayLike,
    p: ArrayLike,
    *,
    names: Sequence[str] = ("target",),
    unit: str | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
) -> Figure:
    """Plot predicted values against true values, with the line on which they are equal.

    Args:
        y, p: arrays of shape `(n,)` or `(n, targets)`. At most six targets are drawn, and
            at most 5,000 rows (a seeded sample).
        names: tuple of str. The targets' names.
        unit: str or `None`. The targets' unit.
        lower, upper: arrays of the shape of `p`, or `None`. Bounds of an interval, which is drawn
            as a vertical bar.

    Returns:
        `matplotlib.figure.Figure`.
    """
    y, p = _as_columns(y), _as_columns(p)
    rows = _sample(len(y))
    columns = min(y.shape[1], MAX_TARGETS)
    figure, axes = new_figure(min(columns, 3), math.ceil(columns / 3), width=5, height=4.6)
    for i, axis in enumerate(axes.flat):
        if i >= columns:
            axis.set_axis_off()
            continue
        style(axis, f"Predicted and true: {plain(names[i])}", axis_label("True", unit), "")
        axis.set_ylabel(axis_label("Predicted", unit))
        true, predicted = y[rows, i], p[rows, i]
        if lower is not None and upper is not None:
            low, high = (_as_columns(end)[rows, i] for end in (lower, upper))
            axis.vlines(true, low, high, color=BLUE, alpha=0.18, linewidth=2, label="interval")
        axis.scatter(true, predicted, color=BLUE, **_dots(len(rows)))
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        axis.plot(ends, ends, color=ORANGE, linewidth=1.2, label="predicted = true")
        legend(axis)
    return figure


def residuals(
    y: ArrayLike, p: ArrayLike, *, names: Sequence[str] = ("target",), unit: str | None = None
) -> Figure:
    """Plot residuals (predicted minus true) against predictions, and their histogram.

    Args:
        y, p, names, unit: As in `predicted_vs_true`.

    Returns:
        `matplotlib.figure.Figure`, one column of two panels for each target.
    """
    y, p = _as_columns(y), _as_columns(p)
    rows = _sample(len(y))
    columns = min(y.shape[1], MAX_TARGETS)
    figure, axes = new_figure(columns, 2, width=5, height=2.3 if columns == 1 else 3)
    for i, (top, bottom) in enumerate(axes.T):
        error = p[:, i] - y[:, i]
        style(top, f"Residuals: {plain(names[i])}", axis_label("Predicted", unit), "")
        top.set_ylabel(axis_label("Predicted − true", unit))
        top.scatter(p[rows, i], error[rows], color=BLUE, **_dots(len(rows)))
        top.axhline(0, color=ORANGE, linewidth=1.2)
        title = f"Mean {error.mean():.3g}, standard deviation {error.std():.3g}"
        style(bottom, title, axis_label("Predicted − true", unit), "Test rows")
        bins = int(np.clip(2 * len(error) ** (1 / 3), 5, 60))  # Rice's rule
        bottom.hist(error, bins=bins, color=BLUE, alpha=0.85, edgecolor="white", linewidth=0.5)
        bottom.axvline(0, color=ORANGE, linewidth=1.2)
    return figure


def _dots(count):
    few = count < 1000
    return {"s": 16 if few else 7, "alpha": 0.6 if few else 0.3, "linewidth": 0}


def _sample(count):
    if count <= MAX_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MAX_POINTS, replace=False))


def _as_columns(values):
    values = np.asarray(values, np.float64)
    return values.reshape(len(values), -1)
