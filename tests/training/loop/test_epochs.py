"""The epochs of a run: order, metrics, schedule, early stopping, in memory and streamed."""

import dataclasses

import keras
import numpy as np
import pytest
from marks import first
from training_cases import mlp, weights

import kerakit as kk
from kerakit.data.data import Data
from kerakit.training.loop.epochs import row_order


def test_every_epoch_sees_every_row_in_another_order():
    orders = [row_order(10, 3, seed=1, epoch=epoch) for epoch in range(3)]
    for order in orders:
        assert order.shape == (3, 4) and set(order.ravel()) == set(range(10))
    assert not np.array_equal(orders[0], orders[1])
    np.testing.assert_array_equal(orders[2], row_order(10, 3, seed=1, epoch=2))
    assert not np.array_equal(orders[0], row_order(10, 3, seed=2, epoch=0))


def test_batches_of_like_lengths_have_little_padding():
    lengths = np.random.default_rng(0).integers(1, 100, 1000)
    orders = [row_order(1000, 50, seed=1, epoch=epoch, lengths=lengths) for epoch in range(2)]
    padded = [lengths[order].max(axis=1).sum() * 20 for order in orders]
    drawn = lengths[row_order(1000, 50, seed=1, epoch=0)].max(axis=1).sum() * 20
    assert max(padded) < 1.15 * lengths.sum() < 0.65 * drawn
    for order in orders:
        assert order.shape == (50, 20) and set(order.ravel()) == set(range(1000))
        longest = lengths[order].max(axis=1)
        assert not (np.diff(longest) >= 0).all()  # the batches are in a drawn order
    assert not np.array_equal(np.sort(orders[0]), np.sort(orders[1]))
    again = row_order(1000, 50, seed=1, epoch=1, lengths=lengths)
    np.testing.assert_array_equal(orders[1], again)


@pytest.mark.slow
@pytest.mark.training
def test_streaming_trains_as_well_as_memory(line_data):
    losses = []
    for cache_mb in (512, 0):
        model = mlp(line_data)
        kk.compile(model, "regression", learning_rate=0.01)
        history = kk.fit(model, line_data, epochs=20, verbose=0, cache_mb=cache_mb)
        losses.append(min(history.history["val_loss"]))
    assert max(losses) < 0.1


@pytest.mark.training
def test_rows_of_a_dataset_train_too(line_data):
    streamed = Data(line_data.train, line_data.validation, line_data.test, line_data.spec)
    assert streamed.table("train") is None
    for cache_mb in (512, 0):
        model = mlp(streamed)
        history = kk.fit(model, streamed, epochs=3, verbose=0, cache_mb=cache_mb)
        assert len(history.epoch) == 3


@pytest.mark.training
def test_fit_and_keras_agree_on_a_full_batch(line_data):
    """One step on all rows by plain gradient descent is a step of Keras' own fit."""
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = kk.mlp_regressor(line_data.spec, hidden=(8,), dropout=0.0)
        kk.compile(model, "sgd", learning_rate=0.1)
        models.append(model)
    rows = line_data.spec.sizes["train"]
    kk.fit(models[0], line_data, epochs=3, batch_size=rows, verbose=0, early_stopping=False)
    table = line_data.table("train")
    models[1].fit(table.features, table.target, epochs=3, batch_size=rows, verbose=0)
    np.testing.assert_allclose(weights(models[0]), weights(models[1]), rtol=1e-4, atol=1e-5)


@pytest.mark.training
@pytest.mark.parametrize("cache_mb", first(1, [512, 0]), ids=["in memory", "streamed"])
@pytest.mark.parametrize("validated", first(1, [True, False]))
def test_training_metrics_are_those_of_their_epoch(line_data, validated, cache_mb):
    """Weights that stand still have one error on the training rows, in every epoch."""
    held = line_data.table("validation") if validated else None
    sizes = {**line_data.spec.sizes, "validation": len(held) if validated else 0}
    spec = dataclasses.replace(line_data.spec, sizes=sizes)
    data = Data(line_data.table("train"), held, line_data.table("test"), spec)
    model = kk.mlp_regressor(spec, hidden=(4,), dropout=0.0)
    kk.compile(model, "sgd", learning_rate=1e-30)
    rows = len(data.table("train"))
    history = kk.fit(model, data, epochs=3, batch_size=rows, verbose=0, cache_mb=cache_mb)
    for split, name in (("train", "mae"), ("validation", "val_mae"))[: 1 + validated]:
        table = data.table(split)
        error = np.abs(model.predict(table.features, verbose=0) - table.target).mean()
        np.testing.assert_allclose(history.history[name], [error] * 3, rtol=1e-5)


@pytest.mark.training
def test_a_schedule_is_followed_step_by_step(line_data):
    seen = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(float(self.model.optimizer.learning_rate))

    model = kk.mlp_regressor(line_data.spec, hidden=(4,))
    schedule = kk.CosineSchedule(0.01, warmup=0.2)
    kk.compile(model, "regression", schedule=schedule)
    kk.fit(model, line_data, epochs=5, verbose=0, callbacks=[Rates()], early_stopping=False)
    steps = int(np.ceil(line_data.spec.sizes["train"] / 32))
    np.testing.assert_allclose(seen, schedule.simulate(5 * steps)[steps - 1 :: steps], rtol=1e-5)


@pytest.mark.training
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(16_384, id="at once"),
        pytest.param(20, id="in parts", marks=pytest.mark.slow),
        pytest.param(71, id="in one part", marks=pytest.mark.slow),
    ],
)
def test_early_stopping_leaves_the_best_weights(diabetes, monkeypatch, rows):
    assert diabetes.spec.sizes["validation"] == 71
    monkeypatch.setattr("kerakit.training.loop.in_memory.VALIDATION_ROWS", rows)
    model = mlp(diabetes)
    kk.compile(model, "adam", learning_rate=0.03)
    history = kk.fit(model, diabetes, epochs=300, early_stopping=10, verbose=0)
    losses = history.history["val_loss"]
    assert len(losses) == int(np.argmin(losses)) + 1 + 10 < 300
    table = diabetes.table("validation")
    loss = model.evaluate(table.features, table.target, verbose=0)[0]
    assert loss == pytest.approx(min(losses), rel=1e-4)
