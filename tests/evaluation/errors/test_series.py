"""Misclassified series in the report."""

import numpy as np
import pytest
from evaluation_cases import series_classifier, series_data

from kerakit.data.data import Data, Table
from kerakit.evaluation import evaluate


@pytest.mark.drawing
def test_plot_series_are_drawn(tmp_path, monkeypatch):
    import kerakit.evaluation.tasks.classification as classification

    data = series_data()
    flipped = Table(data.table("test").features, 1 - data.table("test").target)
    drawn, draw = [], classification.plot_series
    monkeypatch.setattr(
        classification, "plot_series", lambda *values: drawn.append(draw(*values)) or drawn[0]
    )
    report = evaluate(
        series_classifier(), Data(data.table("train"), None, flipped, data.spec), run_dir=tmp_path
    )
    assert "confident_errors" in report.plots and len(drawn[0].axes) == 9
    title = drawn[0].axes[0].get_title(loc="left")
    row = int(title.rsplit(" ", 1)[1])
    series = flipped.features["series"][row]
    np.testing.assert_array_equal(
        drawn[0].axes[0].lines[0].get_ydata(), series[: len(np.trim_zeros(~np.isnan(series), "b"))]
    )
    assert title.startswith(f"{('falls', 'rises')[flipped.target[row]]}, predicted ")
    assert "figure:not(.photos)" in report.path.read_text()
