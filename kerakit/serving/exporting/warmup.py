"""The requests that the server answers before a version goes live.

TensorFlow optimises a graph at its first request, which takes many times longer than others.
The server sends these requests before a version goes live. A record that fails keeps the
version from going live. So the file is an acceptance gate as well: a missing operation or
variable stops the new version while the old one still answers.
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np

__all__ = ["WARMUP", "write_warmup"]

WARMUP = "assets.extra/tf_serving_warmup_requests"


def write_warmup(
    folder: pathlib.Path, manifest: dict[str, Any], inputs: dict[str, np.ndarray]
) -> None:
    """Write a request of one row and a request of all rows for each signature.

    Args:
        folder: `pathlib.Path` of the SavedModel.
        manifest: dict. Its `signatures` get the requests.
        inputs: dict from feature name to array of shape `(n, ...)`, the golden inputs.
    """
    import tensorflow as tf

    path = pathlib.Path(folder, WARMUP)
    path.parent.mkdir(exist_ok=True)
    one = {name: column[:1] for name, column in inputs.items()}
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for name, signature in manifest["signatures"].items():
            for rows in (one, inputs):
                writer.write(_record(manifest["name"], name, signature["method"], rows))


def _record(model, name, method, rows):
    """One serialised `PredictionLog`."""
    import tensorflow as tf

    from kerakit.serving.standalone.prediction_log import PredictionLog
    from kerakit.serving.standalone.requests import signature_inputs

    log = PredictionLog()
    request = getattr(log, f"{method}_log").request
    request.model_spec.name = model
    request.model_spec.signature_name = name
    tensors = signature_inputs(name, method, rows)
    if method == "predict":
        for key, tensor in sorted(tensors.items()):
            value = tf.make_tensor_proto(tensor).SerializeToString(deterministic=True)
            request.inputs.add(key=key, value=value)
    else:
        request.input.example_list.examples.extend(tensors["inputs"].numpy().tolist())
    return log.SerializeToString(deterministic=True)
