"""The parts of a model: its sub-models, and the layers of its network."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import NETWORK, PREPROCESS
from kerakit.keras_compat import layers_of

if TYPE_CHECKING:
    import keras

__all__ = [
    "layer_named",
    "network_layers",
    "network_of",
    "preprocess_of",
    "split_model",
    "submodels_of",
    "weights_number",
]


def split_model(model: keras.Model) -> tuple[keras.Model | None, keras.Model]:
    """Return `(preprocess, network)` of a model, or `(None, model)` where it lacks one of them."""
    found = _submodels(getattr(model, "layers", ()))
    if PREPROCESS in found and NETWORK in found:
        return found[PREPROCESS], found[NETWORK]
    return None, model


def preprocess_of(model: keras.Model) -> keras.Model | None:
    """Return the sub-model `preprocess` of a model, the model itself if it is one, or `None`."""
    if getattr(model, "name", "") == PREPROCESS:
        return model
    found = [part for part in getattr(model, "layers", ()) if part.name == PREPROCESS]
    return found[0] if found else None


def network_of(model: keras.Model) -> keras.Model:
    """Return the sub-model `network` of a model; a model without one is its own network."""
    return _submodels(model.layers).get(NETWORK, model)


def submodels_of(model: keras.Model, names: Iterable[str]) -> dict[str, keras.Model]:
    """Return the sub-models of these names, at any depth, as far as a model has them."""
    found = _submodels(layers_of(model))
    return {name: found[name] for name in names if name in found}


def _submodels(layers):
    import keras

    found = {}
    for layer in layers:
        if isinstance(layer, keras.Model):
            found.setdefault(layer.name, layer)
    return found


def network_layers(model: keras.Model) -> list[keras.Layer]:
    """Return the layers of the network in order, those of models inside it among them."""
    import keras

    layers = layers_of(network_of(model), include_self=False)
    return [layer for layer in layers if not isinstance(layer, keras.Model)]


def layer_named(model: keras.Model, name: str) -> keras.Layer | None:
    """Return the layer of the network that has a name, or `None`."""
    return next((layer for layer in network_layers(model) if layer.name == name), None)


def weights_number(model: keras.Model) -> int:
    """Return a number that tells the weights of a model from others: the CRC-32 of their bytes.

    Example:

    >>> from kerakit.builders import linear_regressor
    >>> model = linear_regressor(2)
    >>> before = weights_number(model)
    >>> network_of(model).weights[0].assign([[1.0], [2.0]]) is None
    False
    >>> weights_number(model) == before
    False
    """
    number = 0
    for weight in network_of(model).weights:
        number = zlib.crc32(weight.numpy().tobytes(), number)
    return number
