"""Series by fixed convolutions: solved, left out one at a time, and blended with a network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.builders.contract import BLEND, linear_path_of, network_of
from kerakit.builders.folded import folded
from kerakit.training.held_out import held_out_of
from kerakit.training.rows.arrays import Arrays

pytestmark = [pytest.mark.training, pytest.mark.many]


def waves(count=60, noise=0.3, classes=2, seed=0, lengths=(30, 31)):
    """Series with one to `classes` + 1 waves, and noise: shifted by chance: no step tells."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    series = []
    for label in labels:
        steps = np.arange(rng.integers(*lengths)) / 30
        wave = np.sin(2 * np.pi * ((label + 1) * steps + rng.uniform()))
        series.append((wave + rng.normal(0, noise, len(steps))).astype("float32"))
    return series, [f"c{label}" for label in labels]


def data_of(**options):
    validation = options.pop("validation_size", 0.2)
    test = waves(**{**options, "seed": 1})
    return kk.load_sequences(waves(**options), test=test, validation_size=validation)


def fitted(data, encoder="rocket", **options):
    keras.utils.set_random_seed(0)
    model = kk.sequence_classifier(data, encoder=encoder, **options.pop("build", {}))
    kk.compile(model)
    return model, kk.fit(model, data, verbose=0, **{"epochs": 2, **options})


@pytest.mark.parametrize("classes", [2, 3])
def test_a_solved_model_tells_waves_apart(classes):
    data = data_of(classes=classes, lengths=(20, 40))
    model, history = fitted(data)
    assert history.epoch == [0] and "ridge regression" in history.solved
    assert kk.evaluate(model, data).test["accuracy"] > 0.9
    linear = kk.evaluate(model, data).baseline["logistic"]["accuracy"]
    assert linear < 0.75  # what the levels at each step tell


def test_the_logs_are_those_of_rows_that_were_not_fitted():
    data = data_of(noise=1.2)
    model = kk.sequence_classifier(data, encoder="rocket")
    kk.compile(model)
    history = kk.fit(model, data, epochs=1, verbose=0)
    alone = kk.load_sequences(waves(noise=1.2), test=waves(noise=1.2, seed=1), validation_size=0.2)
    train, validation = alone.table("train"), alone.table("validation")
    only = kk.load_sequences(
        (train.features["series"], [alone.spec.classes[i] for i in train.target]),
        test=(validation.features["series"], [alone.spec.classes[i] for i in validation.target]),
        validation_size=0,
    )
    twin, _ = fitted(only)
    found = kk.evaluate(twin, only).test["log_loss"]
    assert history.history["val_loss"][0] == pytest.approx(found, rel=2e-3)


def test_the_rows_left_out_are_kept_for_calibration():
    data = data_of(noise=1.0)
    model, history = fitted(data)
    held = held_out_of(model)
    rows = data.spec.sizes["train"] + data.spec.sizes["validation"]
    assert held.splits == ("train", "validation") and held.answers.shape == (rows, 2)
    target = np.concatenate([data.table("train").target, data.table("validation").target])
    wrong = int((held.answers.argmax(axis=1) != target).sum())
    assert f"{wrong} labelled wrongly" in history.solved
    kk.calibrate(model, data)
    assert kk.evaluate(model, data).test["coverage"] > 0.7


def test_auto_trains_no_network_that_could_not_be_better():
    data = data_of()
    model, history = fitted(data, "auto")
    assert "the fixed features alone" in history.linear_path and history.epoch == [0]
    blend = network_of(model).get_layer(BLEND)
    assert blend.kernel.numpy().ravel().tolist() == [1.0, 0.0]
    served = folded(model)
    assert not [layer for layer in network_of(served).layers if layer.name.startswith("conv_")]
    series = data.table("test").features["series"]
    np.testing.assert_allclose(served(series), model(series), atol=1e-6)


def test_auto_trains_a_network_beside_many_errors():
    data = data_of(noise=2.5)
    model, history = fitted(data, "auto", build={"units": 4})
    assert len(history.epoch) == 2 and "blend" in history.linear_path
    linear = linear_path_of(model)
    assert any(np.any(layer.kernel.numpy()) for layer in linear.layers)
    held = held_out_of(model)
    assert held.splits == ("validation",)
    series = data.table("test").features["series"]
    np.testing.assert_allclose(folded(model)(series), model(series), atol=1e-5)


def test_parts_without_a_weight_are_not_served():
    data = data_of()
    model, _ = fitted(data)
    linear = linear_path_of(model)
    for layer in linear.layers[1:]:
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        layer.bias.assign(np.zeros(layer.bias.shape))
    served = network_of(folded(model))
    kept = [layer.name for layer in served.layers if layer.name.startswith("linear.")]
    assert kept == [linear.layers[0].name]
    series = data.table("test").features["series"]
    np.testing.assert_allclose(folded(model)(series), model(series), atol=1e-6)
    assert folded(kk.sequence_classifier(data, encoder="rocket")) is not None


def test_a_finished_run_gives_its_weights_back(tmp_path):
    data = data_of(noise=1.0)
    model, _ = fitted(data, run_dir=tmp_path / "run")
    again, history = fitted(data, run_dir=tmp_path / "run")
    series = data.table("test").features["series"]
    np.testing.assert_array_equal(again(series), model(series))
    assert history.epoch == [0]
    loaded = keras.models.load_model(tmp_path / "run" / "model.keras")
    np.testing.assert_allclose(loaded(series), model(series), atol=1e-6)


def test_class_weights_count():
    data = data_of(noise=2.0)
    even, _ = fitted(data)
    model, _ = fitted(data, class_weight={"c0": 1.0, "c1": 20.0})
    series = data.table("test").features["series"]
    answers = [np.asarray(each(series))[:, 1].mean() for each in (even, model)]
    assert answers[1] > answers[0] + 0.1


def test_rows_that_do_not_fit_in_memory():
    data = data_of()
    with pytest.raises(kk.ArgumentError, match="encoder='rocket' from rows in memory.*cache_mb=0"):
        fitted(data, cache_mb=0)
    model, history = fitted(data, "auto", cache_mb=0, build={"units": 4})
    assert "not solved" in history.linear_path and len(history.epoch) == 2
    served = network_of(folded(model))
    assert not [layer for layer in served.layers if layer.name.startswith("thresholds.")]


def test_many_rows_are_solved_from_a_sample(monkeypatch):
    monkeypatch.setattr("kerakit.training.linear_path.rocket.MAX_ROWS", 30)
    data = data_of()
    model, history = fitted(data)
    assert "of 30 series" in history.solved
    assert kk.evaluate(model, data).test["accuracy"] > 0.9
    assert held_out_of(model).answers.shape == (60, 2)


def test_the_choice_by_a_sample_is_solved_on_all_rows(monkeypatch):
    data = data_of(noise=1.0)
    monkeypatch.setattr("kerakit.training.linear_path.mixtures.CHOICE_ROWS", 25)
    _, history = fitted(data)
    assert "of 60 series" in history.solved


@pytest.mark.parametrize("encoder", ["rocket", "auto"])
def test_find_learning_rate_says_that_nothing_trains(encoder):
    data = data_of()
    model = kk.sequence_classifier(data, encoder=encoder)
    kk.compile(model)
    with pytest.raises(kk.ArgumentError, match="with encoder='rocket'.*such as 'conv'"):
        kk.find_learning_rate(model, data)


@pytest.mark.parametrize("steps", [30, 5000])
def test_long_series_are_convolved_a_few_at_a_time(monkeypatch, steps):
    taken, take = [], Arrays.take

    def counted(arrays, rows):
        taken.append(len(rows) * steps)
        return take(arrays, rows)

    monkeypatch.setattr(Arrays, "take", counted)
    series = np.random.default_rng(0).normal(size=(100 if steps == 30 else 8, steps))
    labels = ["a", "b"] * (len(series) // 2)
    fitted(kk.load_sequences((series, labels), validation_size=0, test_size=0.25))
    assert max(taken) <= max(2048, steps) and sum(taken) >= 0.75 * series.size


def test_numbers_are_the_same_for_one_seed():
    data = data_of(noise=1.0)
    one, two = (fitted(data, seed=3)[0] for _ in range(2))
    for a, b in zip(network_of(one).weights, network_of(two).weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_no_answer_hangs_on_rounding():
    """Smooth series at a high level, as spectra are: alone, in a batch, and in a graph."""
    rng = np.random.default_rng(0)
    share, steps = rng.uniform(size=(150, 3)), np.linspace(0, 1, 100)
    wide, narrow = np.exp(-((steps - 0.4) ** 2)), np.exp(-(((steps - 0.6) / 0.1) ** 2))
    series = 3 + 0.7 * share[:, :1] * wide + 0.005 * share[:, 1:2] * narrow
    series = series.astype("float32")
    data = kk.load_sequences((series, share[:, 1]), task="regression")
    model = kk.sequence_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    signature = [tf.TensorSpec((None, None), "float32")]
    answer = tf.function(folded(model), input_signature=signature, autograph=False)
    together = answer(series).numpy()
    alone = np.concatenate([answer(row[None]).numpy() for row in series])
    tolerance = 1e-5 * share[:, 1].std()  # what an export is held to
    np.testing.assert_allclose(alone, together, atol=tolerance)
    np.testing.assert_allclose(folded(model)(series), together, atol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "accuracy"),
    [("GunPoint", 0.993), ("ItalyPowerDemand", 0.9645), ("JapaneseVowels", 0.985)],
)
def test_sets_of_the_archives_are_told_apart_as_promised(test_data, name, accuracy):
    """As published for MiniRocket, on the archives' own test rows; by the defaults."""
    stem = str(test_data / "sequences" / "ucr_uea" / name / name)
    data = kk.load_sequences(f"{stem}_TRAIN.ts", test=f"{stem}_TEST.ts", validation_size=0)
    model, history = fitted(data, "auto")
    assert history.epoch == [0]  # no network
    assert kk.evaluate(model, data).test["accuracy"] >= accuracy
