"""Plots of a classifier."""

import numpy as np
import pytest

from kerakit.evaluation.plots import classification as plots
from kerakit.evaluation.plots.figure import png


@pytest.mark.many
@pytest.mark.parametrize("names", [("bad", "good"), ("a", "b", "c"), tuple("abcdefghij")])
def test_nothing_of_a_confusion_matrix_is_cut_off(names):
    y = np.repeat(np.arange(len(names)), 30)
    figure = plots.confusion_matrix(y, y, names)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()  # in inches
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 < box.x1 <= width and 0 <= box.y0 < box.y1 <= height


def test_confusion_matrix_counts_and_names():
    figure = plots.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2], ["<b>&", "$5", "c"])
    axis = figure.axes[0]
    counts = [text.get_text() for text in axis.texts]
    assert counts == ["1", "1", "0", "0", "1", "0", "0", "0", "1"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["<b>&", r"\$5", "c"]
    np.testing.assert_allclose(axis.images[0].get_array()[0], [0.5, 0.5, 0])


@pytest.mark.drawing
@pytest.mark.parametrize("size", [30, 200])
def test_confusion_matrix_of_many_classes(size):
    figure = plots.confusion_matrix(range(size), range(size), [f"c{i}" for i in range(size)])
    assert len(figure.axes[0].texts) == (size if size <= 30 else 0)
    assert figure.get_size_inches().max() < 16
    png(figure)


def test_curves_of_two_classes_are_of_the_positive_one():
    y, p = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    for function in (plots.roc, plots.precision_recall):
        labels = function(y, p, ("no", "yes")).axes[0].get_legend_handles_labels()[1]
        assert labels[-1].startswith("yes, A") and labels[-1].endswith(" 1.000")


def test_curves_skip_classes_without_both_kinds_of_rows():
    y, p = np.array([0, 1, 1]), np.full((3, 3), 1 / 3)
    labels = plots.roc(y, p, "abc").axes[0].get_legend_handles_labels()[1]
    assert [label[0] for label in labels] == ["c", "a", "b"]  # chance, then the two classes
    none = plots.roc(np.zeros(3, int), p[:, :2], "ab").axes[0]
    assert "two classes" in none.texts[0].get_text()


def test_curves_of_many_classes_have_no_legend_of_classes():
    y, p = np.arange(20), np.full((20, 20), 0.05)
    axis = plots.precision_recall(y, p, [str(i) for i in range(20)]).axes[0]
    assert len(axis.lines) == 20 and axis.get_legend() is None


def test_reliability_by_hand():
    figure = plots.reliability_diagram([0.62, 0.64, 0.95], [True, False, True], ece=0.1)
    x, y = figure.axes[0].lines[-1].get_data()
    np.testing.assert_allclose(x, [0.63, 0.95])
    np.testing.assert_allclose(y, [0.5, 1.0])
