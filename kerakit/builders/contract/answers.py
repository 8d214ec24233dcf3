"""What a network answers with: its output layer, task, scale and quantile levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import (
    CRF,
    LINEAR_WINDOW,
    OUTPUT,
    PREDICTION,
    PROBABILITIES,
    QUANTILES,
    UNSCALE,
)
from kerakit.builders.contract.parts import layer_named, network_layers, network_of

if TYPE_CHECKING:
    import keras
    import numpy as np

__all__ = [
    "activation_of",
    "answer_by_column",
    "crf_of",
    "output_of",
    "prediction_column",
    "quantiles_of",
    "scale_of",
    "task_of",
]


def output_of(model: keras.Model) -> keras.Layer | None:
    """Return the layer `output` of a network, its last dense layer, or `None`."""
    return layer_named(model, OUTPUT)


def crf_of(model: keras.Model) -> keras.Layer | None:
    """Return the layer by which a tagger chooses the tags of a sentence together, or `None`."""
    return layer_named(model, CRF)


def answer_by_column(model: keras.Model) -> keras.KerasTensor:
    """Return what the network answers, of shape `(batch, 1)` where it predicts one number.

    Keras averages a loss over the last axis, so that a single number per row needs an axis of
    its own in training.
    """
    import keras

    network = network_of(model)
    for layer in network.layers:
        if layer.name == PREDICTION and isinstance(layer, keras.layers.Reshape):
            return layer.input
    return network.outputs[0] if isinstance(network, keras.Sequential) else network.output


def activation_of(model: keras.Model) -> str:
    """Return how a model's answer is made: `"softmax"`, `"sigmoid"` or `"linear"`."""
    import keras

    layer = layer_named(model, PROBABILITIES) or network_layers(model)[-1]
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    name = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return name if name in ("softmax", "sigmoid") else "linear"


def scale_of(model: keras.Model) -> np.ndarray:
    """Return the targets' standard deviations by which a model multiplies its answer.

    Returns:
        float array of shape `(targets,)`; `[1.0]` for a model that does not un-scale.
    """
    import numpy as np

    layer = layer_named(model, UNSCALE)
    return np.atleast_1d(1.0 if layer is None else layer.scale)


def task_of(model: keras.Model) -> str | None:
    """Return the task that a model is built for, as far as its layers tell.

    Returns:
        `"regression"`, `"binary"`, `"multiclass"`, `"multilabel"`, `"forecast"` or
        `"tagging"`; `None` where the model has no static output shape. A forecaster of the
        user's own looks like a regression of several targets.

    Example:

    >>> from kerakit.builders import mlp_classifier
    >>> task_of(mlp_classifier(4, classes=3))
    'multiclass'
    """
    try:
        shape = tuple(model.output_shape)
    except (AttributeError, TypeError, ValueError):
        return None
    activation = activation_of(model)
    if activation == "softmax":
        return "tagging" if len(shape) == 3 else "binary" if shape[-1] == 2 else "multiclass"
    if activation == "sigmoid":
        return "multilabel"
    return "regression" if layer_named(model, LINEAR_WINDOW) is None else "forecast"


def prediction_column(levels: Sequence[float]) -> int:
    """Return the index of the level that is the prediction: the middle one.

    Of an even number of levels it is the one nearest to 0.5.

    Example:

    >>> prediction_column((0.1, 0.5, 0.9)), prediction_column((0.5, 0.9))
    (1, 0)
    """
    if len(levels) % 2:
        return len(levels) // 2
    return min(range(len(levels)), key=lambda index: abs(levels[index] - 0.5))


def quantiles_of(model: keras.Model) -> tuple[float, ...] | None:
    """Return the levels that a model predicts, or `None` where it predicts no quantiles.

    Example:

    >>> from kerakit.builders import linear_regressor
    >>> quantiles_of(linear_regressor(3, quantiles=(0.1, 0.5, 0.9)))
    (0.1, 0.5, 0.9)
    """
    for layer in network_of(model).layers:
        if layer.name.startswith(QUANTILES):
            try:
                return tuple(float(part) for part in layer.name[len(QUANTILES) :].split("_"))
            except ValueError:
                return None  # a layer of the user's own
    return None
