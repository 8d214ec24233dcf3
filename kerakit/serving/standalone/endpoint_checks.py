"""Checks of the signatures beside `serving_default`, and of the warm-up requests."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

from .answer_checks import plain
from .compare import compare, golden_inputs
from .failed import Failed, need, reason_of
from .prediction_log import PredictionLog
from .requests import signature_inputs

__all__ = ["MAXIMUM_RECORDS", "check_endpoints", "check_warmup"]

# The server refuses a file with more (saved_model_warmup_util.h).
MAXIMUM_RECORDS = 1000


def check_endpoints(state: dict[str, Any]) -> str | None:
    """Check that the other signatures answer the golden rows as `serving_default` does."""
    manifest, features = state["manifest"], golden_inputs(state["manifest"])
    others = [name for name in manifest["signatures"] if name != "serving_default"]
    for name in others:
        method = manifest["signatures"][name]["method"]
        function = state["model"].signatures[name]
        answer = plain(function(**signature_inputs(name, method, features)))
        want = state["golden"]
        if method == "classify":
            classes = np.array([manifest["classes"]] * state["rows"], object)
            need(
                np.array_equal(answer["classes"], classes),
                f"{name} answers with the classes {answer['classes'][0].tolist()}",
            )
            answer, want = only("probabilities", answer["scores"], want)
        elif method == "regress":
            answer, want = only("prediction", answer["outputs"], want)
        elif name == "serve_bytes":
            want = decoded_answer(state, features)
        compare(manifest, answer, want)
    return f"{', '.join(others)}: as serving_default" if others else None


def only(name, array, golden):
    """One output, with the name that it has in the golden sample."""
    return {name: array}, {name: golden[name]}


def decoded_answer(state, features):
    """The answer of `serving_default` to the images as PNG files hold them."""
    ((name, images),) = features.items()
    pixels = np.clip(np.rint(np.nan_to_num(images)), 0, 255).astype(images.dtype)
    return plain(state["function"](**{name: tf.constant(pixels)}))


def check_warmup(state: dict[str, Any]) -> str:
    """Check that each warm-up record is answered, and that every signature has one."""
    path = os.path.join(state["folder"], "assets.extra", "tf_serving_warmup_requests")
    need(os.path.isfile(path), "assets.extra/tf_serving_warmup_requests is missing")
    records, asked = read_records(path), set()
    need(records, "the file has no record")
    need(
        len(records) <= MAXIMUM_RECORDS,
        f"the file has {len(records)} records, and the server takes {MAXIMUM_RECORDS}",
    )
    for number, content in enumerate(records):
        try:
            name, tensors = read_request(content)
            need(name in state["model"].signatures, f"there is no signature {name!r}")
            stated = state["manifest"]["signatures"].get(name, {}).get("inputs", {})
            need(
                set(tensors) == set(stated),
                f"{name} is sent the inputs {sorted(tensors)}, and takes {sorted(stated)}",
            )
            state["model"].signatures[name](**tensors)
        except Exception as error:
            raise Failed(f"record {number}: {reason_of(error)}") from error
        asked.add(name)
    missing = sorted(set(state["manifest"]["signatures"]) - asked)
    need(not missing, f"no record asks the signatures {missing}")
    return f"{len(records)} records, each answered"


def read_records(path):
    """The records of a TFRecord file."""
    try:
        return [record.numpy() for record in tf.data.TFRecordDataset(path)]
    except tf.errors.OpError as error:
        raise Failed(f"the file is damaged: {error.message}") from error


def read_request(content):
    """`(signature, tensors by name)` of a serialised `PredictionLog`."""
    log = PredictionLog.FromString(content)
    kinds = [kind for kind, _ in log.ListFields()]
    need(len(kinds) == 1, "it is not a request to predict, classify or regress")
    request = getattr(log, kinds[0].name).request
    name = request.model_spec.signature_name or "serving_default"
    if kinds[0].name != "predict_log":
        return name, {"inputs": tf.constant([*request.input.example_list.examples])}
    messages = {entry.key: tf.make_tensor_proto(0) for entry in request.inputs}
    for entry in request.inputs:
        messages[entry.key].ParseFromString(entry.value)
    return name, {key: tf.constant(tf.make_ndarray(proto)) for key, proto in messages.items()}
