"""The golden sample: rows, with the answers of `model.predict` in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.builders.answering import columns_of, scale_of
from kerakit.builders.contract import prediction_column
from kerakit.checks import shortlist
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, ExportError
from kerakit.keras_compat import layers_of
from kerakit.serving.contract.golden import Golden
from kerakit.serving.exporting.examples import example_rows, with_example

if TYPE_CHECKING:
    import keras

    from kerakit.builders.contract import Calibration
    from kerakit.data.spec import Spec

__all__ = ["golden_sample"]

_RELATIVE = 1e-5
# In half precision, answers differ by a few rounding steps from batch to batch.
_HALF_RELATIVE = {"bfloat16": 2e-2, "float16": 2e-3}


def golden_sample(
    model: keras.Model,
    spec: Spec,
    examples: Any,
    quantiles: Sequence[float] | None = None,
    calibration: Calibration | None = None,
) -> Golden:
    """Return the `Golden` of the first rows of `examples`, answered by `model.predict`.

    NumPy makes the answers from the model's numbers, independently of the served function,
    so that a mistake in that function shows.

    Args:
        model: `keras.Model`.
        spec: `Spec`.
        examples: as for `example_rows`.
        quantiles: levels of the last axis of a model of quantiles, or `None`.
        calibration: `Calibration` of the model, or `None`.

    Raises:
        ArgumentError: when the examples or the model do not fit the spec.
        ExportError: when the model answers with NaN or infinite numbers.
    """
    inputs, example = with_example(example_rows(examples, spec), spec)
    raw = _predict(model, inputs)
    _check_answers(raw, inputs, spec, quantiles)
    relative = _relative(model)
    near, levels = _near(raw, spec, quantiles, relative), quantiles
    if calibration is not None:
        raw, levels = _calibrated(model, inputs, raw, calibration), calibration.levels
    kind = TASKS[spec.task].answer
    if kind == "tags":
        inputs, raw = _without_ties(inputs, raw, spec, relative)
        inputs, example = with_example(inputs, spec)
    outputs = _ANSWERS[kind](raw, inputs, spec, levels)
    made = None if calibration is None else calibration.probabilities
    if made is not None and made.sets is not None:
        outputs["set"] = np.where(made.sets.of(raw), np.array(spec.classes, object), "")
    if spec.is_classification:
        exact = {"relative": 0.0, "absolute": relative}
        numbers = (name for name, array in outputs.items() if array.dtype != object)
        tolerance = dict.fromkeys(numbers, exact)
    else:
        tolerance = dict.fromkeys(outputs, near)
    return Golden(inputs, outputs, tolerance, example)


def _calibrated(model, inputs, raw, calibration):
    """The calibrated answers; those of numbers have lower end, prediction and upper end last."""
    if calibration.intervals is None:
        return calibration.probabilities.of(raw).astype("float32")
    spread, columns = calibration.intervals.spread, None
    if spread is not None and spread.columns:
        preprocess, _ = columns_of(model)
        columns = _predict(preprocess, inputs)
    if calibration.intervals.scaled:
        columns = _predict(scale_of(model), inputs)
    return calibration.intervals.of(raw, columns).astype("float32")


def _label(raw, inputs, spec, levels):
    label = np.array(spec.classes, object)[raw.argmax(axis=1)]
    return {"label": label, "confidence": raw.max(axis=1), "probabilities": raw}


def _labels(raw, inputs, spec, levels):
    labels = np.where(raw >= 0.5, np.array(spec.classes, object), "")
    return {"labels": labels, "probabilities": raw}


def _tags(raw, inputs, spec, levels):
    real = _tokens(inputs, spec, raw.shape[1])
    classes = np.array(spec.classes, object)
    labels = np.where(real, classes[raw.argmax(axis=2)], "")
    return {"labels": labels, "confidence": np.where(real, raw.max(axis=2), 0).astype("float32")}


def _forecast(raw, inputs, spec, levels):
    return {"forecast": raw} if levels is None else _with_ends("forecast", raw, levels)


def _with_ends(name, raw, levels):
    middle = raw[..., prediction_column(levels)]
    return {name: middle, "lower": raw[..., 0], "upper": raw[..., -1]}


def _numbers(raw, inputs, spec, levels):
    if levels is not None:
        return _with_ends("prediction", raw, levels)
    return {"prediction": raw.reshape(-1) if raw.size == len(raw) else raw}


_ANSWERS = {
    "numbers": _numbers,
    "label": _label,
    "labels": _labels,
    "forecast": _forecast,
    "tags": _tags,
}


def _near(raw, spec, quantiles, relative):
    """The tolerance of numbers: one, or one per target or channel."""
    width = len(spec.target.names)
    middle = raw if quantiles is None else raw[..., prediction_column(quantiles)]
    spread = middle.reshape(-1, width).std(axis=0)
    std = np.sqrt(spec.target.variance) if spec.target.variance else spread
    absolute = (relative * np.atleast_1d(std).astype("float64")).tolist()
    absolute = absolute[0] if len(set(absolute)) == 1 else absolute
    return {"relative": relative, "absolute": absolute}


def _tokens(inputs, spec, longest):
    """Where a sentence has a token, `(n, longest)`: split at ASCII white space, as served."""
    counts = [len(text.encode().split()) for text in inputs[spec.feature_names[0]]]
    return np.arange(longest) < np.array(counts)[:, None]


def _without_ties(inputs, raw, spec, relative):
    """Replace sentences in which two tags of a token are equally probable.

    Either tag may be answered, and the answer does not show that it was a tie.
    """
    if len(spec.classes) < 2:
        return inputs, raw
    second, first = np.sort(raw, axis=2)[..., -2:].transpose(2, 0, 1)
    tied = (first - second <= 2 * relative) & _tokens(inputs, spec, raw.shape[1])
    clear = np.flatnonzero(~tied.any(axis=1))
    if not len(clear) or len(clear) == len(raw):
        return inputs, raw
    rows = np.where(tied.any(axis=1), clear[np.arange(len(raw)) % len(clear)], np.arange(len(raw)))
    longest = int(_tokens(inputs, spec, raw.shape[1])[rows].sum(axis=1).max())
    inputs = {name: column[rows] for name, column in inputs.items()}
    return inputs, raw[rows][:, :longest]


def _predict(model, inputs):
    import tensorflow as tf

    from kerakit.evaluation.inputs import arrange

    tensors = {
        name: tf.constant(column.tolist() if column.dtype == object else column)
        for name, column in inputs.items()
    }
    # One batch: `predict` would trace a function of an iterator over batches.
    raw = model.predict_on_batch(arrange(model, tensors))
    if not hasattr(raw, "shape"):
        raise ArgumentError(
            f"The model of export must have one output. Got {type(raw).__name__} of {len(raw)}."
        )
    return np.asarray(raw).astype("float32")


def _check_answers(raw, inputs, spec, quantiles):
    rows = len(raw)
    wanted, meaning = _wanted(spec, quantiles, inputs)
    one = TASKS[spec.task].answer == "numbers" and wanted == (1,)
    if raw.shape[1:] != wanted and not (one and raw.ndim == 1):
        raise ArgumentError(
            f"The model of export must answer with {meaning}, in the shape "
            f"(batch, {', '.join(map(str, wanted))}). It answers with "
            f"(batch, {', '.join(map(str, raw.shape[1:]))}). Was it built from this data?"
        )
    bad = ~np.isfinite(raw.reshape(rows, -1)).all(axis=1)
    if bad.any():
        raise ExportError(
            f"The model of export answers with NaN or infinite numbers to row {int(bad.argmax())} "
            "of the examples. Either training diverged or missing values reach the network."
        )


def _wanted(spec, quantiles, inputs):
    """The shape of one answer, and its meaning in words."""
    classes, names = len(spec.classes), list(spec.target.names)
    kind = TASKS[spec.task].answer
    if kind == "tags":
        tokens = max(len(text.encode().split()) for text in inputs[spec.feature_names[0]])
        meaning = f"a probability of each of {classes} classes for each token of the longest text"
        return (tokens, classes), meaning
    if spec.is_classification:
        return (classes,), f"a probability of each of {classes} classes"
    if kind == "forecast":
        steps, channels = spec.series.horizon, (len(names),) if len(names) > 1 else ()
        levels = () if quantiles is None else (len(quantiles),)
        return (steps, *channels, *levels), f"{steps} steps of [{shortlist(names)}]"
    if quantiles is not None:
        return (len(quantiles),), f"the quantiles {tuple(quantiles)}"
    return (len(names),), f"a value of each of [{shortlist(names)}]"


def _relative(model):
    used = {layer.compute_dtype for layer in layers_of(model)}
    return max([_RELATIVE, *(_HALF_RELATIVE[dtype] for dtype in used if dtype in _HALF_RELATIVE)])
