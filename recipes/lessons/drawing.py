"""The colours and the layout of the pictures of all lessons."""

from kerakit.evaluation.plots.figure import BLUE, GREY, INK, ORANGE, legend, new_figure, style

__all__ = ["BLUE", "GREEN", "GREY", "INK", "ORANGE", "VIOLET", "figure", "legend", "style"]

GREEN, VIOLET = "#3a8f5c", "#54307e"


def figure(columns=1, rows=1, **options):
    """Make a Matplotlib figure; return it and a list of its axes."""
    drawn, axes = new_figure(columns, rows, **options)
    return drawn, list(axes.flat)
