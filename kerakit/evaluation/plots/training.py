"""Plots of training: learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

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
from kerakit.evaluation.stages import stage_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_curves"]

FEW_EPOCHS = 25  # below, each epoch is marked by a dot


def learning_curves(
    history: Mapping[str, Sequence[float]], stages: Sequence[Mapping[str, Any]] = ()
) -> Figure:
    """Plot the training and validation loss, and one metric, against the epochs.

    Args:
        history: dict from `"loss"`, `"val_loss"`, ... to a list of floats per epoch. If it
            has a `"stage"` (for each epoch, the number of its stage), each stage is a curve
            of its own, and vertical lines with names mark where a stage begins.
        stages: sequence of dicts, whose `stage` is the name of a stage. Defaults to `()`: the
            stages are numbered.

    Returns:
        `matplotlib.figure.Figure`. The epoch with the lowest validation loss is marked.

    Example:

    >>> len(learning_curves({"loss": [3.0, 2.0], "val_loss": [3.5, 3.0]}).axes)
    1
    """
    segments = _segments(history, stages)
    history = {name: values for name, values in history.items() if name != "stage"}
    names = _plotted(history)
    figure, axes = new_figure(len(names), width=5.4)
    for axis, name in zip(axes.flat, names, strict=True):
        abbreviation = len(name) <= 4 and name != "loss"  # MAE, RMSE, AUC
        title = name.upper() if abbreviation else plain(name.replace("_", " ").capitalize())
        style(axis, title, "Epoch", title)
        for label, key, color in (
            ("training", name, BLUE),
            ("validation", f"val_{name}", ORANGE),
        ):
            if key in history:
                values = np.asarray(history[key], np.float64)
                _plot_curve(axis, values, segments, label, color)
                if name == "loss":
                    _finish_loss(axis, values, label, color)
        axis.xaxis.get_major_locator().set_params(integer=True)
        if len(segments) > 1:
            _mark_stages(axis, segments)
        legend(axis)
    return figure


def _plotted(history):
    """Names of the curves: the loss, and the first metric that has validation values."""
    names = [name for name in history if not name.startswith("val_")]
    others = [name for name in names if f"val_{name}" in history and name != "loss"]
    names = (["loss"] if "loss" in names else []) + others[:1]
    return names or [next(iter(history))]


def _segments(history, stages):
    """`(first epoch, end, name)` of each stage, epochs counted from 0."""
    length = max(map(len, history.values()))
    numbers = np.asarray(history.get("stage", np.ones(length)))
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]
    names = [f"stage {int(numbers[start])}" for start in starts]
    if len(stages) == len(starts):
        names = [stage_name(stage["stage"]) for stage in stages]
    return list(zip(starts, [*starts[1:], length], names, strict=True))


def _plot_curve(axis, values, segments, label, color):
    epochs = np.arange(1, len(values) + 1)
    for start, end, _ in segments:
        marker = "." if len(values) < FEW_EPOCHS or end - start == 1 else ""
        label_once = label if start == 0 else None
        axis.plot(
            epochs[start:end], values[start:end], color=color, label=label_once, marker=marker
        )


def _finish_loss(axis: Axes, values, label, color):
    """Choose the scale of the loss axis, and mark the lowest validation loss."""
    known = values[np.isfinite(values)]
    if not len(known):
        return
    if 0 < 50 * known.min() < known.max():
        axis.set_yscale("log")
    if label == "validation":
        best = int(np.nanargmin(values))
        axis.axvline(best + 1, color=GREY, linewidth=1, linestyle=":", zorder=0)
        axis.plot(best + 1, values[best], "o", color=color, label=f"best: {best + 1}")


def _mark_stages(axis, segments):
    """Draw a thin vertical line where each stage begins, and its name above the axis."""
    axis.set_xlim(0.5, segments[-1][1] + 0.5)
    axis.set_title(axis.get_title(loc="left"), fontsize=11, color=INK, loc="left", pad=28)
    for number, (start, _, name) in enumerate(segments):
        if start:
            axis.axvline(start + 0.5, color=GREY, linewidth=0.8, zorder=0)
        # At two heights in turn: the stage of a solved head is only one epoch wide.
        axis.annotate(
            name, (start + 0.5, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 3 if number % 2 else 14), textcoords="offset points",
            fontsize=8, color=INK,
        )  # fmt: skip
