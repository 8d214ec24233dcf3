"""JSON lines that pyarrow parses: a tenth of the time of Python's own parser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_json_lines"]

_PIECE = 1 << 22  # bytes that are parsed at once


def read_json_lines(content: bytes) -> dict[str, pa.ChunkedArray] | None:
    """Read an object on each line into columns.

    Args:
        content: bytes in UTF-8.

    Returns:
        dict from key to `pyarrow.ChunkedArray` of numbers, strings or booleans with a null where a
        row lacks the key; or `None` where a line is no such object or is blank, a key has values
        of several types, or there is no key. A slower reader tells which line it is.

    Example:

    >>> read_json_lines(b'{"a": 1}\\n{"a": 2.5, "b": "x"}\\n')["a"].to_pylist()
    [1.0, 2.5]
    """
    import pyarrow as pa

    tables, names, texts = [], {}, {}
    for piece, lines in _pieces(content):
        try:
            table = _parsed(piece, texts)
            dates = {field.name for field in table.schema if pa.types.is_temporal(field.type)}
            if dates:  # strings that look like times
                names |= dict.fromkeys(table.column_names)
                texts |= dict.fromkeys(dates, pa.string())
                table = _parsed(piece, texts)
        except pa.ArrowInvalid:
            return None
        if len(table) != lines:
            return None
        names |= dict.fromkeys(table.column_names)
        tables.append(table)
    kinds = {name: _kind([table.schema for table in tables], name) for name in names}
    if not kinds or None in kinds.values():
        return None
    columns: dict[str, pa.ChunkedArray] = {}
    for name, kind in kinds.items():
        chunks = [
            table[name].cast(kind).combine_chunks()
            if name in table.column_names
            else pa.nulls(len(table), kind)
            for table in tables
        ]
        columns[name] = pa.chunked_array(chunks, kind)
        if pa.types.is_floating(kind) and _has_long_numbers(columns[name]):
            return None
    return columns


def _pieces(content: bytes) -> Iterator[tuple[pa.Buffer, int]]:
    """Yield pieces of whole lines, and how many lines each has."""
    import pyarrow as pa

    buffer = pa.py_buffer(content)
    start, stop = 0, len(content.rstrip())
    while start < stop:
        end = content.rfind(b"\n", start, start + _PIECE) + 1
        end = end or content.find(b"\n", start + _PIECE) + 1 or stop  # a line longer than a piece
        end = stop if start + _PIECE >= stop else end
        lines = content.count(b"\n", start, end) + (content[end - 1 : end] != b"\n")
        yield buffer.slice(start, end - start), lines
        start = end


def _parsed(piece, texts):
    import pyarrow as pa
    from pyarrow import json

    return json.read_json(
        pa.BufferReader(piece),
        json.ReadOptions(use_threads=False, block_size=len(piece) + 1),
        json.ParseOptions(explicit_schema=pa.schema(texts) if texts else None),
    )


def _has_long_numbers(values):
    """Whether numbers may be whole ones that are too long for int64; float64 rounds them."""
    import pyarrow.compute as pc

    most = pc.max(pc.abs(values)).as_py()
    return most is not None and most >= 2**63


def _kind(schemas, name):
    """The type of a key in all tables, or `None` where they differ or cannot be read."""
    import pyarrow as pa

    kinds = {schema.field(name).type for schema in schemas if name in schema.names} - {pa.null()}
    if kinds == {pa.int64(), pa.float64()}:
        return pa.float64()
    known = {pa.int64(), pa.float64(), pa.string(), pa.bool_()}
    return (kinds or {pa.null()}).pop() if len(kinds) < 2 and kinds <= known else None
