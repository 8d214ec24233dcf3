"""Baselines of forecasts: the seasonal naive forecast and ridge regression."""

import numpy as np
import pytest
from evaluation_cases import forecast_data

from kerakit.data.data import Data
from kerakit.evaluation.baselines.forecasts import fit_linear, last_season, without_gaps


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


@pytest.mark.many
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_the_linear_baseline_is_ridge_regression(channels, streamed, monkeypatch):
    """Against scikit-learn's Ridge on all windows at once, at the alpha that was chosen."""
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
    std = np.sqrt(data.spec.target.variance)

    def rows(table):
        x, y = (np.asarray(c, "float64") for c in (table.features["window"], table.target))
        x, y = (c.reshape(*c.shape[:2], -1) / std for c in (x, y))
        last = x[:, -1:]
        return [np.moveaxis(c - last, 2, 1).reshape(-1, c.shape[1]) for c in (x, y)]

    x, y = rows(tables[0])
    alpha = float(note.split("alpha of ")[1].split()[0])
    unit = np.trace(np.cov(x.T, bias=True)) / 8
    losses = {}
    for one in (1e-6, 1e-4, 1e-2, 1.0):
        model = Ridge(alpha=one * unit * len(x), solver="cholesky").fit(x, y)
        z, truth = rows(tables[1])
        losses[one] = np.mean((model.predict(z) - truth) ** 2)
        if one == alpha:
            z, truth = rows(tables[2])
            expected = model.predict(z)
    assert min(losses, key=losses.get) == alpha
    window = np.asarray(tables[2].features["window"])
    last = window.reshape(*window.shape[:2], -1)[:, -1:]
    got = predict(window)
    assert got.shape == tables[2].target.shape
    got = np.moveaxis((got.reshape(*got.shape[:2], -1) - last) / std, 2, 1)
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
