"""The baseline of labelled series."""

import numpy as np
import pytest
from evaluation_cases import series_classifier, series_data

from kerakit.data.data import Data
from kerakit.evaluation import evaluate
from kerakit.evaluation.baselines.series import fit_series, resample


def test_series_are_resampled_to_one_length():
    nan = np.nan
    rows = np.array([[0, nan, 4, nan], [1, 1, 1, 7], [nan, 3, nan, nan], [nan] * 4])
    expected = [[0, 1, 2, 3, 4], [1, 1, 1, 2.5, 7], [3] * 5, [nan] * 5]
    np.testing.assert_allclose(resample(rows, 5), expected)
    two = np.stack([rows[:1], rows[1:2]], axis=-1)  # the second channel makes it 4 steps long
    np.testing.assert_allclose(resample(two, 4), [[0, 2, 4, 4, 1, 1, 1, 7]])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.drawing
def test_the_baseline_of_series(channels, tmp_path):
    data = series_data(channels=channels)
    report = evaluate(series_classifier(channels), data, run_dir=tmp_path)
    assert list(report.baseline) == ["majority", "logistic"]
    assert report.baseline["logistic"]["accuracy"] == 1.0
    assert report.test["accuracy"] == 1.0 and "confident_errors" not in report.plots
    assert "resampled to 12 steps. It was fitted on all 40 training rows" in report.notes[0]
    streamed = Data(data.train, None, data.test, data.spec)
    predict, _ = fit_series(streamed)
    features = data.table("test").features
    np.testing.assert_allclose(predict(features), fit_series(data)[0](features), atol=1e-6)


def test_more_series_than_are_fitted(monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.baselines.series.MAX_ROWS", 24)
    assert "24 of 40 training rows" in fit_series(series_data())[1]
    monkeypatch.setattr("kerakit.evaluation.baselines.series.MAX_ROWS", 4)
    predict, note = fit_series(series_data())
    assert predict is None and "more than a few CPU seconds" in note
