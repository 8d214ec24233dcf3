"""Roots of targets: by hand, and as members predict them."""

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.contract import linear_path_of
from kerakit.builders.tables.members.powers import power_of_scores
from kerakit.training.linear_path.roots import Root, better, scores_of_targets
from kerakit.training.linear_path.solve import solve_linear_path
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner


def solved(model, data):
    kk.compile(model)
    return solve_linear_path(Runner(model, data, FitOptions(owner="fit", epochs=1)))


def rows(n=200, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 2)).astype("float32")


def test_a_root_by_hand():
    # Targets 1, 4, 16 of mean 7 and standard deviation 1 in what follows: zero is at -7.
    root = Root.of(np.array([-6.0, -3.0, 9.0]), -7.0, 2, np.array([1.0, 1.0, 2.0]))
    # Roots 1, 2, 4, 4: mean 11 / 4, variance (1 + 4 + 16 + 16) / 4 - (11 / 4) ** 2 = 27 / 16.
    std = (27 / 16) ** 0.5
    np.testing.assert_allclose(root.scores, (np.array([1, 2, 4]) - 11 / 4) / std)
    assert root.move == pytest.approx(11 / 4 / std) and root.scale == pytest.approx(27 / 16)
    np.testing.assert_allclose(root.targets(root.scores), [-6, -3, 9])


@pytest.mark.parametrize("exponent", [2, 3])
def test_negative_numbers_keep_their_sign(exponent):
    y = np.array([-8.0, -1.0, 0.0, 1.0, 8.0])
    root = Root.of(y, 0.0, exponent, np.ones(5))
    np.testing.assert_allclose(root.targets(root.scores), y, atol=1e-12)


def test_targets_of_scores_have_the_mean_of_the_targets():
    y, weight = np.array([-1.0, 0.0, 3.0]), np.array([1.0, 2.0, 1.0])
    root, error = Root.of(y, -1.0, 2, weight).unbiased(np.zeros(3), y, weight)
    predicted = root.targets(np.zeros(3))
    assert np.average(predicted, weights=weight) == pytest.approx(np.average(y, weights=weight))
    assert error == pytest.approx(np.average((y - 0.5) ** 2, weights=weight))


def test_scores_of_targets_are_what_the_layers_turn_into_them():
    scores = keras.Input((3,))
    model = keras.Model(scores, power_of_scores(scores))
    layers = [model.get_layer(name) for name in ("root", "power")]
    layers[0].bias.assign([0.5, 0.0, 3.0])
    layers[1].kernel.assign([[0.0, 0.7], [1.0, 0.0], [0.0, 2.0]])
    layers[1].bias.assign([-1.0, 0.0, 4.0])
    given = np.array([[-2.0, -2.0, -2.0], [-0.5, 0.0, 1.0], [1.5, 3.0, 0.2]])
    targets = np.asarray(model(given), "float64")
    np.testing.assert_allclose(scores_of_targets(layers, targets), given, rtol=1e-5, atol=1e-6)


def test_where_a_root_makes_no_sense():
    y = np.array([-1.0, 0.0, 1.0])
    assert Root.of(y, -10.5, 2, np.ones(3)) is None  # far from zero a root is a line
    assert Root.of(np.zeros(3), -1.0, 2, np.ones(3)) is None  # constant
    assert Root.of(y, -10.5, 1, np.ones(3)).exponent == 1
    assert better({1: 0.5}) == 1


@pytest.mark.many
@pytest.mark.parametrize("exponent, words", [(1, ""), (2, " of square roots")])
def test_powers_of_a_line_are_found_before_the_first_epoch(exponent, words):
    x = rows()
    y = 5 * (3 + x[:, 0] - 0.5 * x[:, 1]) ** exponent
    data = kk.load_arrays(x, y, task="regression")
    model = kk.mlp_regressor(data, members=3)
    assert f"ridge regression{words} on 2 columns" in solved(model, data)
    test = data.table("test")
    error = np.abs(model.predict(dict(test.features), verbose=0) - test.target)
    assert error.max() < 0.02 * np.std(y)


@pytest.mark.many
def test_each_of_several_targets_has_its_own_root():
    x = rows()
    line = 3 + x[:, 0] - 0.5 * x[:, 1]
    data = kk.load_arrays(x, np.stack([line**2, 100 * line], axis=1), task="regression")
    model = kk.mlp_regressor(data, members=3)
    assert "ridge regression of targets and square roots" in solved(model, data)
    kernel = np.array(linear_path_of(model).powers[1].kernel)
    assert kernel[0, 1] > 0 == kernel[0, 0] and list(kernel[1]) == [1, 0]
    test = data.table("test")
    error = np.abs(model.predict(dict(test.features), verbose=0) - test.target)
    assert (error.max(axis=0) < 0.02 * test.target.std(axis=0)).all()


@pytest.mark.many
def test_noise_far_from_zero_and_quantiles_are_predicted_as_they_are():
    x = rows()
    y = 1000 + x[:, 0] + np.random.default_rng(1).normal(size=len(x))
    data = kk.load_arrays(x, y, task="regression")
    assert "ridge regression on 2 columns" in solved(kk.mlp_regressor(data, members=3), data)
    quantiles = kk.mlp_regressor(data, members=3, quantiles=(0.1, 0.5, 0.9))
    assert linear_path_of(quantiles).powers == ()
    assert "ridge regression on 2 columns" in solved(quantiles, data)


@pytest.mark.training
def test_members_learn_what_roots_leave_and_are_saved_with_them(tmp_path):
    x = rows(300)
    y = np.exp(2 * x[:, 0]) * (1.5 + (x[:, 1] > 0.2))
    data = kk.load_arrays(x, y, task="regression")
    keras.utils.set_random_seed(0)
    model = kk.mlp_regressor(data, hidden=(32,), members=2)
    kk.compile(model)
    history = kk.fit(model, data, epochs=20, verbose=0)
    assert "of square roots" in history.linear_path
    line = float(history.linear_path.split("(line ")[1].split(",")[0])
    assert history.validation_loss < 0.5 * line
    model.save(tmp_path / "model.keras")
    features = dict(data.table("test").features)
    answers = model.predict(features, verbose=0)
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(features, verbose=0), answers)
    far = {name: np.full_like(values[:1], 1e30) for name, values in features.items()}
    assert np.isfinite(model.predict(far, verbose=0)).all()
