"""One battery for all builders: build, fit a step, serve, save, load, compare."""

import keras
import numpy as np
import tensorflow as tf

import kerakit as kk
from kerakit.builders.contract import activation_of, members_of
from kerakit.data.data import Data
from kerakit.keras_compat import layers_of
from kerakit.serving.standalone.operations import unservable

__all__ = ["run_builder_battery"]


def run_builder_battery(
    builder, inputs, folder, rows=None, target=None, preset=None, prepare=None, **options
):
    """Check what every model of a builder must do; return `(model, answer)`.

    The model has the sub-models `preprocess` and `network`; a step of training changes it and
    its loss is finite; its answer is finite float32, and probabilities sum to 1; its graph is
    one that TensorFlow Serving runs, with no rows too if nothing convolves; and it answers the
    same after saving and loading, when it has layers of Keras only. What need not be traced runs
    eagerly, as tracing takes most of the time.

    Args:
        builder: function.
        inputs: its first argument. A `Data` is fitted for an epoch.
        folder: path. Where the model is saved.
        rows: dict of arrays by name. Defaults to the test rows of a `Data`.
        target: array. One step trains on it and `rows`. Defaults to `None`: without a `Data`
            nothing is trained.
        preset: str. Defaults to that of the model's task.
        prepare: function of the model, called before anything else.
        **options: further arguments of the builder.
    """
    model = builder(inputs, **options)
    if prepare is not None:
        prepare(model)
    rows = inputs.table("test").features if rows is None else rows
    assert [layer.name for layer in model.layers[-2:]] == ["preprocess", "network"]
    assert not model.get_layer("preprocess").trainable_weights
    assert {tensor.name for tensor in model.inputs} == {*rows}
    if isinstance(inputs, Data) or target is not None:
        check_training(model, inputs, rows, target, preset)
    rows = {name: tf.convert_to_tensor(values) for name, values in rows.items()}
    answer = answer_of(model, rows)
    check_answer(model, answer)
    check_graph(model, rows, answer)
    check_saving(model, rows, target, answer, folder)
    return model, answer


def answer_of(model, rows):
    """Resized pixels are rounded differently in a graph; other models answer eagerly, sooner."""
    if any(layer.name == "resize" for layer in model.get_layer("preprocess").layers):
        return model.predict(rows, verbose=0)
    return model(rows, training=False).numpy()


def check_training(model, inputs, rows, target, preset):
    kk.compile(model, preset)
    kernels = [w for w in model.get_layer("network").trainable_weights if w.name == "kernel"]
    before = [kernel.numpy() for kernel in kernels]
    if isinstance(inputs, Data):
        losses = kk.fit(model, inputs, epochs=1, verbose=0).history["loss"]
    else:
        model.run_eagerly = True
        losses = model.fit(rows, target, verbose=0).history["loss"]
        model.run_eagerly = False
    assert np.isfinite(losses).all()
    moved = [(kernel.numpy() != old).any() for kernel, old in zip(kernels, before, strict=True)]
    # Members keep the weights before the first epoch, where these are better.
    assert all(moved) or members_of(model), [
        k.path for k, changed in zip(kernels, moved, strict=True) if not changed
    ]


def check_answer(model, answer):
    assert answer.dtype == np.float32 and np.isfinite(answer).all() and answer.std() > 0
    assert len(model.output_shape) == answer.ndim
    pairs = zip(model.output_shape, answer.shape, strict=True)
    assert all(stated in (None, size) for stated, size in pairs)
    if activation_of(model) == "softmax":
        np.testing.assert_allclose(answer.sum(-1), 1, rtol=1e-5)


def check_graph(model, rows, answer):
    """A signature as the server has it: named inputs of any number of rows."""
    inputs = {
        tensor.name: tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name)
        for tensor in model.inputs
    }
    function = tf.function(
        lambda values: model(values, training=False), input_signature=[inputs], autograph=False
    )
    assert unservable(function.get_concrete_function().graph.as_graph_def()) is None
    np.testing.assert_allclose(function(rows), answer, rtol=1e-4, atol=1e-5 * np.abs(answer).max())
    convolutions = keras.layers.Conv1D, keras.layers.Conv2D
    if any(isinstance(layer, convolutions) for layer in layers_of(model)):
        return  # TensorFlow's graphs of convolutions in a row fail for no rows
    nothing = function({name: values[:0] for name, values in rows.items()})
    assert nothing.shape == (0, *(size or 0 for size in model.output_shape[1:]))


def check_saving(model, rows, target, answer, folder):
    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras", compile=target is not None)
    np.testing.assert_allclose(answer_of(again, rows), answer, rtol=1e-5, atol=1e-7)
    kinds = {type(layer) for layer in layers_of(again)}
    assert {kind.__module__.split(".")[0] for kind in kinds} == {"keras"}
    assert keras.layers.Lambda not in kinds
    if target is not None:
        again.run_eagerly = model.run_eagerly = True
        measured = again.evaluate(rows, target, verbose=0)
        np.testing.assert_allclose(measured, model.evaluate(rows, target, verbose=0), rtol=1e-5)
