"""The inputs of a model: their names and kind, and whether they are the features of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kerakit.builders.contract.layer_names import LINEAR_WINDOW, MASK
from kerakit.builders.contract.linear import linear_path_of
from kerakit.builders.contract.parts import layer_named, network_of
from kerakit.checks import short_repr, shortlist
from kerakit.errors import DataError
from kerakit.keras_compat import keep_on, kept_on

if TYPE_CHECKING:
    import keras

    from kerakit.data.spec import Spec

__all__ = [
    "check_inputs",
    "has_several_series",
    "input_kind_of",
    "input_names",
    "remember_spec",
    "spec_of",
]


def input_kind_of(model: keras.Model) -> str | None:
    """Return the kind of a model's single input, as far as its layers tell.

    Returns:
        `"image"`, `"series"` or `"text"`; `None` for anything else, such as columns of a
        table.

    Example:

    >>> from kerakit.builders import sequence_classifier
    >>> input_kind_of(sequence_classifier((None, 12), classes=9, units=16))
    'series'
    """
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1:
        return None
    path = linear_path_of(model)
    if path is not None and path.kind == "grams":
        return "text"
    if len(inputs[0].shape) == 4:
        return "image"
    masked = any(tensor.name == MASK for tensor in network_of(model).inputs)
    return "series" if masked or len(inputs[0].shape) == 3 else None


def input_names(model: keras.Model) -> list[str] | None:
    """Return the names of a model's inputs in order.

    Args:
        model: `keras.Model`.

    Returns:
        list of str; `None` for a subclassed model that was never called, which has no fixed
        inputs.
    """
    structure = _input_structure(model)
    if isinstance(structure, dict):
        return list(structure)
    inputs = getattr(model, "inputs", None)
    return [tensor.name for tensor in inputs] if inputs else None


def has_several_series(model: keras.Model) -> bool:
    """Return whether a model forecasts several series, which an input of ids tells apart.

    Example:

    >>> from kerakit.builders import sequence_forecaster
    >>> has_several_series(sequence_forecaster((8,), horizon=2, units=2))
    False
    """
    if layer_named(model, LINEAR_WINDOW) is None:
        return False
    return any(tensor.dtype == "string" for tensor in getattr(model, "inputs", None) or [])


def remember_spec(model: keras.Model, spec: Spec) -> None:
    """Keep with a model the `Spec` of the data that it is for, for `spec_of`.

    It lives as long as the model does, in this process. A saved model does not have it.
    """
    keep_on(model, "spec", spec)


def spec_of(model: keras.Model) -> Spec | None:
    """Return the `Spec` of the data that a model was built for or trained on, if that is known.

    Example:

    >>> from kerakit.builders import mlp_regressor
    >>> spec_of(mlp_regressor(3)) is None
    True
    """
    return kept_on(model, "spec")


def check_inputs(
    owner: str, model: keras.Model, spec: Spec, *, single_by_name: bool = True
) -> None:
    """Check that the inputs of a model are the features of the data.

    Args:
        owner: str. The function that got both, for errors.
        model: `keras.Model`.
        spec: `Spec` of the data.
        single_by_name: bool. Whether the names must agree where model and data have one each.
            Defaults to `True`.

    Raises:
        DataError: when the model has an input without a feature, the data a feature without
            an input, or a feature another shape than its input.
    """
    names, features = input_names(model), spec.feature_names
    if names is None:
        return
    _check_shapes(owner, model, names, spec)
    if not single_by_name and len(names) == len(features) == 1:
        return
    absent = [name for name in names if name not in features]
    unused = [name for name in features if name not in names]
    if absent or unused:
        problems = []
        if absent:
            problems.append(f"the model takes {shortlist(absent, 3)}, which the data does not have")
        if unused:
            problems.append(f"the data has {shortlist(unused, 3)}, which the model does not take")
        raise DataError(
            f"The model of {owner} does not match the data: {'; '.join(problems)}. Use the data "
            "that the model was built for, or name every keras.Input as its feature."
        )


def _check_shapes(owner, model, names, spec):
    """Check the shapes of the inputs that have a feature of their name, or that are the only one.

    A size that is `None` is any, and a size of 1 at the end makes no difference.
    """
    features = {feature.name: feature for feature in spec.features}
    single = spec.features[0] if len(names) == len(features) == 1 else None
    structure = _input_structure(model)
    # `model.inputs` of a dict are in the order of the sorted names.
    tensors = list(structure.values()) if isinstance(structure, dict) else model.inputs
    for name, tensor in zip(names, tensors, strict=True):
        feature = features.get(name, single)
        if feature is None:
            continue
        want, have = (_sizes(shape) for shape in (tensor.shape[1:], feature.shape))
        pairs = zip(want, have, strict=False)
        if len(want) != len(have) or any(None not in pair and len({*pair}) > 1 for pair in pairs):
            raise DataError(
                f"The model of {owner} does not match the data: its input {short_repr(name)} takes "
                f"the shape {tuple(tensor.shape[1:])}, and the data's {short_repr(feature.name)} "
                f"has {tuple(feature.shape)}. Build the model from data.spec."
            )


def _sizes(shape):
    sizes = list(shape)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return sizes


def _input_structure(model: keras.Model) -> Any:
    try:
        return model.input
    except (AttributeError, ValueError, RuntimeError):
        return None
