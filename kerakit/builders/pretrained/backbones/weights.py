"""Load the weights of a file into a network: all of them, or none and an error."""

from __future__ import annotations

import os
import pathlib
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from kerakit.builders.contract import BACKBONE, NETWORK
from kerakit.checks import short_repr
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    import keras

__all__ = ["load_weights"]

_HDF5, _ZIP = b"\x89HDF", b"PK\x03\x04"
_MAX_TOP = 6  # weights above the last stage: three dense layers, in VGG
_FORMATS = "a .weights.h5, .h5 or .keras file that Keras saved"


def load_weights(
    owner: str, model: keras.Model, path: str | os.PathLike[str], name: str | None = None
) -> None:
    """Set every weight of a model from a file, after checking that all of them fit.

    A file with a classification top fits a model without one.

    Args:
        owner: str. The function that was called, for errors.
        model: `keras.Model`, newly built. After an error its weights may be partly set.
        path: str or path. A `.weights.h5`; an `.h5` of Keras 2, as the published ImageNet
            weights are; or a `.keras` model of the same layers, or a classifier of kerakit
            with such a backbone.
        name: str. What to call the model in errors. Defaults to `None`, its own name.

    Raises:
        ArgumentError: when there is no such file, it is damaged, or it holds other weights.
    """
    path, name = pathlib.Path(path), name or model.name
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "does not exist"
        raise ArgumentError(
            f"{owner}: the weights file {_short(path)} {problem}. It takes {_FORMATS}."
        )
    with path.open("rb") as file:
        start = file.read(4)
    try:
        if start == _HDF5:
            read = _read_legacy(path)
            if read is None:
                _load_by_structure(owner, model, path, name)
                return
            variables = [w for layer in model.layers for w in _in_file_order(layer)]
        elif start == _ZIP:
            read, variables = _read_model(path), model.weights
        else:
            raise ArgumentError(
                f"{owner}: {_short(path)} is no weights file of Keras. It takes {_FORMATS}."
            )
        _check_fit(owner, model, path, name, read, variables)
        for variable, (_, value) in zip(variables, read, strict=False):
            variable.assign(np.asarray(value))
    except ArgumentError:
        raise
    except Exception as error:  # h5py and Keras have no common error for broken bytes
        raise ArgumentError(
            f"{owner}: {_short(path)} cannot be read, so it is damaged or incomplete "
            f"({type(error).__name__}: {_first_line(error)}). Get the file again."
        ) from error


def _check_fit(owner, model, path, name, read, variables):
    """Check that the weights have the shapes of the model's, in order; a top may follow."""
    has_top = len(model.output_shape) == 2
    for (label, value), variable in zip(read, variables, strict=False):
        if tuple(value.shape) != tuple(variable.shape):
            is_last = has_top and any(variable is last for last in variables[-2:])
            classes = f" It has {value.shape[-1]} classes, the model {model.output_shape[-1]}."
            raise ArgumentError(
                f"{owner}: {_short(path)} holds other weights than {name} has: its {label!r} has "
                f"the shape {tuple(value.shape)}, {variable.path!r} {tuple(variable.shape)}."
                + (classes if is_last else "")
            )
    missing = len(variables) - len(read)
    if missing > 0 or -missing > (0 if has_top else _MAX_TOP):
        hint = " It lacks the classification top." if has_top and 0 < missing <= _MAX_TOP else ""
        raise ArgumentError(
            f"{owner}: {_short(path)} holds {len(read)} weights where {name} has "
            f"{len(variables)}: it is of another network, or incomplete.{hint}"
        )


def _read_legacy(path):
    """`[(name, values)]` of an `.h5` of Keras 2 in its order, or `None` if it is none."""
    import h5py

    with h5py.File(path, "r") as file:
        group = file.get("model_weights", file)
        if "layer_names" not in group.attrs:
            return None
        read = []
        for layer in map(_text, group.attrs["layer_names"]):
            for name in map(_text, group[layer].attrs["weight_names"]):
                read.append((name, group[layer][name][()]))
        return read


def _in_file_order(layer):
    return layer.trainable_weights + layer.non_trainable_weights


def _read_model(path):
    import keras

    model = keras.models.load_model(path, compile=False)
    for name in (NETWORK, BACKBONE):
        inner = [layer for layer in getattr(model, "layers", []) if layer.name == name]
        model = inner[0] if inner else model
    return [(w.path, keras.ops.convert_to_numpy(w)) for w in model.weights]


def _load_by_structure(owner, model, path, name):
    """A `.weights.h5`, which Keras compares with the model layer by layer."""
    if not path.name.endswith(".weights.h5"):
        raise ArgumentError(
            f"{owner}: {_short(path)} is a file of Keras 3, whose name must end with .weights.h5. "
            "Rename it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an error follows if something is missing
            model.load_weights(path)
    except ValueError as error:
        text = str(error)
        named = re.search(r"<(\w+) name=([^,>]+)", text) or re.search(r"Layer '()([^']+)'", text)
        shapes = re.search(r"variable\.shape=(\([^)]*\)).*?value\.shape=(\([^)]*\))", text, re.S)
        counts = re.search(r"expected (\d+) variables, but received (\d+)", text)
        problem = _first_line(error)
        if named and shapes:
            problem = f"layer {named[2]!r} has the shape {shapes[1]}, in the file {shapes[2]}"
        elif named and counts:
            problem = f"layer {named[2]!r} has {counts[1]} weights, in the file {counts[2]}"
        raise ArgumentError(
            f"{owner}: {_short(path)} holds weights of another network than {name}: {problem}."
        ) from error


def _first_line(error):
    return (str(error).strip().splitlines() or [""])[0][:200]


def _short(path):
    return short_repr(str(path))[1:-1]


def _text(name):
    return name.decode() if isinstance(name, bytes) else str(name)
