"""A forecaster's line is that of scikit-learn, it stays, and training never leaves it worse."""

import contextlib
import re

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

import kerakit as kk
from kerakit.data.data import Data

RIDGES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # parts of the mean eigenvalue


def waves(noise, channels=None, steps=180):
    rng = np.random.default_rng(0)
    location = np.arange(steps) if channels is None else np.arange(steps)[:, None]
    speed = 1 / 3 if channels is None else 1 / np.arange(3, 3 + channels)
    values = 50 + 20 * np.sin(location * speed)
    return (values + noise * rng.normal(size=values.shape)).astype("float32")


def series_of(kind, **options):
    options = {"window": 8, "horizon": 3, **options}
    if kind == "calendar":
        times = pd.date_range("2024-01-01", periods=180, freq="h")
        frame = pd.DataFrame({"time": times, "load": waves(5.0)})
        return kk.load_series(frame, calendar="day", **options)
    values = waves(1e-3) if kind == "clean" else waves(5.0, 3 if kind == "three" else None)
    if kind == "gaps":
        values[[20, 40, 41, 90, 130]] = np.nan
    with pytest.warns(UserWarning) if kind == "gaps" else contextlib.nullcontext():
        return kk.load_series(values, **options)


def forecaster(data, **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data.spec, encoder="rnn", units=2)
    kk.compile(model, "forecasting", **options)
    return model


def rows_of(data, split):
    """What the line sees of every window and channel, in NumPy: windows, answers, scales."""
    table, target = data.table(split), data.spec.target
    mean, deviation = np.array(target.mean), np.sqrt(target.variance)
    windows, answers = (np.asarray(c, "f8") for c in (table.features["window"], table.target))
    shape = len(windows), -1, len(mean)
    windows = ((windows.reshape(shape) - mean) / deviation).transpose(0, 2, 1).reshape(-1, 8)
    answers = ((answers.reshape(shape) - mean) / deviation).transpose(0, 2, 1).reshape(-1, 3)
    level = np.array([row[np.isfinite(row)][-1] for row in windows])[:, None]
    scale = np.sqrt(np.nanvar(windows, 1, keepdims=True) + 0.1**2)
    return np.nan_to_num((windows - level) / scale), (answers - level) / scale, scale[:, 0]


def best_ridge(data):
    """`(strength, Ridge, validation error)` of the best strength."""
    x, y, scale = rows_of(data, "train")
    unit = np.mean(np.sum((x * scale[:, None]) ** 2, 0))
    found = []
    for strength in RIDGES if data.spec.sizes["validation"] else RIDGES[2:3]:
        line, error = Ridge(strength * unit).fit(x, y, sample_weight=scale**2), np.nan
        if data.spec.sizes["validation"]:
            held, answer, size = rows_of(data, "validation")
            error = np.mean((size[:, None] * (line.predict(held) - answer)) ** 2)
        found.append((error, strength, line))
    error, strength, line = min(found, key=lambda each: each[0])
    return strength, line, error


@pytest.mark.many
@pytest.mark.parametrize(
    ("kind", "strength"),
    [("one", 1e-6), ("three", 1e-2), ("calendar", 1e-6), ("gaps", 1e-1)],
)
def test_a_forecasters_line_is_the_best_ridge_of_scikit_learn(kind, strength, solve):
    data = series_of(kind)
    model = forecaster(data)
    told = solve(model, data)
    found, line, error = best_ridge(data)
    assert found == strength
    layer = model.get_layer("network").get_layer("linear.window")
    np.testing.assert_allclose(layer.kernel, line.coef_.T, atol=2e-4)
    np.testing.assert_allclose(layer.bias, line.intercept_, atol=2e-4)
    assert not layer.trainable
    said = r"linear path: ridge regression, validation mean squared error (\S+) \(standard"
    assert float(re.search(said, told)[1]) == pytest.approx(error, rel=2e-3)


@pytest.mark.training
def test_fit_solves_the_line_and_says_so(solve, capsys):
    data = series_of("one")
    alone, model = forecaster(data), forecaster(data)
    told = solve(alone, data)
    history = kk.fit(model, data, epochs=1, verbose=2)
    assert told == history.linear_path and told in capsys.readouterr().out.splitlines()
    layers = [m.get_layer("network").get_layer("linear.window") for m in (alone, model)]
    for one, other in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.many
@pytest.mark.parametrize("source", ["no validation", "a stream"])
def test_a_line_of_other_sources(source, solve):
    data = series_of("one", validation_size=0 if source == "no validation" else 0.2)
    _, line, _ = best_ridge(data)
    if source == "a stream":
        data = Data(data.train, data.validation, data.test, data.spec)
    model = forecaster(data)
    solve(model, data)
    layer = model.get_layer("network").get_layer("linear.window")
    np.testing.assert_allclose(layer.kernel, line.coef_.T, atol=2e-4)


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("learning_rate", "cache_mb"),
    [
        (1.0, 512),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1e-3, 512), (1.0, 0))),
    ],
)
def test_training_never_leaves_a_forecaster_worse_than_its_line(learning_rate, cache_mb):
    data = series_of("three")
    model = forecaster(data, learning_rate=learning_rate)
    history = kk.fit(model, data, epochs=3, verbose=0, cache_mb=cache_mb)
    *_, error = best_ridge(data)
    table, deviation = data.table("validation"), np.sqrt(data.spec.target.variance)
    answer = model.predict({"window": np.asarray(table.features["window"])}, verbose=0)
    reached = np.mean(((answer - np.asarray(table.target)) / deviation) ** 2)
    assert reached <= error * (1 + 1e-5)
    if min(history.history["val_loss"]) > error:  # then it is as it began
        assert reached == pytest.approx(error, rel=1e-4)
        assert not np.any(model.get_layer("network").get_layer("output").kernel.numpy())
    assert learning_rate < 1 or min(history.history["val_loss"]) > 1.1 * error


@pytest.mark.slow
@pytest.mark.training
def test_without_a_path_the_start_is_no_candidate(line_data):
    model = kk.mlp_regressor(line_data.spec, hidden=(4,))
    kk.compile(model, "regression", learning_rate=100.0)
    table = line_data.table("validation")
    before = model.evaluate(table.features, table.target, verbose=0)[0]
    history = kk.fit(model, line_data, epochs=2, verbose=0)
    after = model.evaluate(table.features, table.target, verbose=0)[0]
    assert after == pytest.approx(min(history.history["val_loss"]), rel=1e-4) and after > before


@pytest.mark.slow
@pytest.mark.training
def test_a_second_fit_keeps_the_path_and_trains_on(capsys):
    data = series_of("one")
    model = forecaster(data)
    network = model.get_layer("network")
    kk.fit(model, data, epochs=2, verbose=0, early_stopping=False)
    before = [network.get_layer(name).get_weights() for name in ("linear.window", "output")]
    kk.compile(model, "forecasting")
    kk.fit(model, series_of("clean"), epochs=1, verbose=2, early_stopping=False)
    assert "linear path" not in capsys.readouterr().out
    np.testing.assert_array_equal(network.get_layer("linear.window").kernel, before[0][0])
    assert np.abs(network.get_layer("output").kernel - before[1][0]).max() > 0


@pytest.mark.slow
@pytest.mark.training
def test_a_path_that_the_user_set_is_trained(capsys):
    data = series_of("one")
    model = forecaster(data)
    layer = model.get_layer("network").get_layer("linear.window")
    layer.bias.assign([0.0, 0.0, 0.5])
    kk.fit(model, data, epochs=1, verbose=2, early_stopping=False)
    assert layer.trainable and "linear path" not in capsys.readouterr().out
    assert np.abs(layer.bias - [0.0, 0.0, 0.5]).max() < 0.4 and np.any(layer.kernel)


@pytest.mark.training
@pytest.mark.parametrize("name", ["linear.window", "linear.own"])
def test_a_layer_of_the_users_with_that_name_is_trained(line_data, name):
    inputs = {key: keras.Input((), name=key) for key in ("a", "b")}
    values = keras.layers.Concatenate()([x[..., None] / 1000 for x in inputs.values()])
    layer = keras.layers.Dense(1, kernel_initializer="zeros", name=name)
    model = keras.Model(inputs, layer(values)[:, 0])
    kk.compile(model, "adam", loss="mean_squared_error")
    kk.fit(model, line_data, epochs=1, verbose=0)
    assert layer.trainable and np.any(layer.kernel)


def panel(channels=1):
    """Two series of different size, whose values follow a flag of the same step."""
    rng, tables = np.random.default_rng(0), []
    for name, size in (("small", 1.0), ("large", 50.0)):
        flag = rng.integers(0, 2, 180)
        table = pd.DataFrame({"store": name, "flag": flag, "heat": rng.normal(size=180)})
        for number in range(channels):
            noise = rng.normal(size=180)
            table[f"sales{number}"] = size * (waves(0.0) / 10 + (2 + number) * flag + noise)
        tables.append(table)
    names = [f"sales{number}" for number in range(channels)]
    options = {"id": "store", "covariates": "heat", "future": "flag", "window": 8, "horizon": 3}
    return kk.load_series(pd.concat(tables), value=names, **options)


@pytest.mark.many
@pytest.mark.parametrize("channels", [1, 2])
def test_a_line_with_covariates_is_the_best_ridge_of_scikit_learn(channels, solve):
    data = panel(channels)
    model = forecaster(data)
    told = solve(model, data)
    preprocess = model.get_layer("preprocess")
    deviation = np.sqrt(data.spec.target.variance)

    def rows(split, channel):
        features, target, weight = next(iter(data.batches(split, 1000)))
        parts = [np.asarray(part, "f8") for part in preprocess(features)]
        values, level, scale, heat, flag = parts
        y = np.asarray(target, "f8").reshape(len(target), 3, -1)[..., channel]
        level, scale = level[:, :, channel], scale[:, :, channel]
        x = np.concatenate([values[..., channel], heat[..., 0], flag[..., 0]], axis=1)
        return x, (y / deviation[channel] - level) / scale, scale[:, 0] ** 2 * np.array(weight)

    found = []
    for strength in RIDGES:
        for factor in (1.0, 1e2, 1e4, 1e8):
            root = np.sqrt([1.0] * 8 + [factor] * 19)
            lines, error = [], []
            for channel in range(channels):
                x, y, weight = rows("train", channel)
                unit = np.sum(x**2 * weight[:, None]) / 27
                line = Ridge(strength * unit, solver="svd").fit(x / root, y, sample_weight=weight)
                held, answer, size = rows("validation", channel)
                misses = (line.predict(held / root) - answer) ** 2
                error.append(np.mean(size[:, None] * misses))
                lines.append((line.coef_.T / root[:, None], line.intercept_))
            found.append((np.mean(error), lines))
    error, lines = min(found, key=lambda each: each[0])
    layer = model.get_layer("network").get_layer("linear.window")
    kernel, bias = (np.asarray(weight) for weight in layer.get_weights())
    kernel, bias = (kernel[None], bias[None]) if channels == 1 else (kernel, bias)
    for channel, (weights, intercept) in enumerate(lines):
        np.testing.assert_allclose(kernel[channel], weights, atol=2e-3)
        np.testing.assert_allclose(bias[channel], intercept, atol=2e-3)
    # What is known of a step tells of that step: the flag of the first step ahead.
    assert kernel[0, 8 + 8 + 8, 0] > 5 * np.abs(kernel[0, 8 + 8 + 9 :, 0]).max()
    assert float(re.search(r"error (\S+) \(standard", told)[1]) == pytest.approx(error, rel=5e-3)
