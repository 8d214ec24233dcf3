"""The state of callbacks as JSON and arrays, which are read back without running any code.

Numbers, texts, bytes, arrays, tensors, variables, lists, tuples, sets, deques and dicts are
kept, in each other as well. A value of another class is named, so that a warning can name it.
"""

from __future__ import annotations

import builtins
import collections
import io
import logging
import pathlib
import types
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["callback_state", "restore_callback"]

_UNTRACKED = ("model", "_model", "params", "_params")
_PLAIN = (type(None), bool, int, float, str)
_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_DICTS = {"dict": dict, "OrderedDict": collections.OrderedDict, "Counter": collections.Counter}
_KINDS = "biufcSUMm"  # kinds of dtypes that a file of arrays keeps

# The constructor of a callback makes these anew. A metric can be called too, but it has a state.
_NO_STATE = (
    Callable,
    types.ModuleType,
    io.IOBase,
    logging.Logger,
    pathlib.PurePath,
    keras.optimizers.Optimizer,
    keras.callbacks.Callback,
    tf.data.Dataset,
)


class _NotKept(Exception):
    """A value of a class that is not kept."""


def callback_state(
    callback: keras.callbacks.Callback, given: Mapping[str, Any] = types.MappingProxyType({})
) -> tuple[dict[str, Any], dict[str, np.ndarray], list[str]]:
    """Return the state of a callback as `(values, arrays, lost)`.

    Functions, layers, optimizers, open files, paths and data sets are left out: a constructor
    makes them anew. So are the attributes that a class of Keras' own cannot keep.

    Args:
        callback: `keras.callbacks.Callback`.
        given: mapping from name to a JSON value, as returned before training. An attribute that
            still has this value is left out, unless it holds arrays. Defaults to no names.

    Returns:
        Tuple of a dict of JSON values, a dict of the arrays that they refer to, and a list with
        `"name (class)"` of every attribute that cannot be kept.
    """
    values, arrays, lost = {}, {}, []
    of_keras = _names_in_keras(type(callback))
    for name, value in vars(callback).items():
        if name in _UNTRACKED or (name == "min_delta" and hasattr(callback, "monitor_op")):
            continue  # Keras gives `min_delta` its sign when it makes `monitor_op` anew
        found = {}
        try:
            values[name] = _packed(value, found, name)
        except (_NotKept, RecursionError):
            has_state = isinstance(value, keras.metrics.Metric) or not isinstance(value, _NO_STATE)
            if has_state and name not in of_keras:
                lost.append(f"{name} ({type(value).__name__})")
        else:
            arrays.update(found)
            if not found and name in given and given[name] == values[name]:
                del values[name]
    return values, arrays, lost


def restore_callback(
    callback: keras.callbacks.Callback, values: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Set the attributes of a callback to the state that `callback_state` returned."""
    for name, entry in values.items():
        value = _unpacked(entry, arrays)
        current = getattr(callback, name, None)
        if isinstance(value, tf.Variable) and hasattr(current, "assign"):
            current.assign(value)
        else:
            setattr(callback, name, value)


def _packed(value, arrays, name):
    """A value as JSON: itself, or a list that begins with the name of its class."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is bytes:
        return ["bytes", value.hex()]
    if isinstance(value, np.generic) or kind in (np.ndarray, np.memmap):
        return _packed_array(value, arrays, name, "scalar" if np.isscalar(value) else "array")
    if isinstance(value, (tf.Variable, keras.Variable)):
        return _packed_array(value.numpy(), arrays, name, "variable")
    if isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
        return _packed_array(np.asarray(value.numpy()), arrays, name, "tensor")
    if kind in _SEQUENCES.values():
        return [kind.__name__, [_packed(each, arrays, name) for each in value]]
    if kind is collections.deque:
        return ["deque", [_packed(each, arrays, name) for each in value], value.maxlen]
    if kind in _DICTS.values() or kind is collections.defaultdict:
        entries = [
            [_packed(key, arrays, name), _packed(each, arrays, name)] for key, each in value.items()
        ]
        if kind is not collections.defaultdict:
            return [kind.__name__, entries]
        factory = getattr(value.default_factory, "__name__", "")
        if getattr(builtins, factory, None) is value.default_factory:
            return ["defaultdict", entries, factory]
    raise _NotKept


def _packed_array(value, arrays, name, kind):
    if value.dtype.kind not in _KINDS:
        raise _NotKept  # objects, and number formats that NumPy itself does not know
    key = f"{name}_{len(arrays)}"
    arrays[key] = np.asarray(value)
    return [kind, key]


def _unpacked(entry, arrays):
    if not isinstance(entry, list):
        return entry
    kind, content, *more = entry
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind in ("array", "scalar", "tensor", "variable"):
        value = arrays[content]
        make = {"array": np.asarray, "scalar": lambda array: array[()], "tensor": tf.constant}
        return make.get(kind, tf.Variable)(value)
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](_unpacked(each, arrays) for each in content)
    if kind == "deque":
        return collections.deque((_unpacked(each, arrays) for each in content), *more)
    entries = [(_unpacked(key, arrays), _unpacked(each, arrays)) for key, each in content]
    if kind == "defaultdict":
        return collections.defaultdict(getattr(builtins, more[0]), entries)
    return _DICTS[kind](dict(entries))


def _names_in_keras(kind):
    """The attributes that Keras' own classes among the bases of a class may set."""
    names = set()
    for base in kind.__mro__:
        if base.__module__.startswith("keras."):
            for function in vars(base).values():
                code = getattr(function, "__code__", None)
                names.update(() if code is None else code.co_names)
    return names
