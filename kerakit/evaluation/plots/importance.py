"""Plot of the importance of columns: by how much the loss increases without one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.evaluation.plots.figure import BLUE, GREY, INK, new_figure, plain, style
from kerakit.evaluation.plots.fonts import font_families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["importance"]

MAX_BARS = 20  # more cannot be read beside the other plots


def importance(columns: Sequence[Mapping[str, Any]], loss: str) -> Figure:
    """Plot the increase of the loss by column as horizontal bars, the largest on top.

    Args:
        columns: sequence of dicts with `column`, `increase` and `std`, the largest increase
            first. At most 20 are drawn.
        loss: str. The name of the loss, with its unit.

    Returns:
        `matplotlib.figure.Figure`. The black line of a bar is one standard deviation to either
        side.
    """
    shown = columns[:MAX_BARS]
    with font_families([one["column"] for one in shown]):
        return _drawn(shown, loss)


def _drawn(shown, loss):
    figure, axes = new_figure(width=5.4, height=1.2 + 0.26 * max(len(shown), 4))
    axis, places = axes[0, 0], range(len(shown))
    style(axis, "Importance of the columns", f"Increase of the {plain(loss, 60)}", "")
    axis.grid(False, axis="y")
    axis.barh(
        places,
        [one["increase"] for one in shown],
        xerr=[one["std"] for one in shown],
        color=BLUE,
        alpha=0.85,
        height=0.7,
        error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 2},
    )
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_yticks(places, [plain(one["column"]) for one in shown], fontsize=9)
    axis.invert_yaxis()
    axis.margins(y=0.02)
    return figure
