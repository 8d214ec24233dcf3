"""Array-likes as columns, with their shape and dtype checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.errors import DataError

__all__ = ["as_column", "as_matrix"]


def as_column(values: Any, origin: str) -> Any:
    """Return an array-like as an Arrow array of `n` values, or a float32 array `(n, d)`.

    A uint8 array of images, of shape `(n, height, width, channels)`, is returned unchanged.

    Args:
        values: array, list or Series of shape `(n,)`, `(n, 1)` or `(n, d)`.
        origin: str. The name of the values, for an error.

    Raises:
        DataError: when the shape is another, or the values are no numbers, strings, booleans or
            dates.
    """
    import pyarrow as pa

    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    if hasattr(values, "__arrow_c_array__"):
        return pa.array(values)
    if isinstance(values, np.ndarray) and values.ndim == 4 and values.dtype == np.uint8:
        return values
    array = _as_array(values, origin)
    if array.dtype.kind in "US" and isinstance(values, (list, tuple)):
        # NumPy has turned numbers among strings into strings; Arrow will not.
        array = np.asarray(values, dtype=object)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        return as_matrix(array, origin)
    if array.ndim != 1:
        raise DataError(f"{origin} has shape {array.shape}. Expected (n,) or (n, d).")
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.dtype.kind in "biufU":
        longer = array.dtype.kind == "f" and array.dtype.itemsize > 8
        return pa.array(array.astype(np.float64) if longer else array)
    if array.dtype.kind == "M":
        coarse = np.datetime_data(array.dtype)[0] not in ("D", "s", "ms", "us", "ns")
        return pa.array(array.astype("datetime64[s]") if coarse else array)
    if array.dtype.kind != "O":
        _refuse_dtype(array, origin)
    cells = [_plain_cell(cell) for cell in array.tolist()]
    try:
        return pa.array(cells, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        kinds = sorted({type(cell).__name__ for cell in cells if cell is not None})
        raise DataError(
            f"{origin} mixes values of type {', '.join(kinds)}. Expected all numbers, all strings "
            "or all dates. Convert them."
        ) from error


def as_matrix(values: Any, origin: str) -> np.ndarray:
    """Return an array-like of numbers as a float32 array of shape `(n, d)`.

    Raises:
        DataError: when the values are not two-dimensional, or are no numbers.

    Example:

    >>> as_matrix([[1, 2], [3, 4]], "x").dtype
    dtype('float32')
    """
    array = _as_array(values, origin)
    if array.dtype.kind not in "biuf":
        _refuse_dtype(array, origin)
    if array.ndim != 2:
        hint = " For one feature, pass x.reshape(-1, 1)." if array.ndim == 1 else ""
        raise DataError(f"{origin} has shape {array.shape}. Expected (n, d).{hint}")
    if not array.shape[0]:
        raise DataError(f"{origin} has no rows (shape {array.shape}). Expected at least two.")
    if not array.shape[1]:
        raise DataError(f"{origin} has no columns (shape {array.shape}). Expected at least one.")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _plain_cell(cell):
    if isinstance(cell, bytes):
        return cell.decode()
    return cell.start_time if type(cell).__name__ == "Period" else cell  # of pandas


def _as_array(values, origin):
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:
        raise DataError(f"{origin} is no array: {error}. Expected rows of equal length.") from error


def _refuse_dtype(array, origin):
    raise DataError(
        f"{origin} has dtype {array.dtype}. Expected numbers. For strings beside numbers "
        "pass a dict of columns or a DataFrame."
    )
