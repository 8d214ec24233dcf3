"""A sample of rows with the answers that the model gives in this process."""

import dataclasses

import numpy as np

from kerakit.data.data import Table
from kerakit.errors import ArgumentError, ExportError

__all__ = ["GOLDEN_ROWS", "Golden", "golden_sample", "sample_rows"]

# Enough for a request's worth of variety; the manifest stays a file that one can read.
GOLDEN_ROWS = 32
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
    inputs, example = _with_example(sample_rows(sample, spec), spec)
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


def sample_rows(sample, spec, rows=GOLDEN_ROWS):
    """Return the first rows of a sample as a dict of arrays.

    Args:
        sample: unbatched `tf.data.Dataset` of `(features, target[, weight])`, `Table`, or
            dict from feature name to array of shape `(n, *feature.shape)`.
        spec: `Spec`.
        rows: int. How many at most. Defaults to `GOLDEN_ROWS`.

    Raises:
        ArgumentError: when there are no rows, or they do not fit the spec.
    """
    if isinstance(sample, Table):
        columns = {name: column[:rows] for name, column in sample.features.items()}
    elif isinstance(sample, dict):
        columns = {name: column[:rows] for name, column in sample.items()}
    elif hasattr(sample, "take") and hasattr(sample, "as_numpy_iterator"):
        columns = _dataset_rows(sample, spec, rows)
    else:
        raise ArgumentError(
            "The 'sample' parameter of export must be a tf.data.Dataset of rows such as "
            f"data.test, a Table, or a dict of arrays. Got {type(sample).__name__} instead."
        )
    return _fit(columns, spec)


def _dataset_rows(sample, spec, rows):
    elements = []
    for element in sample.take(rows).as_numpy_iterator():
        features = element[0] if isinstance(element, tuple) else element
        if not isinstance(features, dict):
            features = dict.fromkeys(spec.feature_names[:1], features)
        elements.append(features)
    names = elements[0] if elements else spec.feature_names
    try:
        return {name: np.stack([element[name] for element in elements]) for name in names}
    except ValueError:  # nothing to stack, or rows of unequal shape
        return {name: np.array([element[name] for element in elements]) for name in names}


def _fit(columns, spec):
    """Check the columns against the spec and give them its dtypes."""
    if set(columns) != set(spec.feature_names):
        absent = sorted(set(spec.feature_names) - set(columns))
        unknown = sorted(set(columns) - set(spec.feature_names))
        raise ArgumentError(
            "The 'sample' of export must have the features of the spec."
            + (f" It lacks {absent}." if absent else "")
            + (f" The spec does not know {unknown}." if unknown else "")
        )
    fitted = {}
    for feature in spec.features:
        column = np.asarray(columns[feature.name])
        if not len(column):
            raise ArgumentError("The 'sample' of export has no rows. Expected 16 or more.")
        shape = column.shape[1:]
        wanted = tuple(feature.shape)
        if len(shape) != len(wanted) or any(
            want not in (None, have) for want, have in zip(wanted, shape, strict=True)
        ):
            raise ArgumentError(
                f"The 'sample' of export must hold single rows: {feature.name!r} must have the "
                f"shape {wanted} in each. Got {shape} instead."
                + (" Unbatch the dataset." if shape[1:] == wanted else "")
            )
        fitted[feature.name] = _typed(column, feature)
    if len({len(column) for column in fitted.values()}) > 1:
        raise ArgumentError("The columns of the 'sample' of export have different lengths.")
    return fitted


def _typed(column, feature):
    if feature.dtype == "string":
        texts = [
            value.decode(errors="replace") if isinstance(value, bytes) else str(value)
            for value in column.ravel()
        ]
        return np.array(texts, object).reshape(column.shape)
    try:
        column = column.astype(feature.dtype)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The 'sample' of export must hold numbers in {feature.name!r}: {error}."
        ) from error
    if column.dtype.kind == "f" and np.isinf(column).any():
        raise ArgumentError(f"The 'sample' of export has an infinite value in {feature.name!r}.")
    return column


def _with_example(inputs, spec):
    """Find a row without gaps; where there is none, add one filled with training means."""
    rows = len(next(iter(inputs.values())))
    nan, empty = np.zeros(rows, int), np.zeros(rows, int)
    for column in inputs.values():
        flat = column.reshape(rows, -1)
        if column.dtype.kind == "f":
            nan += np.isnan(flat).sum(axis=1)
        elif column.dtype == object:
            empty += (flat == "").sum(axis=1)
    best = int(np.lexsort((empty, nan))[0])
    if not nan[best]:
        return inputs, best
    filled = {}
    for feature in spec.features:
        column = inputs[feature.name]
        row = column[best : best + 1]
        if column.dtype.kind == "f":
            mean = np.asarray(0.0 if feature.mean is None else feature.mean, "float32")
            row = np.where(np.isnan(row), np.nan_to_num(mean), row).astype(column.dtype)
        filled[feature.name] = np.concatenate([column, row])
    return filled, rows


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
