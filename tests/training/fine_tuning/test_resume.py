"""A run that was stopped, however, ends with the weights of one that was not."""

import os
import shutil
import signal
import subprocess
import sys
import types
import warnings

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.keras_compat import layers_of

# What is trained in each process; `name` is one of RUNS.

pytestmark = pytest.mark.training

SETUP = """
import kerakit as kk

def train(name, run_dir, shapes_data, tiny_model, registry_model, **options):
    data = shapes_data()
    options = {"early_stopping": False, "run_dir": run_dir, **options}
    if name == "head":
        model = tiny_model(data.spec, hidden=(8,), dropout=0.2)
        options.update(strategy="head")
    elif name == "full":
        model = tiny_model(data.spec, dropout=0.2)
        options.update(strategy="full", epochs=20)
    else:
        model = registry_model(data, dropout=0.2)
        options.update(strategy="last_blocks", epochs=12)
    kk.compile(model, "fine_tuning", learning_rate=3e-3)
    return model, kk.fine_tune(model, data, **options)
"""
CHILD = """
import sys
sys.path.insert(0, sys.argv[3])
from conftest import registry_model, shapes_data, tiny_model
train(sys.argv[1], sys.argv[2], shapes_data, tiny_model, registry_model, verbose=2)
"""


@pytest.fixture
def train(make_data, make_model, make_pretrained):
    """Trains the run of a name in this process: `(model, history)`."""
    scope = {}
    exec(SETUP, scope)
    return lambda name, run_dir=None: scope["train"](
        name, run_dir, make_data, make_model, make_pretrained, verbose=0
    )


def stopped(name, run_dir, sent):
    """Train in another process, and send it a signal in the middle of its last stage."""
    folder = os.path.dirname(__file__)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SETUP + CHILD, name, str(run_dir), folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("epoch 5/"):
            break
    os.kill(process.pid, sent)
    _, error = process.communicate()
    return process.returncode, error


def assert_same(one, two):
    for first, second in zip(one.weights, two.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy(), err_msg=first.path)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("head", signal.SIGKILL),
        pytest.param("full", signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param("last_blocks", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_process_goes_on_in_the_stage_it_was_in(train, tmp_path, name, sent):
    code, error = stopped(name, tmp_path, sent)
    # Ctrl-C ends a script that does not catch it by the signal, or by 1.
    assert code in ((-sent,) if sent == signal.SIGKILL else (-sent, 1, 130)), error[-2000:]
    if sent == signal.SIGINT:
        assert "KeyboardInterrupt" in error
    assert not (tmp_path / "model.keras").exists()
    done = len(list((tmp_path / "stages" / name).glob("checkpoint.npz")))
    assert done == 1  # it was in the middle of this stage
    model, history = train(name, tmp_path)
    whole, expected = train(name)
    assert_same(model, whole)
    assert history.history == expected.history and history.epoch == expected.epoch
    assert [stage["stage"] for stage in history.stages] == (
        ["head"] if name == "head" else ["head", name]
    )
    for one, other in zip(history.stages, expected.stages, strict=True):
        assert {**one, "cpu_seconds": 0} == {**other, "cpu_seconds": 0}
    assert not (tmp_path / "stages").exists()
    assert_same(keras.models.load_model(tmp_path / "model.keras"), whole)


class Stop(keras.callbacks.Callback):
    """Breaks off at the end of an epoch; counts those that were trained."""

    def __init__(self, at=None):
        super().__init__()
        self.own = types.SimpleNamespace(at=at, epochs=0)  # no state of the run, not resumed

    def on_epoch_end(self, epoch, logs=None):
        self.own.epochs += 1
        if epoch == self.own.at:
            raise KeyboardInterrupt


@pytest.fixture
def tune(shapes, make_model):
    """Fine-tunes a tiny model, as a whole, in a run directory."""

    def compiled():
        model = make_model(shapes.spec)
        kk.compile(model, "fine_tuning", learning_rate=0.02)
        return model

    def start(run_dir, model=None, data=None, **options):
        model = compiled() if model is None else model
        options = {"strategy": "full", "epochs": 4, "augment": "none", "verbose": 0, **options}
        return model, kk.fine_tune(model, data or shapes, run_dir=run_dir, **options)

    start.model = compiled
    return start


@pytest.mark.slow
def test_a_finished_run_gives_back_its_result(tune, finished, tmp_path):
    first, one = finished(tmp_path / "run")
    counter = Stop()
    again, two = tune(tmp_path / "run", callbacks=[counter])
    assert counter.own.epochs == 0
    assert_same(first, again)
    assert (one.history, one.epoch, one.stages) == (two.history, two.epoch, two.stages)
    # What would train on is the same as well: the loaded model and this one.
    flags = [[layer.trainable for layer in layers_of(m)] for m in (first, again)]
    assert flags[0] == flags[1]


@pytest.mark.slow
def test_a_notebook_goes_on_with_the_model_it_has(tune, finished, tmp_path):
    """The cell is run again: with the same model, which has trained in part."""
    whole, expected = finished()
    model = tune.model()
    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path / "run", model, callbacks=[Stop(at=1)])
    counter = Stop()
    _, history = tune(tmp_path / "run", model, callbacks=[counter])
    assert counter.own.epochs == 3  # the epoch that was broken off was not saved
    assert history.history == expected.history
    assert_same(model, whole)
    _, history = tune(tmp_path / "run", model, callbacks=[counter])  # and once more
    assert counter.own.epochs == 3 and history.history == expected.history


class Reduce(keras.callbacks.Callback):
    """A quarter of the learning rate from the second epoch on."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 0:
            self.model.optimizer.learning_rate = self.model.optimizer.learning_rate / 4


@pytest.mark.slow
def test_a_rate_that_a_callback_set_holds_and_the_loaded_model_trains_on(tune, shapes, tmp_path):
    """The rate of a stage, also where it goes on; its file begins with the rate of the preset."""
    with pytest.warns(UserWarning, match="A callback set the learning rate in epoch 1 "):
        whole, _ = tune(None, callbacks=[Reduce(), Stop()], epochs=3)
    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path, callbacks=[Reduce(), Stop(at=1)], epochs=3)
    model, _ = tune(tmp_path, callbacks=[Reduce(), Stop()], epochs=3)
    assert_same(model, whole)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of variables that the file lacks
        loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.02)
    history = kk.fit(loaded, shapes, epochs=2, verbose=0, early_stopping=False)
    losses = history.history["val_loss"]
    assert losses[0] != losses[1] and history.params["steps"] == 2  # batches of 32, of 60 rows


@pytest.mark.slow
def test_resume_false_starts_afresh(tune, finished, tmp_path):
    _, first = finished(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path, resume=False, callbacks=[Stop(at=1)])
    counter = Stop()
    _, history = tune(tmp_path, resume=False, callbacks=[counter])
    assert counter.own.epochs == history.stages[1]["epochs"] > 2
    assert history.history == first.history


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"strategy": "head"}, 'strategy is "full", this one\'s is "head"'),
        ({"epochs": 5}, "epochs is 4, this one's is 5"),
        ({"views": 5}, "views is .*, this one's is 5"),
        ({"augment": "light"}, 'augmentation is "none", this one\'s is "light"'),
        ({"batch_size": 16}, "batch size is .*, this one's is 16"),
        ({"class_weight": {"disc": 2, "square": 1, "stripes": 1}}, "class weights is null"),
        ({"early_stopping": 3}, "early stopping is 1, this one's is 3"),
        ({"seed": 7}, "seed is 0, this one's is 7"),
        ({"precision": "mixed_bfloat16"}, 'precision is ".*", this one\'s is "mixed_bfloat16"'),
    ],
)
def test_another_run_is_refused_by_what_differs(tune, interrupted, options, name):
    folder, model = interrupted
    with pytest.raises(kk.RunError, match=f"belongs to another run: its .*{name}"):
        tune(folder, model, **options)


FINISHED, STOPPED = {}, {}


@pytest.fixture
def finished(tune, tmp_path_factory):
    """Copies the folder of a run that was not stopped; returns its model and its history."""
    if not FINISHED:
        folder = tmp_path_factory.mktemp("finished")
        FINISHED["run"] = folder, tune(folder, callbacks=[Stop()])

    def copied(folder=None):
        source, result = FINISHED["run"]
        if folder is not None:
            shutil.copytree(source, folder, dirs_exist_ok=True)
        return result

    return copied


@pytest.fixture
def interrupted(tune, tmp_path_factory):
    """The folder of a run that was stopped in its second stage, and its model."""
    if not STOPPED:
        folder, model = tmp_path_factory.mktemp("interrupted"), tune.model()
        with pytest.raises(KeyboardInterrupt):
            tune(folder, model, callbacks=[Stop(at=0)])
        STOPPED["run"] = folder, model
    return STOPPED["run"]


def test_other_data_are_refused(tune, interrupted, make_data):
    folder, model = interrupted
    with pytest.raises(kk.RunError, match="The data changed since the run in .* began"):
        tune(folder, model, data=make_data(rows=88))
