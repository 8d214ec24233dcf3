"""Forms of rows that stand for another one: lazy tables, iterators, records, single values."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, KeysView, Mapping, ValuesView
from typing import Any

import numpy as np

__all__ = ["same_length", "usual_form"]

# Values in an order that cannot be counted or indexed.
_WALKED = (Iterator, KeysView, ValuesView)
_USUAL = (list, np.ndarray, str, float, int)


def usual_form(rows: Any, names: Collection[str]) -> Any:
    """Return rows in one of the forms that `read_rows` knows.

    A lazy table is collected, and an iterator is read. Structured arrays, named tuples and Series
    of pandas become dicts of what the model takes; they may have more.

    Args:
        rows: what the user passed.
        names: collection of strings. The names of the model's columns.

    Example:

    >>> records = np.array([(9.4, "red"), (10.1, "white")], [("alcohol", "f4"), ("type", "U5")])
    >>> usual_form(records, ["alcohol", "type"])["type"].tolist()
    ['red', 'white']
    """
    if hasattr(rows, "collect_schema") and hasattr(rows, "collect"):
        return rows.collect()
    if hasattr(rows, "read_next_batch") and hasattr(rows, "read_all"):
        return rows.read_all()
    if isinstance(rows, (np.ndarray, np.void)) and rows.dtype.names:
        return {name: rows[name] for name in rows.dtype.names if name in names}
    if isinstance(rows, Iterator) and not isinstance(rows, io.IOBase):
        rows = list(rows)
    if isinstance(rows, (list, tuple)) and rows and _record(rows[0]) is not None:
        return [_known(row, names) for row in rows]
    if hasattr(rows, "_asdict"):  # of `DataFrame.itertuples`
        return _known(rows, names)
    if isinstance(rows, Mapping):
        walked = [n for n, v in rows.items() if type(v) not in _USUAL and isinstance(v, _WALKED)]
        return {**rows, **{name: list(rows[name]) for name in walked}} if walked else rows
    return rows


def same_length(columns: Mapping[str, Any], ones: Collection[str]) -> dict[str, Any]:
    """Return columns in which a single value is repeated for each row, as in `pandas.DataFrame`.

    Args:
        columns: dict from name to a column or to a single value.
        ones: collection of strings. The names of single values; where these are all, they make
            one row.
    """
    rows = next((len(values) for name, values in columns.items() if name not in ones), 1)
    return {
        name: [_scalar(values)] * rows if name in ones else values
        for name, values in columns.items()
    }


def _known(row, names):
    record = _record(row)
    if record is None:
        return row  # the caller names the row that is unlike the others
    return {name: value for name, value in record.items() if name in names}


def _record(row):
    """A named tuple or a Series of pandas as a dict, else `None`."""
    if hasattr(row, "_asdict"):
        return row._asdict()
    if hasattr(row, "iloc") and hasattr(row, "to_dict") and not hasattr(row, "columns"):
        return {str(name): value for name, value in row.items()}
    return None


def _scalar(value):
    return value.item() if getattr(value, "ndim", 1) == 0 and hasattr(value, "item") else value
