"""`y` and `sample_weight` of scikit-learn: numbers, class ids with their labels, weights."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_consistent_length

from kerakit.data.columns.column import number_text
from kerakit.errors import DataError
from kerakit.integrations.sklearn.features import FINITE

__all__ = ["class_ids", "flags", "label_texts", "numbers", "row_weights", "target_names"]


def numbers(y: Any) -> np.ndarray:
    """Return a numeric target as float32 of shape `(n,)`, or `(n, targets)` for several.

    A column `(n, 1)` becomes `(n,)`, with scikit-learn's warning.

    Raises:
        ValueError: when a value is missing, infinite, beyond float32 or no number.
    """
    y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", **{FINITE: True})
    if y.ndim == 1 or y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    with np.errstate(over="ignore"):
        values = y.astype(np.float32)
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values.reshape(len(values), -1)).any(axis=1)))
        raise DataError(
            f"y, row {row} (counted from 0): {y[row]} is beyond float32. Divide the target by its "
            "size, or wrap the estimator in sklearn.compose.TransformedTargetRegressor."
        )
    return values


def class_ids(y: Any, used: Any, owner: str) -> tuple[np.ndarray, np.ndarray]:
    """Return `(classes, ids)`: the sorted labels, and the int32 index of each row's label.

    Args:
        y: array-like of shape `(n,)` of numbers, strings or booleans.
        used: slice or int array. The rows that count.
        owner: str. The estimator, for errors.

    Raises:
        ValueError: when a label is missing, `y` is continuous, or there is one class only.
    """
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "O":
        missing = np.array([label is None or label != label for label in y.tolist()], bool)
        if missing.any():
            row = int(np.argmax(missing))
            raise DataError(
                f"y, row {row} (counted from 0): the label is missing, as in {missing.sum()} of "
                f"{len(y)} rows. {owner} needs a label for each row: remove the others."
            )
    check_array(y, ensure_2d=False, dtype=None, input_name="y", **{FINITE: True})
    check_classification_targets(y)
    classes, ids = np.unique(y[used], return_inverse=True)
    if len(classes) < 2:
        raise DataError(
            f"{owner} needs rows of at least two classes to fit. y has one class only, "
            f"{classes.tolist()[0]!r}, in all rows whose weight is not 0."
        )
    return classes, ids.astype(np.int32)


def flags(y: Any) -> np.ndarray | None:
    """Return labels of which a row has several as an array of 0 and 1, or `None` for others.

    Args:
        y: array-like of shape `(n, labels)` of 0 and 1 or of truth values, also sparse.

    Raises:
        ValueError: when there are two other values than 0 and 1.
    """
    with contextlib.suppress(ValueError):  # rows of unequal length
        # `np.ndim` would ask an array of another library.
        if (y if issparse(y) else np.asarray(y)).ndim < 2:
            return None
    if type_of_target(y, input_name="y") != "multilabel-indicator":
        return None
    values = y.toarray() if issparse(y) else np.asarray(y)
    other = values[(values != 0) & (values != 1)]
    if len(other):
        raise DataError(
            f"y has several columns, and a value {other[0]!r}. Expected 0 or 1 for each label and "
            "row; or one column for one label a row."
        )
    return values


def label_texts(classes: np.ndarray) -> tuple[str, ...]:
    """Return the labels as the strings that an exported model answers.

    Example:

    >>> label_texts(np.array([0.0, 1.5])), label_texts(np.array([False, True]))
    (('0', '1.5'), ('False', 'True'))
    """
    write = number_text if classes.dtype.kind in "iuf" else str
    return tuple(write(label) for label in classes.tolist())


def target_names(y: Any, targets: int) -> tuple[str, ...]:
    """Return the names of the columns of `y`, or of the Series that it is; else `target`."""
    names = getattr(y, "columns", None)
    if names is None:
        names = [getattr(y, "name", None)]
    names = tuple(name for name in names if isinstance(name, str) and name)
    if len(names) == targets:
        return names
    return ("target",) if targets == 1 else tuple(f"target_{i}" for i in range(1, targets + 1))


def row_weights(sample_weight: Any, x: Any) -> np.ndarray | None:
    """Return sample weights as float64 of shape `(n,)`, or `None` where all are equal.

    Args:
        sample_weight: array-like of shape `(n,)` of weights in `[0, inf)`, or `None`.
        x: the rows that they belong to.

    Raises:
        ValueError: when the shape is another, a weight is negative or not finite, or all are 0.
    """
    if sample_weight is None:
        return None
    weight = check_array(
        sample_weight,
        ensure_2d=False,
        dtype=np.float64,
        input_name="sample_weight",
        **{FINITE: True},
    )
    if weight.ndim != 1:
        raise ValueError(f"sample_weight has shape {weight.shape}. Expected (n,).")
    check_consistent_length(x, weight)
    if (weight < 0).any():
        row = int(np.argmax(weight < 0))
        raise ValueError(f"Negative values in sample_weight: {weight[row]} in row {row}.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return None if weight.min() == weight.max() else weight
