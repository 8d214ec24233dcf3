"""DataFrames: the columns that a model takes, and answers as a frame of the same library."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.checks import shortlist
from kerakit.data.names import identifiers, near_match
from kerakit.errors import ArgumentError
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["find_columns", "frame_like", "frame_values"]


def frame_values(frame: Any, spec: Spec, owner: str) -> list[tuple[str, Any]]:
    """Return `(label, values)` of each feature: its column of a frame.

    Columns are found by the name that they have in the training data, or in the model. Other
    columns are ignored. A model whose one feature is a plain array takes all columns of a frame
    of its width, in order, with a warning.

    Args:
        frame: a table for which `is_frame` holds.
        spec: `Spec`.
        owner: str. The function that the user called, for errors.

    Raises:
        ArgumentError: when a column is missing, or two columns have its name.
    """
    names = [str(name) for name in _names(frame)]
    plain = _plain_array(frame, names, spec, owner)
    if plain is not None:
        return plain
    found = find_columns(spec, names, owner, "table")
    positions = {}
    for position, name in enumerate(names):
        positions.setdefault(name, []).append(position)
    for label in found:
        if len(positions[label]) > 1:
            raise ArgumentError(f"{owner}: two columns have the name {label!r}. Rename one.")
    return [(label, _column(frame, positions[label][0])) for label in found]


def find_columns(spec: Spec, names: Sequence[str], owner: str, noun: str) -> list[str]:
    """Return the name in `names` of each feature: its name in the training data, or in the model.

    Raises:
        ArgumentError: when a feature has none. The message names the missing ones.
    """
    known = {name: name for name in names}
    if any(not f.column and f.name not in known for f in spec.features):
        # The spec was read off a model, which knows the mapped names only.
        known |= {identifiers([name])[name]: name for name in names}
    found = [
        next((known[name] for name in (f.column, f.name) if name and name in known), None)
        for f in spec.features
    ]
    absent = [
        f.column or f.name for f, name in zip(spec.features, found, strict=True) if name is None
    ]
    if absent:
        shape = next((f.shape for f in spec.features if (f.column or f.name) == absent[0]), ())
        cells = f" Each row of {absent[0]!r} is an array of shape {shape}." if shape else ""
        raise ArgumentError(
            f"{owner}: the columns [{shortlist(absent, 8)}] are missing."
            f"{near_match(absent[0], names)} The {noun} has the columns "
            f"[{shortlist(names, 8)}].{cells}"
        )
    return [name for name in found if name is not None]


def frame_like(frame: Any, columns: dict[str, Any]) -> Any:
    """Return answers as a frame of the same library, for pandas with the same index.

    Args:
        frame: the frame that the rows came in.
        columns: dict from name to the values of a column.

    Returns:
        A DataFrame of pandas or polars; for another library a `pyarrow.Table`.
    """
    pandas, polars = _library(frame, "pandas"), _library(frame, "polars")
    if pandas is not None:
        return pandas.DataFrame(columns, index=frame.index)
    columns = {name: _listed(values) for name, values in columns.items()}
    if polars is not None:
        return polars.DataFrame(columns)
    import pyarrow as pa

    return pa.table(columns)


def _listed(values):
    """Strings and lists as a list, which these libraries read; numbers as they are."""
    return values.tolist() if isinstance(values, np.ndarray) and values.dtype == object else values


def _plain_array(frame, names, spec, owner):
    """The columns of a frame as the one plain array of a model, or `None`."""
    if len(spec.features) != 1:
        return None
    (feature,) = spec.features
    if feature.kind != "numeric" or feature.shape != (len(names),):
        return None
    if feature.name in names or (feature.column and feature.column in names):
        return None
    warn(
        f"{owner}: the model takes one array of width {len(names)} and knows no names of columns. "
        f"The columns of the table are taken in their order: {shortlist(names, 8)}."
    )
    from kerakit.serving.answering.values import column_values

    width = range(len(names))
    one = type(feature)(feature.name, dtype=feature.dtype)
    columns = [column_values(one, _column(frame, i), owner, names[i]) for i in width]
    return [(feature.name, np.stack(columns, axis=-1))]


def _names(frame):
    return frame.column_names if hasattr(frame, "column_names") else list(frame.columns)


def _column(frame, position):
    """A column of a frame: numbers without nulls as an array, others as the library has them."""
    if _library(frame, "pandas") is not None:
        series = frame.iloc[:, position]
        if str(series.dtype).startswith("Sparse["):
            series = series.sparse.to_dense()
        # A Series of mixed objects becomes an array, since Arrow refuses it in words of its own.
        plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiubO"
        return series.to_numpy() if plain else series
    if _library(frame, "polars") is not None:
        series = frame.to_series(position)
        plain = (
            series.dtype.is_numeric() and not series.dtype.is_decimal() and not series.null_count()
        )
        return series.to_numpy() if plain else series
    import pyarrow as pa

    table = frame if isinstance(frame, (pa.Table, pa.RecordBatch)) else pa.table(frame)
    column = table.column(position)
    plain = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return column.to_numpy() if plain and not column.null_count else column


def _library(frame, name):
    """The library of this name, if a frame is its DataFrame: then it is imported already."""
    module = sys.modules.get(name)
    return module if module is not None and isinstance(frame, module.DataFrame) else None
