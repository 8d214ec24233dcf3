"""The options of fit: a bad one is named before anything is trained or written."""

import logging
import pathlib

import keras
import numpy as np
import pytest
from training_cases import mlp

import kerakit as kk


@pytest.mark.many
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, r"'epochs'.*\[1, inf\). Got 0"),
        ({"epochs": 2.5}, "'epochs'.*Got 2.5"),
        ({"batch_size": 0}, "'batch_size'.*Got 0"),
        ({"batch_size": -4}, "'batch_size'.*Got -4"),
        ({"early_stopping": 0.5}, "'early_stopping'.*Got 0.5"),
        ({"augment": "strong"}, "'augment'.*None for tables.*'strong'"),
        ({"class_weight": "balanced"}, "'class_weight'.*regression"),
        ({"verbose": 3}, "'verbose'.*Got 3"),
        ({"seed": -1}, "'seed'.*Got -1"),
        ({"cache_mb": -1}, "'cache_mb'.*Got -1"),
    ],
)
def test_bad_arguments_are_named(options, words, line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.fit(mlp(line_data), line_data, **{"epochs": 1, "run_dir": tmp_path / "r", **options})
    assert not (tmp_path / "r").exists()


@pytest.mark.many
@pytest.mark.parametrize(
    "weight", [{"setosa": 1.0}, {0: 1, 1: 1, 2: 1, 3: 1}, {"setosa": 1, "iris": 2}, [1, 1, 1], "x"]
)
def test_class_weights_that_leave_a_class_out_are_refused(iris, weight):
    model = kk.mlp_classifier(iris.spec)
    kk.compile(model, "multiclass")
    with pytest.raises(kk.ArgumentError, match="'class_weight'.*setosa.*versicolor.*virginica"):
        kk.fit(model, iris, epochs=1, class_weight=weight)


def test_a_model_of_other_columns_is_refused(line_data, diabetes):
    with pytest.raises(kk.DataError, match=r"takes .*which the data does not have"):
        kk.fit(mlp(line_data), diabetes, epochs=1)


@pytest.mark.many
def test_an_uncompiled_model_and_bare_arrays_are_refused(line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match="kk.compile"):
        kk.fit(kk.mlp_regressor(line_data.spec), line_data, epochs=1)
    with pytest.raises(kk.ArgumentError, match="kk.load_arrays"):
        kk.fit(mlp(line_data), (np.zeros((3, 2)), np.zeros(3)), epochs=1)
    file = pathlib.Path(tmp_path, "file")
    file.write_text("")
    with pytest.raises(kk.ArgumentError, match="must be a folder"):
        kk.fit(mlp(line_data), line_data, epochs=1, run_dir=file)


@pytest.mark.training
def test_callbacks_are_none_or_one_or_nested_lists_as_in_keras(line_data):
    class Count(keras.callbacks.Callback):
        epochs = 0

        def on_epoch_end(self, epoch, logs=None):
            self.epochs += 1

    model, counts = mlp(line_data), [Count() for _ in range(4)]
    listed = keras.callbacks.CallbackList([counts[3]])
    for callbacks in (counts[0], (counts[1], [counts[2], listed], None)):
        kk.fit(model, line_data, epochs=1, callbacks=callbacks, verbose=0)
    assert [count.epochs for count in counts] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("callbacks", "words"),
    [
        ([keras.callbacks.EarlyStopping], "'callbacks'.*not its class.*EarlyStopping"),
        ("stop", "'callbacks'.*Got 'stop'"),
        (keras.callbacks.BackupAndRestore("backup"), "BackupAndRestore.*pass run_dir="),
    ],
)
def test_what_is_no_callback_is_named(line_data, callbacks, words):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.fit(mlp(line_data), line_data, epochs=1, callbacks=callbacks)


@pytest.fixture(scope="module")
def rows():
    """40 rows of three numbers, with two targets or with four classes."""
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("f4")
    options = {"test_size": 0.2, "validation_size": 0.2}
    classes = np.arange(40) % 4
    return (
        kk.load_arrays(x, x[:, :2], task="regression", **options),
        kk.load_arrays(x, classes, task="multiclass", **options),
    )


def test_a_model_of_other_width_is_named(rows):
    numbers, classes = rows
    wide = kk.mlp_regressor(5)
    kk.compile(wide, "regression")
    shape = r"its input 'features' takes the shape \(5,\), and the data's 'features' has \(3,\)"
    with pytest.raises(kk.DataError, match=f"model of fit.*{shape}"):
        kk.fit(wide, numbers, epochs=1)
    with pytest.raises(kk.DataError, match=f"model of evaluate.*{shape}"):
        kk.evaluate(wide, numbers)
    single = kk.mlp_regressor(3)
    kk.compile(single, "regression")
    with pytest.raises(kk.DataError, match="answers with one number, and the data have 2 targets"):
        kk.fit(single, numbers, epochs=1)
    few = kk.mlp_classifier(3, classes=3)
    kk.compile(few, "multiclass")
    with pytest.raises(kk.DataError, match=r"the shape \(3,\), and the data have 4 classes"):
        kk.fit(few, classes, epochs=1)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


class OwnStep(keras.Model):
    def train_step(self, data):
        return {"loss": 0.0}


def test_models_that_fit_cannot_train_have_one_line(rows):
    numbers, _ = rows
    values = keras.Input((3,), name="features")
    for model, words in (
        (Subclassed(), r"inputs and outputs Keras knows.*Got a Subclassed.*model\.fit"),
        (keras.Sequential([keras.layers.Dense(2)]), "Got a Sequential"),
        (OwnStep(values, keras.layers.Dense(2)(values)), "own train_step. Got a OwnStep"),
    ):
        model.compile("adam", "mse")
        with pytest.raises(kk.ArgumentError, match=f"^fit .*{words}") as caught:
            kk.fit(model, numbers, epochs=1)
        assert len(str(caught.value)) <= 500


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    "cache_mb",
    [pytest.param(512, id="in memory"), pytest.param(0, id="streamed", marks=pytest.mark.slow)],
)
def test_many_fits_of_a_sequential_model_warn_of_nothing(rows, caplog, recwarn, cache_mb):
    """TensorFlow warns of retracing after five functions that are made at one line."""
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for _ in range(7):
            layers = [keras.Input((3,), name="features"), keras.layers.Dense(2)]
            model = keras.Sequential(layers)
            model.compile("sgd", "mse")
            kk.fit(model, rows[0], epochs=1, verbose=0, cache_mb=cache_mb)
    finally:
        logger.removeHandler(caplog.handler)
    assert not [record for record in caplog.records if "retracing" in record.getMessage()]
    assert not [str(warning.message) for warning in recwarn if "structure" in str(warning.message)]
