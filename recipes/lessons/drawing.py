"""The colours and the layout of the pictures of all lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kerakit.evaluation.plots.figure import BLUE, GREY, INK, ORANGE, legend, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "VIOLET",
    "Array",
    "figure",
    "legend",
    "style",
]

Array: TypeAlias = np.ndarray
GREEN, VIOLET = "#3a8f5c", "#54307e"


def figure(columns: int = 1, rows: int = 1, **options: Any) -> tuple[Figure, list[Axes]]:
    """Make a Matplotlib figure; return it and a list of its axes."""
    drawn, axes = new_figure(columns, rows, **options)
    return drawn, list(axes.flat)
