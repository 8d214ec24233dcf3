"""How features reach the inputs of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerakit.builders.contract import input_names

if TYPE_CHECKING:
    import keras

__all__ = ["arrange"]


def arrange(model: keras.Model, features: Mapping[str, Any]) -> Any:
    """Return a dict of features in the structure of a model's inputs.

    Args:
        model: `keras.Model`, with inputs as a dict, a list or a single tensor.
        features: dict from name to array of shape `(n, ...)`.

    Returns:
        A dict, a list or an array.
    """
    names = input_names(model)
    if names is None:
        return features
    structure = _structure(model)
    if isinstance(structure, dict):
        return {name: features[name] for name in names}
    if len(names) == 1:
        value = features[names[0] if names[0] in features else next(iter(features))]
        return [value] if isinstance(structure, (list, tuple)) else value
    return [features[name] for name in names]


def _structure(model):
    """The inputs as the model was built with them, or `None` where they are not known."""
    try:
        return model.input
    except (AttributeError, ValueError, RuntimeError):
        return None
