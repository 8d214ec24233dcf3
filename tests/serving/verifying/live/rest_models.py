"""Models for the stand-in of a server: their versions on disk, and what these answer."""

import pathlib
import threading

import numpy as np
import tensorflow as tf
from rest_values import RestError, column_tensors, examples, json_values, row_tensors
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2

from kerakit.files import versions

__all__ = ["ServedModel", "ask", "metadata", "version_status"]

_WARMUP = "assets.extra/tf_serving_warmup_requests"


class _Version:
    """A version that is loaded, or failed to load."""

    def __init__(self, folder):
        self.broken = None
        if not (folder / "saved_model.pb").is_file():
            raise RestError(404, f"Could not find SavedModel .pb or .pbtxt at {folder}")
        saved = saved_model_pb2.SavedModel()
        saved.ParseFromString((folder / "saved_model.pb").read_bytes())
        (graph,) = [g for g in saved.meta_graphs if list(g.meta_info_def.tags) == ["serve"]]
        self.signatures = graph.signature_def
        if (folder / "variables").is_dir():
            self.model = tf.saved_model.load(str(folder))
        elif (folder / _WARMUP).is_file():
            raise RestError(404, "Could not find variable, at the first warm-up request")
        else:
            # The real server takes the version for a good one.
            self.broken = "Could not find variable dense/kernel."


class ServedModel:
    """The versions in a folder.

    Args:
        base: path of the folder.
        keep_all: bool. Whether every version is served, and not only the highest.
        labels: dict from label to version.
    """

    def __init__(self, base, keep_all, labels):
        self.base = pathlib.Path(base)
        self.keep_all = keep_all
        self.labels = labels
        self.loaded = {}
        self.ended = {}
        self._lock = threading.Lock()
        self.poll()

    def poll(self):
        """Load what is new, then drop what it replaces. Only one thread does so at a time."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            found = sorted(versions(self.base))
            for number in found if self.keep_all else found[-1:]:
                if number not in self.loaded and number not in self.ended:
                    self._load(number)
            good = [number for number in found if number in self.loaded]
            keep = good if self.keep_all else good[-1:]
            for number in [n for n in self.loaded if n not in keep]:
                self.ended[number] = ("OK", "")
                self.loaded = {n: v for n, v in self.loaded.items() if n != number}
        finally:
            self._lock.release()

    def _load(self, number):
        try:
            self.loaded = {**self.loaded, number: _Version(self.base / str(number))}
        except RestError as error:
            self.ended[number] = ("NOT_FOUND", error.message)
        except (OSError, ValueError, tf.errors.OpError) as error:
            self.ended[number] = ("DATA_LOSS", str(error))

    def version(self, name, number=None, label=None):
        """The number and `_Version` that are asked for."""
        if label is not None and label not in self.labels:
            raise RestError(400, f"Unrecognized servable version label: {label}")
        loaded = self.loaded
        wanted = self.labels.get(label) if label is not None else number and int(number)
        wanted = max(loaded, default=None) if wanted is None else wanted
        if wanted not in loaded:
            which = f"Specific({name}, {wanted})" if wanted is not None else f"Latest({name})"
            raise RestError(404, f"Servable not found for request: {which}")
        return wanted, loaded[wanted]

    def status(self, name, number=None, label=None):
        """The list of `model_version_status`."""
        if label is not None:
            number, _ = self.version(name, label=label)
        states = {n: ("END", *end) for n, end in self.ended.items()}
        states |= {n: ("AVAILABLE", "OK", "") for n in self.loaded}
        if number is not None:
            states = {n: state for n, state in states.items() if n == int(number)}
            if not states:
                raise RestError(404, f"Could not find version {number} of model {name}")
        return [version_status(n, *states[n]) for n in sorted(states, reverse=True)]


def version_status(number, state, code="OK", message=""):
    """One entry of `model_version_status`."""
    status = {"error_code": code, "error_message": message}
    return {"version": str(number), "state": state, "status": status}


def metadata(name, number, version):
    """Return the metadata of a version."""
    signatures = {
        key: {
            "inputs": {k: _tensor_info(v) for k, v in signature.inputs.items()},
            "outputs": {k: _tensor_info(v) for k, v in signature.outputs.items()},
            "method_name": signature.method_name,
            "defaults": {},
        }
        for key, signature in version.signatures.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(number)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def _tensor_info(info):
    dims = [{"size": str(dim.size), "name": dim.name} for dim in info.tensor_shape.dim]
    return {
        "dtype": types_pb2.DataType.Name(info.dtype),
        "tensor_shape": {"dim": dims, "unknown_rank": info.tensor_shape.unknown_rank},
        "name": info.name,
    }


def ask(version, verb, body):
    """Return what a version answers to the body of a request."""
    key = body.get("signature_name", "serving_default")
    if key not in version.signatures:
        raise RestError(400, f'Serving signature name: "{key}" not found in signature def')
    if version.broken:
        raise RestError(400, version.broken)
    function = version.model.signatures[key]
    inputs = function.structured_input_signature[1]
    rows = "instances" in body
    if verb != "predict":
        if set(inputs) != {"inputs"} or inputs["inputs"].dtype != tf.string:
            raise RestError(400, f"Expected one input of serialized Examples. Got {sorted(inputs)}")
        return {"results": _results(_call(function, {"inputs": examples(body)}), verb)}
    if rows == ("inputs" in body):
        raise RestError(400, "Request needs either 'instances' or 'inputs', and not both")
    if not rows:
        outputs = _call(function, column_tensors(body["inputs"], inputs))
        values = {name: json_values(name, array) for name, array in outputs.items()}
        return {"outputs": values if len(values) > 1 else next(iter(values.values()))}
    outputs = _call(function, row_tensors(body["instances"], inputs))
    return {"predictions": _predictions(outputs)}


def _call(function, tensors):
    try:
        return {name: tensor.numpy() for name, tensor in function(**tensors).items()}
    except (tf.errors.OpError, TypeError, ValueError) as error:
        raise RestError(400, str(getattr(error, "message", error))) from error


def _predictions(outputs):
    for name, array in outputs.items():
        if not array.ndim:
            raise RestError(400, f"Tensor name: {name} has no shape information")
    if len({len(array) for array in outputs.values()}) > 1:
        raise RestError(400, "Tensors have inconsistent batch sizes")
    values = {name: json_values(name, array) for name, array in outputs.items()}
    if len(values) == 1:
        return next(iter(values.values()))
    rows = zip(*values.values(), strict=True)
    return [dict(zip(values, row, strict=True)) for row in rows]


def _results(outputs, verb):
    if verb == "regress":
        array = outputs.get("outputs")
        good = set(outputs) == {"outputs"} and array.dtype == np.float32
        if not good or array.ndim not in (1, 2) or array.shape[1:] not in ((), (1,)):
            raise RestError(400, "Expected one float output 'outputs' of one value per example")
        return json_values("outputs", array.reshape(-1))
    names, kinds = set(outputs), {"classes": object, "scores": np.float32}
    if not names or names - set(kinds) or any(outputs[n].dtype != kinds[n] for n in names):
        raise RestError(400, f"Expected the outputs 'classes' and 'scores'. Got {sorted(names)}")
    if any(array.ndim != 2 for array in outputs.values()):
        raise RestError(400, "Expected 'classes' and 'scores' of two dimensions")
    shape = next(iter(outputs.values())).shape
    labels = json_values("classes", outputs.get("classes", np.full(shape, b"", object)))
    scores = json_values("scores", outputs.get("scores", np.zeros(shape, np.float32)))
    return [
        [list(pair) for pair in zip(*row, strict=True)] for row in zip(labels, scores, strict=True)
    ]
