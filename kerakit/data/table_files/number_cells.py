"""Delimited text whose columns of numbers become numbers while it is parsed, block by block."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.columns.missing import missing_numbers
from kerakit.data.table_files.gather import gather

if TYPE_CHECKING:
    from kerakit.data.table_files.layout import Layout

__all__ = ["NumberCells", "read_cells"]

_BLOCK = 1 << 20


@dataclasses.dataclass(frozen=True)
class NumberCells:
    """Which columns may become numbers at once, and how their cells are written.

    Attributes:
        texts: collection of strings. The columns that stay strings in any case.
        exact: collection of strings. The columns whose numbers are float64, and that stay strings
            where one is missing. The numbers of other columns are float32.
        na_values: tuple of strings that stand for missing values beside the usual, or `None`.
            An empty tuple stands for empty cells alone.
        decimal: str. The character of decimals.
    """

    texts: Collection[str] = ()
    exact: Collection[str] = ()
    na_values: tuple[str, ...] | None = None
    decimal: str = "."

    @property
    def markers(self) -> list[str]:
        """The cells of a column of numbers that stand for a missing one."""
        words = missing_numbers(self.na_values)
        return [space + word for space in ("", " ") for word in words]

    def apply_to(self, content: bytes) -> bool:
        """Whether columns of a text can become numbers while it is parsed.

        The parser compares a cell with the markers as it is, and then takes a number with spaces
        around it. So a marker that is a number must not have spaces around it.
        """
        numbers = [word.encode() for word in self.na_values or () if _is_number(word)]
        spaced = [(b" " + word, b"\t" + word, word + b" ", word + b"\t") for word in numbers]
        return not any(word in content for words in spaced for word in words)

    def are_numbers(self, words: Any) -> bool:
        """Whether each cell of a `pyarrow` array of strings is a number or a marker."""
        import pyarrow as pa
        import pyarrow.compute as pc

        missing = pc.is_in(words, pa.array(self.markers, pa.string()))
        words = pc.utf8_trim(words.filter(pc.invert(missing)), " \t")
        if self.decimal != ".":
            if pc.any(pc.match_substring(words, ".")).as_py():
                return False
            words = pc.replace_substring(words, self.decimal, ".")
        try:
            pc.cast(words, pa.float64())
        except pa.ArrowInvalid:
            return False
        return True


def read_cells(content: bytes, layout: Layout, cells: NumberCells) -> dict[str, Any]:
    """Read the rows of values of a delimited text.

    A column becomes numbers where `read_column` would find nothing but numbers and missing values
    in its strings, and at least one number.

    Args:
        content: bytes in UTF-8.
        layout: `Layout` of the text.
        cells: `NumberCells`.

    Returns:
        dict from column name to `Numbers` or to `Encoded` strings.

    Raises:
        pyarrow.ArrowInvalid: when the text cannot be parsed.
    """
    import pyarrow as pa

    names, texts = layout.names, {*cells.texts, *layout.header.unnamed}
    numeric = [name for name in names if name not in texts] if cells.apply_to(content) else []
    numeric = _numeric(content, layout, numeric, cells, blocks=1)
    try:
        columns = _read(content, layout, names, numeric, cells)
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise
        numeric = _numeric(content, layout, numeric, cells)
        try:
            columns = _read(content, layout, names, numeric, cells)
        except pa.ArrowInvalid:  # the parser takes less for a number
            columns = _read(content, layout, names, [], cells)
    again = [name for name in numeric if columns[name] is None]
    if again:
        columns |= _read(content, layout, again, [], cells)
    return columns


def _numeric(content, layout, names, cells, blocks=None):
    """Those of the columns that hold numbers only, in the first blocks or in all."""
    import pyarrow as pa

    found = list(names)
    if not names:
        return found
    types = dict.fromkeys(names, pa.string())
    for count, batch in enumerate(_batches(content, layout, types, cells), 1):
        found = [name for name in found if cells.are_numbers(batch.column(name))]
        if not found or count == blocks:
            break
    return found


def _read(content, layout, names, numeric, cells):
    """Dict from column name to `Numbers`, to `Encoded` strings, or to `None`.

    `None` stands for a column that must be read again as strings, which tell more.
    """
    import pyarrow as pa

    words = pa.dictionary(pa.int32(), pa.string())
    types = {name: pa.float64() if name in numeric else words for name in names}
    ends = [content.count(end) for end in (b"\n", b"\r") if end in content]
    most = max(ends, default=0) + 1  # rows; memory is taken when it is filled
    columns, nulls = gather(
        _batches(content, layout, types, cells),
        pa.schema(types),
        most,
        exact=cells.exact,
        encoded=types.keys() - set(numeric),
    )
    for name in numeric:
        missing = np.count_nonzero(columns[name].missing())
        odd = missing != nulls[name]  # the parser also takes `nan(7)` for a number
        if odd or missing == len(columns[name]) or (name in cells.exact and missing):
            columns[name] = None
    return columns


def _batches(content, layout, types, cells) -> Iterable[Any]:
    """Yield the rows as record batches with columns of the given types."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    size, done = _BLOCK, 0
    while True:
        options, first = layout.options(size, types, cells.markers, cells.decimal), 0
        buffer = pa.py_buffer(content)
        try:
            batches = arrow.open_csv(pa.BufferReader(buffer), *options)
            try:
                for batch in batches:
                    new = batch.slice(min(max(done - first, 0), len(batch)))
                    first += len(batch)
                    if len(new):
                        done = first
                        yield new
            finally:
                # The thread that parses must not be the last to let the text go: that takes
                # Python's lock, which the end of the parser holds while it waits for the thread.
                del batches, buffer
            return
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error) or size > len(content):
                raise
            size *= 8  # a row longer than a block: again, with larger ones


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True
