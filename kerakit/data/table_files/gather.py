"""Record batches as whole columns: numbers as NumPy arrays, and strings as dictionaries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.column import Encoded, Numbers
from kerakit.data.columns.frames import is_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["gather"]


def gather(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    rows: int,
    exact: Collection[str] = (),
    encoded: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, int]]:
    """Join record batches, each of which may be let go before the next one is made.

    Args:
        batches: iterable of `pyarrow.RecordBatch`.
        schema: `pyarrow.Schema` of the columns to keep.
        rows: int. How many rows there are at most.
        exact: collection of strings. The columns whose numbers are float64; those of the others
            are float32.
        encoded: collection of strings. The columns whose dictionaries are strings, and no
            categories of the source.

    Returns:
        `(columns, nulls)`: a dict from column name to `Numbers`, `Encoded` or
        `pyarrow.ChunkedArray`, and a dict from the name of each column to its number of nulls.
    """
    import pyarrow as pa

    kinds = {field.name: field.type for field in schema}
    numbers = {
        name: np.empty(rows, np.float64 if name in exact else np.float32)
        for name, kind in kinds.items()
        if _is_number(kind)
    }
    nulls = dict.fromkeys(kinds, 0)
    chunks: dict[str, list[Any]] = {name: [] for name in kinds}
    first = 0
    for batch in batches:
        for name, kind in kinds.items():
            values = batch.column(name)
            nulls[name] += values.null_count
            if name in numbers:
                with np.errstate(over="ignore"):
                    numbers[name][first : first + len(batch)] = _floats(values)
            elif is_text(kind):
                chunks[name].append(values.cast(pa.string()).dictionary_encode())
            else:
                chunks[name].append(values)
        first += len(batch)
    columns: dict[str, Any] = {}
    for name, kind in kinds.items():
        if name in numbers:
            columns[name] = Numbers(numbers[name][:first], boolean=pa.types.is_boolean(kind))
        elif (is_text(kind) or name in encoded) and chunks[name]:
            whole = pa.chunked_array(chunks[name])
            columns[name] = Encoded(whole.unify_dictionaries().combine_chunks())
        else:
            columns[name] = pa.chunked_array(chunks[name], kind)
    return columns, nulls


def _is_number(kind):
    import pyarrow as pa

    is_kind = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_decimal)
    return any(is_one(kind) for is_one in is_kind)


def _floats(values):
    """Numbers of a batch, NaN for null."""
    import pyarrow as pa

    if not pa.types.is_floating(values.type):
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int8())
        values = values.cast(pa.float64(), safe=False)
    return values.to_numpy(zero_copy_only=False)
