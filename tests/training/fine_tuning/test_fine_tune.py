"""fine_tune: the best weights of all stages, the history of all epochs, what a run leaves."""

import csv
import json
import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.data import Table
from kerakit.keras_compat import layers_of
from kerakit.training.held_out import held_out_of

pytestmark = pytest.mark.training


def log_loss_and_accuracy(model, table):
    chosen = model.predict(table.features, verbose=0)
    own = chosen[np.arange(len(table)), table.target]
    weight = np.ones(len(table)) if table.weight is None else table.weight
    right = chosen.argmax(1) == table.target
    return np.average(-np.log(own), weights=weight), np.average(right, weights=weight)


@pytest.fixture
def tuned(make_model):
    """Fine-tunes a tiny model at a rate at which it learns within a few epochs."""

    def tune(data, rate=0.02, schedule=None, hidden=(), **options):
        model = make_model(data.spec, hidden)
        kk.compile(model, "fine_tuning", learning_rate=rate, schedule=schedule)
        options = {"strategy": "full", "epochs": 8, "verbose": 0, **options}
        return model, kk.fine_tune(model, data, **options)

    return tune


# Rates at which the validation loss falls below the probe's, and rises again.
FALLS = {"augment": "none", "schedule": "constant", "early_stopping": 20}


@pytest.mark.parametrize(
    ("classes", "rate", "epochs"), [(2, 0.2, 10), pytest.param(3, 0.05, 13, marks=pytest.mark.slow)]
)
def test_the_model_is_the_best_of_all_epochs(make_data, tuned, classes, rate, epochs):
    data = make_data(classes=classes)
    model, history = tuned(data, rate, epochs=epochs, **FALLS)
    head, full = history.stages
    assert full["kept"] and full["val_loss"] < head["val_loss"]
    loss, accuracy = log_loss_and_accuracy(model, data.table("validation"))
    assert (full["val_loss"], full["val_accuracy"]) == pytest.approx((loss, accuracy), abs=1e-5)
    losses = history.history["val_loss"]
    assert full["val_loss"] == pytest.approx(min(losses), rel=1e-4)
    assert losses[-1] > min(losses) + 0.05  # the last epoch was not the best


@pytest.mark.slow
def test_outcomes_are_weighted_as_the_rows_are(make_data, tuned):
    data = make_data(classes=2, weights=True)
    model, history = tuned(data, 0.05, epochs=12, **FALLS)
    full, held = history.stages[1], data.table("validation")
    assert full["kept"]
    loss, accuracy = log_loss_and_accuracy(model, held)
    plain, _ = log_loss_and_accuracy(model, Table(held.features, held.target))
    assert abs(loss - plain) > 1e-3
    assert (full["val_loss"], full["val_accuracy"]) == pytest.approx((loss, accuracy), abs=1e-5)


@pytest.mark.slow
def test_without_early_stopping_it_is_the_last_epoch(shapes, tuned):
    model, history = tuned(shapes, 0.03, epochs=14, **{**FALLS, "early_stopping": False})
    full, losses = history.stages[1], history.history["val_loss"]
    assert full["epochs"] == 14 and full["kept"] and losses[-1] > min(losses) + 0.05
    assert full["val_loss"] == pytest.approx(losses[-1], rel=1e-4)
    assert log_loss_and_accuracy(model, shapes.table("validation"))[0] == pytest.approx(
        losses[-1], rel=1e-4
    )


@pytest.mark.slow
def test_a_stage_that_does_not_pay_is_undone(shapes, tuned):
    solved, _ = tuned(shapes, strategy="head")
    model, history = tuned(shapes, rate=0.5, epochs=2, augment="none")
    head, full = history.stages
    assert (head["kept"], full["kept"]) == (True, False) and full["val_loss"] > head["val_loss"]
    for one, other in zip(model.get_weights(), solved.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(history.history["val_loss"]) == 3  # its epochs are in the history all the same


@pytest.mark.slow
@pytest.mark.parametrize(
    ("held", "hidden"),
    [
        (True, (8,)),
        pytest.param(False, (), marks=pytest.mark.slow),
        pytest.param(True, (), marks=pytest.mark.slow),
        pytest.param(False, (8,), marks=pytest.mark.slow),
    ],
)
def test_the_history_has_every_epoch_of_every_stage(make_data, tuned, tmp_path, hidden, held):
    data = make_data(held=held)
    model, history = tuned(
        data, hidden=hidden, epochs=3, early_stopping=2, run_dir=tmp_path, augment="none"
    )
    assert model.history is history
    counts = [stage["epochs"] for stage in history.stages]
    assert [stage["stage"] for stage in history.stages] == ["head", "full"]
    assert counts[0] > 1 if hidden else counts[0] == 1
    assert counts[1] <= 3 and (held or counts[1] == 3)
    assert history.epoch == list(range(sum(counts)))
    names = {"loss", "accuracy", "stage"} | ({"val_loss", "val_accuracy"} if held else set())
    assert set(history.history) == names
    assert {len(column) for column in history.history.values()} == {sum(counts)}
    assert history.history["stage"] == [1] * counts[0] + [2] * counts[1]
    assert all(stage["cpu_seconds"] > 0 for stage in history.stages)
    assert json.loads(json.dumps(history.stages)) == history.stages
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [epoch + 1 for epoch in history.epoch]
    for name, column in history.history.items():
        assert [float(row[name]) for row in rows] == pytest.approx(column, rel=1e-12)
    assert all(map(math.isfinite, history.history["loss"]))
    assert kk.Spec.from_json((tmp_path / "spec.json").read_text()) == data.spec
    left = {path.name for path in tmp_path.iterdir()} - {".lock", "checkpoint.npz"}
    refitted = history.stages[0].get("refitted", False)
    kept = held_out_of(model)
    assert (kept is not None) == refitted
    if kept is not None:  # what the head answered before the validation images were in it
        y = data.table("validation").target
        loss = -np.log(kept.answers[np.arange(len(y)), y]).mean()
        assert loss == pytest.approx(history.stages[0]["val_loss"], rel=1e-4)
        left.remove("held_out.npz")
    assert left == {"history.csv", "spec.json", "model.keras"}


@pytest.mark.slow
def test_callbacks_see_the_epochs_and_not_the_solved_head(shapes, tuned):
    class Count(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.begun, self.epochs = 0, []

        def on_train_begin(self, logs=None):
            self.begun += 1

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(epoch)

    counts = {}
    for hidden in ((), (8,)):
        counter = Count()
        options = {"augment": "none", "early_stopping": 2, "callbacks": [counter]}
        _, history = tuned(shapes, hidden=hidden, epochs=2, **options)
        trained = [stage["epochs"] for stage in history.stages][0 if hidden else 1 :]
        assert counter.epochs == [epoch for count in trained for epoch in range(count)]
        counts[hidden] = counter.begun
    assert counts == {(): 1, (8,): 2}


@pytest.mark.slow
def test_the_seed_makes_the_run(shapes, tuned):
    options = {"strategy": "head", "hidden": (8,), "early_stopping": 1}
    runs = [tuned(shapes, seed=seed, **options)[1].history for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0]["loss"] != runs[2]["loss"]


@pytest.mark.slow
def test_a_model_that_was_not_compiled_is_compiled_as_it_should_be(shapes, make_model):
    models = []
    for preset in (None, "fine_tuning"):
        model = make_model(shapes.spec, hidden=(8,))
        if preset:
            kk.compile(model, preset)
        kk.fine_tune(model, shapes, strategy="head", early_stopping=1, verbose=0)
        models.append(model)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)


def assert_same_normalisation(model, other):
    pairs = zip(layers_of(model), layers_of(other), strict=True)
    found = [pair for pair in pairs if isinstance(pair[0], keras.layers.BatchNormalization)]
    assert len(found) == 3
    for one, two in found:
        for first, second in zip(one.get_weights(), two.get_weights(), strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_mixed_precision_trains_and_the_answer_is_in_float32(
    shapes, tuned, make_model, monkeypatch
):
    seen, real = set(), keras.layers.Conv2D.call

    def call(self, inputs):
        seen.add(tf.as_dtype(inputs.dtype).name)
        return real(self, inputs)

    monkeypatch.setattr(keras.layers.Conv2D, "call", call)
    losses = {}
    for precision in ("float32", "mixed_bfloat16"):
        seen.clear()
        model, history = tuned(shapes, 0.05, **{**FALLS, "epochs": 8, "precision": precision})
        assert ("bfloat16" in seen) == (precision == "mixed_bfloat16")
        losses[precision] = history.history["loss"]
        layers = list(layers_of(model, include_self=False))
        assert {layer.compute_dtype for layer in layers} - {"uint8"} == {"float32"}
        assert {str(weight.dtype) for weight in model.weights} <= {"float32"}
        assert_same_normalisation(model, make_model(shapes.spec))
        table = shapes.table("validation")
        assert model.predict(table.features, verbose=0).dtype == np.float32
        loss, _ = log_loss_and_accuracy(model, table)
        full = history.stages[1]
        assert full["kept"]
        assert full["val_loss"] == pytest.approx(loss, abs=1e-5)  # measured as it is served
    assert losses["mixed_bfloat16"] != losses["float32"]
    assert losses["mixed_bfloat16"][:3] == pytest.approx(losses["float32"][:3], rel=0.2)


PLAIN = """
import sys
sys.modules["kerakit"] = None  # whoever imports it fails
import warnings, keras, numpy as np
warnings.simplefilter("error", UserWarning)
model = keras.models.load_model(sys.argv[1])
held = np.load(sys.argv[2])
answer = model.predict({"image": held["images"]}, verbose=0)
np.testing.assert_allclose(answer, held["answer"], atol=1e-6)
"""


@pytest.mark.process
@pytest.mark.slow
def test_what_was_saved_answers_alike_in_keras_alone(make_data, make_pretrained, tmp_path):
    """A model of the registry, for images of another size."""
    data = make_data()
    model = make_pretrained(data, image_size=40, head=(4,))
    kk.fine_tune(model, data, strategy="head", epochs=1, run_dir=tmp_path, verbose=0)
    images = data.table("test").features["image"]
    answer = model.predict({"image": images}, verbose=0)
    assert answer.std(0).max() > 1e-3
    np.savez(tmp_path / "held.npz", images=images, answer=answer)
    command = [sys.executable, "-c", PLAIN, tmp_path / "model.keras", tmp_path / "held.npz"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.process
@pytest.mark.slow
def test_the_model_is_measured_exported_and_verified(shapes, tuned, tmp_path):
    model, history = tuned(shapes, epochs=2, run_dir=tmp_path / "run", augment="none")
    measured = kk.evaluate(model, shapes, history=history, verbose=0)
    loss, accuracy = log_loss_and_accuracy(model, shapes.table("test"))
    assert measured.test["accuracy"] == pytest.approx(accuracy)
    assert measured.test["log_loss"] == pytest.approx(loss, abs=1e-5)
    path = kk.export(model, shapes, tmp_path / "tiny", verify=False)
    assert kk.verify(path, verbose=False).ok


@pytest.mark.slow
def test_it_trains_on_after_fine_tuning(shapes, tuned):
    """kk.fit and Keras' own fit take the model as any other."""
    model, _ = tuned(shapes, strategy="head")
    history = kk.fit(model, shapes, epochs=1, verbose=0)
    assert math.isfinite(history.history["val_loss"][0])
    table = shapes.table("train")
    history = model.fit(table.features, table.target, epochs=1, verbose=0)
    assert math.isfinite(history.history["loss"][0])
