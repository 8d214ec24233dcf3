"""The values of one feature: a column of whatever kind as the array that a model takes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import NA_VALUES, Numbers, read_column
from kerakit.data.columns.number_format import NUMBER_NA_VALUES, PLAIN, NumberFormat
from kerakit.data.columns.spelling import category_text, spellings_of
from kerakit.data.columns.values import as_column
from kerakit.errors import ArgumentError, DataError
from kerakit.serving.answering.images import image_values
from kerakit.serving.contract.rows import has_free_length, stacked

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

__all__ = ["column_values", "feature_values"]

# A column of true and false was read as 1 and 0. A text file has words for them.
_TRUTH = {"true": 1.0, "false": 0.0}


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
    try:
        column = _column(feature, values, label)
    except ArgumentError:
        raise
    except (DataError, TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())
        where = "" if f"column {label!r}" in reason else f"the column {label!r}: "
        raise ArgumentError(f"{owner}: {where}{reason[:300].rstrip('.')}.") from error
    shape, wanted = column.shape[1:], tuple(feature.shape)
    fits = len(column.shape) > 0 and len(shape) == len(wanted)
    fits = fits and all(w in (None, have) for w, have in zip(wanted, shape, strict=True))
    if not fits:
        sizes = ", ".join(["n", *("any" if size is None else str(size) for size in wanted)])
        raise ArgumentError(
            f"{owner}: the column {label!r} must have the shape ({sizes}{',' * (not wanted)}), one "
            f"value for each row. Got the shape {column.shape} instead."
        )
    return column


def _column(feature, values, label):
    if feature.kind == "image":
        return image_values(feature, values, label)
    if feature.shape == ():
        return _scalars(feature, values, label)
    if not isinstance(values, (np.ndarray, list, tuple)):
        values = _listed(values)
    if isinstance(values, np.ndarray) and values.dtype == object and values.ndim == 1:
        values = list(values)  # of arrays
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
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        return np.empty(())  # one value, where other columns have several
    if isinstance(values, (list, tuple, np.ndarray)):
        if feature.dtype == "string" and _is_flat(values):
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
        _readable(column, label),
        name=label,
        typed=True,
        na_values=None,
        file="the rows",
        location=lambda row: f"row {row} (counted from 0)",
    )


def _readable(column, label):
    """An Arrow array of a type that holds numbers, strings or booleans."""
    import pyarrow as pa

    if column.null_count == len(column):
        return pa.nulls(len(column))  # a column of no dates is a column of no numbers too
    if pa.types.is_temporal(column.type) or pa.types.is_nested(column.type):
        raise DataError(
            f"column {label!r} holds values of type {column.type}. Expected numbers, strings, or "
            "true and false. Convert the column."
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


def _is_flat(values):
    if isinstance(values, np.ndarray):
        return values.ndim == 1 and values.dtype.kind in "OUS"
    return not any(isinstance(value, (list, tuple, np.ndarray)) for value in values)


def _strings(feature, values):
    """Texts, or categories in the spelling of the training data."""
    column = np.empty(len(values), object)
    column[:] = [category_text(value) for value in values]
    if feature.kind == "categorical" and feature.vocabulary:
        spellings = spellings_of(feature)
        column[:] = [spellings.category(text) for text in column]
    return column


def _checked(feature, array, label):
    """Numbers in the dtype of the feature, none of them infinite or cut off."""

    def location(index):
        row = index // max(1, array[0].size)
        return f"row {row} (counted from 0)"

    if feature.dtype != "float32":
        if array.dtype == feature.dtype:
            return array
        return _integers(array.ravel(), feature.dtype, label, location).reshape(array.shape)
    return _finite(array, label, location)


def _finite(values, name, location):
    with np.errstate(over="ignore"):
        values = values.astype("float32", copy=False)
    infinite = np.isinf(values)
    if infinite.any():
        at = location(int(np.argmax(infinite)))
        raise DataError(f"{at}, column {name!r}: the value is infinite or beyond float32.")
    return values


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


def feature_values(
    feature: Feature,
    column: Any,
    *,
    name: str,
    typed: bool,
    na_values: Sequence[str] | None,
    file: str | os.PathLike[str],
    location: Callable[[int], str],
    format: NumberFormat = PLAIN,
) -> np.ndarray:
    """Return the values of one feature: of its dtype, or an object array of `str`.

    Each value is read by itself, so that the blocks of a file give what the whole file gives.

    Args:
        feature: `Feature`.
        column: `pyarrow` array.
        name: str. The column's name.
        typed: bool. Whether strings are meant as strings, as for `read_column`.
        na_values: tuple of strings, or `None`, as for `read_column`.
        file: path, for errors.
        location: function from an index in `column` to the file and line, for errors.
        format: `NumberFormat` of the numbers in a text file.

    Raises:
        DataError: when a value is not a number where one is needed, or is infinite.
    """
    if feature.kind == "text":
        # As it is written: "NA" and "3.0" are texts, and white space may matter to characters.
        return read_column(column, (), True, f"{file}, column {name!r}").texts().strings()
    if feature.dtype == "string":
        read = read_column(column, na_values, typed, f"{file}, column {name!r}")
        return spellings_of(feature).respelled(read.texts()).strings()
    values = None if typed or not format.is_plain else _plain_numbers(column, na_values)
    if values is None:
        values = _numbers(feature, column, name, typed, na_values, file, location, format)
    if feature.dtype != "float32":
        return _integers(values, feature.dtype, name, location)
    return _finite(values, name, location)


def _plain_numbers(column, na_values):
    """The numbers in a text file's column, or `None` where it holds anything else.

    `read_column` matches each different text against a regular expression. Where nearly all
    texts are different, as measurements are, this function is about four times faster.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.utf8_trim_whitespace(column)
    markers = (*NA_VALUES, *NUMBER_NA_VALUES) if na_values is None else na_values
    missing = pc.is_in(words, pa.array([*markers, ""], pa.string()))
    try:
        numbers = pc.cast(pc.if_else(missing, None, words), pa.float64())
    except pa.ArrowInvalid:
        return None
    values = numbers.to_numpy(zero_copy_only=False)
    # The cast also takes `nan(7)` for a number.
    return values if np.isnan(values).sum() == missing.true_count else None


def _integers(values, dtype, name, location):
    limits = np.iinfo(dtype)
    # `limits.max` of int64 is no float64; the float64 above it is out of range.
    fits = (values == np.floor(values)) & (values >= limits.min) & (values < limits.max + 1.0)
    if not fits.all():
        row = int(np.argmin(fits))
        raise DataError(
            f"{location(row)}, column {name!r}: the model takes a whole number of type {dtype} "
            f"there. Got {values[row]:g} instead."
        )
    return values.astype(dtype)


def _numbers(feature, column, name, typed, na_values, file, location, format):
    read = read_column(column, na_values, typed, f"{file}, column {name!r}", format)
    if isinstance(read, Numbers):
        return read.values
    if na_values is None and not typed:
        read = read.without_markers()
    numbers, odd = read.parsed, read.odd
    if odd.any() and _is_flag(feature):
        truth = [_TRUTH.get(value.lower(), np.nan) for value in read.values]
        numbers = np.where(odd, truth, numbers)
        odd = odd & np.isnan(numbers)
    wrong = odd[read.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{location(row)}, column {name!r}: {short_repr(read.written[read.codes[row]])} is not "
            "a number. Correct it, or leave the cell empty."
        )
    return numbers[read.codes]


def _is_flag(feature):
    """Whether a number may have been true or false in the training rows."""
    known = feature.minimum is not None and feature.maximum is not None
    return known and feature.minimum >= 0 and feature.maximum <= 1
