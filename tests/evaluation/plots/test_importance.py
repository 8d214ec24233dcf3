import numpy as np

from kerakit.evaluation.plots.figure import png
from kerakit.evaluation.plots.importance import MAX_BARS, importance


def test_bars_are_the_first_columns_from_top_to_bottom():
    columns = [{"column": f"c_{i} $", "increase": 30 - i, "std": 1.0} for i in range(25)]
    figure = importance(columns, "RMSE [$]")
    axis = figure.axes[0]
    assert [bar.get_width() for bar in axis.patches] == list(range(30, 30 - MAX_BARS, -1))
    assert axis.get_yticklabels()[0].get_text() == r"c_0 \$"
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first one is on top
    assert axis.get_xlabel() == r"Increase of the RMSE [\$]"
    (lines,) = axis.collections
    np.testing.assert_allclose(lines.get_segments()[0][:, 0], [29, 31])  # one standard deviation
    png(figure)
