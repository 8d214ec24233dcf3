"""A sample of rows with the answers that the model gives in this process."""

import dataclasses

import numpy as np

from kerakit.errors import ArgumentError, ExportError
from kerakit.serving.sample import sample_rows, with_example

__all__ = ["Golden", "golden_sample"]

_RELATIVE = 1e-5
# Half precision repeats itself to a few of its own steps only, from batch to batch.
_HALF_RELATIVE = {"bfloat16": 2e-2, "float16": 2e-3}


@dataclasses.dataclass(frozen=True)
class Golden:
    """What the export must answer.

    Attributes:
        inputs: dict from feature name to array of shape `(n, *feature.shape)`.
        outputs: dict from output name to array of shape `(n, ...)`.
        tolerance: dict from numeric output to `{"relative": r, "absolute": a}`: an answer
            x to a golden value y is right when `|x - y| <= a + r * |y|`; a may be a list,
            one value per column.
        example: int. The row to show as an example; it has no NaN.
    """

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    tolerance: dict[str, dict]
    example: int


def golden_sample(model, spec, sample, quantiles=None):
    """Return the `Golden` of the first rows of `sample`, answered by `model.predict`.

    The answers are put together with NumPy, on a way of their own, so that a mistake in
    the served function cannot hide in them.

    Raises:
        ArgumentError: when the sample or the model does not fit the spec.
        ExportError: when the model answers with NaN or infinite numbers.
    """
    inputs, example = with_example(sample_rows(sample, spec), spec)
    raw = _predict(model, inputs)
    rows = len(next(iter(inputs.values())))
    _check_answers(raw, rows, spec, quantiles)
    relative = _relative(model)
    if spec.task == "multilabel":
        labels = np.where(raw >= 0.5, np.array(spec.classes, object), "")
        outputs = {"labels": labels, "probabilities": raw}
        tolerance = {"probabilities": {"relative": 0.0, "absolute": relative}}
    elif spec.is_classification:
        outputs = {
            "label": np.array(spec.classes, object)[raw.argmax(axis=1)],
            "confidence": raw.max(axis=1),
            "probabilities": raw,
        }
        exact = {"relative": 0.0, "absolute": relative}
        tolerance = {"confidence": exact, "probabilities": exact}
    else:
        outputs = {"prediction": raw.reshape(rows) if raw.size == rows else raw}
        if quantiles is not None:
            middle = raw[:, len(quantiles) // 2]
            outputs = {"prediction": middle, "lower": raw[:, 0], "upper": raw[:, -1]}
        deviation = np.sqrt(spec.target.variance) if spec.target.variance else raw.std(axis=0)
        absolute = (relative * np.atleast_1d(deviation).astype("float64")).tolist()
        absolute = absolute[0] if len(set(absolute)) == 1 or quantiles else absolute
        tolerance = {name: {"relative": relative, "absolute": absolute} for name in outputs}
    return Golden(inputs, outputs, tolerance, example)


def _predict(model, inputs):
    import tensorflow as tf

    from kerakit.evaluation.inputs import arrange

    tensors = {
        name: tf.constant(column.tolist() if column.dtype == object else column)
        for name, column in inputs.items()
    }
    rows = len(next(iter(inputs.values())))
    raw = model.predict(arrange(model, tensors), batch_size=rows, verbose=0)
    if not hasattr(raw, "shape"):
        raise ArgumentError(
            f"The model of export must have one output. Got {type(raw).__name__} of {len(raw)}."
        )
    return np.asarray(raw).astype("float32")


def _check_answers(raw, rows, spec, quantiles):
    if spec.is_classification:
        width, what = len(spec.classes), f"a probability of each of {len(spec.classes)} classes"
    elif quantiles is not None:
        width, what = len(quantiles), f"the quantiles {tuple(quantiles)}"
    else:
        width, what = len(spec.target.names), f"a value of each of {list(spec.target.names)}"
    one = not spec.is_classification and quantiles is None and width == 1
    if raw.shape != (rows, width) and not (one and raw.shape == (rows,)):
        raise ArgumentError(
            f"The model must answer with {what}, in the shape (batch, {width}). It answers with "
            f"(batch, {', '.join(map(str, raw.shape[1:]))}). Was it built from this spec?"
        )
    bad = ~np.isfinite(raw.reshape(rows, -1)).all(axis=1)
    if bad.any():
        raise ExportError(
            f"The model answers with NaN or infinite numbers to row {int(bad.argmax())} of the "
            "sample. Either training diverged or missing values reach the network."
        )


def _relative(model):
    used = {layer.compute_dtype for layer in model._flatten_layers()}
    return max([_RELATIVE, *(_HALF_RELATIVE[dtype] for dtype in used if dtype in _HALF_RELATIVE)])
