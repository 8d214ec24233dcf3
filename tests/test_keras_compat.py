"""Every assumption of `kerakit.keras_compat` about Keras, each with a test that names it."""

import ast
import contextlib
import importlib.util
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerakit import keras_compat
from kerakit.keras_compat import (
    adam_moments,
    compile_arguments,
    copy_direction,
    function_of,
    inputs_of_calls,
    is_idle_in_batches,
    is_made_in,
    keep_on,
    kept_on,
    keras_homes,
    layer_names_from_zero,
    layer_of,
    layers_of,
    local_gradients,
    loss_tracker,
    replaced_call,
    trained_variable,
    watched_assign,
)

ROOT = pathlib.Path(keras_compat.__file__).parent
UNDOCUMENTED = re.compile(
    r"_flatten_layers|_compile_config|_loss_tracker|_keras_history|_inbound_nodes|_nodes_by_depth"
    r"|_all_reduce_sum_gradients|_momentums|_velocities|_get_variable_index|\b_fn\b|\._direction\b|global_state|\bkeras_home\b|__dict__\[.call.\]|keras\.src"
)


def broken(function, assumption):
    return (
        f"kerakit.keras_compat.{function} does not work with Keras {keras.__version__}. "
        f"It assumes that {assumption}."
    )


def test_no_other_file_uses_what_keras_does_not_document():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        if path.name != "keras_compat.py":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if UNDOCUMENTED.search(line):
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not wrong, "Use a function of kerakit.keras_compat:\n" + "\n".join(wrong)


def test_every_function_states_its_assumption_and_has_a_test():
    functions = [
        node
        for node in ast.parse(pathlib.Path(keras_compat.__file__).read_text()).body
        if isinstance(node, ast.FunctionDef)
    ]
    assert sorted(function.name for function in functions) == sorted(keras_compat.__all__)
    tests = pathlib.Path(__file__).read_text()
    for function in functions:
        assert "Assumes: " in ast.get_docstring(function), function.name
        assert f'broken("{function.name}"' in tests, function.name


@pytest.fixture(scope="module")
def nested():
    """A model with a model, wrappers, a recurrent cell and attention inside."""
    layers = keras.layers
    inner_in = keras.Input((6, 4), name="inner_in")
    inner = keras.Model(inner_in, layers.Dense(4, name="inner_dense")(inner_in), name="inner")
    inputs = keras.Input((6, 4), name="inputs")
    values = inner(inputs)
    values = layers.Bidirectional(
        layers.LSTM(2, return_sequences=True, name="lstm"), name="both_ways"
    )(values)
    values = layers.MultiHeadAttention(2, 3, name="attention")(values, values)
    values = layers.TimeDistributed(layers.Dense(2, name="per_step"), name="steps")(values)
    return keras.Model(inputs, layers.GRU(3, name="gru")(values), name="outer")


@pytest.mark.parametrize("often", [False, True], ids=["once an epoch", "per batch"])
def test_is_idle_in_batches(tmp_path, often):
    """The batch hooks are called, and the files show whether they did anything."""
    idle = "the batch hooks of ModelCheckpoint and TensorBoard do nothing once an epoch"
    message = broken("is_idle_in_batches", idle)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    freq = 1 if often else "epoch"
    callbacks = [keras.callbacks.ModelCheckpoint(tmp_path / "{batch}.keras", save_freq=freq)]
    if importlib.util.find_spec("tensorboard"):
        callbacks.append(keras.callbacks.TensorBoard(tmp_path / "logs", update_freq=freq))
    for callback in callbacks:
        assert is_idle_in_batches(callback) is not often, message
        callback.set_model(model)
        callback.on_train_begin()
        callback.on_epoch_begin(0)
        written = _sizes(tmp_path)
        for batch in range(3):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, {"loss": 1.0})
        for writer in getattr(callback, "_writers", {}).values():
            writer.flush()
        assert (_sizes(tmp_path) != written) is often, message
        callback.on_train_end()
    board = keras.callbacks.TensorBoard(tmp_path, update_freq=freq)
    assert is_idle_in_batches(board) is not often, message
    assert board._should_trace is False, message


def _sizes(folder):
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_layers_of(nested):
    message = broken("layers_of", "Layer._flatten_layers lists a layer, then its sublayers")
    found = [layer.name for layer in layers_of(nested)]
    expected = ["outer", "inputs", "inner", "inner_dense", "inner_in", "both_ways", "backward_lstm"]
    expected += ["lstm_cell", "forward_lstm", "lstm_cell", "attention"]
    assert [name for name in found if name in expected] == expected, message
    projections = {"query", "key", "value", "attention_output"}
    location = found.index("attention")
    assert projections <= set(found[location + 1 : found.index("steps")]), message
    assert found[-4:] == ["steps", "per_step", "gru", "gru_cell"], message
    assert [id(layer) for layer in layers_of(nested, include_self=False)] == [
        id(layer) for layer in layers_of(nested)[1:]
    ], message
    assert len({id(layer) for layer in layers_of(nested)}) == len(found), message


def test_the_public_list_lacks_sublayers(nested):
    """As soon as `Model.layers` gives them too, `layers_of` can do without private names."""
    assert "lstm_cell" not in {layer.name for layer in nested.layers}


def test_compile_arguments():
    message = broken("compile_arguments", "Model.compile keeps its arguments in _compile_config")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])

    def loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    metric = keras.metrics.MeanAbsoluteError(name="mae")
    model.compile("sgd", loss=loss, metrics=[metric], loss_weights=0.5)
    given = compile_arguments(model)
    assert given["loss"] is loss and given["loss_weights"] == 0.5, message
    (kept,) = given["metrics"]
    assert kept is metric and given["weighted_metrics"] is None, message


def test_watched_assign():
    message = broken("watched_assign", "assignments go through Variable.assign of the instance")
    optimizer, seen = keras.optimizers.SGD(0.5), []
    rate = optimizer.learning_rate
    with watched_assign(rate, lambda: seen.append(float(rate))):
        optimizer.learning_rate = 0.25
        rate.assign_add(0.5)

        @tf.function
        def step():
            rate.assign(0.125)

        step()
    optimizer.learning_rate = 1.0
    assert seen == [0.5, 0.25] and float(rate) == 1.0, message


def test_loss_tracker():
    message = broken("loss_tracker", "the loss is averaged in the first of model.metrics")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", loss="mean_squared_error", metrics=["mae"])
    logs = model.test_on_batch(np.array([[1.0], [3.0]]), np.array([[0.0], [0.0]]), return_dict=True)
    tracker = loss_tracker(model)
    assert isinstance(tracker, keras.metrics.Mean) and tracker is model.metrics[0], message
    assert float(tracker.result()) == logs["loss"] == 5.0, message
    loss_tracker(model).update_state(9.0, sample_weight=2.0)  # (2 * 5 + 2 * 9) / 4
    assert float(model.get_metrics_result()["loss"]) == 7.0, message


def test_function_of():
    message = broken("function_of", "MeanMetricWrapper keeps its function as _fn")
    function = keras.losses.mean_squared_error
    assert function_of(keras.metrics.MeanMetricWrapper(function)) is function, message
    assert function_of(keras.metrics.AUC()) is None, message


@pytest.mark.many
@pytest.mark.parametrize("values", [(0.1, 0.2, 0.3), (0.3, 0.2, 0.1)], ids=["up", "down"])
def test_copy_direction(values):
    """A metric of another name, of which Keras cannot tell whether more of it is better."""
    message = broken("copy_direction", "callbacks look for _direction of a metric")
    up = values[0] < values[1]
    metric = keras.metrics.MeanMetricWrapper(lambda y_true, y_pred: y_pred, name="score")
    copy_direction(keras.metrics.AUC() if up else keras.metrics.MeanSquaredError(), metric)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[metric])
    model.evaluate(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0)
    stop = keras.callbacks.EarlyStopping(monitor="val_score", patience=1)
    stop.set_model(model)
    stop.on_train_begin()
    for epoch, value in enumerate(values):
        stop.on_epoch_end(epoch, {"val_score": value})
    assert stop.best_epoch == 2 and not model.stop_training, message


def test_tensors_know_the_layers_that_made_them():
    dense = keras.layers.Dense(4, name="dense")
    inputs = keras.Input((4,))
    once = dense(inputs)
    twice = dense(once)
    message = broken("layer_of", "a KerasTensor has _keras_history.operation")
    assert layer_of(once) is dense and layer_of(twice) is dense, message
    assert layer_of(keras.ops.add(once, 1.0)).name.startswith("add"), message
    message = broken("inputs_of_calls", "Operation._inbound_nodes has one node per call")
    assert [id(t) for t in inputs_of_calls(dense)] == [id(inputs), id(once)], message
    message = broken("is_made_in", "Functional._nodes_by_depth holds the nodes of its graph")
    model = keras.Model(inputs, once)
    assert is_made_in(once, model) and not is_made_in(twice, model), message
    assert is_made_in(twice, keras.Model(inputs, twice)), message


def test_layer_names_from_zero():
    message = broken("layer_names_from_zero", "the counters are a global attribute")
    keras.layers.Softmax()
    before = keras.layers.Softmax().name
    with layer_names_from_zero():
        assert keras.layers.Softmax().name == "softmax", message
        assert keras.layers.Softmax().name == "softmax_1", message
    name, number = before.rsplit("_", 1)
    assert keras.layers.Softmax().name == f"{name}_{int(number) + 1}", message


def test_keras_homes(monkeypatch, tmp_path):
    message = broken("keras_homes", "keras_home() is the folder that get_file writes to")
    (tmp_path / "source.txt").write_text("weights")
    path = keras.utils.get_file(
        "kerakit_test_of_keras_homes.txt", (tmp_path / "source.txt").as_uri()
    )
    try:
        assert pathlib.Path(path).parents[1] == keras_homes()[-1], message
    finally:
        pathlib.Path(path).unlink()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_homes()[0] == tmp_path, message


def test_replaced_call(tmp_path):
    message = broken("replaced_call", "Keras calls the instance's own attribute `call`")
    layer = keras.layers.Dense(2, name="dense")
    model = keras.Sequential([keras.Input((3,)), layer])
    values = np.ones((1, 3), "float32")
    before = model.predict(values, verbose=0)
    with replaced_call([layer], lambda self, inputs, training=None: inputs[:, : self.units] * 7):
        assert model(values).numpy().tolist() == [[7.0, 7.0]], message
        model.save(tmp_path / "model.keras")
        names = [weight.path for weight in model.weights]
    np.testing.assert_array_equal(model(values), before, err_msg=message)
    assert "call" not in vars(layer), message
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(values), before, err_msg=message)
    assert names == [weight.path for weight in model.weights], message


def test_what_is_kept_on_a_model_is_not_saved(tmp_path):
    message = broken("keep_on", "an attribute set past Model.__setattr__ is not tracked or saved")
    message += broken("kept_on", "it is an attribute of the model")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert kept_on(model, "numbers") is None
    keep_on(model, "numbers", [keras.layers.Dense(3)])
    assert isinstance(kept_on(model, "numbers")[0], keras.layers.Dense), message
    assert len(layers_of(model)) == 3, message  # the model, its input and its dense layer
    model.save(tmp_path / "m.keras")
    assert kept_on(keras.models.load_model(tmp_path / "m.keras"), "numbers") is None, message
    assert kept_on(keras.models.clone_model(model), "numbers") is None, message


@pytest.mark.training
def test_adam_moments():
    message = broken("adam_moments", "the moments of a variable stand at its index")
    first, second = keras.Variable([1.0, 2.0]), keras.Variable([[3.0]])
    optimizer = keras.optimizers.Adam(0.1, beta_1=0.9, beta_2=0.99)
    optimizer.build([first, second])
    optimizer.apply([np.float32([0.5, -1.0]), np.float32([[2.0]])], [first, second])
    for variable, gradient in ((first, [0.5, -1.0]), (second, [[2.0]])):
        moments = adam_moments(optimizer, variable)
        wanted = 0.1 * np.array(gradient), 0.01 * np.square(gradient)
        for moment, each in zip(moments, wanted, strict=True):
            np.testing.assert_allclose(moment, each, rtol=1e-5, err_msg=message)


def test_trained_variable():
    message = broken("trained_variable", "an optimizer lists the variables it was built for")
    first, second = keras.Variable([1.0]), keras.Variable([2.0])
    optimizer = keras.optimizers.SGD()
    optimizer.build([first, second])
    for variable in (first, second):
        assert trained_variable(optimizer, variable) is variable, message
        assert trained_variable(optimizer, variable.value) is variable, message


@pytest.mark.training
def test_local_gradients():
    """The weights are those of a plain step, and no graph is kept: a registry entry keeps one."""
    message = broken("local_gradients", "_all_reduce_sum_gradients changes nothing on one device")
    import tensorflow as tf
    from tensorflow.python.framework import ops

    def weights_after_a_step(optimizer, context):
        variable = keras.Variable([1.0, -2.0])
        optimizer.build([variable])

        @tf.function
        def step():
            with context(optimizer):
                optimizer.apply([tf.constant([0.5, 0.25])], [variable])

        before = len(ops.gradient_registry.list())
        step()
        return variable.numpy(), len(ops.gradient_registry.list()) - before

    for make in (
        keras.optimizers.Adam,
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
    ):
        optimizer = make()
        local, kept = weights_after_a_step(optimizer, local_gradients)
        plain, _ = weights_after_a_step(make(), lambda optimizer: contextlib.nullcontext())
        assert kept == 0, message
        np.testing.assert_array_equal(local, plain, err_msg=message)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        assert "_all_reduce_sum_gradients" not in vars(inner), message
