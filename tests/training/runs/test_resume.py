"""Runs that were stopped end as uninterrupted ones; what a run leaves in its folder."""

import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from training_cases import mlp, weights

import kerakit as kk


@pytest.mark.training
def test_the_optimizer_is_saved_with_the_model(diabetes, tmp_path):
    model = mlp(diabetes)
    kk.fit(model, diabetes, epochs=2, verbose=0, run_dir=tmp_path)
    again = keras.models.load_model(tmp_path / "model.keras")
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) > 0
    for ours, loaded in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), loaded.numpy(), rtol=1e-6)


@pytest.mark.training
@pytest.mark.parametrize(
    "epochs",
    [
        pytest.param(12, id="plain"),
        pytest.param(600, id="compiled by XLA", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_ends_as_the_uninterrupted_one(diabetes, tmp_path, epochs):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 5:
                raise KeyboardInterrupt

    whole = mlp(diabetes)
    full = kk.fit(
        whole, diabetes, epochs=epochs, early_stopping=7, run_dir=tmp_path / "a", verbose=0
    )
    with pytest.raises(KeyboardInterrupt):
        kk.fit(
            mlp(diabetes),
            diabetes,
            epochs=epochs,
            early_stopping=7,
            run_dir=tmp_path / "b",
            verbose=0,
            callbacks=[Stop()],
        )
    assert (tmp_path / "b" / "history.csv").read_text().count("\n") == 6

    class Idle(keras.callbacks.Callback):
        """Stands where Stop stood."""

    Idle.__name__ = "Stop"
    resumed = mlp(diabetes, seed=99)  # other initial weights: the checkpoint's count
    rest = kk.fit(
        resumed,
        diabetes,
        epochs=epochs,
        early_stopping=7,
        run_dir=tmp_path / "b",
        verbose=0,
        callbacks=[Idle()],
    )
    assert rest.epoch == full.epoch
    np.testing.assert_allclose(rest.history["val_loss"], full.history["val_loss"], rtol=1e-6)
    np.testing.assert_allclose(weights(resumed), weights(whole), atol=1e-6)


KILLED = """
import keras, sys, kerakit as kk
data = kk.load_builtin("diabetes")
keras.utils.set_random_seed(0)
model = kk.mlp_regressor(data.spec, hidden=(16,), dropout=0.1)
kk.compile(model, "regression")
kk.fit(model, data, epochs=400, early_stopping=False, run_dir=sys.argv[1], verbose=2)
"""


@pytest.mark.process
@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(diabetes, tmp_path):
    whole = mlp(diabetes)
    kk.fit(whole, diabetes, epochs=400, early_stopping=False, verbose=0)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    for line in process.stdout:
        if line.startswith("epoch 20/"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    model = mlp(diabetes, seed=5)
    history = kk.fit(model, diabetes, epochs=400, early_stopping=False, run_dir=tmp_path, verbose=0)
    assert history.epoch == list(range(400))
    np.testing.assert_allclose(weights(model), weights(whole), atol=1e-6)


@pytest.mark.training
def test_a_finished_run_gives_back_its_result_without_training(diabetes, tmp_path, monkeypatch):
    first = mlp(diabetes)
    history = kk.fit(first, diabetes, epochs=4, run_dir=tmp_path, verbose=0)
    second = mlp(diabetes, seed=7)
    monkeypatch.setattr(keras.optimizers.Optimizer, "apply", lambda *_: pytest.fail("it trains"))
    again = kk.fit(second, diabetes, epochs=4, run_dir=tmp_path, verbose=0)
    assert again.history == history.history
    np.testing.assert_array_equal(weights(first), weights(second))


@pytest.mark.slow
@pytest.mark.training
def test_a_finished_run_can_be_given_more_epochs(diabetes, tmp_path):
    """At a constant rate an epoch does not depend on how many are to come."""
    models = [mlp(diabetes, preset="adam") for _ in range(2)]
    kk.fit(models[0], diabetes, epochs=6, verbose=0, early_stopping=False)
    kk.fit(models[1], diabetes, epochs=3, verbose=0, early_stopping=False, run_dir=tmp_path)
    more = mlp(diabetes, seed=8, preset="adam")
    history = kk.fit(more, diabetes, epochs=6, verbose=0, early_stopping=False, run_dir=tmp_path)
    assert history.epoch == list(range(6))
    np.testing.assert_allclose(weights(more), weights(models[0]), atol=1e-6)


@pytest.mark.slow
@pytest.mark.training
def test_a_run_directory_of_another_model_is_refused(diabetes, iris, tmp_path):
    kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    other = kk.mlp_regressor(diabetes.spec, hidden=(8,))
    kk.compile(other, "regression")
    with pytest.raises(kk.RunError, match="belongs to another run: its model"):
        kk.fit(other, diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    with pytest.raises(kk.RunError, match="its seed is 0, this one's is 4"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0, seed=4)
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert after == before
    kk.fit(other, diabetes, epochs=2, run_dir=tmp_path, verbose=0, resume=False)


def scaled(data, learning_rate=0.02, beta=0.9):
    """A network in half precision, with an optimizer of the user's own that scales the loss."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        keras.utils.set_random_seed(0)
        model = kk.mlp_regressor(data, hidden=(4,), dropout=0.2)
        adam = keras.optimizers.Adam(learning_rate, beta_1=beta)
        optimizer = keras.optimizers.LossScaleOptimizer(adam, dynamic_growth_steps=5)
        kk.compile(model, optimizer=optimizer)
    finally:
        keras.config.set_dtype_policy(policy)
    return model


@pytest.mark.slow
@pytest.mark.training
def test_a_scaled_loss_resumes_to_the_bit_and_its_inner_optimizer_is_compared(diabetes, tmp_path):
    """The scale of the loss doubles every five steps; Keras numbers the inner optimizer's name."""

    class Stop(keras.callbacks.Callback):
        on = True

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1 and self.on:
                raise KeyboardInterrupt

    def fit(model, folder, **options):
        options = {"epochs": 2, "run_dir": tmp_path / folder, "verbose": 0, **options}
        kk.fit(model, diabetes, early_stopping=False, **options)
        return model

    whole = fit(scaled(diabetes), "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(scaled(diabetes), "halves", callbacks=Stop())
    for name, other in (
        ("learning rate is 0.02, this one's is 0.03", scaled(diabetes, learning_rate=0.03)),
        ("inner_optimizer.beta_1 is 0.9, this one's is 0.8", scaled(diabetes, beta=0.8)),
    ):
        with pytest.raises(kk.RunError, match=name):
            fit(other, "halves")
    Stop.on = False
    again = fit(scaled(diabetes), "halves", callbacks=Stop())
    np.testing.assert_array_equal(weights(again), weights(whole))
    pairs = zip(again.optimizer.variables, whole.optimizer.variables, strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


def test_a_damaged_checkpoint_is_named(diabetes, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"not a checkpoint")
    with pytest.raises(kk.RunError, match="checkpoint.npz cannot be read"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)


def test_two_processes_cannot_share_a_run_directory(diabetes, tmp_path):
    from kerakit.training.runs.lock import locked_run

    with locked_run(tmp_path), pytest.raises(kk.RunError, match="in use by another process"):
        kk.fit(mlp(diabetes), diabetes, epochs=2, run_dir=tmp_path, verbose=0)


@pytest.mark.training
def test_a_run_that_diverges_says_so_and_keeps_the_last_good_epoch(diabetes, tmp_path):
    model = kk.mlp_regressor(diabetes.spec, hidden=(16,))
    kk.compile(model, "sgd", learning_rate=50.0)
    with pytest.raises(
        kk.TrainingError, match=r"loss of epoch \d+ is (nan|inf).*Lower the\s*learn"
    ):
        kk.fit(model, diabetes, epochs=50, run_dir=tmp_path, verbose=0)
    assert not (tmp_path / "model.keras").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".checkpoint")]


@pytest.mark.training
@pytest.mark.parametrize(
    ("room", "error", "left"),
    [(2_000, OSError, {".lock"}), (40_000, kk.TrainingError, {".lock", "spec.json"})],
    ids=["for nothing", "for the description only"],
)
def test_a_disk_without_room_leaves_nothing_half_written(diabetes, tmp_path, room, error, left):
    """The kernel refuses to let any file grow beyond `room` bytes, as a full disk would."""
    import resource

    model = kk.mlp_regressor(diabetes.spec, hidden=(128,))
    kk.compile(model, "regression")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        with pytest.raises(error, match="File too large|could not be written"):
            kk.fit(model, diabetes, epochs=2, run_dir=tmp_path, verbose=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {p.name for p in tmp_path.iterdir()} == left
