"""Other kernels of recurrent layers compute the same, and leave no trace."""

import importlib
import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from marks import first

import kerakit as kk
from kerakit.training.speed.candidates import Choice
from kerakit.training.speed.recurrent import fusable, recurrent_kernel, recurrent_layers

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def stack(cell="lstm", steps=5, layers=1, bidirectional=False, last=False, **options):
    """A model of recurrent layers, with weights (biases too) that are not zero."""
    inputs = values = keras.Input((steps, 3))
    for number in range(layers):
        layer = LAYERS[cell](4, return_sequences=not last or number < layers - 1, **options)
        values = (keras.layers.Bidirectional(layer) if bidirectional else layer)(values)
    model = keras.Model(inputs, values)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def computed(model, kernel, rows=4, steps=5):
    """The answer, and its gradients to the inputs and all weights, by a kernel."""
    values = tf.constant(np.random.default_rng(1).normal(size=(rows, steps, 3)), "float32")

    @tf.function(autograph=False)
    def run(values):
        with tf.GradientTape() as tape:
            tape.watch(values)
            answer = model(values, training=True)
            score = tf.reduce_sum(tf.sin(3.0 * answer))
        sources = [values, *(v.value for v in model.trainable_variables)]
        return answer, tape.gradient(score, sources)

    with recurrent_kernel(model, kernel):
        concrete = run.get_concrete_function(values)
    answer, gradients = concrete(values)
    return answer, gradients, operations(concrete.graph)


def operations(graph):
    """The names of all operations of a graph and its functions."""
    definition = graph.as_graph_def()
    found = {node.op for node in definition.node}
    return found | {n.op for function in definition.library.function for n in function.node_def}


def assert_same(model, kernel, **sizes):
    expected, by_loop, _ = computed(model, "loop", **sizes)
    answer, gradients, operations = computed(model, kernel, **sizes)
    np.testing.assert_allclose(answer, expected, atol=1e-5)
    for ours, theirs in zip(gradients, by_loop, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=1e-5)
    return operations


@pytest.mark.many
@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({}, {}),
        pytest.param({"bidirectional": True}, {}, marks=pytest.mark.training),
        *(
            pytest.param(*case, marks=(pytest.mark.training, pytest.mark.slow))
            for case in (
                ({"last": True}, {}),
                ({"steps": 1}, {"steps": 1}),
                ({}, {"rows": 1}),
                ({"layers": 3, "last": True}, {}),
                ({"steps": None}, {"steps": 7, "rows": 2}),
            )
        ),
    ],
    ids=str,
)
def test_the_fused_lstm_is_the_loop(options, sizes):
    assert "BlockLSTM" in assert_same(stack(**options), "fused", **sizes)


@pytest.mark.slow
@pytest.mark.training  # of a step: its gradients
@pytest.mark.parametrize("cell", first(1, LAYERS))
def test_unrolled_steps_are_the_loop(cell):
    operations = assert_same(stack(cell, layers=2), "unrolled")
    assert not {"While", "StatelessWhile"} & operations


@pytest.mark.many
@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.GRU(4),
        keras.layers.SimpleRNN(4),
        keras.layers.LSTM(4, activation="relu"),
        keras.layers.LSTM(4, recurrent_activation="hard_sigmoid"),
        keras.layers.LSTM(4, recurrent_dropout=0.1),
        keras.layers.LSTM(4, dropout=0.1),
        keras.layers.LSTM(4, go_backwards=True),
        keras.layers.LSTM(4, stateful=True),
        keras.layers.LSTM(4, return_state=True),
        keras.layers.LSTM(4, use_bias=False),
        keras.layers.LSTM(4, dtype="mixed_bfloat16"),
        type("Own", (keras.layers.LSTM,), {})(4),
    ],
    ids=lambda layer: layer.name,
)
def test_what_the_kernel_does_not_compute_is_left_alone(layer):
    assert not fusable(layer) and fusable(keras.layers.LSTM(4))
    model = keras.Sequential([keras.Input((5, 3), batch_size=2), layer])
    before = dict(layer.__dict__)
    with recurrent_kernel(model, "fused"):
        assert layer.__dict__ == before


def test_masks_and_first_states_keep_their_meaning():
    inputs, first = keras.Input((5, 3)), keras.Input((4,))
    layer = keras.layers.LSTM(4)
    model = keras.Model([inputs, first], layer(inputs, initial_state=[first, first]))
    rng = np.random.default_rng(0)
    values = [rng.normal(size=size).astype("float32") for size in ((2, 5, 3), (2, 4))]
    mask = tf.constant([[True] * 5, [True, True, False, False, False]])
    expected = model(values), layer(values[0], mask=mask)
    with recurrent_kernel(model, "fused"):
        np.testing.assert_allclose(model(values), expected[0], atol=1e-6)
        np.testing.assert_allclose(layer(values[0], mask=mask), expected[1], atol=1e-6)


@pytest.mark.parametrize("kernel", ["fused", "unrolled"])
def test_nothing_is_left_on_the_layers(kernel):
    model = keras.Sequential([stack(layers=2), keras.layers.GRU(3, unroll=True)])
    layers = recurrent_layers(model)
    assert len(layers) == 3
    before = [dict(layer.__dict__) for layer in layers]
    with recurrent_kernel(model, kernel):
        assert [dict(layer.__dict__) for layer in layers] != before
    assert [dict(layer.__dict__) for layer in layers] == before
    with pytest.raises(ZeroDivisionError), recurrent_kernel(model, kernel):
        raise ZeroDivisionError
    assert [dict(layer.__dict__) for layer in layers] == before


def forced(monkeypatch, kernel):
    module = importlib.import_module("kerakit.training.run")
    monkeypatch.setattr(module, "choice_of_run", lambda *_, **__: Choice(kernel=kernel))


class Saved(keras.callbacks.Callback):
    """Saves the model between batches and between epochs."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def on_train_batch_end(self, batch, logs=None):
        self.model.save(self.folder / "batch.keras")

    def on_epoch_end(self, epoch, logs=None):
        self.model.save(self.folder / "epoch.keras")


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.parametrize("kernel", ["fused", pytest.param("unrolled", marks=pytest.mark.slow)])
def test_what_is_saved_is_an_ordinary_model(kernel, series, make_forecaster, tmp_path, monkeypatch):
    forced(monkeypatch, kernel)
    model = make_forecaster(series)
    kk.fit(model, series, epochs=1, verbose=0, run_dir=tmp_path, callbacks=[Saved(tmp_path)])
    for name in ("batch", "epoch", "model"):
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as file:
            text = json.dumps(json.loads(file.read("config.json")))
        assert '"unroll": false' in text and '"unroll": true' not in text
    model.export(tmp_path / "exported", verbose=False)
    graph = tf.saved_model.load(tmp_path / "exported").signatures["serving_default"].graph
    found = operations(graph)
    assert not any("BlockLSTM" in name for name in found) and {"While", "StatelessWhile"} & found


@pytest.mark.training
@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["fused", "unrolled"])
def test_training_by_another_kernel_gives_the_same_weights(
    kernel, series, make_forecaster, monkeypatch
):
    models = []
    for name in ("loop", kernel):
        forced(monkeypatch, name)
        models.append(make_forecaster(series))
        start = recurrent_layers(models[-1])[0].get_weights()
        kk.fit(models[-1], series, epochs=4, verbose=0, early_stopping=False)
    for loop, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(other, loop, atol=1e-4)
    end = recurrent_layers(models[0])[0].get_weights()
    assert min(np.abs(a - b).max() for a, b in zip(start, end, strict=True)) > 2e-3
