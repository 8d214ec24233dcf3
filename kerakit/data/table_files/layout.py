"""The layout of a delimited text: its separator, its header, and the line of each row."""

from __future__ import annotations

import collections
import csv
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO

from kerakit.data.columns.missing import missing_texts
from kerakit.data.table_files.header import Header, read_header
from kerakit.errors import DataError

__all__ = ["Layout", "find_layout"]

_SEPARATORS = (",", ";", "\t", "|")

# The separator is found in so many rows; more rows do not change it.
_SNIFFED = 20


@dataclasses.dataclass(frozen=True)
class Layout:
    """The layout of a file of delimited text, as `find_layout` found it.

    Attributes:
        file: str. The file's name, for errors.
        header: `Header`.
        separator: str of one character.
        quote: str of one character, or `None`.
        has_header: bool. Whether the first row holds the names.
        header_end: int. The line of the file that ends the header.
        hint: str. A sentence to add to an error about columns, or empty.
        open_text: function that opens the text without a change of its line breaks.
        is_mended: bool. Whether the text is read as `mended` yields it.
    """

    file: str
    header: Header
    separator: str
    quote: str | None
    has_header: bool
    header_end: int
    hint: str
    open_text: Callable[[], TextIO]
    is_mended: bool = False

    @property
    def names(self) -> list[str]:
        """List of strings. The columns' names."""
        return self.header.names

    @property
    def rows_before(self) -> int:
        """How many rows that pyarrow reads are above the first row of values: 1 for a header."""
        return int(self.has_header and not self.header.is_ragged and not self.is_mended)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield `(line, fields)` of each row that is not blank; lines count from 1."""
        for line, fields in _rows(self.open_text, self.separator, quote=self.quote):
            if len(fields) > 1 or len(self.names) == 1 or fields[0].strip():
                yield line, fields

    def location(self, row: int) -> str:
        """Return where the row of this index begins, such as `"wine.csv, line 18"`."""
        try:
            line, _ = next(itertools.islice(self.rows(), row + self.has_header, None))
        except csv.Error:  # a field longer than the csv module reads stands before it
            return f"{self.file}, row {row + 1} after the header"
        return f"{self.file}, line {line}"

    def options(
        self,
        block_size: int,
        wanted: Iterable[str] | None = None,
        markers: Sequence[str] | None = None,
        decimal: str = ".",
    ) -> tuple[Any, ...]:
        """Return the options of pyarrow to read columns.

        Args:
            block_size: int. Bytes of a block.
            wanted: the columns to read, as strings; or a dict from column to type. Then the
                header is no row. Defaults to `None`: all columns, as strings.
            markers: sequence of strings that stand for missing numbers. Defaults to `None`.
            decimal: str. The character of decimals of numbers. Defaults to `"."`.
        """
        import pyarrow as pa
        from pyarrow import csv as arrow

        wanted = self.names if wanted is None else wanted
        typed = isinstance(wanted, dict)
        skips = (typed and self.has_header) or self.header.is_ragged
        skipped = self.header_end if skips and not self.is_mended else 0
        return (
            arrow.ReadOptions(
                use_threads=False,
                column_names=self.names,
                block_size=block_size,
                skip_rows=skipped,
            ),
            arrow.ParseOptions(
                delimiter=self.separator,
                quote_char=self.quote or False,
                newlines_in_values=bool(self.quote),
            ),
            arrow.ConvertOptions(
                column_types=wanted if typed else dict.fromkeys(wanted, pa.string()),
                include_columns=list(wanted),
                strings_can_be_null=False,
                null_values=markers,
                decimal_point=decimal,
            ),
        )

    def mended(self, notes: list[str]) -> Iterator[bytes]:
        """Yield the rows of values in UTF-8, without empty fields too many and blank lines.

        Args:
            notes: list. A sentence about the fields that were left out is added to it.

        Raises:
            DataError: about a row with too few fields, or too many that are not empty.
        """
        width, first, count = len(self.names), None, 0
        quoting = csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE
        lines: list[str] = []
        writer = csv.writer(
            _Lines(lines),
            delimiter=self.separator,
            quotechar=self.quote,
            quoting=quoting,
            lineterminator="\n",
        )
        for line, fields in itertools.islice(self.rows(), int(self.has_header), None):
            if len(fields) != width:
                if len(fields) < width or any(field.strip() for field in fields[width:]):
                    raise self._wrong(line, fields)
                first, count = first or line, count + 1
            writer.writerow(fields[:width])
            if len(lines) > 1000:
                yield "".join(lines).encode()
                lines.clear()
        yield "".join(lines).encode()
        if count:
            notes.append(
                f"{self.file}, line {first}: the row ends with an empty field too many"
                f"{f', as do {count - 1:,} others' * (count > 1)}. It is left out."
            )

    def ragged(self, error: Exception) -> DataError:
        """Return the `DataError` about the first row with too few or too many fields.

        `error` is the parser's error. It is quoted where there is no such row.
        """
        try:
            for line, fields in itertools.islice(self.rows(), int(self.has_header), None):
                if len(fields) != len(self.names):
                    return self._wrong(line, fields)
        except csv.Error as other:
            error = other
        return DataError(f"{self.file} cannot be read as delimited text: {error}")

    def too_many(self, row: int) -> DataError:
        """Return the `DataError` about a row that fills a field without a name."""
        line, fields = next(itertools.islice(self.rows(), row + self.has_header, None))
        return self._wrong(line, fields)

    def _wrong(self, line, fields):
        return DataError(
            f"{self.file}, line {line}: expected {len(self.names) - self.header.extra} fields, "
            f"found {len(fields)} (separator {self.separator!r}). Correct the row, or pass "
            "separator= or quote=."
        )


def find_layout(
    open_text: Callable[[], TextIO],
    name: str,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    decimal: str = ".",
) -> Layout:
    """Find the separator and the names of the columns of a delimited text.

    Args:
        open_text: function that opens the text, with `newline=""`.
        name, columns, separator, quote, decimal: as for `read_delimited`.

    Returns:
        `Layout`.

    Raises:
        DataError: when the text is empty, or two of `columns` have one name.
    """
    rows = functools.partial(_rows, open_text, quote=quote)
    separator = separator or _sniff(rows, decimal)
    line, cells, end = _first_row(open_text, separator, quote, name)
    cells = [cell.strip() for cell in cells]
    nul = next((at for cell in cells if (at := cell.find("\0")) >= 0), None)
    if nul is not None:
        right = "utf-16-be" if nul == 0 else "utf-16-le"
        raise DataError(
            f"{name}, line {line}: the text holds NUL characters. If it is in UTF-16, pass "
            f"encoding='utf-16' ({right!r} where the file has no byte order mark)."
        )
    if columns is None:
        below = itertools.islice(rows(separator), 1, 1 + _SNIFFED)
        sample = [fields for _, fields in below if len(fields) > 1 or len(cells) == 1]
        header = read_header(cells, sample, f"{name}, line {line}")
        hint = _headless(cells)
    else:
        header, hint = Header(list(columns)), ""
        if len(columns) != len(cells):
            raise DataError(
                f"{name}, line 1: columns= gives {len(columns)} names, and the row has "
                f"{len(cells)} fields with the separator {separator!r}. Give one name per "
                "column, or pass separator=."
            )
    repeated = [column for column, count in collections.Counter(header.names).items() if count > 1]
    if repeated:
        raise DataError(
            f"{name}: two columns have the name {repeated[0]!r} in columns=. Change one."
        )
    has_header = columns is None or cells == header.names
    return Layout(name, header, separator, quote, has_header, end, hint, open_text)


class _Lines:
    """A file for `csv.writer` that keeps the lines in a list."""

    def __init__(self, lines):
        self.write = lines.append


def _rows(open_text, separator, quote='"'):
    """Yield `(line, fields)` of each row that is not blank; lines count from 1."""
    for line, fields, _ in _lined_rows(open_text, separator, quote):
        yield line, fields


def _lined_rows(open_text, separator, quote):
    """Yield `(first line, fields, last line)` of each row that is not blank."""
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    with open_text() as text:
        reader = csv.reader(text, delimiter=separator, quotechar=quote or None, quoting=quoting)
        line = 1
        for fields in reader:
            if fields:
                yield line, fields, reader.line_num
            line = reader.line_num + 1


def _sniff(rows, decimal):
    """The separator that splits the first rows into the most fields, equally many in each.

    The character of the decimals is one only where no other is.
    """
    best, score = ",", (False, False, 1)
    for separator in _SEPARATORS:
        try:
            counts = [len(fields) for _, fields in itertools.islice(rows(separator), _SNIFFED)]
        except csv.Error:
            continue
        if counts and counts[0] > 1:
            found = (len(set(counts)) == 1, separator != decimal, counts[0])
            if found > score:
                best, score = separator, found
    return best


def _first_row(open_text, separator, quote, name):
    """`(first line, fields, last line)` of the first row."""
    try:
        return next(_lined_rows(open_text, separator, quote))
    except StopIteration:
        raise DataError(f"{name} is empty. Expected rows of values.") from None
    except csv.Error as error:
        raise DataError(f"{name}, line 1: the text is not delimited ({error}).") from error


def _headless(names):
    """A sentence about a header that looks like a row of values."""
    for cell in filter(None, names):
        try:
            float(cell)
        except ValueError:
            if cell not in missing_texts(None):
                continue
        return f" The first row holds {cell!r}: if the file has no header, pass columns=."
    return ""
