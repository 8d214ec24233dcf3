"""The run of a solved model: one epoch for callbacks, the run folder, and what is printed."""

import csv

import keras
import numpy as np
import pytest

import kerakit as kk


class Hooks(keras.callbacks.Callback):
    """The hooks that were called, and the weights at the end of the epoch."""

    def __init__(self):
        super().__init__()
        self.calls, self.logs, self.kernel = [], None, None

    def on_train_begin(self, logs=None):
        self.calls.append("train begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} begin")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} end")
        self.logs, self.kernel = logs, self.model.get_weights()

    def on_train_end(self, logs=None):
        self.calls.append("train end")


def linear(data, **options):
    model = kk.linear_regressor(data, **options)
    kk.compile(model)
    return model


@pytest.mark.training
def test_callbacks_see_one_epoch_that_ends_with_the_solution(diabetes):
    hooks, model = Hooks(), linear(diabetes)
    history = kk.fit(model, diabetes, epochs=50, callbacks=[hooks], verbose=0)
    assert hooks.calls == ["train begin", "epoch 0 begin", "epoch 0 end", "train end"]
    assert {name: [value] for name, value in hooks.logs.items()} == history.history
    for ours, theirs in zip(hooks.kernel, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.training
def test_a_line_says_what_was_solved_and_what_has_no_effect(diabetes, capsys):
    kk.fit(linear(diabetes), diabetes, epochs=50, batch_size=8, early_stopping=3)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch 1/1  ") and "val_loss" in first
    assert second == (
        "least squares, solved on 354 rows and 10 columns; epochs=, batch_size=, "
        "early_stopping= have no effect"
    )


@pytest.mark.training
def test_a_run_folder_has_the_solution_and_gives_it_back(diabetes, tmp_path):
    model = linear(diabetes)
    history = kk.fit(model, diabetes, epochs=50, run_dir=tmp_path, verbose=0)
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1"]
    assert float(rows[0]["loss"]) == pytest.approx(history.history["loss"][0])
    again = linear(diabetes)
    resumed = kk.fit(again, diabetes, epochs=70, run_dir=tmp_path, verbose=0)
    assert resumed.history == history.history and resumed.solved == history.solved
    loaded = keras.models.load_model(tmp_path / "model.keras")
    columns = diabetes.table("test").features
    for other in (again, loaded):
        expected = model.predict(columns, verbose=0)
        np.testing.assert_array_equal(other.predict(columns, verbose=0), expected)


@pytest.mark.training
def test_another_penalty_is_another_run(diabetes, tmp_path):
    kk.fit(linear(diabetes), diabetes, epochs=1, run_dir=tmp_path, verbose=0)
    with pytest.raises(kk.RunError, match="its model is"):
        kk.fit(linear(diabetes, l2=0.1), diabetes, epochs=1, run_dir=tmp_path, verbose=0)


@pytest.mark.slow
@pytest.mark.training
def test_a_layer_over_pixels_is_solved_unless_they_are_augmented():
    digits = kk.load_builtin("digits")
    (name,) = digits.spec.feature_names
    image = {name: keras.Input(digits.spec.features[0].shape, dtype="uint8", name=name)}
    scaled = keras.layers.Rescaling(1 / 255)(image[name])
    preprocess = keras.Model(image, scaled, name="preprocess")
    inputs = keras.Input(scaled.shape[1:])
    answer = keras.layers.Dense(
        10, "softmax", kernel_regularizer=keras.regularizers.L2(1e-4), name="output"
    )(keras.layers.Flatten()(inputs))
    network = keras.Model(inputs, answer, name="network")
    model = keras.Model(image, network(preprocess(image)))
    kk.compile(model, "multiclass")
    history = kk.fit(model, digits, epochs=3, verbose=0)
    assert history.solved.startswith("softmax regression, solved on") and len(history.epoch) == 1
    assert history.history["val_accuracy"][0] > 0.9
    history = kk.fit(model, digits, epochs=2, augment="light", verbose=0)
    assert history.solved == "" and len(history.epoch) == 2
