"""Ids and rows: losses and metrics give the same numbers for one-hot rows as for ids."""

import itertools

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.presets.losses import PerceptronLoss
from kerakit.training.rows.soft_targets import as_rows, row_loss, row_metrics, wants_rows

SLOW = pytest.mark.slow
IDS = np.array([0, 2, 1, 2], "int32")
CLASSES = ("cat", "dog", "emu")
LOSSES = {
    "ids": "sparse_categorical_crossentropy",
    "rows": "categorical_crossentropy",
    "smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
}
ROWS = np.eye(3, dtype="float32")[IDS]
ANSWERS = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.5, 0.3, 0.2], [0.3, 0.4, 0.3]], "float32")


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        keras.losses.sparse_categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
    ],
    ids=["name", "function", "object", "logits", "sum"],
)
def test_a_sparse_loss_has_its_counterpart(loss):
    assert not wants_rows(loss)
    sparse, rows = keras.losses.get(loss), keras.losses.get(row_loss(loss))
    expected = np.asarray(sparse(IDS, ANSWERS))
    np.testing.assert_allclose(np.asarray(rows(ROWS, ANSWERS)), expected, rtol=1e-5)


def test_other_losses_are_kept_or_refused():
    for loss in ("categorical_crossentropy", keras.losses.CategoricalFocalCrossentropy()):
        assert wants_rows(loss)
        assert keras.losses.get(row_loss(loss)) is keras.losses.get(loss)

    def own(y_true, y_pred):
        return 0.0

    assert not wants_rows(own) and not wants_rows(None)
    for refused in (PerceptronLoss(), keras.losses.SparseCategoricalCrossentropy(ignore_class=0)):
        with pytest.raises(kk.ArgumentError, match=type(refused).__name__):
            row_loss(refused)


def test_metrics_of_ids_become_those_of_rows():
    given = [
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseTopKCategoricalAccuracy(k=2, name="second"),
        keras.metrics.SparseCategoricalCrossentropy(name="log_loss"),
    ]
    for sparse, rows in zip(given, row_metrics(given), strict=True):
        assert rows.name == sparse.name and type(rows) is not type(sparse)
        sparse.update_state(IDS, ANSWERS)
        rows.update_state(ROWS, ANSWERS)
        assert float(rows.result()) == pytest.approx(float(sparse.result()), rel=1e-5)
    named = row_metrics(["accuracy", "sparse_categorical_accuracy"])
    assert named[0] == "accuracy" and named[1].name == "sparse_categorical_accuracy"


def test_ids_become_rows_and_rows_stay():
    np.testing.assert_array_equal(as_rows(IDS, 3), ROWS)
    np.testing.assert_array_equal(as_rows(ROWS, 3), ROWS)
    np.testing.assert_array_equal(as_rows(np.array([1, 0]), 1), [[1.0], [0.0]])


# The other losses, numbers of classes and augmentations are slow tests.
QUICKER = {(3, "smoothed", "strong")}
CASES = [
    pytest.param(case, id="-".join(map(str, case)), marks=() if case in QUICKER else SLOW)
    for case in itertools.product((3, 2), LOSSES, ("none", "strong"))
]


@pytest.mark.training
@pytest.mark.parametrize("case", CASES)
def test_accuracy_counts_labels_whatever_the_loss_takes(pictures, case):
    classes, loss, augment = case
    data, loss = pictures(classes=CLASSES[:classes]), LOSSES[loss]
    image = keras.Input((12, 12, 3), dtype="uint8", name="image")
    values = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255, -0.5)(image))
    answer = keras.layers.Dense(classes, activation="softmax")(values)
    model = keras.Model({"image": image}, answer)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    history = kk.fit(model, data, epochs=10, batch_size=16, augment=augment, verbose=0)
    table = data.table("validation")
    answers = model.predict(table.features, verbose=0)
    best = int(np.argmin(history.history["val_loss"]))
    if best == len(history.epoch) - 1:
        own = np.mean(answers.argmax(1) == table.target)
        assert history.history["val_accuracy"][-1] == pytest.approx(own, abs=1e-6)
    assert history.history["val_accuracy"][best] > 0.9


@pytest.mark.slow
@pytest.mark.training
def test_a_preset_of_smoothed_labels_takes_both(pictures, small_cnn):
    data = pictures()
    for augment in ("none", "strong"):
        model = small_cnn(data.spec)
        kk.compile(model, "image_classification", learning_rate=0.02)
        history = kk.fit(model, data, epochs=8, augment=augment, verbose=0)
        assert max(history.history["val_accuracy"]) > 0.9


@pytest.mark.training
def test_tables_with_a_loss_of_rows_train_too(iris):
    model = kk.mlp_classifier(iris.spec, hidden=(16,), dropout=0.0)
    kk.compile(model, "multiclass", loss="categorical_crossentropy", learning_rate=0.01)
    history = kk.fit(model, iris, epochs=40, batch_size=16, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.8
