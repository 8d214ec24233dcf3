"""When the state of a run is kept, and when it is written."""

import keras
import numpy as np
import pytest
from training_cases import mlp

import kerakit as kk
from kerakit.training.runs import checkpoint as checkpoints
from kerakit.training.runs.checkpoint import Checkpoint


def checkpoint(folder, size=100_000):
    variable = keras.Variable(np.zeros(size, "float32"))
    return Checkpoint(folder / "checkpoint.npz", [variable], [], {}), variable


def written(path):
    """The file, which is another one after each write."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_states_that_follow_each_other_closely_are_not_all_written(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PAUSE", 1_000)
    ours, variable = checkpoint(tmp_path)
    files = set()
    for epoch in range(1, 21):
        variable.assign(np.full(100_000, epoch, "float32"))
        ours.save(epoch)
        files.add(written(ours.path))
    assert len(files) < 5 and ours.read()[0]["epoch"] < 20
    variable.assign(np.full(100_000, 99, "float32"))  # an epoch that does not finish
    ours.flush()
    meta, arrays = ours.read()
    assert meta["epoch"] == 20
    np.testing.assert_array_equal(arrays["variable_0"], np.full(100_000, 20, "float32"))
    before = written(ours.path)
    ours.flush()  # nothing is left to write
    assert written(ours.path) == before


def test_states_with_pauses_between_them_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PAUSE", 0)
    ours, _ = checkpoint(tmp_path)
    for epoch in range(1, 4):
        ours.save(epoch)
        assert ours.read()[0]["epoch"] == epoch


def test_the_last_state_is_written_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "PAUSE", 1_000)
    ours, _ = checkpoint(tmp_path)
    ours.save(1)
    ours.save(2)
    ours.save(3, durable=True)
    assert ours.read()[0]["epoch"] == 3


@pytest.mark.training
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_what_ends_a_run_leaves_the_state_after_the_last_epoch(
    diabetes, tmp_path, monkeypatch, error
):
    monkeypatch.setattr(checkpoints, "PAUSE", 1_000)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise error

    with pytest.raises(error):
        kk.fit(mlp(diabetes), diabetes, epochs=9, run_dir=tmp_path, verbose=0, callbacks=Stop())
    ours = Checkpoint(tmp_path / "checkpoint.npz", [], [], {})
    assert ours.read()[0]["epoch"] == 3
