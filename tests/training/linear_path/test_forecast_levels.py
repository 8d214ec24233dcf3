"""Quantiles of a forecaster begin with the line and the quantiles of its errors."""

import keras
import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.training.linear_path import forecasts
from kerakit.training.linear_path.forecasts import weighted_quantiles

LEVELS = (0.1, 0.5, 0.9)


def noisy(steps=400, channels=None):
    """Values whose noise is skewed: the mean is not the median."""
    rng = np.random.default_rng(0)
    shape = steps if channels is None else (steps, channels)
    return (50 + rng.exponential(5.0, shape)).astype("float32")


def forecaster(data, **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data, units=2, encoder="rnn", quantiles=LEVELS)
    kk.compile(model, **options)
    return model


def stores():
    rng, days = np.random.default_rng(0), pd.date_range("2024-01-01", periods=300)
    tables = [
        pd.DataFrame({"day": days, "store": name, "sales": size * (9 + rng.exponential(1, 300))})
        for name, size in (("small", 1.0), ("large", 1000.0))
    ]
    return kk.load_series(pd.concat(tables), value="sales", id="store", window=7, horizon=2)


def answers(model, data, split):
    rows = {name: np.asarray(of) for name, of in data.table(split).features.items()}
    return model.predict(rows, verbose=0), np.asarray(data.table(split).target)


def test_weighted_quantiles_are_those_of_repeated_values():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(40, 2)), rng.integers(1, 5, (40, 2))
    found = weighted_quantiles(values, weights.astype(float), (0.05, 0.5, 0.93))
    for column in range(2):
        repeated = np.repeat(values[:, column], weights[:, column])
        expected = np.quantile(repeated, (0.05, 0.5, 0.93), method="inverted_cdf")
        np.testing.assert_array_equal(found[:, column], expected)


@pytest.mark.many
@pytest.mark.parametrize("channels", [None, 2])
def test_the_levels_are_solved_for_each_step_and_channel(channels, solve):
    data = kk.load_series(noisy(channels=channels), window=8, horizon=3)
    model = forecaster(data)
    line = solve(model, data)
    assert line.endswith("; levels by the quantiles of its errors")
    layer = model.get_layer("network").get_layer("linear.levels")
    assert not layer.trainable
    answer, y = answers(model, data, "train")
    below = (y[..., None] <= answer).mean(axis=0)  # windows weigh as their scale
    np.testing.assert_allclose(below, np.broadcast_to(LEVELS, below.shape), atol=0.06)
    # No other number for a level and a step has a lower pinball loss in training.
    loss = float(model.loss(y, answer))
    kernel = layer.kernel.numpy()
    assert (np.diff(kernel, axis=1) > 0).all()  # each level is in its own column
    for place in np.ndindex(kernel.shape):
        for change in (-0.02, 0.02):
            other = kernel.copy()
            other[place] += change
            layer.kernel.assign(other)
            assert float(model.loss(y, answers(model, data, "train")[0])) >= loss - 1e-7
    layer.kernel.assign(kernel)


@pytest.mark.many
def test_a_small_store_counts_as_much_as_a_large_one(solve):
    data = stores()
    model = forecaster(data)
    solve(model, data)
    answer, y = answers(model, data, "train")
    small = np.asarray(data.table("train").features["store"]) == "small"
    for of in (small, ~small):
        below = (y[of][..., None] <= answer[of]).mean(axis=(0, 1))
        np.testing.assert_allclose(below, LEVELS, atol=0.05)
    # The loss of each in its own standard deviations is alike; a loss without roots of the weights
    # would be a thousand times as large for the small one.
    weight = data.table("train").weight
    loss = [float(model.loss(y[of], answer[of], weight[of])) for of in (small, ~small)]
    assert loss[0] == pytest.approx(loss[1], rel=0.2)


@pytest.mark.many
def test_of_many_windows_some_are_enough(solve, monkeypatch):
    data = kk.load_series(noisy(2000), window=8, horizon=2)
    every, some = forecaster(data), forecaster(data)
    solve(every, data)
    monkeypatch.setattr(forecasts, "MAX_ERRORS", 800)
    monkeypatch.setattr(forecasts, "ROWS", 100)
    solve(some, data)
    kernels = [m.get_layer("network").get_layer("linear.levels").kernel for m in (every, some)]
    assert np.any(kernels[0].numpy() != kernels[1].numpy())
    np.testing.assert_allclose(kernels[0], kernels[1], atol=0.25)


@pytest.mark.training
def test_training_never_leaves_quantiles_worse_than_the_line_with_its_errors(solve):
    data = kk.load_series(noisy(), window=8, horizon=3)
    alone, model = forecaster(data), forecaster(data, learning_rate=1.0)
    solve(alone, data)
    (start, y), after = answers(alone, data, "validation"), None
    history = kk.fit(model, data, epochs=2, verbose=0)
    after = answers(model, data, "validation")[0]
    first, last = float(model.loss(y, start)), float(model.loss(y, after))
    assert last <= first * (1 + 1e-5)
    assert min(history.history["val_loss"]) > first  # a rate of 1.0 makes it worse
    np.testing.assert_allclose(after, start, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.training
def test_the_network_learns_where_the_noise_is_wide():
    """Noise whose size repeats every eight steps: the levels follow it, one width does not."""
    rng, steps = np.random.default_rng(0), np.arange(3000)
    sizes = np.where(steps % 8 < 4, 0.2, 2.0)
    values = (10 + np.sin(steps * np.pi / 4) + sizes * rng.normal(size=3000)).astype("float32")
    data = kk.load_series(values, window=16, horizon=8, season=8)
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data, encoder="segment", segment=8, units=16, quantiles=LEVELS)
    kk.compile(model)
    kk.fit(model, data, epochs=25, verbose=0)
    answer, y = answers(model, data, "test")
    inside = (answer[..., 0] <= y) & (y <= answer[..., 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.05)
    starts = data.table("test").target.starts
    wide = (starts[:, None] + np.arange(8)) % 8 >= 4
    width = answer[..., 2] - answer[..., 0]
    # 80 % of a normal distribution: 2 * 1.2816 standard deviations.
    assert np.median(width[wide]) == pytest.approx(2 * 1.2816 * 2.0, rel=0.25)
    assert np.median(width[~wide]) < 0.4 * np.median(width[wide])
