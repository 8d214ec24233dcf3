"""The functions that a server calls, one per signature."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.serving.contract.signatures import image_feature, signature_names
from kerakit.serving.exporting.postprocess import input_signature, serving_function
from kerakit.serving.exporting.wire_dates import iso_dates
from kerakit.serving.exporting.wire_spelling import respelling

if TYPE_CHECKING:
    import tensorflow as tf

    from kerakit.builders.answering import Answering
    from kerakit.data.spec import Spec

__all__ = ["Endpoint", "build_endpoints"]


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One signature as a function of tensors.

    Attributes:
        function: from tensors as `inputs` describes them to a dict of float32 and string
            tensors.
        inputs: `tf.TensorSpec`, or a dict of them by name.
        tables: lookup tables of `function` that belong to no layer of the model.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    inputs: tf.TensorSpec | dict[str, tf.TensorSpec]
    tables: Sequence[Any] = ()


def build_endpoints(made: Answering, spec: Spec) -> dict[str, Endpoint]:
    """Return the `Endpoint` of every signature of an export, `serving_default` first.

    - `serving_default` takes the raw features by name. A category or a date may be spelled
      another way than in training.
    - `classify` and `regress` take serialised `tf.Example`s with all of these features. A
      missing number is NaN and a missing string is empty, as in `serving_default`.
    - `serve_bytes` takes encoded images (JPEG, PNG, GIF's first frame, BMP). The graph
      decodes, turns and resizes them by the function that made the training images.

    Args:
        made: `Answering`.
        spec: `Spec`.
    """
    answer = serving_function(made.model, spec, made.levels, made.sets)
    respell, tables = respelling(spec)
    read_dates = iso_dates(spec)
    signature = input_signature(spec)

    def serve(features):
        return answer(read_dates(respell(features)))

    makers = {
        "serving_default": lambda: Endpoint(serve, signature),
        "classify": lambda: _classify(serve, spec),
        "regress": lambda: _regress(serve, spec),
        "serve_bytes": lambda: _serve_bytes(serve, spec),
    }
    made = {name: makers[name]() for name in signature_names(spec)}
    return {name: dataclasses.replace(made[name], tables=tables) for name in made}


def _classify(serve, spec):
    import tensorflow as tf

    classes = tf.constant([label.encode() for label in spec.classes], tf.string)
    parse = _parser(spec)

    def classify(examples):
        scores = serve(parse(examples))["probabilities"]
        rows = tf.shape(scores)[0]
        return {"classes": tf.tile(classes[tf.newaxis, :], [rows, 1]), "scores": scores}

    return Endpoint(classify, tf.TensorSpec([None], tf.string, name="inputs"))


def _regress(serve, spec):
    import tensorflow as tf

    parse = _parser(spec)

    def regress(examples):
        return {"outputs": serve(parse(examples))["prediction"]}

    return Endpoint(regress, tf.TensorSpec([None], tf.string, name="inputs"))


def _parser(spec):
    """The function from serialised `tf.Example`s to features."""
    import tensorflow as tf

    stated = {}
    for feature in spec.features:
        dtype = tf.as_dtype(feature.dtype)
        dtype = tf.int64 if dtype.is_integer else dtype
        if feature.shape[:1] == (None,):
            # A sequence ends where its numbers end; NaN pads the shorter ones.
            padding = float("nan") if dtype.is_floating else "" if dtype == tf.string else 0
            stated[feature.name] = tf.io.FixedLenSequenceFeature(
                feature.shape[1:], dtype, allow_missing=True, default_value=padding
            )
        else:
            stated[feature.name] = tf.io.FixedLenFeature(feature.shape, dtype)

    def parse(examples):
        parsed = tf.io.parse_example(examples, stated)
        return {f.name: tf.cast(parsed[f.name], f.dtype) for f in spec.features}

    return parse


def _serve_bytes(serve, spec):
    import tensorflow as tf

    from kerakit.data.images.decode import decode_image

    feature = image_feature(spec)

    def decode(encoded):
        return tf.cast(decode_image(encoded, feature.shape), feature.dtype)

    def serve_bytes(image_bytes):
        spec = tf.TensorSpec(feature.shape, feature.dtype)
        images = tf.map_fn(decode, image_bytes, fn_output_signature=spec)
        return serve({feature.name: images})

    return Endpoint(serve_bytes, tf.TensorSpec([None], tf.string, name="image_bytes"))
