"""The look that the pictures of all lessons share."""

from kerakit.evaluation.plots.figure import BLUE, GREY, INK, ORANGE, legend, new_figure, style

__all__ = ["BLUE", "GREEN", "GREY", "INK", "ORANGE", "VIOLET", "figure", "legend", "style"]

GREEN, VIOLET = "#3a8f5c", "#54307e"


def figure(columns=1, rows=1, **options):
    """A Matplotlib figure and its axes in a flat list."""
    made, axes = new_figure(columns, rows, **options)
    return made, list(axes.flat)
