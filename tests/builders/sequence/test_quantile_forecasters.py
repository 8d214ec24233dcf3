"""Forecasters of quantiles: shapes, order, the line as their centre, life after saving."""

import keras
import numpy as np
import pandas as pd
import pytest
from builder_battery import run_builder_battery

import kerakit as kk
from kerakit.builders.contract import (
    has_several_series,
    linear_path_of,
    prediction_column,
    quantiles_of,
    scale_of,
    task_of,
)
from kerakit.data.spec import Feature, Series, Spec, Target

LEVELS = (0.1, 0.5, 0.9)
ENCODERS = ("segment", "lstm", "gru", "rnn", "conv", "transformer")


def series(channels):
    rng = np.random.default_rng(0)
    return rng.normal([10.0, 500.0][:channels], [2.0, 60.0][:channels], (60, channels))


def stores():
    rng, tables = np.random.default_rng(0), []
    for name, size in (("small", 1.0), ("large", 50.0)):
        table = {"day": pd.date_range("2024-01-01", periods=60), "store": name, "kind": name[0]}
        table |= {"flag": rng.integers(0, 2, 60), "heat": rng.normal(size=60)}
        tables.append(pd.DataFrame({**table, "sales": size * rng.normal(10, 1, 60)}))
    return kk.load_series(
        pd.concat(tables),
        value="sales",
        id="store",
        future="flag",
        covariates="heat",
        static="kind",
        window=8,
        horizon=3,
    )


def randomised(model):
    """The model with weights of which none is zero, as if it were trained."""
    rng = np.random.default_rng(0)
    for weight in model.get_layer("network").trainable_weights:
        if weight.dtype == "float32":
            weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def windows(data, split="test"):
    return {name: np.asarray(of) for name, of in data.table(split).features.items()}


@pytest.mark.many
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("kind", ["one", "two", "stores"])
def test_levels_have_an_axis_of_their_own_and_never_cross(encoder, kind):
    data = stores() if kind == "stores" else kk.load_series(
        series(1 if kind == "one" else 2), window=8, horizon=3
    )  # fmt: skip
    model = randomised(
        kk.sequence_forecaster(data, encoder=encoder, units=4, heads=2, quantiles=LEVELS)
    )
    answer = model.predict(windows(data), verbose=0)
    assert answer.shape[1:] == ((3, 2, 3) if kind == "two" else (3, 3)) == model.output_shape[1:]
    assert (np.diff(answer, axis=-1) >= 0).all() and (np.ptp(answer, axis=-1) > 0).all()
    assert quantiles_of(model) == LEVELS and task_of(model) == "forecast"
    assert has_several_series(model) == (kind == "stores")
    assert len(scale_of(model)) == (2 if kind == "two" else 1)


@pytest.mark.many
@pytest.mark.parametrize("encoder", ["segment", "lstm"])
def test_the_answer_by_hand(encoder):
    """A network whose last layer is zero leaves the line, and what each level adds in scales."""
    data = kk.load_series(series(2), window=8, horizon=3)
    model = kk.sequence_forecaster(data, encoder=encoder, units=4, quantiles=LEVELS)
    plain = kk.sequence_forecaster(data, encoder=encoder, units=4)
    rng, network = np.random.default_rng(1), model.get_layer("network")
    kernel, bias = rng.normal(0, 0.2, (8, 3)), rng.normal(0, 0.1, 3)
    for one in (network, plain.get_layer("network")):
        one.get_layer("linear.window").set_weights([kernel, bias])
    apart = np.sort(rng.normal(size=(3, 3, 2)), axis=1)  # of each step, level and channel
    network.get_layer("linear.levels").set_weights([apart])
    rows = windows(data)
    line = plain.predict(rows, verbose=0)
    variance = rows["window"].var(axis=1, keepdims=True)
    scale = np.sqrt(variance + 0.01 * np.array(data.spec.target.variance))
    expected = line[..., None] + apart.transpose(0, 2, 1) * scale[..., None]
    np.testing.assert_allclose(model.predict(rows, verbose=0), expected, rtol=1e-4)
    path = linear_path_of(model)
    assert path.kind == "window" and path.levels.name == "linear.levels"
    assert linear_path_of(plain).levels is None


@pytest.mark.many
@pytest.mark.parametrize("encoder", ["segment", "lstm"])
def test_what_is_known_of_a_step_changes_the_levels_of_this_step(encoder):
    data = stores()
    model = randomised(
        kk.sequence_forecaster(data, encoder=encoder, segment=1, units=4, quantiles=LEVELS)
    )
    line = model.get_layer("network").get_layer("linear.window")
    line.kernel.assign(np.zeros(line.kernel.shape))  # it maps each step to all
    rows = windows(data)
    before = model.predict(rows, verbose=0)
    for step in range(3):
        future = rows["future"].copy()
        future[:, 8 + step] += 1
        changed = model.predict({**rows, "future": future}, verbose=0) != before
        assert changed[:, step].any(axis=-1).all()
        assert not np.delete(changed, step, axis=1).any()


@pytest.mark.many
def test_a_shifted_and_scaled_window_has_the_shifted_and_scaled_quantiles():
    model = randomised(kk.sequence_forecaster((8,), horizon=3, units=4, quantiles=LEVELS))
    rows = np.random.default_rng(0).normal(0, 100, (5, 8)).astype("float32")
    before = model.predict(rows, verbose=0)
    np.testing.assert_allclose(
        model.predict(7 * rows + 900, verbose=0), 7 * before + 900, rtol=2e-4, atol=1.0
    )


@pytest.mark.export
@pytest.mark.parametrize("encoder", ["segment", "lstm"])
def test_a_forecaster_of_quantiles_survives_saving_and_export(encoder, tmp_path):
    feature = Feature("window", "sequence", shape=(6,), mean=10.0, variance=4.0)
    target = Target(("load",), mean=(10.0,), variance=(4.0,))
    spec = Spec("forecast", (feature,), target, series=Series(6, 3))
    rows = {"window": np.random.default_rng(0).normal(10, 2, (3, 6)).astype("float32")}

    options = {"encoder": encoder, "units": 4, "quantiles": LEVELS}
    run_builder_battery(
        kk.sequence_forecaster,
        spec,
        tmp_path,
        rows,
        np.zeros((3, 3)),
        prepare=randomised,
        **options,
    )
    model = randomised(kk.sequence_forecaster(spec, **options))
    kk.compile(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert quantiles_of(again) == LEVELS
    assert again.loss.get_config() == model.loss.get_config()
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((0.1, 0.9), "3, 5, ... levels"),
        ((0.9, 0.5, 0.1), "that increase"),
        ((0.0, 0.5, 1.0), r"range \(0.0, 1.0\)"),
        ((0.5,), "3, 5, ... levels"),
        ("abc", "3, 5, ... levels"),
        (0.5, "3, 5, ... levels"),
        ((), "3, 5, ... levels"),
    ],
)
def test_wrong_levels_are_refused_as_those_of_tables(levels, told):
    with pytest.raises(kk.ArgumentError, match="'quantiles' parameter of sequence_forecaster"):
        kk.sequence_forecaster((8,), horizon=2, quantiles=levels)
    with pytest.raises(kk.ArgumentError, match=told):
        kk.sequence_forecaster((8,), horizon=2, quantiles=levels)


def test_without_quantiles_nothing_changes():
    model = kk.sequence_forecaster((8,), horizon=2, units=2)
    assert model.output_shape == (None, 2) and quantiles_of(model) is None
    assert "linear.levels" not in [layer.name for layer in model.get_layer("network").layers]


def test_the_prediction_is_the_middle_level():
    assert prediction_column(LEVELS) == 1
