"""Checks that a model can be served, before anything is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerakit.checks import check
from kerakit.errors import ArgumentError
from kerakit.keras_compat import layers_of

if TYPE_CHECKING:
    import keras

    from kerakit.serving.exporting.endpoints import Endpoint

__all__ = ["check_model", "trace_endpoints", "without_cudnn"]


def check_model(model: object) -> None:
    """Check that `model` is a trained `keras.Model` whose layers can be served.

    Raises:
        ArgumentError: when it is not a model, was never called, was not trained, or has a
            `Lambda` layer.
    """
    import keras

    check(isinstance(model, keras.Model), "export", "model", "a keras.Model", model)
    if not model.built:
        raise ArgumentError(
            f"The model {model.name!r} of export has no weights yet: it was never called on data. "
            "Train it first, with fit."
        )
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.Lambda):
            raise ArgumentError(
                f"The model of export has the Lambda layer {layer.name!r}, whose Python code "
                "cannot be saved safely. Write it with keras.ops functions or as a layer."
            )
    layer = _untrained(model)
    if layer is not None:
        raise ArgumentError(
            f"The model of export has not been trained: the bias of its layer {layer.name!r} is "
            "all zeros, as it was built. Train it first, with fit."
        )


def trace_endpoints(model: keras.Model, endpoints: dict[str, Endpoint]) -> dict[str, Any]:
    """Trace every endpoint into a graph, and check that a stock server runs the graph.

    Args:
        model: `keras.Model` that the endpoints call. Its recurrent layers are traced as
            plain operations: a server without a GPU has no cuDNN.
        endpoints: dict of `Endpoint`s by name.

    Returns:
        dict of traced `tf.function`s by name.

    Raises:
        ArgumentError: when a layer cannot be traced, or has an operation that a server does
            not run.
    """
    import tensorflow as tf

    from kerakit.serving.standalone.operations import unservable

    functions = {}
    with without_cudnn(model):
        for name, endpoint in endpoints.items():
            function = tf.function(
                endpoint.function, input_signature=[endpoint.inputs], autograph=False
            )
            try:
                graph = function.get_concrete_function().graph
            except Exception as error:  # the code of the layers may raise anything
                line = next(iter(str(error).strip().splitlines()), type(error).__name__)
                raise ArgumentError(
                    f"The model of export cannot be traced for the signature {name!r}: {line}"
                ) from error
            problem = unservable(graph.as_graph_def())
            if problem is not None:
                raise ArgumentError(
                    f"The model of export cannot be served: the server {problem}. Replace the "
                    "layer of that name by one of Keras' own layers or operations."
                )
            functions[name] = function
    return functions


def _untrained(model):
    """The last layer with a bias, if training never changed the bias; else `None`.

    A step of training changes every bias of the output layer, which Keras starts at zero.
    """
    import keras
    import numpy as np

    from kerakit.builders.contract import linear_path_of

    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and int(optimizer.iterations) > 0:
        return None
    linear = linear_path_of(model)
    weights = [] if linear is None else [w for layer in linear.layers for w in layer.weights]
    if any(np.any(weight.numpy()) for weight in weights):
        return None  # it was solved
    layer = _last_biased(model)
    if layer is None or not isinstance(layer.bias_initializer, keras.initializers.Zeros):
        return None
    return None if np.any(keras.ops.convert_to_numpy(layer.bias)) else layer


def _last_biased(model):
    for layer in reversed(model.layers):
        if getattr(layer, "layers", None):
            layer = _last_biased(layer)
            if layer is not None:
                return layer
        elif getattr(layer, "bias", None) is not None and hasattr(layer, "bias_initializer"):
            return layer
    return None


@contextlib.contextmanager
def without_cudnn(model: keras.Model) -> Iterator[None]:
    """Trace the recurrent layers of a model as plain operations inside the block.

    A server without a GPU has no cuDNN.
    """
    layers = [layer for layer in layers_of(model) if hasattr(layer, "use_cudnn")]
    before = [layer.use_cudnn for layer in layers]
    for layer in layers:
        layer.use_cudnn = False
    try:
        yield
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.use_cudnn = value
