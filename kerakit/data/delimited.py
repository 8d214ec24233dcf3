"""Delimited text: separator, header, and rows that do not fit."""

import collections
import csv
import functools
import io
import itertools

from kerakit.data.columns import MISSING
from kerakit.errors import DataError

__all__ = ["read_delimited"]

_SEPARATORS = (",", ";", "\t", "|")

# Rows looked at to find the separator; more do not change the answer.
_SNIFFED = 20


def read_delimited(content, name, *, columns=None, separator=None, quote='"', encoding="utf-8"):
    """Read delimited text into columns of strings.

    Args:
        content: bytes of the file.
        name: str. The file's name, for errors.
        columns: tuple of strings. The columns' names where the file has no header (a first
            row equal to them is a header all the same). Defaults to `None`: the first row.
        separator: str of one character. Defaults to `None`: the one of comma, semicolon,
            tab and bar that cuts the first rows into equal numbers of fields.
        quote: str of one character around fields that hold separators or line breaks, or
            `None`. Defaults to `'"'`.
        encoding: str. Defaults to `"utf-8"`.

    Returns:
        `(columns, place, hint)`: a dict from column name to `pyarrow` array of strings, a
        function from a row's index to its place in the file, and a sentence to add to an
        error about columns (empty where the header looks like one).

    Raises:
        DataError: when the text is empty, is not in `encoding`, or has rows of unequal
            length or two columns of one name.
    """
    content = _as_utf8(content, name, encoding)
    rows = functools.partial(_rows, content, quote=quote)
    separator = separator or _sniff(rows)
    first = _first_row(rows, separator, name)
    header = [cell.strip() for cell in first]
    if columns is None:
        # The index that `DataFrame.to_csv` writes has no name.
        names = [cell or f"column_{place}" for place, cell in enumerate(header, 1)]
        hint = _headless(names)
    else:
        names, hint = list(columns), ""
        if len(names) != len(header):
            raise DataError(
                f"{name}, line 1: columns= gives {len(names)} names, and the row has "
                f"{len(header)} fields with the separator {separator!r}. Give one name per "
                "column, or pass separator=."
            )
    twice = [column for column, count in collections.Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{name}: two columns have the name {twice[0]!r}. Rename one.{hint}")
    has_header = columns is None or header == names
    table = _parse(content, names, separator, quote, name, rows)
    if has_header:
        table = table.slice(1)
    if not len(table):
        raise DataError(f"{name} has a header and no rows. Expected at least two rows of values.")

    def place(row):
        skipped = row + has_header
        line, _ = next(itertools.islice(rows(separator), skipped, None))
        return f"{name}, line {line}"

    return dict(zip(names, table.columns, strict=True)), place, hint


def _as_utf8(content, name, encoding):
    """The text in UTF-8 without a byte order mark."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{name}, line {line}: the text is not {encoding} (byte "
            f"{content[error.start : error.start + 1].hex()}). Pass the right encoding=, for "
            "example encoding='latin-1'."
        ) from error
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        content = text.encode()
    return content.removeprefix(b"\xef\xbb\xbf")


def _rows(content, separator, quote='"'):
    """Yield `(line, fields)` of each row that is not blank; lines count from 1."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    reader = csv.reader(text, delimiter=separator, quotechar=quote or None, quoting=quoting)
    line = 1
    for fields in reader:
        if fields:
            yield line, fields
        line = reader.line_num + 1


def _sniff(rows):
    """The separator that cuts the first rows into the most fields, equally many in each."""
    best, most = ",", (False, 1)
    for separator in _SEPARATORS:
        try:
            counts = [len(fields) for _, fields in itertools.islice(rows(separator), _SNIFFED)]
        except csv.Error:
            continue
        if counts and counts[0] > 1 and (len(set(counts)) == 1, counts[0]) > most:
            best, most = separator, (len(set(counts)) == 1, counts[0])
    return best


def _first_row(rows, separator, name):
    try:
        return next(rows(separator))[1]
    except StopIteration:
        raise DataError(f"{name} is empty. Expected rows of values.") from None
    except csv.Error as error:
        raise DataError(f"{name}, line 1: this is no delimited text ({error}).") from error


def _headless(names):
    """A sentence for a header that looks like a row of values."""
    for cell in names:
        try:
            float(cell)
        except ValueError:
            if cell not in MISSING:
                continue
        return f" The first row holds {cell!r}: if the file has no header, pass columns=."
    return ""


def _parse(content, names, separator, quote, name, rows):
    """Read all rows, header included, as an Arrow table of strings."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    try:
        return arrow.read_csv(
            pa.BufferReader(content),
            # One block: no row can straddle two, and the columns come in one piece.
            arrow.ReadOptions(
                use_threads=False,
                column_names=names,
                block_size=min(max(len(content), 1 << 20), (1 << 31) - 1),
            ),
            arrow.ParseOptions(
                delimiter=separator, quote_char=quote or False, newlines_in_values=bool(quote)
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise _ragged(rows, separator, names, name, error) from error


def _ragged(rows, separator, names, name, error):
    """The `DataError` about the first row that is too short or too long."""
    try:
        for line, fields in rows(separator):
            if len(fields) != len(names):
                return DataError(
                    f"{name}, line {line}: expected {len(names)} fields, found {len(fields)} "
                    f"(separator {separator!r}). Correct the row, or pass separator= or quote=."
                )
    except csv.Error as other:
        error = other
    return DataError(f"{name}: this cannot be read as delimited text: {error}")
