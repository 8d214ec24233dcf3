"""How an epoch is cut into calls: by their time, without a change to the results."""

import keras
import numpy as np
import pytest
from training_cases import mlp

import kerakit as kk
from kerakit.training.loop import in_memory
from kerakit.training.loop.epochs import Epochs
from kerakit.training.loop.pace import Pace
from kerakit.training.progress import ProgressBar


def test_the_first_call_is_one_step_and_the_next_ones_take_about_a_second(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("kerakit.training.loop.pace.time.perf_counter", lambda: clock[0])

    def call(begin, end):
        clock[0] += (end - begin) / 512 + (9.0 if begin == 0 else 0.0)  # the first one compiles
        return {}

    pace, taken = Pace(), []
    while sum(taken) < 2000:
        taken.append(pace.steps(2000 - sum(taken)))
        pace.timed(call, sum(taken[:-1]), sum(taken))
    assert taken == [1, 1, 384, 384, 384, 384, 462]


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize(
    ("cache_mb", "min_steps"),
    [
        pytest.param(512, 10**9, id="in memory"),
        pytest.param(512, 0, id="by XLA", marks=pytest.mark.slow),
        pytest.param(0, 10**9, id="streamed", marks=pytest.mark.slow),
    ],
)
def test_a_cut_epoch_trains_as_a_whole_one_to_the_bit(diabetes, monkeypatch, cache_mb, min_steps):
    """300 rows in 10 steps, and 71 validation rows in 4 chunks."""
    monkeypatch.setattr("kerakit.training.speed.xla.MIN_STEPS", min_steps)
    monkeypatch.setattr(in_memory, "VALIDATION_ROWS", 20)
    traced, ends, train_on = [], [], Epochs._train_on

    def counted(self, batch, step):
        traced.append(step)
        return train_on(self, batch, step)

    def ended(self, batch, logs=None):
        ends.append(batch + 1)

    monkeypatch.setattr(Epochs, "_train_on", counted)
    monkeypatch.setattr(ProgressBar, "on_train_batch_end", ended)
    results = []
    for most, seconds in ((3, 0.0), (10**9, 1e9)):  # cut into calls of three steps, and whole
        monkeypatch.setattr(Pace, "steps", lambda self, left, most=most: min(left, most))
        monkeypatch.setattr(in_memory, "CALL_SECONDS", seconds)
        traced.clear(), ends.clear()
        model, bar = mlp(diabetes), ProgressBar()
        options = {"epochs": 3, "batch_size": 30, "early_stopping": False, "cache_mb": cache_mb}
        history = kk.fit(model, diabetes, callbacks=bar, **options)
        state = [variable.numpy() for variable in [*model.variables, *model.optimizer.variables]]
        results.append((state, history.history, list(ends)))
        assert len(traced) == 1  # whatever the number of steps
    (cut, cut_logs, cut_ends), (whole, whole_logs, whole_ends) = results
    steps = whole_ends[0]
    assert whole_ends == [steps] * 3
    assert cut_ends == [min(end, steps) for end in range(3, steps + 3, 3)] * 3
    assert cut_logs == whole_logs
    for one, other in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.training
@pytest.mark.slow
def test_validation_with_hooks_of_its_own_is_cut_too(diabetes, monkeypatch):
    class Tested(keras.callbacks.Callback):
        def on_test_end(self, logs=None):
            pass

    logs = []
    for size, most in ((20, 1), (20, 9), (16_384, 9)):
        monkeypatch.setattr(in_memory, "VALIDATION_ROWS", size)
        monkeypatch.setattr(Pace, "steps", lambda self, left, most=most: min(left, most))
        history = kk.fit(mlp(diabetes), diabetes, epochs=2, verbose=0, callbacks=[Tested()])
        logs.append(history.history)
    assert logs[0] == logs[1]
    assert logs[0]["val_loss"] == pytest.approx(logs[2]["val_loss"], rel=1e-5)
