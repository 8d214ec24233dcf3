"""Callbacks see what Keras shows them: every hook, as often, with the same logs."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf
from training_cases import weights

import kerakit as kk

STREAMED = pytest.mark.parametrize(
    "cache_mb",
    [pytest.param(512, id="in memory"), pytest.param(0, id="streamed", marks=pytest.mark.slow)],
)


class Recorder(keras.callbacks.Callback):
    """Writes down every hook with its number and the names in its logs."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self, hook, *arguments, logs=None):
        *number, last = (*arguments, logs) if logs is not None else arguments or (None,)
        self.seen.append((hook, *number, sorted(last or {})))


def _hook(name):
    return lambda self, *arguments, logs=None: self.note(name, *arguments, logs=logs)


for name in dir(keras.callbacks.Callback):
    if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
        setattr(Recorder, name, _hook(name))


class EveryBatch(keras.callbacks.Callback):
    """Overrides a hook of batches, so that training takes single steps."""

    def on_train_batch_end(self, batch, logs=None):
        self.logs = logs


class Validation(keras.callbacks.Callback):
    def on_test_end(self, logs=None):
        self.logs = logs


def small(data):
    keras.utils.set_random_seed(0)
    build = kk.mlp_classifier if data.spec.is_classification else kk.mlp_regressor
    model = build(data.spec, hidden=(4,), dropout=0.2)
    kk.compile(model)
    return model


@pytest.mark.training
@STREAMED
def test_hooks_come_as_they_do_in_keras(cache_mb):
    data = kk.load_builtin("iris" if cache_mb else "diabetes")
    train, held = data.table("train"), data.table("validation")
    theirs, ours = Recorder(), Recorder()
    small(data).fit(
        train.features,
        train.target,
        validation_data=(held.features, held.target),
        epochs=2,
        batch_size=48,
        callbacks=[theirs],
        verbose=0,
    )
    options = {"epochs": 2, "batch_size": 48, "cache_mb": cache_mb, "verbose": 0}
    kk.fit(small(data), data, callbacks=[ours], **options)
    steps = -(-len(train) // 48)
    assert [hook for hook, *_ in ours.seen].count("on_train_batch_end") == 2 * steps
    assert ours.seen == theirs.seen


@pytest.mark.slow
@pytest.mark.training
@STREAMED
def test_single_steps_give_the_same_weights_to_the_bit(diabetes, cache_mb):
    results, histories = [], []
    for callbacks in (None, Validation(), Recorder()):
        model = small(diabetes)
        history = kk.fit(
            model, diabetes, epochs=3, callbacks=callbacks, cache_mb=cache_mb, verbose=0
        )
        results.append(weights(model))
        histories.append([history.history[key] for key in sorted(history.history)])
    for result, history in zip(results[1:], histories[1:], strict=True):
        np.testing.assert_array_equal(result, results[0])
        np.testing.assert_allclose(history, histories[0], rtol=1e-6)


@pytest.mark.training
def test_the_logs_of_a_batch_are_the_means_so_far(diabetes):
    seen = []
    log = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
        on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]),
    )
    kk.fit(small(diabetes), diabetes, epochs=1, callbacks=log, verbose=0)
    assert len(set(seen)) > 2 and seen[-1] == seen[-2]


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("hook", "cache_mb"),
    [
        ("on_train_batch_end", 512),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (("on_train_begin", 512), ("on_epoch_begin", 0))
        ),
    ],
)
def test_a_callback_that_stops_training_stops_where_it_does_in_keras(diabetes, hook, cache_mb):
    """Where the epoch has not begun, Keras trains one batch of it."""

    def stop(self, *arguments, logs=None):
        if not arguments or arguments[0] in (None, {}, 1):  # the second epoch or batch
            self.model.stop_training = True

    table, held, steps = diabetes.table("train"), diabetes.table("validation"), []
    for fit in ("keras", "kerakit"):
        model = small(diabetes)
        callback = type("Stop", (keras.callbacks.Callback,), {hook: stop})()
        if fit == "keras":
            options = {"validation_data": (held.features, held.target), "batch_size": 32}
            model.fit(
                table.features, table.target, epochs=4, callbacks=callback, verbose=0, **options
            )
        else:
            options = {"batch_size": 32, "cache_mb": cache_mb, "verbose": 0}
            kk.fit(model, diabetes, epochs=4, callbacks=callback, **options)
        steps.append((int(model.optimizer.iterations), model.history.epoch))
    assert steps[0] == steps[1]


@pytest.mark.slow
@pytest.mark.training
def test_a_note_says_what_single_steps_cost(diabetes, capsys):
    kk.fit(small(diabetes), diabetes, epochs=1, callbacks=EveryBatch())
    first = capsys.readouterr().out.splitlines()[0]
    assert "EveryBatch.on_train_batch_end" in first and "9 steps takes about 0.0063 s" in first
    kk.fit(small(diabetes), diabetes, epochs=1, callbacks=Validation())
    assert capsys.readouterr().out.startswith("epoch 1/1")


@pytest.mark.training
def test_files_of_callbacks_are_written_as_keras_writes_them(diabetes, tmp_path):
    assert -(-diabetes.spec.sizes["train"] // 32) == 9
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.keras", save_freq=4),
    ]
    options = {"epochs": 2, "batch_size": 32, "verbose": 0}
    history = kk.fit(small(diabetes), diabetes, callbacks=callbacks, **options)
    with open(tmp_path / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == history.history["val_loss"]
    saved = {path.stem for path in tmp_path.glob("*.keras")}
    assert saved == {"1-4", "1-8", "2-3", "2-7"}  # every fourth of the 18 batches


@pytest.mark.training
@pytest.mark.parametrize("often", [False, True], ids=["once an epoch", "per batch"])
def test_a_tensorboard_has_the_values_of_keras(diabetes, tmp_path, capsys, often):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: kerakit[tune]")
    options = {"update_freq": "batch"} if often else {}
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1, **options)
    kk.fit(small(diabetes), diabetes, epochs=2, batch_size=32, callbacks=board)
    assert ("callbacks: every batch" in capsys.readouterr().out) is often
    tags = _tags(tmp_path / "train")
    assert tags.count("batch_loss") == (18 if often else 0) and tags.count("epoch_loss") == 2
    assert any("kernel" in tag for tag in tags)
    assert _tags(tmp_path / "validation").count("evaluation_loss_vs_iterations") == 2


@pytest.mark.training
def test_a_tensorboard_profiles_the_batches_that_it_is_asked_for(diabetes, tmp_path, recwarn):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed: kerakit[tune]")
    board = keras.callbacks.TensorBoard(tmp_path / "logs", profile_batch=(2, 3))
    options = {"epochs": 1, "batch_size": 32, "run_dir": tmp_path / "run", "verbose": 0}
    kk.fit(small(diabetes), diabetes, callbacks=board, **options)
    assert list((tmp_path / "logs").glob("**/plugins/profile/*/*.xplane.pb"))
    assert not [str(each.message) for each in recwarn if "callback" in str(each.message)]


def _tags(folder):
    """The names of all values in the event files of a folder."""
    records = tf.data.TFRecordDataset([str(path) for path in folder.glob("events*")])
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in records]
    return [value.tag for event in events for value in event.summary.value]


@pytest.mark.training
def test_a_checkpoint_once_an_epoch_costs_no_single_steps(diabetes, tmp_path, capsys):
    saver = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    kk.fit(small(diabetes), diabetes, epochs=1, callbacks=saver)
    assert "callbacks:" not in capsys.readouterr().out
    assert (tmp_path / "best.keras").exists()


@pytest.mark.training
def test_terminate_on_nan_ends_the_run_as_in_keras(diabetes):
    model = kk.mlp_regressor(diabetes.spec, hidden=(4,))
    kk.compile(model, "sgd", learning_rate=1e6)
    terminate = keras.callbacks.TerminateOnNaN()
    history = kk.fit(model, diabetes, epochs=50, callbacks=terminate, verbose=0)
    assert not np.isfinite(history.history["loss"][-1]) and len(history.epoch) < 50


@pytest.mark.slow
@pytest.mark.training
def test_an_average_of_the_weights_is_validated_and_left_as_in_keras(diabetes):
    """`use_ema` averages weights; `SwapEMAWeights` validates the average."""
    table, held = diabetes.table("train"), diabetes.table("validation")
    rows, results, losses = len(table), [], []
    for fit in ("keras", "kerakit"):
        keras.utils.set_random_seed(0)
        model = kk.mlp_regressor(diabetes.spec, hidden=(4,), dropout=0.0)
        ema = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
        kk.compile(model, "sgd", optimizer=ema)
        options = {"epochs": 4, "batch_size": rows, "verbose": 0}
        options["callbacks"] = [keras.callbacks.SwapEMAWeights()]
        if fit == "keras":
            validation = (held.features, held.target)
            history = model.fit(table.features, table.target, validation_data=validation, **options)
        else:
            history = kk.fit(model, diabetes, early_stopping=False, **options)
        results.append(weights(model))
        losses.append(history.history["val_loss"])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
