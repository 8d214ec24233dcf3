"""Forecasts: the numbers by hand, the baselines, and what the report shows."""

import json

import numpy as np
import pytest
from evaluation_cases import forecast_data, naive_forecaster

from kerakit.data.data import Data
from kerakit.errors import DataError, KerakitError
from kerakit.evaluation import evaluate
from kerakit.evaluation.baselines.forecasts import fit_linear, last_season, without_gaps
from kerakit.evaluation.metrics.forecasting import HorizonErrors, naive_scale, training_series


def test_metrics_by_hand():
    """Two channels; errors 1 and 2 in the first, 10 and 30 in the second."""
    errors = HorizonErrors()
    y = np.array([[[0.0, 0.0]], [[0.0, 0.0]]])
    errors.add(y[:1], [[[1.0, 10.0]]])
    errors.add(y[1:], [[[-2.0, 30.0]]])
    found = errors.metrics(variance=(4.0, 100.0), scale=[0.5, 10.0])
    assert found == {
        "mse": pytest.approx((1 + 4 + 100 + 900) / 4),
        "mae": pytest.approx((1 + 2 + 10 + 30) / 4),
        "rmse": pytest.approx(np.sqrt(1005 / 4)),
        "mase": pytest.approx((1.5 / 0.5 + 20 / 10) / 2),
        "mse_standardised": pytest.approx((1 / 4 + 4 / 4 + 1 + 9) / 4),
        "mae_standardised": pytest.approx((1 / 2 + 2 / 2 + 1 + 3) / 4),
    }
    assert errors.rmse_by_step() == [pytest.approx(np.sqrt(1005 / 4))]


def test_what_is_undefined_is_none():
    errors = HorizonErrors()
    errors.add(np.zeros((1, 2)), np.ones((1, 2)))
    found = errors.metrics()
    assert found["mase"] is None and found["mse_standardised"] is None and found["mae"] == 1
    # A channel without a naive error does not count; one that does not vary has its own unit.
    errors = HorizonErrors()
    errors.add(np.zeros((1, 1, 2)), np.array([[[1.0, 3.0]]]))
    found = errors.metrics(variance=(0.0, 9.0), scale=[0.0, 2.0])
    assert found["mase"] == 1.5 and found["mae_standardised"] == 1.0


@pytest.mark.parametrize(
    "series, season, expected",
    [
        ([1, 2, 4, 4], 2, [2.5]),
        ([1, 2, 4, 4], 4, [np.nan]),
        ([1, np.nan, 4, 6], 1, [2.0]),
        ([[0, 0], [1, 5], [3, 5]], 1, [1.5, 2.5]),
    ],
)
def test_scale_of_the_naive_forecast(series, season, expected):
    np.testing.assert_allclose(naive_scale(np.array(series, "float32"), season), expected)


def test_the_training_part_ends_with_the_last_training_target():
    data = forecast_data(np.arange(40.0), window=5, horizon=3)
    np.testing.assert_array_equal(training_series(data), np.arange(24.0))
    data = forecast_data(np.arange(40.0), window=5, horizon=3, stride=6)
    np.testing.assert_array_equal(training_series(data), np.arange(20.0))  # starts 0, 6, 12


def test_gaps_are_the_last_known_value():
    window = np.array([[np.nan, 1, np.nan, 3, np.nan], [np.nan] * 5])
    assert without_gaps(window)[..., 0].tolist() == [[1, 1, 1, 3, 3], [0] * 5]
    two = np.array([[[1.0, np.nan], [np.nan, 5.0]]])
    assert without_gaps(two).tolist() == [[[1, 5], [1, 5]]]


def test_the_last_season_again_and_again():
    window = np.array([[9.0, 1, 2, 3]])
    assert last_season(window, 5, 3).tolist() == [[1, 2, 3, 1, 2]]
    assert last_season(window, 3, 5).tolist() == [[3, 3, 3]]  # shorter than a season
    assert last_season(window, 2, 1).tolist() == [[3, 3]]
    assert last_season(np.array([[1.0, 2, np.nan]]), 2, 2).tolist() == [[2, 2]]
    assert last_season(window[..., None].repeat(2, -1), 5, 3).shape == (1, 5, 2)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_linear_baseline_is_ridge_regression(channels, streamed, monkeypatch):
    """Against scikit-learn's Ridge on all windows at once, at the strength that was chosen."""
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    series = np.cumsum(rng.normal(size=(400, channels)), axis=0) * [1.0, 50.0][:channels]
    series = series[:, 0] if channels == 1 else series
    data = forecast_data(series, window=8, horizon=3)
    tables = [data.table(split) for split in ("train", "validation", "test")]
    if streamed:
        monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 8 * 7)
        data = Data(data.train, data.validation, data.test, data.spec)
    predict, note = fit_linear(data)
    deviation = np.sqrt(data.spec.target.variance)

    def rows(table):
        x, y = (np.asarray(c, "float64") for c in (table.features["window"], table.target))
        x, y = (c.reshape(*c.shape[:2], -1) / deviation for c in (x, y))
        last = x[:, -1:]
        return [np.moveaxis(c - last, 2, 1).reshape(-1, c.shape[1]) for c in (x, y)]

    x, y = rows(tables[0])
    strength = float(note.split("strength of ")[1].split()[0])
    unit = np.trace(np.cov(x.T, bias=True)) / 8
    losses = {}
    for one in (1e-6, 1e-4, 1e-2, 1.0):
        model = Ridge(alpha=one * unit * len(x), solver="cholesky").fit(x, y)
        z, truth = rows(tables[1])
        losses[one] = np.mean((model.predict(z) - truth) ** 2)
        if one == strength:
            z, truth = rows(tables[2])
            expected = model.predict(z)
    assert min(losses, key=losses.get) == strength
    window = np.asarray(tables[2].features["window"])
    last = window.reshape(*window.shape[:2], -1)[:, -1:]
    got = predict(window)
    assert got.shape == tables[2].target.shape
    got = np.moveaxis((got.reshape(*got.shape[:2], -1) - last) / deviation, 2, 1)
    np.testing.assert_allclose(got.reshape(expected.shape), expected, atol=1e-6)


def test_many_windows_are_thinned_out_evenly(monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.baselines.forecasts.MAX_ROWS", 50)
    rng = np.random.default_rng(0)
    t = np.arange(1000)
    data = forecast_data(np.sin(t / 5) + 0.01 * rng.normal(size=1000), window=12, horizon=2)
    predict, note = fit_linear(data)
    assert "one window in 12." in note  # of 587
    table = data.table("test")
    error = predict(np.asarray(table.features["window"])) - np.asarray(table.target)
    assert np.sqrt(np.mean(error**2)) < 0.05
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 12 * 31)  # every 12th all the same
    again = fit_linear(data)[0](np.asarray(table.features["window"]))
    np.testing.assert_allclose(again, error + np.asarray(table.target), atol=1e-9)


def test_a_whole_run(tmp_path):
    """The series is 0, 1, 2, ...: the model is off by 1 and 2, one more with its offset."""
    data = forecast_data(np.arange(100.0), window=6, horizon=2, season=3, unit="m")
    report = evaluate(naive_forecaster(data.spec), data, run_dir=tmp_path, history={"loss": [1]})
    assert report.counts == {"train": 53, "validation": 19, "test": 19}
    assert report.test["mse"] == pytest.approx((1 + 4) / 2)
    assert report.test["rmse"] == pytest.approx(np.sqrt(2.5))
    assert report.test["mae"] == 1.5 and report.test["mase"] == pytest.approx(0.5)
    assert report.test["mae_standardised"] == pytest.approx(1.5 / np.std(np.arange(60)))
    assert report.by_horizon["model"] == [1.0, 2.0]
    assert report.by_horizon["seasonal_naive"] == [3.0, 3.0]
    assert report.baseline["seasonal_naive"]["mase"] == 1.0
    assert report.baseline["linear"]["rmse"] < 1e-3
    assert list(report.baseline) == ["seasonal_naive", "linear"]
    assert set(report.plots) == {"forecasts", "error_by_horizon", "learning_curves"}
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["by_horizon"]["model"] == [1.0, 2.0] and values["task"] == "forecast"
    first = str(report).splitlines()[0]
    assert first.startswith("RMSE 1.581 m on 19 test windows, 47% below repeating the last season")
    page = report.path.read_text()
    assert "repeats the last 3 steps, one season, of the window" in page
    assert "Steps of the horizon" in page


def test_several_channels_and_gaps(tmp_path):
    rng = np.random.default_rng(0)
    series = rng.normal(size=(120, 5)).cumsum(axis=0).astype("float32")
    series[10:12, 0] = np.nan
    data = forecast_data(series, window=8, horizon=3, season=20)
    keep = np.isfinite(np.asarray(data.table("train").target)).all(axis=(1, 2))
    train = data.table("train").take(np.flatnonzero(keep))
    data = Data(train, data.table("validation"), data.table("test"), data.spec)
    report = evaluate(naive_forecaster(data.spec), data, run_dir=tmp_path)
    y = np.asarray(data.table("test").target)
    last = np.asarray(data.table("test").features["window"])[:, -1:]
    assert report.test["mse"] == pytest.approx(np.mean((last - y) ** 2), rel=1e-5)
    assert report.baseline["seasonal_naive"] == pytest.approx(report.test, rel=1e-5)
    assert "season is longer than the window" in report.notes[0]


def test_a_stream_and_small_batches_give_the_same(monkeypatch):
    data = forecast_data(np.sin(np.arange(200.0)), window=6, horizon=2)
    model = naive_forecaster(data.spec)
    whole = evaluate(model, data)
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 6 * 9)
    parts = evaluate(model, data)
    assert parts.test == pytest.approx(whole.test)
    streamed = evaluate(model, Data(data.train, data.validation, data.test, data.spec))
    assert streamed.test["rmse"] == pytest.approx(whole.test["rmse"])
    assert streamed.test["mase"] is None and any("mase" in note for note in streamed.notes)


def test_answers_that_do_not_fit(tmp_path):
    data = forecast_data(np.arange(60.0), window=6, horizon=2)
    other = forecast_data(np.arange(60.0), window=6, horizon=3)
    with pytest.raises(DataError, match=r"\(None, 3\), but made-up needs \(None, 2\): 2 steps"):
        evaluate(naive_forecaster(other.spec), data)
    with pytest.raises(KerakitError, match="NaN or infinite"):
        evaluate(naive_forecaster(data.spec, float("nan")), data, run_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_windows_are_never_cut_out_all_at_once(monkeypatch):
    """40,000 windows of 300 steps of 4 channels would be 190 MB: no more than 1 MB is made."""
    from kerakit.data.storage.windows import Windows

    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 2**17)
    made = []
    cut = Windows.__array__

    def watched(self, dtype=None, copy=None):
        made.append(int(np.prod(self.shape)) * 4)
        return cut(self, dtype, copy)

    monkeypatch.setattr(Windows, "__array__", watched)
    monkeypatch.setattr("kerakit.evaluation.baselines.forecasts.MAX_ROWS", 1000)
    series = np.random.default_rng(0).normal(size=(5000, 4)).astype("float32")
    data = forecast_data(series, window=300, horizon=2)
    evaluate(naive_forecaster(data.spec), data)
    assert max(made) <= 2**20
