"""The figure that every plot begins with."""

import io

import numpy as np
import pytest
from PIL import Image

from kerakit.evaluation.plots import regression as plots
from kerakit.evaluation.plots.figure import axis_label, legend, new_figure, plain, png


@pytest.mark.many
def test_no_pyplot_state_and_no_backend_change():
    import matplotlib
    import matplotlib.pyplot

    before = matplotlib.get_backend(auto_select=False)
    figure = plots.residuals(np.arange(5.0), np.arange(5.0) + 1)
    image = Image.open(io.BytesIO(png(figure)))
    assert image.format == "PNG"
    assert image.size == tuple((figure.get_size_inches() * figure.dpi).round())
    # A figure of pyplot has a manager, and stays open until it is closed.
    assert figure.canvas.manager is None and matplotlib.pyplot.get_fignums() == []
    assert matplotlib.get_backend(auto_select=False) == before


def test_the_grid_of_axes():
    figure, axes = new_figure(3, 2, width=2, height=1)
    assert axes.shape == (2, 3) and len(figure.axes) == 6
    assert figure.get_size_inches().tolist() == [6, 2]


def test_names_are_short_and_no_formulas():
    assert plain("a\nb $x$") == r"a b \$x\$"
    assert plain("start" + "x" * 90 + "end") == "start" + "x" * 11 + "…" + "xxxxend"
    assert len(plain("漢" * 90)) == 12  # each is as wide as two letters
    assert axis_label("True", "$") == r"True [\$]" and axis_label("True", None) == "True"


def test_a_legend_only_where_there_is_a_label():
    figure, axes = new_figure(2)
    axes[0, 0].plot([1, 2], label="line")
    axes[0, 1].plot([1, 2])
    for axis in axes.flat:
        legend(axis)
    assert [axis.get_legend() is None for axis in axes.flat] == [False, True]
