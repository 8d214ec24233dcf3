"""The signatures of an export, and the requests and answers of each."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.serving.contract.rows import has_free_length
from kerakit.serving.standalone.padding import longest

if TYPE_CHECKING:
    from kerakit.data.spec import Feature, Spec
    from kerakit.serving.contract.golden import Golden

__all__ = ["describe_signatures", "image_feature", "json_values", "signature_names"]

_CHANNELS = (1, 3)


def signature_names(spec: Spec) -> tuple[str, ...]:
    """Return the names of an export's signatures, `serving_default` first.

    The server's classify API answers with one label per row, and its regress API with one
    number per row. The other tasks have neither.
    """
    names = ["serving_default"]
    api = TASKS[spec.task].api
    if api == "classify" or (api == "regress" and len(spec.target.names) == 1):
        names.append(api)
    if image_feature(spec) is not None:
        names.append("serve_bytes")
    return tuple(names)


def image_feature(spec: Spec) -> Feature | None:
    """Return the model's only `Feature`, if it is an image of fixed size; else `None`."""
    if len(spec.features) != 1 or spec.features[0].kind != "image":
        return None
    (feature,) = spec.features
    sized = len(feature.shape) == 3 and None not in feature.shape
    return feature if sized and feature.shape[2] in _CHANNELS else None


def describe_signatures(spec: Spec, golden: Golden) -> dict[str, dict[str, Any]]:
    """Return the signatures as the manifest states them: a dict by name.

    A signature has a `method` (the REST verb); `inputs` and `outputs` with dtype, shape
    (`None` is any size) and unit; and an `example`: a `request` that can be posted, and its
    `response`.

    Args:
        spec: `Spec`.
        golden: `Golden`. The requests send its example row.
    """
    features, answer = _example(spec, golden)
    makers = {
        "serving_default": _serving_default,
        "classify": _classify,
        "regress": _regress,
        "serve_bytes": _serve_bytes,
    }
    return {name: makers[name](spec, features, answer) for name in signature_names(spec)}


def _example(spec, golden):
    """The example row and its answer, without the padding of a batch of longer rows."""
    row = slice(golden.example, golden.example + 1)
    features = {name: column[row] for name, column in golden.inputs.items()}
    answer = {name: array[row] for name, array in golden.outputs.items()}
    for feature in spec.features:
        if has_free_length(feature):
            features[feature.name] = longest(features[feature.name])
    if TASKS[spec.task].answer == "tags":
        tokens = len(features[spec.feature_names[0]][0].encode().split())
        answer = {name: array[:, :tokens] for name, array in answer.items()}
    return features, answer


def _serving_default(spec, features, answer):
    sent = {name: json_values(column)[0] for name, column in features.items()}
    return {
        "method": "predict",
        "inputs": {f.name: _tensor(f.dtype, f.shape) for f in spec.features},
        "outputs": _outputs(spec, answer),
        "example": {"request": {"instances": [sent]}, "response": _predictions(answer)},
    }


def _classify(spec, features, answer):
    scores = json_values(answer["probabilities"])[0]
    width = len(spec.classes)
    return {
        "method": "classify",
        "inputs": {"inputs": _tensor("string")},
        "outputs": {
            "classes": _tensor("string", (width,)),
            "scores": _tensor("float32", (width,)),
        },
        "example": {
            "request": _examples("classify", features),
            "response": {"results": [[list(p) for p in zip(spec.classes, scores, strict=True)]]},
        },
    }


def _regress(spec, features, answer):
    return {
        "method": "regress",
        "inputs": {"inputs": _tensor("string")},
        "outputs": {"outputs": _tensor("float32", unit=spec.target.unit)},
        "example": {
            "request": _examples("regress", features),
            "response": {"results": json_values(answer["prediction"])},
        },
    }


def _serve_bytes(spec, features, answer):
    from kerakit.serving.standalone.requests import png_images

    (image,) = png_images(next(iter(features.values())))
    sent = {"image_bytes": {"b64": base64.b64encode(image).decode()}}
    return {
        "method": "predict",
        "inputs": {"image_bytes": _tensor("string")},
        "outputs": _outputs(spec, answer),
        "example": {
            "request": {"signature_name": "serve_bytes", "instances": [sent]},
            "response": _predictions(answer),
        },
    }


def _tensor(dtype, shape=(), unit=None):
    return {"dtype": dtype, "shape": [None, *shape], "unit": unit}


def _outputs(spec, answer):
    unit = None if spec.is_classification else spec.target.unit
    # A batch has as many tags as its longest sentence has tokens.
    tags = TASKS[spec.task].answer == "tags"
    return {
        name: _tensor(
            "string" if array.dtype == object else "float32",
            (None,) if tags else array.shape[1:],
            unit,
        )
        for name, array in answer.items()
    }


def _predictions(answer):
    answers = {name: json_values(array)[0] for name, array in answer.items()}
    # The server leaves out the name of a single output.
    return {"predictions": [answers if len(answers) > 1 else next(iter(answers.values()))]}


def _examples(name, features):
    """The body of a request with one `tf.Example`, whose values are flat."""
    sent = {}
    for key, column in features.items():
        values = json_values(column[0].ravel() if column.ndim > 1 else column)
        sent[key] = values if column.ndim > 1 else values[0]
    return {"signature_name": name, "examples": [sent]}


def json_values(array: Any) -> list[Any]:
    """Return an array as nested lists of JSON values, NaN as `None`.

    A float32 is written with the fewest digits that give it back.

    Example:

    >>> json_values(np.array([9.4, float("nan")], "float32"))
    [9.4, None]
    """
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array.tolist()
    flat = [None if np.isnan(v) else float(str(v)) for v in array.astype("float32").ravel()]
    shaped = np.empty(array.size, object)
    shaped[:] = flat
    return shaped.reshape(array.shape).tolist()
