"""The served function: from the model's numbers to the answer that a client reads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kerakit.builders.contract import prediction_column
from kerakit.checks import check_choice
from kerakit.data.tagged.spans import MAX_TOKENS
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerakit.builders.contract import SetRule
    from kerakit.data.spec import Spec

__all__ = ["WIRE_DTYPES", "input_signature", "serving_function"]

# The types that a request can carry; JSON has no half floats.
WIRE_DTYPES = ("float32", "int32", "int64", "uint8", "string")


def input_signature(spec: Spec) -> dict[str, tf.TensorSpec]:
    """Return the raw inputs of the served function: a dict from name to `tf.TensorSpec`.

    Shapes are `(None, *feature.shape)`.

    Raises:
        ArgumentError: when a request cannot carry a feature's dtype or name.
    """
    import tensorflow as tf

    for feature in spec.features:
        check_choice("export", f"features[{feature.name!r}].dtype", feature.dtype, WIRE_DTYPES)
        if feature.name == "b64":
            raise ArgumentError(
                "export cannot serve an input of the name 'b64': the server takes {'b64': ...} "
                "for encoded bytes. Rename the feature."
            )
    return {
        feature.name: tf.TensorSpec([None, *feature.shape], feature.dtype, name=feature.name)
        for feature in spec.features
    }


def serving_function(
    model: keras.Model,
    spec: Spec,
    levels: Sequence[float] | None = None,
    sets: SetRule | None = None,
) -> Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """Return the function that `serving_default` is traced from.

    Args:
        model: `keras.Model`. Raw features in; predictions of shape `(batch,)`,
            `(batch, targets)` or `(batch, horizon[, channels])`, or these with a last axis for
            `levels`, or probabilities of shape `(batch, classes)` or
            `(batch, tokens, classes)`, out.
        spec: `Spec`.
        levels: tuple of floats, or `None`. Levels of the numbers on the last axis.
        sets: `SetRule` of a calibrated classifier, or `None`.

    Returns:
        Function from a dict of tensors to a dict of float32 and string tensors, each with
        the batch as its first dimension.
    """
    import tensorflow as tf

    from kerakit.evaluation.inputs import arrange

    check_choice("export", "spec.task", spec.task, TASKS)
    classes = tf.constant([label.encode() for label in spec.classes], tf.string)
    count = len(spec.target.names)
    finish = {
        "numbers": functools.partial(_numbers, levels=levels, targets=count),
        "label": functools.partial(_label, classes=classes, sets=sets),
        "labels": functools.partial(_labels, classes=classes),
        "forecast": functools.partial(_forecast, levels=levels),
    }
    kind = TASKS[spec.task].answer

    def predict(features):
        return tf.cast(model(arrange(model, features), training=False), tf.float32)

    def serve(features):
        if kind == "tags":
            return _tags(predict, features, spec.feature_names[0], classes)
        return finish[kind](predict(features))

    return serve


def _label(probabilities, classes, sets):
    import tensorflow as tf

    from kerakit.builders.answering import in_set

    answer = {
        "label": tf.gather(classes, tf.argmax(probabilities, axis=-1)),
        "confidence": tf.reduce_max(probabilities, axis=-1),
        "probabilities": probabilities,
    }
    if sets is not None:
        off = tf.constant("", tf.string)
        answer["set"] = tf.where(in_set(probabilities, sets), classes[tf.newaxis, :], off)
    return answer


def _labels(probabilities, classes):
    import tensorflow as tf

    off = tf.constant("", tf.string)
    return {
        "labels": tf.where(probabilities >= 0.5, classes[tf.newaxis, :], off),
        "probabilities": probabilities,
    }


def _tags(predict, features, name, classes):
    """The label of each token; shorter sentences of a batch are padded at the end.

    Sentences go through the model a few at a time, so that the memory of a request grows with
    its tokens: padded to one long sentence, the short ones beside it would take as much each.
    """
    import tensorflow as tf

    # Tokens are counted in the string, which is split as the model's lookup splits it.
    lengths = tf.strings.split(features[name]).row_lengths()
    tokens = tf.reduce_max(tf.concat([lengths, [0]], axis=0))
    # A layer may fail on a batch without tokens or rows; one token is put in, and its tag is
    # left out.
    rows, token = tf.size(lengths, tf.int64), tf.constant("-", tf.string)
    asked = tf.where(lengths > 0, features[name], token)
    asked = tf.concat([asked, tf.fill([tf.cast(rows == 0, tf.int32)], token)], axis=0)
    counted = tf.pad(lengths, [[0, tf.cast(rows == 0, tf.int32)]])
    together = tf.maximum(MAX_TOKENS // tf.maximum(tokens, 1), 1)
    parts = -(-tf.size(asked, tf.int64) // together)

    def answer(part, labels, confidences):
        some = slice(part * together, (part + 1) * together)
        probabilities = predict({name: asked[some]})
        real = tf.sequence_mask(counted[some], tf.shape(probabilities)[1])
        probabilities = tf.boolean_mask(probabilities, real)
        place = tf.cast(part, tf.int32)
        labels = labels.write(place, tf.gather(classes, tf.argmax(probabilities, axis=-1)))
        confidences = confidences.write(place, tf.reduce_max(probabilities, axis=-1))
        return part + 1, labels, confidences

    empty = [
        tf.TensorArray(dtype, tf.cast(parts, tf.int32), infer_shape=False, element_shape=[None])
        for dtype in (tf.string, tf.float32)
    ]
    first = tf.constant(0, tf.int64)
    _, *found = tf.while_loop(
        lambda part, *_: part < parts, answer, (first, *empty), parallel_iterations=1
    )
    labels, confidences = (
        tf.RaggedTensor.from_row_lengths(values.concat(), lengths) for values in found
    )
    shape = tf.stack([rows, tokens])
    return {
        "labels": labels.to_tensor("", shape=shape),
        "confidence": confidences.to_tensor(0.0, shape=shape),
    }


def _numbers(answer, levels, targets):
    import tensorflow as tf

    if levels is not None:
        return _with_ends("prediction", answer, levels)
    if targets == 1:
        answer = tf.reshape(answer, [-1])
    return {"prediction": answer}


def _forecast(answer, levels):
    return {"forecast": answer} if levels is None else _with_ends("forecast", answer, levels)


def _with_ends(name, answer, levels):
    """The answer at the middle level, and those at the first and the last."""
    return {
        name: answer[..., prediction_column(levels)],
        "lower": answer[..., 0],
        "upper": answer[..., -1],
    }
