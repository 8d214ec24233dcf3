"""The one file that uses parts of Keras which Keras does not document.

Every function says in its docstring which assumption it makes about Keras.
`tests/test_keras_compat.py` has a test for each of them, whose failure names the function and
the assumption. Written for Keras 3.15; the assumptions hold in a nightly build of 3.16 too.
Long because no other file may use them.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

__all__ = [
    "adam_moments",
    "compile_arguments",
    "copy_direction",
    "function_of",
    "inputs_of_calls",
    "is_idle_in_batches",
    "is_made_in",
    "keep_on",
    "kept_on",
    "keras_homes",
    "layer_names_from_zero",
    "layer_of",
    "layers_of",
    "local_gradients",
    "loss_tracker",
    "replaced_call",
    "trained_variable",
    "watched_assign",
]

_KEPT = "_kerakit_"  # begins the names of attributes that `keep_on` sets


def layers_of(layer: keras.Layer, *, include_self: bool = True) -> list[keras.Layer]:
    """Return a layer or model and all layers inside it, at any depth, each once.

    `keras.Model.layers` is public, but it lists direct children of models only. Sublayers of
    wrappers, recurrent layers and attention (`Bidirectional`, `TimeDistributed`, the cell of an
    `LSTM`, the projections of `MultiHeadAttention`) have no public list.

    Assumes: `Layer._flatten_layers(include_self)` returns them, a layer before its sublayers.

    Args:
        layer: `keras.Layer`, usually a `keras.Model`.
        include_self: bool. Whether the list begins with `layer` itself. Defaults to `True`.
    """
    return layer._flatten_layers(include_self=include_self)


def compile_arguments(model: keras.Model) -> dict[str, Any]:
    """Return the arguments of `model.compile`: the objects themselves, by their names.

    The public `model.get_compile_config()` serialises them, which fails for a loss that is a
    plain function.

    Assumes: `compile` keeps its arguments in `Model._compile_config.config`, a dict.

    Args:
        model: `keras.Model` that was compiled.
    """
    return model._compile_config.config


def loss_tracker(model: keras.Model) -> keras.metrics.Metric:
    """Return the metric in which a compiled model averages its loss.

    Assumes: it is the one in the public `model.metrics` that is named `loss`, and the first of
    them.

    Args:
        model: `keras.Model` that was compiled.
    """
    return next(metric for metric in model.metrics if metric.name == "loss")


def function_of(metric: keras.metrics.Metric) -> Callable[..., Any] | None:
    """Return the function of which a metric takes the mean, or `None`.

    Assumes: `keras.metrics.MeanMetricWrapper` keeps it as `_fn`.

    Args:
        metric: `keras.metrics.Metric`.
    """
    return getattr(metric, "_fn", None)


def copy_direction(metric: keras.metrics.Metric, other: keras.metrics.Metric) -> None:
    """Let callbacks such as `EarlyStopping` take the better values of two metrics alike.

    Assumes: they look for `_direction` of a metric where their `mode` is `"auto"`.

    Args:
        metric: `keras.metrics.Metric`.
        other: `keras.metrics.Metric`, which gets the direction of `metric`.
    """
    if hasattr(metric, "_direction"):
        other._direction = metric._direction


def is_idle_in_batches(callback: keras.callbacks.Callback) -> bool:
    """Return whether a callback of Keras' own overrides batch hooks that do nothing as it is set.

    `ModelCheckpoint` that saves once an epoch is one, and `TensorBoard` that writes once an epoch
    and profiles no batch. A subclass is none, whose hooks may do anything.

    Assumes: with the public `save_freq="epoch"`, `ModelCheckpoint.on_train_batch_end` saves
    nothing. With the public `update_freq="epoch"`, the batch hooks of `TensorBoard` write nothing
    unless `_should_trace` is set, but for the graph of Keras' own train function.

    Args:
        callback: `keras.callbacks.Callback`.
    """
    from keras.callbacks import ModelCheckpoint, TensorBoard

    if type(callback) is ModelCheckpoint:
        return callback.save_freq == "epoch"
    if type(callback) is TensorBoard:
        return callback.update_freq == "epoch" and not callback._should_trace
    return False


@contextlib.contextmanager
def local_gradients(optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Leave out the sum of gradients over devices inside the block, where there is one device.

    TensorFlow's `all_reduce` registers a gradient in every graph that a step is traced in, and
    the registry keeps that graph until the process ends: megabytes for each model that trains.

    Assumes: `Optimizer._all_reduce_sum_gradients(pairs)` returns the pairs as they are where
    there is no `tf.distribute` strategy, and `LossScaleOptimizer.inner_optimizer` has it too.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
    """
    import tensorflow as tf

    inner = getattr(optimizer, "inner_optimizer", optimizer)
    changed = [] if tf.distribute.has_strategy() else [inner]
    try:
        for one in changed:
            one.__dict__["_all_reduce_sum_gradients"] = list
        yield
    finally:
        for one in changed:
            one.__dict__.pop("_all_reduce_sum_gradients", None)


def trained_variable(optimizer: keras.optimizers.Optimizer, variable: Any) -> keras.Variable:
    """Return the variable of Keras that a step of an optimizer changes.

    Assumes: `Optimizer._trainable_variables[Optimizer._get_variable_index(variable)]` is that
    variable, also where Keras gives the step the variable of TensorFlow inside of it.

    Args:
        optimizer: `keras.optimizers.Optimizer`, built.
        variable: what its method `update_step` gets.
    """
    return optimizer._trainable_variables[optimizer._get_variable_index(variable)]


def adam_moments(
    optimizer: keras.optimizers.Optimizer, variable: Any
) -> tuple[keras.Variable, keras.Variable]:
    """Return the first and second moments that Adam keeps of the gradients of a variable.

    Assumes: they are `Adam._momentums[i]` and `Adam._velocities[i]`, where
    `Optimizer._get_variable_index(variable)` is i.

    Args:
        optimizer: `keras.optimizers.Adam` or `AdamW`, built.
        variable: as for `trained_variable`.
    """
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def layer_of(tensor: keras.KerasTensor) -> keras.Operation:
    """Return the layer (or operation) that made a symbolic tensor.

    Assumes: `KerasTensor._keras_history.operation` is that layer.
    """
    return tensor._keras_history.operation


def inputs_of_calls(layer: keras.Operation) -> list[keras.KerasTensor]:
    """Return the symbolic tensors that a layer was called on, of all its calls in order.

    The public `layer.input` fails for a layer with several calls.

    Assumes: `Operation._inbound_nodes` has one node per call, with its `input_tensors`.
    """
    return [tensor for node in layer._inbound_nodes for tensor in node.input_tensors]


def is_made_in(tensor: keras.KerasTensor, model: keras.Model) -> bool:
    """Return whether a symbolic tensor belongs to the graph of a Functional model.

    The layers of a model may be called elsewhere too; those calls make other tensors.

    Assumes: `Functional._nodes_by_depth` holds the nodes of the model's own graph, and
    `KerasTensor._keras_history` the index of a tensor's node among those of its layer.
    """
    nodes = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
    history = tensor._keras_history
    return id(history.operation._inbound_nodes[history.node_index]) in nodes


@contextlib.contextmanager
def layer_names_from_zero() -> Iterator[None]:
    """Number the layers that Keras names itself from zero inside the block, as a new process does.

    The public `keras.utils.clear_session` would reset the numbers for good, and Keras' random
    seed with them.

    Assumes: the counters are the global attribute `object_name_uids`, and begin at zero where
    that is `None`.
    """
    from keras.src.backend.common import global_state

    counters = global_state.get_global_attribute("object_name_uids")
    global_state.set_global_attribute("object_name_uids", None)
    try:
        yield
    finally:
        global_state.set_global_attribute("object_name_uids", counters)


def keep_on(model: keras.Model, name: str, value: Any) -> None:
    """Keep a value with a model of this process: it is not saved, and a clone does not have it.

    Assumes: an attribute that is set past `Model.__setattr__` is neither tracked nor saved by
    Keras. TensorFlow looks for `tf.function`s among all attributes when it saves a model, so the
    value must not be one; it may hold one.

    Args:
        model: `keras.Model`.
        name: str. What the value is.
        value: any object.
    """
    vars(model)[_KEPT + name] = value


def kept_on(model: keras.Model, name: str) -> Any:
    """Return the value that `keep_on` has kept with a model by this name, or `None`.

    Assumes: as `keep_on`.

    Args:
        model: `keras.Model`.
        name: str.
    """
    return vars(model).get(_KEPT + name)


def keras_homes() -> list[pathlib.Path]:
    """Return the folders in which Keras may keep downloads, the one it writes to last.

    The first is `KERAS_HOME` as the environment has it now. Keras itself reads it when it is
    imported.

    Assumes: `keras.src.backend.config.keras_home()` is the folder that Keras uses, and Keras
    uses `/tmp/.keras` where that folder cannot be written.
    """
    from keras.src.backend.config import keras_home

    named = os.environ.get("KERAS_HOME")
    homes = [pathlib.Path(home).expanduser() for home in (named, keras_home()) if home]
    if not os.access(homes[-1], os.W_OK):
        homes.append(pathlib.Path("/tmp/.keras"))
    return list(dict.fromkeys(homes))


@contextlib.contextmanager
def replaced_call(layers: Sequence[keras.Layer], function: Callable[..., Any]) -> Iterator[None]:
    """Compute layers by another function inside the block; then as before.

    Assumes: Keras calls what stands in the instance's attribute `call`, if there is one, and an
    attribute that is set past `Layer.__setattr__` is neither tracked nor saved.

    Args:
        layers: layers.
        function: takes the layer and the arguments of its `call`.
    """
    try:
        for layer in layers:
            layer.__dict__["call"] = types.MethodType(function, layer)
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("call", None)


@contextlib.contextmanager
def watched_assign(variable: keras.Variable, seen: Callable[[], None]) -> Iterator[None]:
    """Call a function before every assignment to a variable inside the block, but not in a graph.

    Assumes: whatever assigns to a variable calls the public `Variable.assign` of the instance,
    the setter `optimizer.learning_rate = value` too, and an instance keeps an attribute of its
    own.

    Args:
        variable: `keras.Variable`.
        seen: function without arguments.
    """
    import tensorflow as tf

    def assign(self, value):
        if tf.executing_eagerly():
            seen()
        return type(self).assign(self, value)

    variable.__dict__["assign"] = types.MethodType(assign, variable)
    try:
        yield
    finally:
        variable.__dict__.pop("assign", None)
