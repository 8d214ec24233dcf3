"""Columns of a file as the values of a model's features."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import NA_VALUES, Numbers, read_column
from kerakit.data.columns.number_format import NUMBER_NA_VALUES, PLAIN, NumberFormat
from kerakit.data.columns.spelling import spellings_of
from kerakit.data.names import near_match
from kerakit.data.tasks import TASKS
from kerakit.errors import DataError

if TYPE_CHECKING:
    from kerakit.data.spec import Feature, Spec

__all__ = ["columns_of_features", "feature_values"]


def columns_of_features(
    spec: Spec, names: Sequence[str], file: str | os.PathLike[str], hint: str = ""
) -> list[str]:
    """Return the column of each feature: a list of names.

    Args:
        spec: `Spec`.
        names: list of strings. The columns of the file, under their names in the training
            data or in the model.
        file: path, for errors.
        hint: str. A sentence to add when a column is not there.

    Raises:
        DataError: when a feature has no column, or cannot be one.
    """
    no_table = TASKS[spec.task].no_table
    if no_table:
        raise DataError(
            f"predict_csv writes one answer for each row of a table, and the model {no_table}. "
            "Use load_served."
        )
    found = []
    for feature in spec.features:
        if feature.kind == "sequence":
            raise DataError(
                f"predict_csv reads one value for each cell, and the model takes {feature.name!r} "
                "as a series. Use load_served."
            )
        if feature.shape != ():
            raise DataError(
                f"predict_csv reads one value for each cell, and the model takes {feature.name!r} "
                f"as an array of shape {feature.shape}. Use load_served."
            )
        name = next((n for n in (feature.column, feature.name) if n in names), None)
        if name is None:
            wanted = feature.column or feature.name
            raise DataError(
                f"{file}: there is no column {wanted!r}, which the model takes."
                f"{near_match(wanted, names)} The columns are {shortlist(names)}.{hint}"
            )
        found.append(name)
    return found


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
        texts = read_column(column, na_values, typed, f"{file}, column {name!r}").texts()
        return spellings_of(feature).respelled(texts).strings()
    values = None if typed or not format.is_plain else _plain_numbers(column, na_values)
    if values is None:
        values = _numbers(column, name, typed, na_values, file, location, format)
    if feature.dtype != "float32":
        return _integers(values, feature.dtype, name, location)
    with np.errstate(over="ignore"):
        values = values.astype("float32")
    infinite = np.isinf(values)
    if infinite.any():
        at = location(int(np.argmax(infinite)))
        raise DataError(f"{at}, column {name!r}: the value is infinite or beyond float32.")
    return values


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


def _numbers(column, name, typed, na_values, file, location, format):
    read = read_column(column, na_values, typed, f"{file}, column {name!r}", format)
    if isinstance(read, Numbers):
        return read.values
    if na_values is None and not typed:
        read = read.without_markers()
    wrong = read.odd[read.codes]
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{location(row)}, column {name!r}: {short_repr(read.written[read.codes[row]])} is not "
            "a number. Correct it, or leave the cell empty."
        )
    return read.numbers()
