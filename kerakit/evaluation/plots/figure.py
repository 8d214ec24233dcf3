"""Pictures of training and of a regressor's errors, as Matplotlib figures."""

import math
import unicodedata

import numpy as np

from kerakit.evaluation.stages import stage_name

__all__ = ["learning_curves", "predicted_vs_true", "residuals"]

BLUE, ORANGE, GREY, INK = "#2468a8", "#c8641e", "#8a8f98", "#22262c"
MAX_POINTS = 5_000  # more dots hide each other and make the file slow
MAX_TARGETS = 6


def learning_curves(history, stages=()):
    """Draw the loss and one metric over the epochs, training beside validation.

    Args:
        history: dict from `"loss"`, `"val_loss"`, ... to a list of floats per epoch. Where
            it has a `"stage"`, the number of the stage that an epoch was of, each stage is a
            curve of its own, and lines between them say what begins.
        stages: sequence of dicts, of which `stage` names the stages. Defaults to `()`: they
            are numbered.

    Returns:
        `matplotlib.figure.Figure`. The best epoch of the validation loss is marked.

    Example:

    >>> len(learning_curves({"loss": [3.0, 2.0], "val_loss": [3.5, 3.0]}).axes)
    1
    """
    parts = _parts(history, stages)
    history = {name: values for name, values in history.items() if name != "stage"}
    names = [name for name in history if not name.startswith("val_")]
    others = [name for name in names if f"val_{name}" in history and name != "loss"]
    names = (["loss"] if "loss" in names else []) + others[:1]
    names = names or [next(iter(history))]
    figure, axes = new_figure(len(names), width=5.4)
    for axis, name in zip(axes.flat, names, strict=True):
        short = len(name) <= 4 and name != "loss"  # an abbreviation: MAE, RMSE, AUC
        title = name.upper() if short else plain(name.replace("_", " ").capitalize())
        style(axis, title, "Epoch", title)
        curves = [("training", name, BLUE), ("validation", f"val_{name}", ORANGE)]
        for label, values, color in [(la, history[k], c) for la, k, c in curves if k in history]:
            values = np.asarray(values, np.float64)
            epochs = np.arange(1, len(values) + 1)
            for start, end, _ in parts:
                dots = "." if len(values) < 25 or end - start == 1 else ""
                text = label if start == 0 else None
                axis.plot(
                    epochs[start:end], values[start:end], color=color, label=text, marker=dots
                )
            known = values[np.isfinite(values)]
            if name == "loss" and len(known) and 0 < 50 * known.min() < known.max():
                axis.set_yscale("log")
            if name == "loss" and label == "validation" and len(known):
                best = int(np.nanargmin(values))
                axis.axvline(best + 1, color=GREY, linewidth=1, linestyle=":", zorder=0)
                axis.plot(best + 1, values[best], "o", color=color, label=f"best: {best + 1}")
        axis.xaxis.get_major_locator().set_params(integer=True)
        if len(parts) > 1:
            _mark_parts(axis, parts)
        legend(axis)
    return figure


def _parts(history, stages):
    """`(first epoch, end, name)` of each stage, epochs counted from 0."""
    length = max(map(len, history.values()))
    numbers = np.asarray(history.get("stage", np.ones(length)))
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]
    words = [f"stage {int(numbers[start])}" for start in starts]
    if len(stages) == len(starts):
        words = [stage_name(stage["stage"]) for stage in stages]
    return list(zip(starts, [*starts[1:], length], words, strict=True))


def _mark_parts(axis, parts):
    """Draw a thin line where each stage begins, and its name above the axis."""
    axis.set_xlim(0.5, parts[-1][1] + 0.5)
    axis.set_title(axis.get_title(loc="left"), fontsize=11, color=INK, loc="left", pad=28)
    for number, (start, _, words) in enumerate(parts):
        if start:
            axis.axvline(start + 0.5, color=GREY, linewidth=0.8, zorder=0)
        # On two heights by turns: a head that was solved is one epoch wide.
        axis.annotate(
            words, (start + 0.5, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 3 if number % 2 else 14), textcoords="offset points",
            fontsize=8, color=INK,
        )  # fmt: skip


def predicted_vs_true(y, p, *, names=("target",), unit=None, lower=None, upper=None):
    """Draw predictions over the true values, with the line on which they agree.

    Args:
        y, p: arrays of shape `(n,)` or `(n, targets)`. At most six targets are drawn, and
            at most 5,000 rows (a seeded sample).
        names: tuple of str. The targets' names.
        unit: str or `None`. The targets' unit.
        lower, upper: arrays of shape `(n,)`, or `None`. An interval, drawn as a bar.

    Returns:
        `matplotlib.figure.Figure`.
    """
    y, p = _columns(y), _columns(p)
    rows = _sample(len(y))
    columns = min(y.shape[1], MAX_TARGETS)
    figure, axes = new_figure(min(columns, 3), math.ceil(columns / 3), width=5, height=4.6)
    for i, axis in enumerate(axes.flat):
        if i >= columns:
            axis.set_axis_off()
            continue
        style(axis, f"Predicted and true: {plain(names[i])}", _label("True", unit), "")
        axis.set_ylabel(_label("Predicted", unit))
        true, predicted = y[rows, i], p[rows, i]
        if lower is not None:
            low, high = np.asarray(lower)[rows], np.asarray(upper)[rows]
            axis.vlines(true, low, high, color=BLUE, alpha=0.18, linewidth=2, label="interval")
        axis.scatter(true, predicted, color=BLUE, **_dots(len(rows)))
        ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
        axis.plot(ends, ends, color=ORANGE, linewidth=1.2, label="predicted = true")
        legend(axis)
    return figure


def residuals(y, p, *, names=("target",), unit=None):
    """Draw predicted minus true: over the predictions, and as a histogram.

    Args:
        y, p, names, unit: As in `predicted_vs_true`.

    Returns:
        `matplotlib.figure.Figure`, one column of two panels for each target.
    """
    y, p = _columns(y), _columns(p)
    rows = _sample(len(y))
    columns = min(y.shape[1], MAX_TARGETS)
    figure, axes = new_figure(columns, 2, width=5, height=2.3 if columns == 1 else 3)
    for i, (top, bottom) in enumerate(axes.T):
        error = p[:, i] - y[:, i]
        style(top, f"Residuals: {plain(names[i])}", _label("Predicted", unit), "")
        top.set_ylabel(_label("Predicted − true", unit))
        top.scatter(p[rows, i], error[rows], color=BLUE, **_dots(len(rows)))
        top.axhline(0, color=ORANGE, linewidth=1.2)
        style(bottom, f"Mean {error.mean():.3g}, deviation {error.std():.3g}", "", "Test rows")
        bottom.set_xlabel(_label("Predicted − true", unit))
        bins = int(np.clip(2 * len(error) ** (1 / 3), 5, 60))  # Rice's rule
        bottom.hist(error, bins=bins, color=BLUE, alpha=0.85, edgecolor="white", linewidth=0.5)
        bottom.axvline(0, color=ORANGE, linewidth=1.2)
    return figure


def new_figure(columns=1, rows=1, width=5.0, height=3.9, ratios=None):
    """Return a figure outside pyplot (no global state) and its axes, `(rows, columns)`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), dpi=120, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, height_ratios=ratios)


def style(axis, title, xlabel, ylabel):
    """Give an axis the look that all plots share."""
    axis.set_title(title, fontsize=11, color=INK, loc="left")
    axis.set_xlabel(xlabel, color=INK)
    axis.set_ylabel(ylabel, color=INK)
    axis.tick_params(colors=INK, labelsize=9)
    axis.grid(color="#e3e5e8", linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(GREY)


def legend(axis, **options):
    """Add a legend without a frame, where the axis has anything to name."""
    if axis.get_legend_handles_labels()[1]:
        axis.legend(frameon=False, fontsize=8, **options)


def plain(text, limit=24):
    """Return `text` as Matplotlib should show it: short, and a dollar sign is no formula."""
    text = str(text).replace("\n", " ")
    if any(unicodedata.east_asian_width(character) in "FW" for character in text):
        limit //= 2  # each takes the room of two
    if len(text) > limit:  # long names often differ at their end
        tail = (limit - 1) // 3
        text = text[: limit - 1 - tail] + "…" + text[len(text) - tail :]
    return text.replace("$", r"\$")


def _label(text, unit):
    return f"{text} [{plain(unit)}]" if unit else text


def _dots(count):
    return {"s": 16 if count < 1000 else 7, "alpha": 0.6 if count < 1000 else 0.3, "linewidth": 0}


def _sample(count):
    if count <= MAX_POINTS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MAX_POINTS, replace=False))


def _columns(values):
    values = np.asarray(values, np.float64)
    return values.reshape(len(values), -1)
