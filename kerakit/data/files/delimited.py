"""Delimited text: its separator, its header, its rows, and rows with too few or too many fields."""

from __future__ import annotations

import collections
import csv
import dataclasses
import functools
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from kerakit.data.columns.column import NA_VALUES
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Layout", "find_layout", "not_in_encoding", "read_delimited"]

_SEPARATORS = (",", ";", "\t", "|")

# The separator is found in so many rows; more rows do not change it.
_SNIFFED = 20


def read_delimited(
    content: bytes,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
) -> tuple[dict[str, pa.Array], Callable[[int], str], str]:
    """Read delimited text into columns of strings.

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

    Returns:
        `(columns, location, hint)`: a dict from column name to `pyarrow` array of strings, and
        `Layout.location` and `Layout.hint`.

    Raises:
        DataError: when the text is empty, is not in `encoding`, or has rows of unequal
            length or two columns of one name.
    """
    content = _as_utf8(content, name, encoding)

    def open_text():
        return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")

    layout = find_layout(open_text, name, columns, separator, quote)
    table = _parse(content, layout)
    if layout.has_header:
        table = table.slice(1)
    if not len(table):
        raise DataError(f"{name} has a header and no rows. Expected at least two rows of values.")
    return dict(zip(layout.names, table.columns, strict=True)), layout.location, layout.hint


@dataclasses.dataclass(frozen=True)
class Layout:
    """The layout of a file of delimited text, as `find_layout` found it.

    Attributes:
        file: str. The file's name, for errors.
        names: list of strings. The columns' names.
        separator: str of one character.
        quote: str of one character, or `None`.
        has_header: bool. Whether the first row holds the names.
        hint: str. A sentence to add to an error about columns, or empty.
        open_text: function that opens the text without a change of its line breaks.
    """

    file: str
    names: list[str]
    separator: str
    quote: str | None
    has_header: bool
    hint: str
    open_text: Callable[[], TextIO]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield `(line, fields)` of each row that is not blank; lines count from 1."""
        return _rows(self.open_text, self.separator, quote=self.quote)

    def location(self, row: int) -> str:
        """Return where the row of this index begins, such as `"wine.csv, line 18"`."""
        try:
            line, _ = next(itertools.islice(self.rows(), row + self.has_header, None))
        except csv.Error:  # a field longer than the csv module reads stands before it
            return f"{self.file}, row {row + 1} after the header"
        return f"{self.file}, line {line}"

    def options(self, block_size: int, wanted: Iterable[str] | None = None) -> tuple[Any, ...]:
        """Return the options of pyarrow to read columns as strings, the header as a row of them."""
        import pyarrow as pa
        from pyarrow import csv as arrow

        wanted = self.names if wanted is None else list(wanted)
        return (
            arrow.ReadOptions(use_threads=False, column_names=self.names, block_size=block_size),
            arrow.ParseOptions(
                delimiter=self.separator,
                quote_char=self.quote or False,
                newlines_in_values=bool(self.quote),
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )

    def ragged(self, error: Exception) -> DataError:
        """Return the `DataError` about the first row with too few or too many fields.

        `error` is the parser's error. It is quoted where there is no such row.
        """
        expected, separator = len(self.names), self.separator
        try:
            for line, fields in self.rows():
                if len(fields) != expected:
                    return DataError(
                        f"{self.file}, line {line}: expected {expected} fields, found "
                        f"{len(fields)} (separator {separator!r}). Correct the row, or pass "
                        "separator= or quote=."
                    )
        except csv.Error as other:
            error = other
        return DataError(f"{self.file} cannot be read as delimited text: {error}")


def find_layout(
    open_text: Callable[[], TextIO],
    name: str,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
) -> Layout:
    """Find the separator and the names of the columns of a delimited text.

    Args:
        open_text: function that opens the text, with `newline=""`.
        name, columns, separator, quote: as for `read_delimited`.

    Returns:
        `Layout`.

    Raises:
        DataError: when the text is empty, or two columns have one name.
    """
    rows = functools.partial(_rows, open_text, quote=quote)
    separator = separator or _sniff(rows)
    header = [cell.strip() for cell in _first_row(rows, separator, name)]
    if any("\0" in cell for cell in header):
        raise DataError(
            f"{name}, line 1: the text holds NUL characters. If it is in UTF-16, pass "
            "encoding='utf-16'."
        )
    if columns is None:
        # The index that `DataFrame.to_csv` writes has no name.
        names = [cell or f"column_{number}" for number, cell in enumerate(header, 1)]
        hint = _headless(names)
    else:
        names, hint = list(columns), ""
        if len(names) != len(header):
            raise DataError(
                f"{name}, line 1: columns= gives {len(names)} names, and the row has "
                f"{len(header)} fields with the separator {separator!r}. Give one name per "
                "column, or pass separator=."
            )
    repeated = [column for column, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"{name}: two columns have the name {repeated[0]!r}. Rename one.{hint}")
    has_header = columns is None or header == names
    return Layout(name, names, separator, quote, has_header, hint, open_text)


def not_in_encoding(name: str, line: int, encoding: str, error: UnicodeDecodeError) -> DataError:
    """Return the `DataError` about text that is in another encoding."""
    return DataError(
        f"{name}, line {line}: the text is not {encoding} (byte "
        f"{error.object[error.start : error.start + 1].hex()}). Pass the right encoding=, for "
        "example encoding='latin-1'."
    )


def _as_utf8(content, name, encoding):
    """The text in UTF-8 without a byte order mark."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise not_in_encoding(name, line, encoding, error) from error
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        content = text.encode()
    return content.removeprefix(b"\xef\xbb\xbf")


def _rows(open_text, separator, quote='"'):
    """Yield `(line, fields)` of each row that is not blank; lines count from 1."""
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    with open_text() as text:
        reader = csv.reader(text, delimiter=separator, quotechar=quote or None, quoting=quoting)
        line = 1
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1


def _sniff(rows):
    """The separator that splits the first rows into the most fields, equally many in each."""
    best, score = ",", (False, 1)
    for separator in _SEPARATORS:
        try:
            counts = [len(fields) for _, fields in itertools.islice(rows(separator), _SNIFFED)]
        except csv.Error:
            continue
        if counts and counts[0] > 1 and (len(set(counts)) == 1, counts[0]) > score:
            best, score = separator, (len(set(counts)) == 1, counts[0])
    return best


def _first_row(rows, separator, name):
    try:
        return next(rows(separator))[1]
    except StopIteration:
        raise DataError(f"{name} is empty. Expected rows of values.") from None
    except csv.Error as error:
        raise DataError(f"{name}, line 1: the text is not delimited ({error}).") from error


def _headless(names):
    """A sentence about a header that looks like a row of values."""
    for cell in names:
        try:
            float(cell)
        except ValueError:
            if cell not in NA_VALUES:
                continue
        return f" The first row holds {cell!r}: if the file has no header, pass columns=."
    return ""


def _parse(content, layout):
    """Read all rows, header included, as an Arrow table of strings."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    # With one block, no row is in two blocks, and each column is one array.
    options = layout.options(min(max(len(content), 1 << 20), (1 << 31) - 1))
    try:
        return arrow.read_csv(pa.BufferReader(content), *options)
    except pa.ArrowInvalid as error:
        raise layout.ragged(error) from error
