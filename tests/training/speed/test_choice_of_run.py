"""Which kernel of recurrent layers is tried, chosen, remembered and kept."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner
from kerakit.training.runs.checkpoint import recorded_identity
from kerakit.training.speed import choice_of_run as choice_module
from kerakit.training.speed import trial as throughput
from kerakit.training.speed.candidates import Choice, candidates
from kerakit.training.speed.trial import Outcome, Trial, choose

NO_GPU = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")), reason="on a GPU Keras has cuDNN"
)


@NO_GPU
def test_what_is_tried_depends_on_the_cells_and_the_steps():
    def names(cell=keras.layers.LSTM, precision="auto", steps=8, **options):
        model = keras.Sequential([keras.Input((steps, 3)), cell(4, **options)])
        return [str(choice) for choice in candidates(model, precision, steps)]

    loop, fused, unrolled = "float32", "float32 with the fused LSTM", "float32 with unrolled steps"
    xla = ["float32 with XLA", "float32 with XLA and unrolled steps"]
    assert names() == [loop, fused, unrolled, *xla]
    assert names(keras.layers.GRU) == names(recurrent_dropout=0.1) == [loop, unrolled, *xla]
    assert names(steps=32) == names() and names(steps=33) == [loop, fused, xla[0]]
    assert names(steps=None) == [loop, fused] and names(keras.layers.GRU, steps=None) == [loop]
    half = names(precision="mixed_bfloat16")  # which the fused kernel does not compute
    assert half == [name.replace("float32", "mixed_bfloat16") for name in (loop, unrolled, *xla)]


@pytest.mark.slow
@pytest.mark.training
@NO_GPU
@pytest.mark.parametrize("xla", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_all_candidates_train_alike(series, make_forecaster, xla):
    """XLA takes several seconds to compile each of its candidates."""
    model = make_forecaster(series)
    runner = Runner(model, series, FitOptions(owner="fit", batch_size=16, epochs=2))
    choices = candidates(model, "auto", runner.fixed_length)
    assert len(choices) == 5
    choices = [choice for choice in choices if xla or not choice.xla]
    assert len(choices) == (5 if xla else 3)
    found = throughput.measure(Trial(model, runner, None, 1.0), choices)
    assert list(found) == choices
    first = found[choices[0]]
    for outcome in found.values():
        assert outcome.seconds > 0 and outcome.loss == pytest.approx(first.loss, rel=1e-4)
        for move, other in zip(outcome.updates, first.updates, strict=True):
            np.testing.assert_allclose(move, other, atol=1e-4 * np.abs(other).max())


@pytest.mark.slow
@pytest.mark.training
@NO_GPU
def test_a_kernel_of_another_gradient_is_not_chosen(series, make_forecaster, monkeypatch):
    """The loss of two steps would not show it."""
    model = make_forecaster(series)
    runner = Runner(model, series, FitOptions(owner="fit", batch_size=16, epochs=2))
    pair, real = [Choice(), Choice(kernel="fused")], throughput.measure

    def measured(trial, choices, turned=1.0):
        first, fused = real(trial, choices).values()
        moves = [move * turned for move in fused.updates]
        return {
            pair[0]: Outcome(2.0, first.loss, first.updates),
            pair[1]: Outcome(1.0, fused.loss, moves),
        }

    monkeypatch.setattr(throughput, "measure", measured)
    assert choose(Trial(model, runner, None, 1.0), pair)[0] == pair[1]
    monkeypatch.setattr(throughput, "measure", lambda *given: measured(*given, turned=-1.0))
    found, reason = choose(Trial(model, runner, None, 1.0), pair)
    assert found == pair[0] and reason.endswith("the fused LSTM does not train the same")


@pytest.mark.slow
@pytest.mark.training
@NO_GPU
def test_a_run_says_remembers_and_keeps_its_kernel(
    series, make_forecaster, tmp_path, monkeypatch, capsys, own_cache
):
    monkeypatch.setattr(choice_module, "pays_to_measure", lambda *_: True)
    pair, real = [Choice(), Choice(kernel="fused")], throughput.measure
    monkeypatch.setattr(choice_module, "candidates", lambda *_: pair)

    def run(epochs, seconds, **options):
        def measured(trial, choices):
            outcomes = zip(real(trial, choices).items(), seconds, strict=True)
            return {c: dataclasses.replace(found, seconds=read) for (c, found), read in outcomes}

        monkeypatch.setattr(throughput, "measure", measured)
        model = make_forecaster(series)
        kk.fit(model, series, epochs=epochs, early_stopping=False, verbose=2, **options)
        lines = capsys.readouterr().out.splitlines()
        return model, [line for line in lines if line.startswith("precision")]

    whole, lines = run(2, (1.0, 0.5))
    assert lines[0].startswith("precision: float32 with the fused LSTM (float32 takes 2 times its")
    _, lines = run(1, (1.0, 9.0), run_dir=tmp_path)
    assert lines[0].endswith("; measured before)")
    recorded = recorded_identity(tmp_path / "checkpoint.npz")["precision"]
    assert recorded == "float32 with the fused LSTM"
    (own_cache / "kerakit" / "throughput.json").unlink()
    resumed, lines = run(2, (1.0, 9.0), run_dir=tmp_path)
    assert lines == []
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
