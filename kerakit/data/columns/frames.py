"""DataFrames of any library, through Arrow."""

from __future__ import annotations

import collections
import json
from typing import TYPE_CHECKING, Any

from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["frame_columns", "is_frame", "is_text"]


def is_frame(value: Any) -> bool:
    """Whether `value` is a table that gives its columns as an Arrow stream.

    Tables of pandas, polars, DuckDB and pyarrow do, so that none of them is imported here.
    A Series gives an Arrow stream too, but has no columns.
    """
    return hasattr(value, "__arrow_c_stream__") and (
        hasattr(value, "columns") or hasattr(value, "column_names")
    )


def frame_columns(frame: Any, name: str) -> dict[str, pa.ChunkedArray]:
    """Return a dict from column name to Arrow array, without the index of a pandas DataFrame.

    The string views of polars become strings, which Arrow can take rows of.

    Args:
        frame: a table for which `is_frame` holds.
        name: str. The name of the table, for an error.

    Raises:
        DataError: when two columns have one name, or Arrow has no type for a column.
    """
    import pyarrow as pa

    try:
        table = frame if isinstance(frame, pa.Table) else pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{name}: the table cannot be converted to Arrow: {reason}. Convert its "
            "columns to numbers or strings."
        ) from error
    names = [str(column) for column in table.column_names]
    repeated = [column for column, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{name}: two columns have the name {repeated[0]!r}. Rename one.")
    index = _pandas_index(table)
    pairs = zip(names, table.columns, strict=True)
    return {column: _strings(values) for column, values in pairs if column not in index}


def is_text(kind: pa.DataType) -> bool:
    """Whether a `pyarrow` type is one of strings."""
    import pyarrow as pa

    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _strings(values):
    import pyarrow as pa

    return values.cast(pa.string()) if pa.types.is_string_view(values.type) else values


def _pandas_index(table):
    """Names of the columns that are the index of a pandas DataFrame."""
    described = (table.schema.metadata or {}).get(b"pandas")
    index = json.loads(described)["index_columns"] if described else []
    return {column for column in index if isinstance(column, str)}
