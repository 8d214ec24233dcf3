"""The figure that every plot begins with: size, colours, labels and the bytes of its PNG."""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "axis_label",
    "legend",
    "new_figure",
    "plain",
    "png",
    "style",
]

BLUE, ORANGE, GREY, INK = "#2468a8", "#c8641e", "#8a8f98", "#22262c"


def new_figure(
    columns: int = 1,
    rows: int = 1,
    width: float = 5.0,
    height: float = 3.9,
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, np.ndarray]:
    """Create a Matplotlib figure outside pyplot, which has global state.

    Args:
        columns, rows: int in [1, inf). Panels of the figure.
        width, height: float. Size of one panel in inches.
        ratios: sequence of floats or `None`. Relative heights of the rows.

    Returns:
        `(figure, axes)`: the figure and an array of its axes, of shape `(rows, columns)`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), dpi=120, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, height_ratios=ratios)


def style(axis: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Give an axis the title, the labels and the look that all plots share."""
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


def legend(axis: Axes, **options: Any) -> None:
    """Add a legend without a frame, where the axis has a labelled artist."""
    if axis.get_legend_handles_labels()[1]:
        axis.legend(frameon=False, fontsize=8, **options)


def plain(text: object, limit: int = 24) -> str:
    """Return a text as Matplotlib should show it: short, and with dollar signs escaped.

    Args:
        text: str. A name given by the user.
        limit: int. Characters at most; half as many where characters are double width.

    Example:

    >>> plain("price in $"), plain("x" * 30)
    ('price in \\\\$', 'xxxxxxxxxxxxxxxx…xxxxxxx')
    """
    text = str(text).replace("\n", " ")
    if any(unicodedata.east_asian_width(character) in "FW" for character in text):
        limit //= 2  # each is as wide as two Latin characters
    if len(text) > limit:  # long names often differ at their end
        tail = (limit - 1) // 3
        text = text[: limit - 1 - tail] + "…" + text[len(text) - tail :]
    return text.replace("$", r"\$")


def axis_label(text: str, unit: str | None) -> str:
    """Return the label of an axis, with the unit in brackets where there is one.

    Example:

    >>> axis_label("True", "kg"), axis_label("True", None)
    ('True [kg]', 'True')
    """
    return f"{text} [{plain(unit)}]" if unit else text


def png(figure: Figure) -> bytes:
    """Return a Matplotlib figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A character that the font lacks is drawn as a box; that is no reason to warn.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
