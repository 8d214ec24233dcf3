"""Plots of a forecaster: a few forecasts, and the error for each step of the horizon."""

from __future__ import annotations

import itertools
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

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["error_by_horizon", "error_by_origin", "forecasts"]

MAX_CHANNELS = 3
# Only the end of a long window is drawn: this many horizons, and at least this many steps.
HISTORY_HORIZONS, HISTORY_STEPS = 3, 48
_NAMES = {"model": "model", "seasonal_naive": "last season", "linear": "linear model"}
_LOOKS = {
    "model": {"color": BLUE, "linewidth": 1.8},
    "seasonal_naive": {"color": GREY, "linestyle": ":", "linewidth": 1.4},
    "linear": {"color": ORANGE, "linestyle": "--", "linewidth": 1.2},
}


def forecasts(
    shown: Sequence[tuple[str, np.ndarray, np.ndarray, Mapping[str, np.ndarray]]],
    names: Sequence[str],
    unit: str | None = None,
) -> Figure:
    """Plot forecasts of a few test windows with the true values.

    Args:
        shown: list of tuples `(title, window, true, answers)`: what the window is, the window of
            shape `(steps[, channels])`, the true values of shape `(horizon[, channels])`, and a
            dict from `"model"` and the baselines' names to forecasts. Only the forecast of the
            model is drawn, with its interval from `"lower"` to `"upper"` where these are there.
        names: tuple of str. The channels' names; the first three are drawn.
        unit: str or `None`.

    Returns:
        `matplotlib.figure.Figure`: a row of panels for each channel, a column for each
        window.
    """
    channels = min(len(names), MAX_CHANNELS)
    figure, axes = new_figure(len(shown), channels, width=4.2, height=2.7)
    for column, (title, window, true, answers) in enumerate(shown):
        window, true, answer = (
            np.asarray(x).reshape(len(x), -1) for x in (window, true, answers["model"])
        )
        history = min(len(window), max(HISTORY_HORIZONS * len(true), HISTORY_STEPS))
        before, after = np.arange(-history + 1, 1), np.arange(1, len(true) + 1)
        for channel in range(channels):
            axis = axes[channel, column]
            dots = {"marker": "." if len(true) < 3 else "", "markersize": 7}
            style(axis, f"{plain(names[channel])}, {plain(title, 40)}", "", "")
            if channel == channels - 1:
                axis.set_xlabel("Steps after the window", color=INK)
            if column == 0 and unit:
                axis.set_ylabel(plain(unit), color=INK)
            known = window[-history:, channel]
            axis.plot(before, known, color=GREY, linewidth=1.2, label="window")
            axis.plot(after, true[:, channel], color=INK, linewidth=1.2, label="true", **dots)
            axis.plot(after, answer[:, channel], label="forecast", **_LOOKS["model"], **dots)
            if "lower" in answers:
                low, high = (
                    np.asarray(answers[end]).reshape(len(true), -1)[:, channel]
                    for end in ("lower", "upper")
                )
                axis.fill_between(after, low, high, color=BLUE, alpha=0.15, linewidth=0)
            axis.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    legend(axes[0, 0])
    return figure


def error_by_horizon(
    by_step: Mapping[str, Sequence[float]], unit: str | None = None, *, standardised: bool = False
) -> Figure:
    """Plot the RMSE of a forecast for each step of the horizon.

    Args:
        by_step: dict from `"model"` and the baselines' names to a list of floats, the RMSE of
            each step.
        unit: str or `None`. The series' unit.
        standardised: bool. Whether the errors are in units of the channels' standard deviations.

    Returns:
        `matplotlib.figure.Figure`.

    Example:

    >>> len(error_by_horizon({"model": [1.0, 2.0], "linear": [2.0, 2.0]}).axes[0].lines)
    2
    """
    of_unit = f"RMSE [{plain(unit)}]" if unit else "RMSE"
    label = "RMSE in standard deviations" if standardised else of_unit
    return _lines(by_step, "Error for each step", "Steps ahead", label)


def error_by_origin(origins: Mapping[str, Any], unit: str | None = None) -> Figure:
    """Plot the main error of a forecast for each group of forecast origins.

    Args:
        origins: dict as `Report.origins`.
        unit: str or `None`. The series' unit.

    Returns:
        `matplotlib.figure.Figure`.
    """
    metric = origins["metric"]
    label = "MASE" if metric == "mase" else f"RMSE [{plain(unit)}]" if unit else "RMSE"
    lines = {"model": [group["model"][metric] for group in origins["groups"]]}
    for name in origins["groups"][0]["baseline"]:
        lines[name] = [group["baseline"][name][metric] for group in origins["groups"]]
    lines = {
        name: [np.nan if value is None else value for value in values]
        for name, values in lines.items()
    }
    return _lines(lines, "Error for each group of origins", "Group, in the order of time", label)


def _lines(lines, title, below, label):
    """A line for the model and for each baseline over the numbers from 1 on."""
    from matplotlib import colormaps

    figure, axes = new_figure(width=5.4)
    axis = axes[0, 0]
    others = itertools.count(2)  # the first two colours are close to those of _LOOKS
    style(axis, title, below, label)
    for name, values in lines.items():
        steps = np.arange(1, len(values) + 1)
        marker = "o" if len(values) < 25 else ""
        look = _LOOKS.get(name) or {"color": colormaps["tab10"](next(others) % 10)}
        axis.plot(steps, values, label=_NAMES.get(name, name), marker=marker, markersize=4, **look)
    axis.set_ylim(bottom=0)
    axis.xaxis.get_major_locator().set_params(integer=True)
    legend(axis)
    return figure
