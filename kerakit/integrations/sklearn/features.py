"""`X` of scikit-learn as named columns: a matrix of numbers, or a table of numbers and strings."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from kerakit.data.columns.column import Numbers, Texts, read_column
from kerakit.data.columns.dates import find_dates
from kerakit.data.columns.frames import frame_columns, is_frame
from kerakit.data.columns.odd_texts import find_odd_texts
from kerakit.data.columns.spelling import Spellings
from kerakit.data.columns.values import as_column
from kerakit.data.names import identifiers
from kerakit.data.options import Options
from kerakit.data.tables.features import feature_arrays, infer_kinds
from kerakit.data.tables.source import Source
from kerakit.data.tables.unknown import UnknownValues
from kerakit.warn import warn

__all__ = ["FINITE", "FeatureReader", "frame_or_array", "read_features"]

FINITE = "ensure_all_finite"  # the keyword of `check_array`, from scikit-learn 1.6 on
if FINITE not in inspect.signature(check_array).parameters:
    FINITE = "force_all_finite"

_MOST_WARNINGS = 5  # about columns of numbers with marks
_MATRIX = "features"  # the one input of a model that was trained on a matrix


@dataclasses.dataclass(frozen=True)
class FeatureReader:
    """Reads `X` as the training rows were read.

    Attributes:
        inputs: dict from column name to the name of the model's input.
        kinds: dict from column name to kind, as `infer_kinds` gives it.
        matrix: bool. Whether the training rows were a matrix of numbers, which is one input.
        categories: dict from categorical column to the `Texts` of its distinct training values.
    """

    inputs: dict[str, str]
    kinds: dict[str, str]
    matrix: bool
    categories: dict[str, Texts]

    def read(self, x: Any) -> dict[str, np.ndarray]:
        """Return a dict from input name to float32 array, or object array of `str`.

        Columns are taken by their position: scikit-learn has compared their number and names.

        Args:
            x: what `frame_or_array` returned.

        Raises:
            ValueError: when a number is infinite, or a numeric column holds a text.
        """
        columns = _columns(x, as_matrix=self.matrix)
        if not self.matrix:
            values = columns.values()
            if list(columns) == [_MATRIX] and columns[_MATRIX].values.ndim > 1:
                values = map(Numbers, columns[_MATRIX].values.T)
            columns = dict(zip(self.inputs, values, strict=True))
        arrays = feature_arrays(
            _source(columns), self.kinds, Options(owner="predict"), _source(self.categories)
        )
        for column, texts in self.categories.items():
            unknown = UnknownValues(column, Spellings(texts.values))
            unknown.add(arrays[column])
            warning = unknown.warning("X")
            if warning:
                warn(warning)
        return {name: arrays[column] for column, name in self.inputs.items()}


def frame_or_array(x: Any) -> Any:
    """Return a frame (pandas, polars, Arrow) as it is, and anything else as a checked array.

    Args:
        x: a frame, or an array-like of shape `(n, features)`.

    Returns:
        The frame, or an array: of numbers where it can be, else of objects.

    Raises:
        ValueError: scikit-learn's, when there are no rows or columns, the shape is another, or a
            number is infinite.
    """
    if not is_frame(x):
        return _array(x)
    if 0 in x.shape:
        check_array(np.empty(x.shape))
    return x


def read_features(x: Any, owner: str) -> tuple[FeatureReader, dict[str, np.ndarray]]:
    """Read the `X` of training rows.

    Args:
        x: what `frame_or_array` returned.
        owner: str. The estimator, for errors.

    Returns:
        `(FeatureReader, arrays)`: the reader of further rows, and a dict from input name to array.

    Raises:
        ValueError: when `x` has another shape, an infinite number, or values that are no numbers,
            strings, booleans or dates.
    """
    columns = _columns(x)
    source, options = _source(columns), Options(owner=owner)
    kinds, _ = infer_kinds(source, options)
    arrays = feature_arrays(source, kinds, options, source)
    inputs = identifiers(columns, f"X of {owner}")
    categories = {}
    for name, kind in kinds.items():
        if kind == "categorical":
            words = np.unique(arrays[name])
            categories[name] = Texts(words, np.arange(len(words)), tuple(words))
    _warn_of_numbers(columns)
    _warn_of_order(columns, kinds)
    matrix = list(columns) == [_MATRIX] and columns[_MATRIX].values.ndim > 1
    reader = FeatureReader(inputs, kinds, matrix, categories)
    return reader, {name: arrays[column] for column, name in inputs.items()}


def _columns(x, as_matrix=False):
    """Dict from column name to column; a matrix of numbers is the one column `features`."""
    if is_frame(x) and not as_matrix:
        table = frame_columns(x, "X")
        return {name: read_column(table[name], origin=_origin(name)) for name in table}
    array = _array(x) if is_frame(x) else x
    if array.dtype.kind != "O":
        return {_MATRIX: Numbers(_float32(array))}
    names = [f"x{number}" for number in range(array.shape[1])]
    return {
        name: read_column(as_column(values, _origin(name)), origin=_origin(name))
        for name, values in zip(names, array.T, strict=True)
    }


def _array(x):
    checks = {FINITE: "allow-nan", "input_name": "X"}
    if not hasattr(x, "shape"):
        # NumPy would turn numbers among strings into strings.
        guess = np.asarray(x)
        x = np.asarray(x, dtype=object) if guess.dtype.kind in "US" else guess
    if getattr(getattr(x, "dtype", None), "kind", "") in "US":
        return check_array(x, dtype=object, **{FINITE: False})
    try:
        return check_array(x, dtype="numeric", **checks)
    except (ValueError, TypeError) as error:
        dates = any(hasattr(cell, "isoformat") for cell in np.ravel(x))
        if not dates and "could not convert string to float" not in str(error):
            raise
    return check_array(x, dtype=object, **{FINITE: False})


def _warn_of_numbers(columns):
    """Warn where the strings of a column are numbers with marks, or numbers among texts."""
    texts = {n: c for n, c in columns.items() if not getattr(c, "is_category", True)}
    found = {name: odd for name, column in texts.items() if (odd := find_odd_texts(column))}
    for name in list(found)[:_MOST_WARNINGS]:
        warn(
            f"{_origin(name)}: {found[name].sentence} The column is read as categorical. Convert "
            "it to numbers; or to the type category, if its values are categories."
        )


def _warn_of_order(columns, kinds):
    """Warn where dates do not tell whether the day or the month comes first."""
    for name, kind in kinds.items():
        found = find_dates(columns[name]) if kind == "date:month first" else None
        if found is not None and found.doubt:
            warn(
                f"{_origin(name)}: no value tells whether the day or the month comes first, as in "
                f"{found.doubt!r}. The column is read with the month first. To say which, convert "
                "it with pandas.to_datetime."
            )


def _float32(array):
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def _source(columns):
    return Source("X", lambda row: f"X, row {row} (counted from 0)", columns, {})


def _origin(name):
    return f"X, column {name!r}"
