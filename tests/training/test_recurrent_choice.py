"""Which kernel of recurrent layers is tried, chosen, remembered and kept."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.presets import settings_of
from kerakit.training import choice as choice_module
from kerakit.training import throughput
from kerakit.training.checkpoint import recorded_identity
from kerakit.training.runner import Runner
from kerakit.training.throughput import Choice, Trial, candidates

NO_GPU = pytest.mark.skipif(
    bool(tf.config.list_physical_devices("GPU")), reason="on a GPU Keras has cuDNN"
)


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(160) / 3) + rng.normal(0, 0.1, 160)
    return kk.load_series(values.astype("float32"), window=8, horizon=2)


def forecaster(data):
    keras.utils.set_random_seed(0)
    model = kk.sequence_forecaster(data.spec, cell="lstm", units=4)
    kk.compile(model, "forecasting", optimizer="sgd", schedule="constant", learning_rate=0.1)
    # At zero, as it begins, it would hardly train the layers before it.
    output = model.get_layer("network").get_layer("output")
    output.kernel.assign(np.random.default_rng(0).normal(0, 0.3, output.kernel.shape))
    return model


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


@NO_GPU
def test_all_candidates_train_alike(series):
    model = forecaster(series)
    runner = Runner(model, series, settings_of(model), 16, 2, 0, None, "none", 512)
    choices = candidates(model, "auto", runner.fixed_length)
    assert len(choices) == 5
    times, losses = throughput._measured(Trial(model, runner, None, 1.0), choices)
    assert list(losses) == choices and min(times.values()) > 0
    for choice in choices:
        assert losses[choice] == pytest.approx(losses[choices[0]], rel=1e-4)


@NO_GPU
def test_a_run_says_remembers_and_keeps_its_kernel(
    series, tmp_path, monkeypatch, capsys, own_cache
):
    monkeypatch.setattr(choice_module, "pays_to_measure", lambda *_: True)
    pair, real = [Choice(), Choice(kernel="fused")], throughput._measured
    monkeypatch.setattr(choice_module, "candidates", lambda *_: pair)

    def run(epochs, seconds, **options):
        def measured(trial, choices):
            return dict(zip(choices, seconds, strict=True)), real(trial, choices)[1]

        monkeypatch.setattr(throughput, "_measured", measured)
        model = forecaster(series)
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
