"""Models of whole series without the parts that have no weight, for answers alone."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import OUTPUT, LinearPath, linear_path_of, split_model
from kerakit.builders.parts import in_float32

__all__ = ["without_idle_parts"]


@in_float32()
def without_idle_parts(model: keras.Model) -> keras.Model:
    """Return a model of series that gives the same answers without the parts that add nothing.

    These are kinds of fixed features whose weights are 0, and of `"auto"` the network or the fixed
    features where `blend` has the weight 0 for it.

    Args:
        model: `keras.Model` with `rocket_scores`.

    Returns:
        `keras.Model` that shares the layers; `model` itself where all parts add something.
    """
    preprocess, network = split_model(model)
    linear = linear_path_of(model)
    if linear is None or linear.kind != "rocket" or preprocess is None:
        return model
    parts = [layer.output for layer in linear.layers if any(map(_is_any, layer.weights))]
    if linear.blend is None:
        if not parts or len(parts) == len(linear.layers):
            return model
        answer = keras.Model(linear.total.output, network.output)(_sum(parts))
    else:
        answer = _blended(network, linear, parts)
        if answer is None:
            return model
    network = keras.Model(network.input, answer, name=network.name)
    return keras.Model(model.input, network(preprocess(model.input)), name=model.name)


def _blended(network, linear: LinearPath, parts):
    """The answer by the parts of fixed features and the network that have a weight, or `None`."""
    fixed, trained = linear.blend.kernel.numpy()[:, 0].tolist()
    parts = parts if fixed else []
    if trained and len(parts) == len(linear.layers):
        return None
    scores = [fixed * _sum(parts)] if parts else []
    scores += [trained * network.get_layer(OUTPUT).output] if trained else []
    if not scores:
        return None
    return keras.Model(linear.blend.output, network.output)(ops.expand_dims(_sum(scores), -1))


def _is_any(weight):
    return bool(np.any(weight.numpy()))


def _sum(parts):
    return parts[0] if len(parts) == 1 else ops.sum(ops.stack(parts), axis=0)
