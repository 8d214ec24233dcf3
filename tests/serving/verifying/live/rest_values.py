"""JSON to tensors and back, by the rules of TensorFlow Serving's REST API."""

import base64
import json
import math

import numpy as np
import tensorflow as tf

__all__ = ["RestError", "column_tensors", "examples", "json_values", "parse", "row_tensors"]

_WRAPPING = (tf.int8, tf.uint8)  # take any int, and keep its lowest bits
_REFUSED = (tf.float16, tf.bfloat16, tf.uint16, tf.complex64, tf.complex128)


class RestError(Exception):
    """An answer other than 200."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def parse(body):
    """Return the object that begins the body; what follows its closing brace is ignored."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_first_wins, parse_float=_float, parse_int=_int, parse_constant=float
    )
    try:
        value, _ = decoder.raw_decode(body.decode("utf-8").lstrip(" \t\r\n"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RestError(400, f"JSON Parse error: Invalid value. {error}") from error
    if not isinstance(value, dict):
        raise RestError(400, "Request body must be a JSON object")
    return value


def row_tensors(instances, inputs):
    """Return the tensors of a request in row form; `inputs` are specs by name."""
    if not isinstance(instances, list) or not instances:
        raise RestError(400, "Request data format error: 'instances' must be a non-empty list")
    columns = {name: [] for name in inputs}
    for location, instance in enumerate(instances):
        bare = not isinstance(instance, dict) or set(instance) == {"b64"}
        if bare and len(inputs) == 1:
            instance = dict.fromkeys(inputs, instance)
        elif bare:
            raise RestError(400, f"Failed to process element: {location} of 'instances' list")
        if set(instance) != set(inputs):
            raise RestError(
                400,
                f"Failed to process element: {location} of 'instances' list. JSON object: has the "
                f"inputs {sorted(instance)}, expected {sorted(inputs)}",
            )
        for name, value in instance.items():
            columns[name].append(value)
    return {name: _tensor(name, columns[name], spec.dtype, 400) for name, spec in inputs.items()}


def column_tensors(values, inputs):
    """Return the tensors of a request in columnar form; unknown keys are ignored."""
    named = isinstance(values, dict) and set(values) != {"b64"}
    if not named:
        if len(inputs) != 1:
            raise RestError(400, "Multiple inputs are required, but only a value was given")
        values = dict.fromkeys(inputs, values)
    absent = sorted(set(inputs) - set(values))
    if absent:
        raise RestError(400, f"Missing named input: {absent[0]} in 'inputs' object.")
    return {name: _tensor(name, values[name], spec.dtype, 501) for name, spec in inputs.items()}


def examples(body):
    """Return the serialised `tf.train.Example`s of a request to classify or regress."""
    listed = body.get("examples")
    if not isinstance(listed, list) or not listed:
        raise RestError(400, "When method is classify or regress, 'examples' must be a list")
    return tf.constant([_example({**body.get("context", {}), **item}) for item in listed])


def json_values(name, array):
    """Return an output as JSON values; a float32 with the fewest digits that give it back."""
    if tf.as_dtype(array.dtype) in _REFUSED:
        raise RestError(400, f"Failed to write JSON value for tensor type: {array.dtype}")
    if array.dtype == object:
        flat = [_text(name, value) for value in array.ravel()]
    elif array.dtype == np.float32:
        flat = [float(str(value)) for value in array.ravel()]
    else:
        return array.tolist()
    shaped = np.empty(array.size, object)
    shaped[:] = flat
    return shaped.reshape(array.shape).tolist()


def _text(name, value):
    if name.endswith("_bytes"):
        return {"b64": base64.b64encode(value).decode()}
    return value.decode("utf-8", "surrogateescape")


def _first_wins(pairs):
    return dict(reversed(pairs))


def _float(text):
    value = float(text)
    if math.isinf(value):
        raise RestError(400, "JSON Parse error: Number too big to be stored in double.")
    return value


def _int(text):
    value = int(text)
    return value if -(2**63) <= value < 2**64 else _float(text)


def _tensor(name, value, dtype, status):
    if dtype in _REFUSED:
        raise RestError(status, f"Conversion of JSON to tensor type {dtype.name} is not supported")
    shape = _shape(value)
    flat = [_element(name, item, dtype) for item in _flat(name, value, shape)]
    if dtype == tf.string:
        array = np.array(flat, object)
    elif dtype in _WRAPPING:
        array = np.array(flat, np.int64).astype(dtype.as_numpy_dtype)
    else:
        with np.errstate(over="ignore"):
            array = np.array(flat, dtype.as_numpy_dtype)
    return tf.constant(array.reshape(shape), dtype)


def _shape(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _flat(name, value, shape):
    if not shape:
        if isinstance(value, list):
            raise RestError(400, f"Encountered list at unexpected depth in {name!r}")
        return [value]
    if not isinstance(value, list) or len(value) != shape[0]:
        raise RestError(400, f"Encountered a value in {name!r} that is not of shape {shape}")
    return [item for part in value for item in _flat(name, part, shape[1:])]


def _element(name, value, dtype):
    if dtype == tf.string and isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    kind = type(value)
    fits = (
        kind is str
        if dtype == tf.string
        else kind is bool
        if dtype == tf.bool
        else kind in (int, float)
        if dtype.is_floating
        else kind is int and (dtype in _WRAPPING or dtype.min <= value <= dtype.max)
    )
    if not fits:
        raise RestError(
            400,
            f"JSON Value: {json.dumps(value)} in {name!r} is not of expected type: {dtype.name}",
        )
    return value.encode() if kind is str else value


def _example(features):
    """A feature's type is that of its literals: 9.0 is a float, 9 an int64."""
    example = tf.train.Example()
    for name, values in features.items():
        feature = example.features.feature[name]
        values = values if isinstance(values, list) else [values]
        kinds = {type(value) for value in values}
        if kinds == {float}:
            feature.float_list.value.extend(values)
        elif kinds == {int}:
            feature.int64_list.value.extend(values)
        elif kinds <= {str, dict} and kinds:
            feature.bytes_list.value.extend(_element(name, v, tf.string) for v in values)
        else:
            raise RestError(400, f"Unexpected or mixed types in the feature {name!r}")
    return example.SerializeToString()
