import numpy as np
import pytest

from kerakit.evaluation.plots import regression as plots
from kerakit.evaluation.plots.figure import png


@pytest.mark.many
def test_predictions_of_several_targets_and_intervals():
    y = np.arange(12.0).reshape(6, 2)
    figure = plots.predicted_vs_true(y, y + 1, names=("a_$", "b"), unit="$/m")
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        r"Predicted and true: a_\$",
        "Predicted and true: b",
    ]
    png(figure)
    interval = plots.predicted_vs_true(y[:, 0], y[:, 0], lower=y[:, 0] - 1, upper=y[:, 0] + 1)
    assert "interval" in interval.axes[0].get_legend_handles_labels()[1]


def test_residuals_are_predicted_minus_true():
    figure = plots.residuals(np.float32([1, 2, 3]), np.float32([2, 2, 5]))
    np.testing.assert_allclose(figure.axes[0].collections[0].get_offsets()[:, 1], [1, 0, 2])
    assert sum(patch.get_height() for patch in figure.axes[1].patches) == 3
