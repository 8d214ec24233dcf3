"""Mixed precision while a model trains; its layers are in float32 again afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from kerakit.builders.contract import OUTPUT, split_model
from kerakit.keras_compat import layer_of

__all__ = ["precision_of"]

# Layers without arithmetic of their own, and means over many pixels, which cost nothing.
_KEPT = (
    keras.Model,
    keras.layers.InputLayer,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
)


@contextlib.contextmanager
def precision_of(model: keras.Model, precision: str, images: bool = False) -> Iterator[None]:
    """Compute the network's layers in a precision while the block runs, then as before.

    The `output` layer and the layers after it stay in float32.

    Args:
        model: `keras.Model`.
        precision: `"float32"` or `"mixed_bfloat16"`.
        images: bool. Whether layers without weights change their precision too: between
            convolutions they would cast every value to float32 and back. Batch normalisation
            keeps its statistics in float32 all the same. Defaults to `False`.
    """
    if precision in ("auto", "float32"):
        yield
        return
    _, network = split_model(model)
    changed = []
    last = {id(layer_of(tensor)) for tensor in network.outputs}
    for layer in _in_order(network):
        if images and layer.name == OUTPUT:
            break
        if images and id(layer) in last:
            continue
        trained = layer.trainable_weights and layer.name != OUTPUT
        if trained or (images and not isinstance(layer, _KEPT)):
            changed.append((layer, layer.dtype_policy))
    try:
        for layer, _ in changed:
            layer.dtype_policy = keras.dtype_policies.get(precision)
        yield
    finally:
        for layer, policy in changed:
            layer.dtype_policy = policy


def _in_order(model):
    """The layers of a model from its input to its answer; those of models inside it as well."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _in_order(layer)
        else:
            yield layer
