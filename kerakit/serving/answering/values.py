"""The values of one feature: a column of whatever kind as the array that a model takes."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import is_date_type
from kerakit.data.columns.spelling import category_text, spellings_of
from kerakit.data.columns.values import as_column
from kerakit.errors import ArgumentError, DataError
from kerakit.serving.answering.cells import feature_values, finite, whole_numbers
from kerakit.serving.answering.images import image_values
from kerakit.serving.contract.rows import has_free_length, stacked

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

__all__ = ["column_values"]

_LARGEST = float(np.finfo(np.float32).max)


def column_values(feature: Feature, values: Any, owner: str, label: str) -> Any:
    """Return a column in memory as the array that the model takes.

    Args:
        feature: `Feature`.
        values: array, list, Series, or column of an Arrow table: one value for each row.
        owner: str. The function that the user called, for errors.
        label: str. The name of the column, for errors.

    Returns:
        Array of the feature's dtype (object array of `str` for strings) and of shape
        `(n, *feature.shape)`; `ImageFiles` for images that are paths or encoded bytes.

    Raises:
        ArgumentError: when the shape is another, or a value cannot be used.
    """
    if feature.shape == () and feature.dtype == "float32":
        column = _plain_array(values)
        if column is not None:
            return column
    elif _are_strings(feature, values):
        return _strings(feature, values)
    try:
        column = _column(feature, values, label)
    except ArgumentError:
        raise
    except (DataError, TypeError, ValueError, OverflowError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        if isinstance(error, NotImplementedError):  # of Arrow, in words about its own types
            kind = getattr(values, "dtype", type(values).__name__)
            reason = f"it holds values of type {kind}. Expected numbers, strings, or true and false"
        where = "" if f"column {label!r}" in reason else f"the column {label!r}: "
        raise ArgumentError(f"{owner}: {where}{reason[:300].rstrip('.')}.") from error
    shape, wanted = column.shape[1:], tuple(feature.shape)
    fits = len(column.shape) > 0 and len(shape) == len(wanted)
    fits = fits and all(w in (None, have) for w, have in zip(wanted, shape, strict=True))
    if not fits:
        sizes = ", ".join(["n", *("any" if size is None else str(size) for size in wanted)])
        alone = (
            ""
            if feature.kind != "sequence"
            else (f" One sequence is passed alone: {{{feature.name!r}: values}}.")
        )
        raise ArgumentError(
            f"{owner}: the column {label!r} must have the shape ({sizes}{',' * (not wanted)}), one "
            f"value for each row. Got the shape {column.shape} instead.{alone}"
        )
    return column


def _are_strings(feature, values):
    """Whether a list of plain strings is a column of categories or texts; most come so."""
    takes_any = feature.shape == () and feature.kind in ("categorical", "text")
    return takes_any and type(values) is list and set(map(type, values)) == {str}


def _plain_array(values):
    """A list or array of finite numbers as float32, or `None`; nearly all columns are such."""
    if type(values) not in (np.ndarray, list):
        return None
    if type(values) is list and len(values) == 1 and type(values[0]) in (float, int):
        (number,) = values  # a call for one row has such a list for each column
        if number != number or -_LARGEST <= number <= _LARGEST:
            return np.array(values, np.float32)
    try:
        array = np.asarray(values)
    except ValueError:
        return None
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        return None
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    infinite = math.isinf(array.item()) if len(array) == 1 else np.isinf(array).any()
    return None if infinite else array


def _column(feature, values, label):
    if isinstance(values, np.ma.MaskedArray):
        values = np.where(np.ma.getmaskarray(values), None, values.data.astype(object))
    if feature.kind == "image":
        return image_values(feature, values, label)
    if feature.shape == ():
        return _scalars(feature, values, label)
    if not isinstance(values, (np.ndarray, list, tuple)):
        values = _listed(values)
    if isinstance(values, np.ndarray) and values.dtype == object and values.ndim == 1:
        values = list(values)  # of arrays
    if not len(values):
        return np.empty((0, *(size or 1 for size in feature.shape)), feature.dtype)
    if has_free_length(feature):
        return _checked(feature, stacked(values, feature), label)
    if feature.dtype == "string":
        return _texts(np.asarray(values, object))
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        array = np.asarray(values, "float32")  # `None` becomes NaN
    return _checked(feature, array, label)


def _scalars(feature, values, label):
    """One number or string for each row."""
    if isinstance(values, (str, bytes, Set)) or not hasattr(values, "__len__"):
        return np.empty(())  # one value, or values without an order
    if getattr(values, "shape", ())[1:] == (1,) and isinstance(values, np.ndarray):
        values = values[:, 0]
    if isinstance(values, (list, tuple, np.ndarray)):
        if feature.kind == "date" and getattr(values, "ndim", 1) == 1:
            values = _date_cells(values)
        elif feature.dtype == "string" and _is_flat(values):
            return _strings(feature, values)
        array = np.asarray(values)
        if array.ndim != 1:
            return array  # the caller says which shape it must have
        if feature.dtype != "string" and array.dtype.kind in "biuf":
            return _checked(feature, array, label)
    column = _arrow(values, label)
    if isinstance(column, np.ndarray):
        return column
    return feature_values(
        feature,
        _readable(column, label, feature),
        name=label,
        typed=True,
        na_values=None,
        file="the rows",
        location=lambda row: f"row {row} (counted from 0)",
    )


def _readable(column, label, feature):
    """An Arrow array of a type that holds numbers, strings, booleans, or dates for strings."""
    import pyarrow as pa

    if feature.dtype == "string" and is_date_type(column.type):
        return column
    if column.null_count == len(column):
        return pa.nulls(len(column))  # a column of no dates is a column of no numbers too
    if pa.types.is_temporal(column.type) or pa.types.is_nested(column.type):
        raise DataError(
            f"column {label!r} holds values of type {column.type}. Expected numbers, strings, or "
            "true and false"
            f"{', or dates' if feature.kind == 'date' else ''}. Convert the column."
        )
    return column


def _arrow(values, label):
    try:
        return as_column(values, f"the column {label!r}")
    except DataError:
        if not isinstance(values, (list, tuple, np.ndarray)):
            raise
    # Numbers, truth values and texts together, as a column of objects may hold them.
    import pyarrow as pa

    return pa.array([category_text(value) for value in values], pa.string())


def _date_cells(values):
    """Dates as texts, or as an array of `datetime64`."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values
    return np.array([_date_text(value) for value in values], dtype=object)


def _date_text(value):
    if isinstance(value, np.datetime64):
        return "" if np.isnat(value) else str(value.astype("datetime64[s]"))
    if type(value).__name__ == "Period":  # of pandas
        value = value.start_time
    if type(value).__name__ != "NaTType" and hasattr(value, "isoformat"):
        return value.isoformat()
    return category_text(value)


def _is_flat(values):
    if isinstance(values, np.ndarray):
        return values.ndim == 1 and values.dtype.kind in "OUS"
    return not any(isinstance(value, (list, tuple, np.ndarray)) for value in values)


def _strings(feature, values):
    """Texts, or categories in the spelling of the training data."""
    texts = values.tolist() if isinstance(values, np.ndarray) else values
    if not set(map(type, texts)) <= {str}:
        texts = [category_text(value) for value in texts]
    if feature.kind == "categorical" and feature.vocabulary:
        spellings = spellings_of(feature)
        usual = {text: spellings.category(text) for text in set(texts)}
        texts = [usual[text] for text in texts]
    column = np.empty(len(texts), object)
    column[:] = texts
    return column


def _checked(feature, array, label):
    """Numbers in the dtype of the feature, none of them infinite or cut off."""

    def location(index):
        row = index // max(1, array[0].size)
        return f"row {row} (counted from 0)"

    if feature.dtype != "float32":
        if array.dtype == feature.dtype:
            return array
        return whole_numbers(array.ravel(), feature.dtype, label, location).reshape(array.shape)
    return finite(array, label, location)


def _texts(column):
    texts = ["" if _is_missing(value) else _text(value) for value in column.ravel().tolist()]
    return np.array(texts, object).reshape(column.shape)


def _is_missing(value):
    return value is None or (isinstance(value, float) and np.isnan(value))


def _text(value):
    if not isinstance(value, (str, bytes)):
        raise TypeError(f"expected strings, got {short_repr(value)}")
    return value.decode() if isinstance(value, bytes) else value


def _listed(values):
    """A column of a frame, whose cells are lists, as a list."""
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            return getattr(values, method)()
    return values
