"""Delimited text that is read as a whole, into columns of strings."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Sequence
from typing import Any

from kerakit.data.columns.column import Encoded
from kerakit.data.files.plain_text import in_utf8
from kerakit.data.table_files.layout import Layout, find_layout
from kerakit.data.table_files.number_cells import NumberCells, read_cells
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["Delimited", "read_delimited"]


def read_delimited(
    content: bytes,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    decimal: str = ".",
    cells: NumberCells | None = None,
) -> Delimited:
    """Read delimited text into columns of strings, or of numbers as well.

    Args:
        content: bytes of the file.
        name: str. The file's name, for errors.
        columns: tuple of strings. The columns' names where the file has no header. A first row
            that is equal to them is read as a header. Defaults to `None`: the names are those
            of the first row.
        separator: str of one character. Defaults to `None`: comma, semicolon, tab or bar,
            whichever splits the first rows into equal numbers of fields.
        quote: str of one character around fields that hold separators or line breaks, or
            `None`. Defaults to `'"'`.
        encoding: str. Defaults to `"utf-8"`.
        decimal: str. The character of decimals, which is seldom the separator. Defaults to `"."`.
        cells: `NumberCells`. Which columns may become numbers at once. That takes a tenth of the
            time of strings. Defaults to `None`: all columns are strings.

    Returns:
        `Delimited`.

    Raises:
        DataError: when the text is empty, is not in `encoding`, or has rows of unequal
            length. Empty fields at the end of rows or of the header are left out with a warning.
    """
    content = in_utf8(content, name, encoding)

    def open_text():
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")

    layout = find_layout(open_text, name, columns, separator, quote, decimal)
    notes = [*layout.header.notes]
    columns = _parse(content, layout, cells, notes)
    if not len(columns[layout.names[0]]):
        raise DataError(f"{name} has a header and no rows. Expected at least two rows of values.")
    if layout.header.has_index:
        del columns[layout.names[0]]
    _drop_empty(columns, layout, notes)
    for note in notes:
        warn(note)
    unnamed = tuple(column for column in layout.header.unnamed if column in columns)
    return Delimited(columns, layout.location, layout.hint, unnamed)


@dataclasses.dataclass(frozen=True)
class Delimited:
    """The columns of a delimited text.

    Attributes:
        columns: dict from column name to `pyarrow` array of strings; with `cells=` to `Encoded`
            strings or to `Numbers`.
        location: function from a row's index to its location, such as `"wine.csv, line 18"`.
        hint: str. A sentence to add to an error about columns, or empty.
        unnamed: tuple of strings. The columns to which the file gives no name.
    """

    columns: dict[str, Any]
    location: Callable[[int], str]
    hint: str
    unnamed: tuple[str, ...] = ()


def _parse(content: bytes, layout: Layout, cells: NumberCells | None, notes: list[str]):
    """Read the rows of values as a dict of columns."""
    import pyarrow as pa

    try:
        return _columns(content, layout, cells)
    except pa.ArrowInvalid as error:
        try:
            mended = b"".join(layout.mended(notes))
            return _columns(mended, dataclasses.replace(layout, is_mended=True), cells)
        except (csv.Error, pa.ArrowInvalid):
            raise layout.ragged(error) from error


def _columns(content, layout, cells):
    import pyarrow as pa
    from pyarrow import csv as arrow

    if cells is not None:
        return read_cells(content, layout, cells)
    # With one block, no row is in two blocks, and each column is one array.
    options = layout.options(min(max(len(content), 1 << 20), (1 << 31) - 1))
    table = arrow.read_csv(pa.BufferReader(content), *options).slice(layout.rows_before)
    return dict(zip(layout.names, table.columns, strict=True))


def _drop_empty(columns, layout, notes):
    """Leave out columns at the end that have no name and that no row fills."""
    import pyarrow.compute as pc

    extra = layout.names[len(layout.names) - layout.header.extra :]
    for name in reversed(layout.names):
        if name not in layout.header.unnamed or len(columns) == 1 or name not in columns:
            return
        values = columns[name]
        values = values.values.cast("string") if isinstance(values, Encoded) else values
        filled = pc.not_equal(pc.utf8_trim_whitespace(values), "")
        if not pc.any(filled).as_py():
            del columns[name]
            if name not in extra:
                notes.append(
                    f"{layout.file}: the last column has no name and no value. It is left out."
                )
        elif name in extra:
            raise layout.too_many(filled.index(True).as_py())
        else:
            return
