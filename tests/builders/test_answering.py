"""What `answering` computes in a graph is what `Calibration` computes by NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

import kerakit as kk
from kerakit.builders.answering import answering, columns_of, in_set
from kerakit.builders.contract import (
    Calibration,
    Intervals,
    Probabilities,
    SetRule,
    Spread,
    remember_calibration,
    weights_number,
)
from kerakit.errors import ArgumentError


@pytest.mark.parametrize("few", [32, 1], ids=["compared", "sorted"])
@pytest.mark.parametrize("rule", [SetRule(0.7), SetRule(0.9, 0.05, 2), SetRule(0.0), SetRule(9.0)])
def test_sets_with_ties_and_zeros(rule, few, monkeypatch):
    """Of labels that are equally probable, the first one is before the others, as in NumPy."""
    monkeypatch.setattr("kerakit.builders.answering.FEW_CLASSES", few)
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(6), 200)
    p[:50] = p[:50].round(1) / p[:50].round(1).sum(axis=1, keepdims=True)
    p[50] = 1 / 6
    p[51] = [1, 0, 0, 0, 0, 0]
    p = p.astype("float32")
    near = np.abs(rule.scores(p) - rule.threshold) < 1e-6
    found = ops.convert_to_numpy(in_set(ops.convert_to_tensor(p), rule))
    assert ((found == rule.of(p)) | near).all()
    assert found[np.arange(200), p.argmax(axis=1)].all()


def calibrated(model, **parts):
    remember_calibration(model, Calibration(0.9, 20, weights_number(model), **parts))
    return answering(model, "predict")


def network(outputs, activation=None):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,), name="x")
    answer = keras.layers.Dense(outputs, activation, bias_initializer="normal")(inputs)
    return keras.Model({"x": inputs}, answer)


X = {"x": np.random.default_rng(0).normal(size=(30, 3)).astype("float32")}


@pytest.mark.parametrize("independent", [False, True])
@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperatures(independent, temperature):
    model = network(4, "sigmoid" if independent else "softmax")
    made = Probabilities(temperature, independent=independent)
    found = calibrated(model, probabilities=made).model.predict(X, verbose=0)
    np.testing.assert_allclose(found, made.of(model.predict(X, verbose=0)), atol=2e-6)


def test_a_probability_of_zero_is_answered():
    model = network(2, "softmax")
    model.layers[-1].bias.assign([0.0, 500.0])
    found = calibrated(model, probabilities=Probabilities(2.0)).model.predict(X, verbose=0)
    assert np.isfinite(found).all() and (found[:, 1] > 1 - 1e-6).all()


def test_spreads_of_predictions_beyond_the_knots_stay_bounded():
    spread = Spread(np.array([[-0.1, 0.0, 0.1]]), np.array([[30.0, -60.0]]), np.array([0.0]))
    model = network(1)
    made = Intervals(np.array([1.0]), spread)
    found = calibrated(model, intervals=made)
    assert found.levels == pytest.approx((0.05, 0.5, 0.95))
    answer = found.model.predict(100 * X["x"], verbose=0)
    half = (answer[:, 2] - answer[:, 0]) / 2
    np.testing.assert_allclose(answer, made.of(model.predict(100 * X["x"], verbose=0)), rtol=1e-4)
    assert half.min() > 0.99 * np.exp(-2) and half.max() < 1.01 * np.exp(2)


def test_halves_of_quantiles_have_a_factor_and_a_least_size():
    model = network(3)
    raw = np.sort(model.predict(X, verbose=0), axis=1)
    made = Intervals(np.array(2.0), column=1, least=0.3)
    ends = made.of(raw)
    np.testing.assert_allclose(
        ends[:, 1] - ends[:, 0], 2 * np.maximum(raw[:, 1] - raw[:, 0], 0.3), rtol=1e-6
    )
    inputs = keras.Input((3,), name="x")
    ordered = keras.Model({"x": inputs}, ops.sort(model({"x": inputs}), axis=-1))
    found = calibrated(ordered, intervals=made).model.predict(X, verbose=0)
    np.testing.assert_allclose(found, ends, rtol=1e-5, atol=1e-6)


def test_a_model_without_a_calibration_and_one_of_other_weights():
    model = network(2, "softmax")
    plain = answering(model, "predict")
    assert plain.model is model and plain.levels is None and plain.sets is None
    made = calibrated(model, probabilities=Probabilities(2.0, sets=SetRule(0.5)))
    assert made.sets == SetRule(0.5) and made.levels is None
    model.layers[-1].bias.assign([1.0, 2.0])
    with pytest.raises(ArgumentError, match="The model of export has other weights"):
        answering(model, "export")


def test_the_columns_between_preprocess_and_network():
    data = kk.load_arrays({"a": np.arange(40.0) % 7, "kind": ["x", "y"] * 20}, np.arange(40.0) % 3)
    preprocess, inner = columns_of(kk.linear_regressor(data))
    assert preprocess.name == "preprocess" and inner.name == "network"
    assert columns_of(network(1)) is None
    texts = kk.load_text((["a b", "b c"] * 20, ["no", "yes"] * 20))
    assert columns_of(kk.text_classifier(texts, units=2, embedding=2)) is None
