"""What a callback has learned is there again after a run was stopped, or named as lost."""

import collections
import threading
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from training_cases import mlp, weights

import kerakit as kk
from kerakit.training.runs.callback_state import callback_state, restore_callback


class State(keras.callbacks.Callback):
    """A callback with the attributes that it is given."""

    def __init__(self, **attributes):
        super().__init__()
        vars(self).update(attributes)


VALUES = {
    "array": np.arange(6.0).reshape(2, 3),
    "scalar": np.float32(2.5),
    "names": np.array(["a", "bc"]),
    "set": {1, "two", (3, 4)},
    "tuple": (1, [2.5, None], "x"),
    "bytes": b"\x00\xff",
    "nested": {"a": {1: np.ones(3), (2, "b"): [np.zeros(2), {5}]}, None: float("inf")},
    "ordered": collections.OrderedDict(b=1, a=2),
    "counter": collections.Counter("hello"),
    "groups": collections.defaultdict(list, {"x": [1]}),
    "last": collections.deque([1, 2], maxlen=2),
    "tensor": tf.constant([1, 2]),
}


def through_a_file(callback, path):
    import json

    values, arrays, lost = callback_state(callback)
    np.savez(path, **arrays)
    with np.load(path) as file:
        return json.loads(json.dumps(values)), dict(file), lost


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, tmp_path):
    values, arrays, lost = through_a_file(State(value=VALUES[name]), tmp_path / "a.npz")
    restored = State(value=None)
    restore_callback(restored, values, arrays)
    assert not lost and type(restored.value) is type(VALUES[name])
    as_array = np.asarray if name == "tensor" else lambda value: value
    np.testing.assert_equal(as_array(restored.value), as_array(VALUES[name]))


def test_kinds_keep_what_they_do(tmp_path):
    values, arrays, _ = through_a_file(State(**VALUES), tmp_path / "a.npz")
    restored = State()
    restore_callback(restored, values, arrays)
    restored.groups["new"].append(1)
    restored.last.append(3)
    restored.array[0] = 7
    assert restored.groups["new"] == [1] and list(restored.last) == [2, 3]
    assert list(restored.ordered) == ["b", "a"]


def test_a_variable_keeps_who_uses_it(tmp_path):
    values, arrays, lost = through_a_file(State(total=tf.Variable(3.0)), tmp_path / "a.npz")
    fresh = State(total=tf.Variable(0.0))
    variable = fresh.total
    restore_callback(fresh, values, arrays)
    assert fresh.total is variable and float(variable) == 3.0 and not lost


def test_what_cannot_be_kept_is_named_and_what_has_no_state_is_not(tmp_path):
    cycle = []
    cycle.append(cycle)
    lost = {
        "lock": threading.Lock(),
        "metric": keras.metrics.Mean(),
        "objects": np.array([{}], object),
        "rows": {"deep": [object()]},
        "cycle": cycle,
    }
    silent = {"function": np.less, "layer": keras.layers.Dense(1), "path": tmp_path, "module": np}
    with open(tmp_path / "log", "w") as file:
        found = callback_state(State(**lost, **silent, file=file, kept=1))
    assert [entry.split()[0] for entry in found[2]] == list(lost)
    assert list(found[0]) == ["kept"]
    own = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    own.set_model(keras.Sequential())
    own.on_train_begin()
    own.on_epoch_end(0, {"loss": 1.0})
    own.on_train_end()
    assert callback_state(own)[2] == []


class Averages(keras.callbacks.Callback):
    """Follows the sum of a weight over the epochs."""

    def __init__(self):
        super().__init__()
        self.sum, self.epochs = np.zeros(16), {"seen": set()}

    def on_epoch_end(self, epoch, logs=None):
        self.sum = self.sum + self.model.get_layer("network").trainable_variables[1].numpy()
        self.epochs["seen"].add(epoch)


def interrupted(data, folder):
    """A run that Ctrl-C ends in its third epoch."""

    def stop(epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

    callback = Averages()
    callback.on_epoch_begin = stop
    with pytest.raises(KeyboardInterrupt):
        run(data, folder, callback)


def run(data, folder, callbacks, **options):
    model = mlp(data)
    kk.fit(model, data, epochs=4, run_dir=folder, callbacks=callbacks, verbose=0, **options)
    return model


@pytest.mark.slow
@pytest.mark.training
def test_a_resumed_run_has_the_state_of_an_uninterrupted_one(diabetes, tmp_path):
    whole, resumed = Averages(), Averages()
    run(diabetes, tmp_path / "whole", whole)
    interrupted(diabetes, tmp_path / "run")
    run(diabetes, tmp_path / "run", resumed)
    np.testing.assert_allclose(resumed.sum, whole.sum, rtol=1e-6)
    assert resumed.epochs == {"seen": {0, 1, 2, 3}}


class Slower(keras.callbacks.Callback):
    """Counts epochs by a step that a constructor gives."""

    def __init__(self, step):
        super().__init__()
        self.step, self.count, self.phase = {"by": step}, 0, "new"

    def on_epoch_end(self, epoch, logs=None):
        self.count += self.step["by"]
        self.phase = "old"


@pytest.mark.slow
@pytest.mark.training
def test_what_training_leaves_alone_is_that_of_the_new_constructor(diabetes, tmp_path):
    def go_on(epochs, callback):
        model = mlp(diabetes, preset="adam")  # a constant rate, so that epochs can be added
        kk.fit(model, diabetes, epochs=epochs, run_dir=tmp_path, callbacks=callback, verbose=0)
        return callback

    first, second = go_on(2, Slower(1)), go_on(4, Slower(10))
    assert (first.count, second.count, second.step) == (2, 22, {"by": 10})
    # The same object again: what it had is the state of the run, and a fresh one gets it.
    assert go_on(5, second).count == 32
    third = go_on(6, Slower(100))
    assert (third.count, third.phase) == (132, "old")


@pytest.mark.slow
@pytest.mark.training
def test_other_callbacks_do_not_forbid_resuming(diabetes, tmp_path, capsys):
    whole = run(diabetes, tmp_path / "whole", None)
    interrupted(diabetes, tmp_path / "run")
    model, log = mlp(diabetes), keras.callbacks.CSVLogger(tmp_path / "log.csv")
    again = [log, Averages()]
    kk.fit(model, diabetes, epochs=4, run_dir=tmp_path / "run", callbacks=again)
    assert "callbacks: the run had others before (new: CSVLogger)" in capsys.readouterr().out
    np.testing.assert_array_equal(weights(model), weights(whole))
    assert again[1].epochs == {"seen": {0, 1, 2, 3}}
    kk.fit(mlp(diabetes), diabetes, epochs=4, run_dir=tmp_path / "run")
    assert "(missing: CSVLogger, Averages)" in capsys.readouterr().out


@pytest.mark.training
def test_lost_state_is_warned_of_once(diabetes, tmp_path):
    class Counts(keras.callbacks.Callback):
        metric = None

        def on_epoch_end(self, epoch, logs=None):
            self.metric = self.metric or keras.metrics.Mean()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(diabetes, tmp_path, Counts())
    messages = [str(w.message) for w in caught if "cannot keep" in str(w.message)]
    assert len(messages) == 1 and "Counts: 'metric (Mean)'" in messages[0]
    assert caught[0].filename == __file__ and len(messages[0]) <= 500


@pytest.mark.training
def test_changed_data_are_named(tmp_path):
    x = np.random.default_rng(0).normal(size=(120, 2)).astype("f4")
    kept, fewer, other = x, x[:100], x + np.float32(1)
    folder = tmp_path / "run"
    run(kk.load_arrays(kept, kept[:, 0], task="regression"), folder, None)
    with pytest.raises(kk.RunError, match=r"The data changed since the run in .* began.*rows now"):
        run(kk.load_arrays(fewer, fewer[:, 0], task="regression"), folder, None)
    with pytest.raises(kk.RunError, match=r"The data changed.*as many.*their values"):
        run(kk.load_arrays(other, other[:, 0], task="regression"), folder, None)
