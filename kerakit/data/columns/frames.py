"""DataFrames of any library, through Arrow."""

import collections
import json

from kerakit.errors import DataError

__all__ = ["frame_columns", "is_frame"]


def is_frame(value):
    """Whether `value` is a table that can hand itself over as an Arrow stream.

    pandas, polars, DuckDB and pyarrow tables do, so that none of them is imported here.
    A Series does too, but has no columns.
    """
    return hasattr(value, "__arrow_c_stream__") and (
        hasattr(value, "columns") or hasattr(value, "column_names")
    )


def frame_columns(frame, name):
    """Return a dict from column name to Arrow array; the index of pandas is left out.

    Args:
        frame: a table for which `is_frame` holds.
        name: str. What to call it in an error.

    Raises:
        DataError: when two columns have one name, or Arrow has no type for a column.
    """
    import pyarrow as pa

    try:
        table = frame if isinstance(frame, pa.Table) else pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{name}: this table cannot be read through Arrow: {reason}") from error
    names = [str(column) for column in table.column_names]
    twice = [column for column, count in collections.Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{name}: two columns have the name {twice[0]!r}. Rename one.")
    index = _pandas_index(table)
    pairs = zip(names, table.columns, strict=True)
    return {column: values for column, values in pairs if column not in index}


def _pandas_index(table):
    """Names of the columns that are the index of a pandas DataFrame."""
    described = (table.schema.metadata or {}).get(b"pandas")
    index = json.loads(described)["index_columns"] if described else []
    return {column for column in index if isinstance(column, str)}
