"""find_learning_rate: what it measures, what it suggests, and that it leaves no trace."""

import random

import keras
import numpy as np
import pytest
from training_cases import mlp

import kerakit as kk
from kerakit.builders.contract import linear_path_of
from kerakit.training.learning_rate_range import learning_rate_range


def state(model):
    """All numbers that a test of rates could change."""
    optimizer = model.optimizer
    return [
        *(variable.numpy() for variable in (*model.variables, *optimizer.variables)),
        np.random.get_state()[1],
        np.array(random.getstate()[1]),
        np.array([layer.trainable for layer in model.get_layer("network").layers]),
    ]


def descending(data, **options):
    """A linear model that takes steps of plain gradient descent on all rows."""
    model = kk.linear_regressor(data)
    model.get_layer("network").get_layer("output").kernel.assign(np.ones((2, 1)))
    kk.compile(model, "sgd", batch_size=1000)
    return model, kk.find_learning_rate(model, data, **options)


@pytest.mark.training
def test_on_a_parabola_it_ends_where_gradient_descent_diverges(line_data):
    """Gradient descent diverges at 2 over the curvature of the loss, and not below."""
    _, found = descending(line_data, min_rate=1e-4)
    table = line_data.table("train")
    x = np.stack(list(table.features.values()), axis=1).astype("float64")
    z = (x - x.mean(0)) / x.std(0)
    edge = 2 / (2 * np.linalg.eigvalsh(np.cov(z.T, bias=True))[-1])
    assert found.rates[np.argmin(found.losses)] < 1.1 * edge < found.rates[-1] < 10
    assert 1e-3 < found.steepest < edge and 1e-3 < found.valley < edge
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < 300
    # The first loss is that of the model as it is: nothing was learned before the first step.
    target = np.asarray(table.target, "float64")
    error = z.sum(axis=1) - (target - target.mean()) / target.std()
    assert found.losses[0] == pytest.approx(np.mean(error**2), rel=1e-4)


@pytest.mark.slow
@pytest.mark.training
def test_rows_that_do_not_fit_in_memory_give_the_same_losses(line_data):
    (_, one), (_, two) = descending(line_data), descending(line_data, cache_mb=0)
    np.testing.assert_allclose(one.losses[:200], two.losses[:200], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.training
def test_everything_is_as_before_to_the_bit(line_data):
    model = mlp(line_data)
    kk.fit(model, line_data, epochs=1, verbose=0)
    before, optimizer = state(model), model.optimizer
    one, two = (kk.find_learning_rate(model, line_data, steps=60) for _ in range(2))
    for ours, theirs in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert model.optimizer is optimizer
    np.testing.assert_array_equal(one.losses, two.losses)  # dropout included


@pytest.mark.training
def test_it_leaves_no_trace_after_an_error(line_data, monkeypatch):
    model = mlp(line_data)
    before = state(model)

    def fail(*args, **options):
        raise RuntimeError("broken")

    monkeypatch.setattr(type(model.optimizer), "apply", fail)
    with pytest.raises(RuntimeError, match="broken"):
        kk.find_learning_rate(model, line_data)
    for ours, theirs in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@pytest.mark.training
def test_a_linear_path_is_solved_for_the_test_only():
    series = kk.load_series(np.sin(np.arange(400.0) / 5), window=12, horizon=2)
    model = kk.sequence_forecaster(series, units=2)
    kk.compile(model)
    found = kk.find_learning_rate(model, series, steps=20, max_rate=0.1)
    assert found.losses[0] < 0.01  # the line predicts a sine
    (layer,) = linear_path_of(model).layers
    assert layer.trainable and not np.any(layer.kernel)


def test_the_suggestions_of_a_known_curve():
    """Flat to 1e-4, a straight fall to 1e-2, flat, and a rise beyond 1."""
    exponents = np.linspace(-6, 2, 401)
    losses = np.interp(exponents, [-6, -4, -2, 0, 2], [1, 1, 0, 0, 9])
    found = learning_rate_range(10**exponents, losses, 401)
    assert -4 < np.log10(found.steepest) < -2
    # Two thirds along the fall, whose ends are rounded by the smoothing.
    assert np.log10(found.valley) == pytest.approx(-4 + 2 * 2 / 3, abs=0.6)
    np.testing.assert_allclose(found.smoothed[125], losses[125], atol=0.02)
    rising = learning_rate_range(10**exponents, np.exp(exponents), 401)
    assert rising.valley is None and "no suggestion" in repr(rising)


def test_noise_of_batches_does_not_name_the_steepest_point():
    """Losses of batches vary by the whole fall, also where the rate is too low to learn."""
    exponents = np.linspace(-6, 2, 401)
    curve = np.interp(exponents, [-6, -4, -2, 0, 2], [1, 1, 0, 0, 9])
    for seed in range(20):
        losses = curve + np.random.default_rng(seed).normal(0, 1.0, 401)
        found = learning_rate_range(10**exponents, losses, 401)
        assert -4.2 < np.log10(found.steepest) < -1.8, seed


@pytest.mark.many
def test_the_figure(tmp_path):
    rates = np.geomspace(1e-5, 1, 100)
    found = learning_rate_range(rates, np.linspace(2, 1, 100), 100)
    found.plot(tmp_path / "rates.png")
    assert (tmp_path / "rates.png").read_bytes()[:4] == b"\x89PNG"
    assert "valley" in repr(found) and len(repr(found).splitlines()) == 3


@pytest.mark.training
def test_bad_input_is_refused(line_data):
    model = mlp(line_data)
    for options, words in (
        ({"min_rate": 0.0}, r"'min_rate' parameter of find_learning_rate.*\(0.0, inf\). Got 0.0"),
        ({"max_rate": 1e-9}, "'max_rate'.*above min_rate"),
        ({"steps": 3}, r"'steps'.*\[20, 10000\]. Got 3"),
        ({"batch_size": 0}, "'batch_size'.*Got 0"),
        ({"augment": "light"}, "'augment'"),
    ):
        with pytest.raises(kk.ArgumentError, match=words):
            kk.find_learning_rate(model, line_data, **options)
    solved = kk.linear_regressor(line_data)
    with pytest.raises(kk.ArgumentError, match="find_learning_rate needs a compiled model"):
        kk.find_learning_rate(solved, line_data)
    kk.compile(solved)
    with pytest.raises(kk.ArgumentError, match="fit solves this linear model.*'sgd'"):
        kk.find_learning_rate(solved, line_data)
    broken = keras.Model(*_inputs())
    broken.compile("sgd", "mse")
    broken.layers[-1].set_weights([np.full((2, 1), 3e38), np.zeros(1)])
    with pytest.raises(kk.TrainingError, match="not finite at the first step"):
        kk.find_learning_rate(broken, line_data)


def _inputs():
    inputs = {name: keras.Input((), name=name) for name in ("a", "b")}
    values = keras.ops.stack(list(inputs.values()), axis=-1)
    return inputs, keras.layers.Dense(1)(values)
