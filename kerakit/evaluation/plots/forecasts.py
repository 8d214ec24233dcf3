"""Pictures of forecasts, as Matplotlib figures."""

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

__all__ = ["error_by_horizon", "forecasts"]

MAX_CHANNELS = 3
# Of a long window only the end is drawn: this many horizons, and no fewer steps than this.
HISTORY_HORIZONS, HISTORY_STEPS = 3, 48
_NAMES = {"model": "model", "seasonal_naive": "last season", "linear": "linear model"}
_LOOKS = {
    "model": {"color": BLUE, "linewidth": 1.8},
    "seasonal_naive": {"color": GREY, "linestyle": ":", "linewidth": 1.4},
    "linear": {"color": ORANGE, "linestyle": "--", "linewidth": 1.2},
}


def forecasts(shown, names, unit=None):
    """Draw windows with what came after them and what was forecast.

    Args:
        shown: list of tuples `(row, window, truth, answers)`: the row of the test split,
            arrays of shape `(steps[, channels])` and `(horizon[, channels])`, and a dict
            from `"model"` and baselines to forecasts, of which the model's is drawn.
        names: tuple of str. The channels' names; the first three are drawn.
        unit: str or `None`.

    Returns:
        `matplotlib.figure.Figure`: a row of panels for each channel, a column for each
        window.
    """
    channels = min(len(names), MAX_CHANNELS)
    figure, axes = new_figure(len(shown), channels, width=4.2, height=2.7)
    for column, (row, window, truth, answers) in enumerate(shown):
        window, truth, answer = (
            np.asarray(x).reshape(len(x), -1) for x in (window, truth, answers["model"])
        )
        history = min(len(window), max(HISTORY_HORIZONS * len(truth), HISTORY_STEPS))
        before, after = np.arange(-history + 1, 1), np.arange(1, len(truth) + 1)
        for channel in range(channels):
            axis = axes[channel, column]
            dots = {"marker": "." if len(truth) < 3 else "", "markersize": 7}
            style(axis, f"{plain(names[channel])}, test window {row}", "", "")
            if channel == channels - 1:
                axis.set_xlabel("Steps after the window", color=INK)
            if column == 0 and unit:
                axis.set_ylabel(plain(unit), color=INK)
            known = window[-history:, channel]
            axis.plot(before, known, color=GREY, linewidth=1.2, label="window")
            axis.plot(after, truth[:, channel], color=INK, linewidth=1.2, label="truth", **dots)
            axis.plot(after, answer[:, channel], label="forecast", **_LOOKS["model"], **dots)
            axis.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    legend(axes[0, 0])
    return figure


def error_by_horizon(by_step, unit=None):
    """Draw how the error grows with the steps ahead.

    Args:
        by_step: dict from `"model"` and baselines to a list of floats, the RMSE of each
            step.
        unit: str or `None`. The series' unit.

    Returns:
        `matplotlib.figure.Figure`.

    Example:

    >>> len(error_by_horizon({"model": [1.0, 2.0], "linear": [2.0, 2.0]}).axes[0].lines)
    2
    """
    figure, axes = new_figure(width=5.4)
    axis = axes[0, 0]
    style(axis, "Error by step", "Steps ahead", f"RMSE [{plain(unit)}]" if unit else "RMSE")
    for name, values in by_step.items():
        steps = np.arange(1, len(values) + 1)
        marker = "o" if len(values) < 25 else ""
        look = _LOOKS.get(name, {})
        axis.plot(steps, values, label=_NAMES.get(name, name), marker=marker, markersize=4, **look)
    axis.set_ylim(bottom=0)
    axis.xaxis.get_major_locator().set_params(integer=True)
    legend(axis)
    return figure
