"""fit: it learns what can be learned, follows its seed, and shows its progress."""

import dataclasses

import keras
import numpy as np
import pytest
from training_cases import mlp, weights

import kerakit as kk
from kerakit.data.data import Data


@pytest.mark.training
def test_a_perceptron_separates_what_can_be_separated():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 2))
    side = x @ [2.0, -1.0] + 0.3
    x, side = x[np.abs(side) > 0.4], side[np.abs(side) > 0.4]
    data = kk.load_arrays(x.astype("f4"), np.where(side > 0, "above", "below"))
    keras.utils.set_random_seed(0)
    model = kk.perceptron_classifier(data.spec)
    kk.compile(model, "perceptron")
    history = kk.fit(model, data, epochs=300, early_stopping=False, verbose=0)
    assert history.history["accuracy"][-1] == 1.0  # Novikoff's theorem


@pytest.mark.slow
@pytest.mark.training
def test_quantiles_cover_their_share():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 3000).astype("f4")
    y = (1000 * x + 100 * rng.normal(size=3000)).astype("f4")
    data = kk.load_arrays({"x": x}, y, task="regression")
    model = kk.mlp_regressor(data.spec, hidden=(32,), quantiles=(0.1, 0.5, 0.9))
    kk.compile(model, "quantile_regression")
    kk.fit(model, data, epochs=40, verbose=0)
    table = data.table("test")
    low, _, high = model.predict(table.features, verbose=0).T
    assert np.mean((table.target >= low) & (table.target <= high)) == pytest.approx(0.8, abs=0.06)
    # The true width: 2 * 1.2816 standard deviations of the noise.
    assert np.mean(high - low) == pytest.approx(256, rel=0.1)


@pytest.mark.slow
@pytest.mark.training
def test_huber_ignores_outliers_that_squares_follow(line_data):
    table = line_data.table("train")
    target = table.target.copy()
    target[:20] += 1e4
    columns = table.features
    data = kk.load_arrays(columns, target, task="regression", test_size=0.1, validation_size=0)
    slopes = {}
    for preset in ("regression", "robust_regression"):
        model = kk.linear_regressor(data.spec)
        kk.compile(model, preset, optimizer="adam", learning_rate=0.05)
        kk.fit(model, data, epochs=200, verbose=0)
        probe = {"a": np.array([3, 4], "f4"), "b": np.array([-1000, -1000], "f4")}
        slopes[preset] = float(np.diff(model.predict(probe, verbose=0))[0])
    assert abs(slopes["robust_regression"] - 20) < abs(slopes["regression"] - 20)


@pytest.mark.training
def test_sample_and_class_weights_multiply_the_rows(breast_cancer):
    """Weight 3 on a class is the same as its rows three times."""
    table = breast_cancer.table("train")
    extra = np.flatnonzero(table.target == 0)
    repeated = np.concatenate([np.arange(len(table)), extra, extra])
    more = table.take(repeated)
    answers = []
    for data, weight in (
        (breast_cancer, {"benign": 3.0, "malignant": 1.0}),
        (_replaced(breast_cancer, more), None),
    ):
        order = breast_cancer.spec.classes
        if weight:
            weight = {order[0]: 3.0, order[1]: 1.0}
        model = kk.logistic_classifier(breast_cancer.spec)
        model.get_layer("network").get_layer("output").kernel.assign(np.zeros((30, 1)))
        kk.compile(model, "sgd", learning_rate=1e-2 if weight else 1e-2 * len(more) / len(table))
        kk.fit(
            model,
            data,
            epochs=20,
            batch_size=10_000,
            class_weight=weight,
            verbose=0,
            early_stopping=False,
        )
        answers.append(model.predict(table.features, verbose=0))
    np.testing.assert_allclose(*answers, atol=1e-4)


def _replaced(data, train):
    spec = dataclasses.replace(data.spec, sizes={**data.spec.sizes, "train": len(train)})
    return Data(train, data.table("validation"), data.table("test"), spec)


@pytest.mark.training
def test_same_seed_same_weights_other_seed_others(diabetes):
    runs = []
    for seed in (0, 0, 1):
        model = mlp(diabetes, seed)
        kk.fit(model, diabetes, epochs=3, verbose=0, seed=seed)
        runs.append(weights(model))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3


@pytest.mark.training
def test_progress_is_a_line_per_epoch_when_nobody_watches(diabetes, capsys):
    kk.fit(mlp(diabetes), diabetes, epochs=2)
    lines = capsys.readouterr().out.strip().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "val_loss" in lines[0]


@pytest.mark.training
@pytest.mark.parametrize("cache_mb", [512, 0], ids=["in memory", "streamed"])
def test_progress_is_one_bar_where_somebody_watches(line_data, capsys, cache_mb):
    kk.fit(mlp(line_data), line_data, epochs=2, verbose=1, cache_mb=cache_mb)
    out = capsys.readouterr().out
    last = out.split("\r")[-1]
    assert out.count("\n") == 1 and last.startswith("epoch 2/2  [====") and "val_loss" in last


@pytest.mark.training
def test_mixed_precision_leaves_a_float32_model(line_data):
    model = mlp(line_data)
    kk.fit(model, line_data, epochs=2, verbose=0, precision="mixed_bfloat16")
    layers = model.get_layer("network").layers
    assert {layer.compute_dtype for layer in layers if layer.weights} == {"float32"}
    with pytest.raises(kk.ArgumentError, match="'precision'.*'half'"):
        kk.fit(model, line_data, epochs=1, precision="half")


@pytest.mark.training
def test_a_plain_keras_model_trains_too(line_data):
    inputs = {name: keras.Input((), name=name) for name in ("a", "b")}
    values = keras.ops.stack([inputs["a"] / 3, (inputs["b"] + 1000) / 50], axis=-1)
    model = keras.Model(inputs, keras.layers.Dense(1)(values))
    model.compile(keras.optimizers.Adam(2.0), "mse", metrics=["mae"])
    history = kk.fit(model, line_data, epochs=60, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0] / 10
