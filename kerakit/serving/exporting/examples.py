"""Rows of data as the served function takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.check import check_data
from kerakit.data.data import Data, Table
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError
from kerakit.serving.answering.values import column_values
from kerakit.serving.contract.rows import has_free_length, stacked
from kerakit.serving.standalone.padding import longest, series_lengths

__all__ = ["GOLDEN_ROWS", "MIN_ROWS", "example_rows", "spec_and_examples", "with_example"]

# Enough for a request's worth of variety; the manifest stays a file that one can read.
GOLDEN_ROWS = 32
MIN_ROWS = 16
# Rows of more values than this, such as photographs, are kept `MIN_ROWS` times only.
_WIDE = 4096


def spec_and_examples(data: object, examples: Any) -> tuple[Spec, Any]:
    """Return `(Spec, examples)` of the arguments of `export`.

    Args:
        data: `Data` or `Spec`.
        examples: as for `example_rows`, or `None` for rows of `data`: of its test split,
            else of its validation split, else of its training split.

    Raises:
        ArgumentError: when `data` is neither, or is a `Spec` and `examples` is `None`.
    """
    if not isinstance(data, Spec):
        check_data("export", data, "a Data or a Spec")
    spec = data.spec if isinstance(data, Data) else data
    if examples is not None:
        return spec, examples
    if isinstance(data, Spec):
        raise ArgumentError(
            "The 'examples' parameter of export is required with a Spec, which has no rows. Pass "
            "rows such as data.test, or pass the Data instead of its Spec."
        )
    for split in ("test", "validation", "train"):
        rows = data.table(split)
        if rows is None:
            rows = getattr(data, split)
            if rows is not None and next(iter(rows.take(1)), None) is None:
                rows = None
        if rows is not None and (not isinstance(rows, Table) or len(rows)):
            return spec, rows
    raise ArgumentError("The 'data' parameter of export has no rows in any of its splits.")


def example_rows(examples: Any, spec: Spec) -> dict[str, np.ndarray]:
    """Return the first rows of the examples as a dict of arrays.

    These are `GOLDEN_ROWS` at most. Fewer than `MIN_ROWS` examples are repeated up to that
    number. Series end in NaN where others are longer; windows are cut out of their series.

    Args:
        examples: unbatched `tf.data.Dataset` of `(features, target[, weight])`, `Table`, or
            dict from feature name to array of shape `(n, *feature.shape)` (of series of
            free length also a list of unequal ones).
        spec: `Spec`.

    Raises:
        ArgumentError: when there are no rows, or they do not fit the spec.
    """
    wide = sum(feature.size for feature in spec.features) > _WIDE
    rows = MIN_ROWS if wide else GOLDEN_ROWS
    if isinstance(examples, Table):
        columns = {name: column[:rows] for name, column in examples.features.items()}
    elif isinstance(examples, dict):
        columns = {name: column[:rows] for name, column in examples.items()}
    elif hasattr(examples, "take") and hasattr(examples, "as_numpy_iterator"):
        columns = _dataset_rows(examples, spec, rows)
    else:
        raise ArgumentError(
            "The 'examples' parameter of export must be a tf.data.Dataset of rows such as "
            f"data.test, a Table, or a dict of arrays. Got {type(examples).__name__} instead."
        )
    return _fit(columns, spec)


def _dataset_rows(examples, spec, rows):
    elements = []
    for element in examples.take(rows).as_numpy_iterator():
        features = element[0] if isinstance(element, tuple) else element
        if not isinstance(features, dict):
            features = dict.fromkeys(spec.feature_names[:1], features)
        elements.append(features)
    names = elements[0] if elements else spec.feature_names
    columns = {name: [element[name] for element in elements] for name in names}
    free = {feature.name for feature in spec.features if has_free_length(feature)}
    try:
        return {n: rows if n in free else np.stack(rows) for n, rows in columns.items()}
    except ValueError:  # nothing to stack, or rows of unequal shape
        return {name: np.array(rows) for name, rows in columns.items()}


def _fit(columns, spec):
    """Check the columns against the spec and give them its dtypes."""
    if set(columns) != set(spec.feature_names):
        absent = sorted(set(spec.feature_names) - set(columns))
        unknown = sorted(set(columns) - set(spec.feature_names))
        raise ArgumentError(
            "The 'examples' of export must have the features of the spec."
            + (f" They lack [{shortlist(absent)}]." if absent else "")
            + (f" The spec does not know [{shortlist(unknown)}]." if unknown else "")
        )
    fitted = {}
    for feature in spec.features:
        column = columns[feature.name]
        if not len(column):
            raise ArgumentError("The 'examples' of export have no rows. Expected 16 or more.")
        column = _series(column, feature) if has_free_length(feature) else np.asarray(column)
        shape = column.shape[1:]
        wanted = tuple(feature.shape)
        if len(shape) != len(wanted) or any(
            want not in (None, have) for want, have in zip(wanted, shape, strict=True)
        ):
            raise ArgumentError(
                f"The 'examples' of export must hold single rows: {feature.name!r} must have the "
                f"shape {wanted} in each. Got {shape} instead."
                + (" Unbatch the dataset." if shape[1:] == wanted else "")
            )
        fitted[feature.name] = _typed(column, feature)
    if len({len(column) for column in fitted.values()}) > 1:
        raise ArgumentError("The columns of the 'examples' of export have different lengths.")
    have = len(next(iter(fitted.values())))
    order = np.arange(max(have, MIN_ROWS)) % have
    return {name: column[order] for name, column in fitted.items()}


def _series(column, feature):
    try:
        return longest(stacked(column, feature))
    except (IndexError, TypeError, ValueError) as error:
        raise ArgumentError(
            f"The 'examples' of export must hold series in {feature.name!r}: {error}."
        ) from error


def _typed(column, feature):
    if feature.kind == "date":
        return column_values(feature, column, "export", feature.name)
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
            f"The 'examples' of export must hold numbers in {feature.name!r}: {error}."
        ) from error
    if column.dtype.kind == "f" and np.isinf(column).any():
        raise ArgumentError(f"The 'examples' of export have an infinite value in {feature.name!r}.")
    return column


def with_example(inputs: dict[str, np.ndarray], spec: Spec) -> tuple[dict[str, np.ndarray], int]:
    """Find a row without missing numbers, or add one in which they are training means.

    Padding at the end of a series is not missing.

    Returns:
        `(inputs, row)`: the rows, and the index of that row.
    """
    rows = len(next(iter(inputs.values())))
    nan, empty = np.zeros(rows, int), np.zeros(rows, int)
    for feature in spec.features:
        column = inputs[feature.name]
        if column.dtype.kind == "f":
            nan += _gaps(column, feature).reshape(rows, -1).sum(axis=1)
        elif column.dtype == object:
            empty += (column.reshape(rows, -1) == "").sum(axis=1)
    best = int(np.lexsort((empty, nan))[0])
    if not nan[best]:
        return inputs, best
    filled = {}
    for feature in spec.features:
        column = inputs[feature.name]
        row = column[best : best + 1]
        if column.dtype.kind == "f":
            mean = np.asarray(0.0 if feature.mean is None else feature.mean, "float32")
            row = np.where(_gaps(row, feature), np.nan_to_num(mean), row).astype(column.dtype)
        filled[feature.name] = np.concatenate([column, row])
    return filled, rows


def _gaps(column, feature):
    """Where a number is missing: NaN that is not padding."""
    gaps = np.isnan(column)
    if has_free_length(feature):
        inside = np.arange(column.shape[1]) < series_lengths(column)[:, None]
        gaps &= inside.reshape(*inside.shape, *(1,) * (column.ndim - 2))
    return gaps
