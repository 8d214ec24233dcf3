"""A column of Arrow as the values that a model takes, read cell by cell."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.columns.dates import check_dates, read_dates
from kerakit.data.columns.missing import has_usual, missing_numbers
from kerakit.data.columns.number_format import PLAIN, NumberFormat
from kerakit.data.columns.spelling import spellings_of
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

__all__ = ["feature_values", "finite", "whole_numbers"]

# A column of true and false was read as 1 and 0. A text file has words for them.
_TRUTH = {"true": 1.0, "false": 0.0}


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
        DataError: when a value is not a number where one is needed, or is infinite; or is no
            date where one is needed.
    """
    if feature.kind == "text":
        # As it is written: "NA" and "3.0" are texts, and white space may matter to characters.
        return read_column(column, (), True, f"{file}, column {name!r}").texts().strings()
    if feature.kind == "date":
        return _dates(feature, column, name, typed, na_values, file, location)
    if feature.dtype == "string":
        read = read_column(column, na_values, typed, f"{file}, column {name!r}")
        return spellings_of(feature).respelled(read.texts()).strings()
    values = None if typed or not format.is_plain else _plain_numbers(column, na_values)
    if values is None:
        values = _numbers(feature, column, name, typed, na_values, file, location, format)
    if feature.dtype != "float32":
        return whole_numbers(values, feature.dtype, name, location)
    return finite(values, name, location)


def _dates(feature, column, name, typed, na_values, file, location):
    """The dates of a column in ISO 8601."""
    read = read_column(column, na_values, typed, f"{file}, column {name!r}")
    if isinstance(read, Texts) and has_usual(na_values) and not typed:
        read = read.without_markers()
    dates, wrong = read_dates(read, feature.format)
    check_dates(wrong, read, name, location, "Correct it, or leave the cell empty.")
    return dates.strings()


def _plain_numbers(column, na_values):
    """The numbers in a text file's column, or `None` where it holds anything else.

    `read_column` matches each different text against a regular expression. Where nearly all
    texts are different, as measurements are, this function is about four times faster.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(words, pa.array(missing_numbers(na_values), pa.string()))
    try:
        numbers = pc.cast(pc.if_else(missing, None, words), pa.float64())
    except pa.ArrowInvalid:
        return None
    values = numbers.to_numpy(zero_copy_only=False)
    # The cast also takes `nan(7)` for a number.
    return values if np.isnan(values).sum() == missing.true_count else None


def _numbers(feature, column, name, typed, na_values, file, location, format):
    read = read_column(column, na_values, typed, f"{file}, column {name!r}", format)
    if isinstance(read, Numbers):
        return read.values
    if has_usual(na_values) and not typed:
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


def finite(values: np.ndarray, name: str, location: Callable[[int], str]) -> np.ndarray:
    """Return numbers as float32, or raise a `DataError` about one that is infinite there."""
    with np.errstate(over="ignore"):
        values = values.astype("float32", copy=False)
    infinite = np.isinf(values)
    if infinite.any():
        at = location(int(np.argmax(infinite)))
        raise DataError(f"{at}, column {name!r}: the value is infinite or beyond float32.")
    return values


def whole_numbers(
    values: np.ndarray, dtype: str, name: str, location: Callable[[int], str]
) -> np.ndarray:
    """Return numbers in an integer dtype, or raise a `DataError` about one that is not in it."""
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
