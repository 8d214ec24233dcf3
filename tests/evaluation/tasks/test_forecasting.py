"""Evaluation of forecasters."""

import json

import numpy as np
import pytest
from evaluation_cases import forecast_data, naive_forecaster

from kerakit.data.data import Data
from kerakit.errors import DataError, KerakitError
from kerakit.evaluation import evaluate


@pytest.mark.drawing
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


@pytest.mark.slow
@pytest.mark.drawing
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
    spread = np.sqrt(data.spec.target.variance)
    squares = np.mean(((last - y) / spread) ** 2, axis=(0, 2))
    assert report.test["mse_standardised"] == pytest.approx(squares.mean(), rel=1e-5)
    assert report.by_horizon["model"] == pytest.approx(np.sqrt(squares), rel=1e-5)
    assert report.baseline["seasonal_naive"] == pytest.approx(report.test, rel=1e-5)
    assert list(report.test) == ["mase", "mse_standardised", "mae_standardised"]
    assert "season is longer than the window" in report.notes[0]


def test_channels_of_different_units_are_measured_one_by_one():
    """Both rise evenly, by 1 and by 1000 a step: the last value is 1 step, then 2 steps late."""
    series = np.arange(100.0)[:, None] * [1.0, 1000.0]
    data = forecast_data(series, window=6, horizon=2)
    report = evaluate(naive_forecaster(data.spec), data)
    assert report.per_target["c0"]["mae"] == pytest.approx(1.5)
    assert report.per_target["c1"]["mae"] == pytest.approx(1500)
    assert report.per_target["c1"]["rmse"] == pytest.approx(1000 * np.sqrt(2.5))
    assert report.per_target["c1"]["mase"] == pytest.approx(1.5)
    naive = report.per_target["c1"]["baseline"]["seasonal_naive"]
    assert naive["mae"] == pytest.approx(1500) and naive["mase"] == pytest.approx(1.5)
    assert not {"mse", "mae", "rmse"} & {*report.test, *report.baseline["linear"]}
    first, _, header, line, *_ = str(report).splitlines()
    assert first.startswith("RMSE on 19 test windows: c0 1.581, level with repeating the last")
    assert header.split()[:4] == ["target", "rmse", "mae", "mase"]
    assert line.split()[:4] == ["c0", "1.581", "1.500", "1.500"]


@pytest.mark.many
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


@pytest.mark.many
def test_windows_are_never_cut_out_all_at_once(monkeypatch):
    """2,899 windows of 100 steps of 4 channels would be 5 MB: no more than 1 MB is made."""
    from kerakit.data.storage.windows import Windows

    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 2**17)
    made = []
    cut = Windows.__array__

    def watched(self, dtype=None, copy=None):
        made.append(int(np.prod(self.shape)) * 4)
        return cut(self, dtype, copy)

    monkeypatch.setattr(Windows, "__array__", watched)
    monkeypatch.setattr("kerakit.evaluation.baselines.forecasts.MAX_ROWS", 300)
    series = np.random.default_rng(0).normal(size=(5000, 4)).astype("float32")
    data = forecast_data(series, window=100, horizon=2)
    evaluate(naive_forecaster(data.spec), data)
    assert max(made) <= 2**20


@pytest.mark.drawing
def test_several_series_are_measured_one_by_one(tmp_path):
    """Two series that grow by 1 and by 100 a step, and one that is in the test split only."""
    import pandas as pd

    import kerakit as kk

    days = pd.date_range("2024-01-01", periods=60)
    parts = [
        pd.DataFrame({"day": days[begin:], "shop": shop, "sales": step * np.arange(60.0)[begin:]})
        for shop, step, begin in (("slow", 1, 0), ("fast", 100, 0), ("new", 1, 45))
    ]
    with pytest.warns(UserWarning, match="1 of 3 series have no window to train on"):
        data = kk.load_series(pd.concat(parts), value="sales", id="shop", window=8, horizon=2)
    model = kk.sequence_forecaster(data, units=2)  # repeats the last value: off by 1 and 2 steps
    report = evaluate(model, data, run_dir=tmp_path)
    # The naive error of a season of seven days is seven steps.
    assert report.test["mase"] == pytest.approx(1.5 / 7, rel=1e-4)
    assert report.baseline["seasonal_naive"]["mase"] == pytest.approx(1.0, rel=1e-4)
    assert list(report.per_series)[-1] == "new" and report.per_series["new"]["mase"] is None
    fast = report.per_series["fast"]
    assert (fast["mae"], fast["windows"]) == (pytest.approx(150, rel=1e-5), 11)
    assert fast["baseline"]["seasonal_naive"]["mae"] == pytest.approx(700, rel=1e-5)
    deviation = np.std(np.arange(38.0))  # of the training steps
    assert report.test["mae_standardised"] == pytest.approx(1.5 / deviation, rel=1e-4)
    assert report.by_horizon["model"] == pytest.approx([1 / deviation, 2 / deviation], rel=1e-4)
    assert str(report).startswith(
        "MASE 0.2143 on "
    ) and "test windows of 3 series, 79% below" in str(report)
    assert any("'new': their errors are in mse, mae and rmse only" in n for n in report.notes)
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["per_series"]["slow"]["mase"] == pytest.approx(1.5 / 7, rel=1e-4)
    assert "The series with the largest errors come first" in report.path.read_text()


def part(data, rows):
    """The same data with some of the test rows."""
    return Data(
        data.table("train"), data.table("validation"), data.table("test").take(rows), data.spec
    )


@pytest.mark.drawing
def test_groups_of_origins_are_measured_as_if_each_were_the_test_split(tmp_path):
    rng = np.random.default_rng(0)
    data = forecast_data(rng.normal(size=200).cumsum(), window=6, horizon=2, season=3, unit="m")
    report = evaluate(naive_forecaster(data.spec), data, origins=3, run_dir=tmp_path)
    found = report.origins
    assert (found["count"], found["metric"], found["spacing"]) == (3, "rmse", 1)
    bounds = np.cumsum([0, *(group["windows"] for group in found["groups"])])
    assert bounds.tolist() == [0, 13, 26, 39]
    for group, start, end in zip(found["groups"], bounds, bounds[1:], strict=False):
        alone = evaluate(naive_forecaster(data.spec), part(data, slice(start, end)))
        assert group["model"] == pytest.approx(alone.test)
        for name, values in alone.baseline.items():
            assert group["baseline"][name] == pytest.approx(values)
            skill = 1 - alone.test["rmse"] / values["rmse"]
            assert group["skill"][name] == pytest.approx(skill)
    errors = [group["model"]["rmse"] for group in found["groups"]]
    assert found["mean"]["model"]["rmse"] == pytest.approx(np.mean(errors))
    assert found["std"]["model"]["rmse"] == pytest.approx(np.std(errors, ddof=1))
    # Groups of one size: the mean of their squared errors is that of all windows.
    assert np.mean(np.square(errors)) == pytest.approx(report.test["mse"])
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["origins"] == found
    assert "error_by_origin" in report.plots and report.plots["error_by_origin"].is_file()
    page, text = report.path.read_text(), str(report)
    assert "<h2>Backtest</h2>" in page and "is not trained again for a later group" in page
    assert "39 test windows, in the order of time, are cut into 3 groups" in text
    lines = [line.split()[0] for line in text.splitlines() if line]
    at = lines.index("group")
    assert lines[at : at + 6] == ["group", "1", "2", "3", "mean", "std"]
    assert "skill, linear" in report._repr_html_()


@pytest.mark.many
def test_groups_of_origins_are_the_same_in_small_batches(monkeypatch):
    data = forecast_data(np.random.default_rng(0).normal(size=200), window=6, horizon=2)
    whole = evaluate(naive_forecaster(data.spec), data, origins=5).origins
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 6 * 9)
    parts = evaluate(naive_forecaster(data.spec), data, origins=5).origins
    for one, other in zip(whole["groups"], parts["groups"], strict=True):
        assert one["windows"] == other["windows"]
        assert one["model"] == pytest.approx(other["model"])
        assert one["baseline"]["linear"] == pytest.approx(other["baseline"]["linear"])


def test_without_origins_there_is_no_backtest():
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    report = evaluate(naive_forecaster(data.spec), data)
    assert report.origins == {} and "Backtest" not in str(report)
    one = evaluate(naive_forecaster(data.spec), data, origins=1).origins
    assert one["std"]["model"]["rmse"] is None and one["groups"][0]["windows"] == 19
    assert one["groups"][0]["skill"]["seasonal_naive"] == 0  # the same forecast


def test_a_model_that_is_better_in_one_month_only_is_seen():
    """The last value forecasts a random walk better than the last season, and a wave worse."""
    rng, steps = np.random.default_rng(0), np.arange(400.0)
    wave = np.sin(steps * np.pi / 3) + 0.05 * rng.normal(size=400)
    series = np.where(steps < 380, wave, wave[379] + rng.normal(size=400).cumsum())
    data = forecast_data(series, window=6, horizon=2, season=6)
    found = evaluate(
        naive_forecaster(data.spec), data, origins=4, baselines={"linear": None}
    ).origins
    skill = [group["skill"]["seasonal_naive"] for group in found["groups"]]
    assert all(one < -1 for one in skill[:3]) and skill[3] > 0
    assert list(found["mean"]["skill"]) == ["seasonal_naive"]


def test_groups_of_channels_and_of_several_series():
    rng = np.random.default_rng(0)
    data = forecast_data(rng.normal(size=(100, 2)), window=6, horizon=2)
    found = evaluate(naive_forecaster(data.spec), data, origins=2).origins
    assert found["metric"] == "mase" and "rmse" not in found["groups"][0]["model"]
    import pandas as pd

    import kerakit as kk

    days = pd.date_range("2024-01-01", periods=60)
    parts = [
        pd.DataFrame({"day": days, "shop": shop, "sales": step * np.arange(60.0)})
        for shop, step in (("slow", 1), ("fast", 100))
    ]
    data = kk.load_series(pd.concat(parts), value="sales", id="shop", window=8, horizon=2)
    model = kk.sequence_forecaster(data, units=2)  # repeats the last value: off by 1 and 2 steps
    found = evaluate(model, data, origins=2).origins
    assert found["metric"] == "mase"
    assert [group["windows"] for group in found["groups"]] == [12, 10]
    for group in found["groups"]:
        assert group["model"]["mase"] == pytest.approx(1.5 / 7, rel=1e-4)
        assert group["skill"]["seasonal_naive"] == pytest.approx(1 - 1.5 / 7, rel=1e-4)


def quantile_forecaster(spec, offsets):
    """The last value and offsets on a last axis."""
    import keras

    (feature,) = spec.features
    window = keras.Input(feature.shape, name="window")
    last = keras.ops.repeat(window[:, -1:], spec.series.horizon, axis=1)[..., None]
    answer = keras.ops.concatenate([last + offset for offset in offsets], axis=-1)
    return keras.Model({"window": window}, answer)


def test_quantiles_are_measured_level_by_level():
    """The series rises by 1 a step: the true values are 1 and 2 above the last value."""
    data = forecast_data(np.arange(100.0), window=6, horizon=2, unit="m")
    model = quantile_forecaster(data.spec, (0.0, 1.0, 1.5))
    report = evaluate(model, data, quantiles=(0.25, 0.5, 0.75), origins=2)
    # Errors at 0.25: 1, 2; at 0.5: 0, 1; at 0.75: -0.5, 0.5.
    expected = {"0.25": (0.375, 0.0), "0.5": (0.25, 0.5), "0.75": (0.25, 0.5)}
    for level, (loss, below) in expected.items():
        assert report.per_level[level] == pytest.approx({"pinball": loss, "below": below})
    assert report.test["pinball"] == pytest.approx((0.375 + 0.25 + 0.25) / 3)
    assert report.test["mae"] == pytest.approx(0.5)  # of the middle level
    assert report.test["coverage"] == 0.5 and report.test["interval_width"] == 1.5
    assert [group["model"]["coverage"] for group in report.origins["groups"]] == [0.5, 0.5]
    assert "pinball loss" in str(report) and "true values below" in report._repr_html_()
    several = forecast_data(np.arange(100.0)[:, None] * [1, 10], window=6, horizon=2)
    model = quantile_forecaster(several.spec, (0.0, 1.0, 1.5))
    report = evaluate(model, several, quantiles=(0.25, 0.5, 0.75))
    assert report.per_target["c0"]["pinball"] == pytest.approx(0.875 / 3)
    assert "pinball" not in report.test and list(report.per_level["0.5"]) == ["below"]
    with pytest.raises(DataError, match=r"needs \(None, 2, 3\): 2 steps.*quantiles"):
        evaluate(naive_forecaster(data.spec), data, quantiles=(0.25, 0.5, 0.75))
