"""Texts in a file: delimited columns, or a label and a text on each line."""

from __future__ import annotations

import io
import itertools
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from kerakit.checks import short_repr
from kerakit.data.files.plain_text import decode, read_bytes
from kerakit.data.table_files.delimited import read_delimited
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_text_file"]

_TABS = (".tsv", ".tab")
_PARQUET = (".parquet", ".pq")
_SNIFFED_LINES = 20  # lines in which tabs are looked for


def read_text_file(
    path: pathlib.Path,
    *,
    columns: tuple[str, ...] | None = None,
    separator: str | None = None,
    quote: str | None = "auto",
    encoding: str = "utf-8",
) -> tuple[dict[str, pa.Array], Callable[[int], str], str]:
    """Read a file of texts and labels into columns of strings.

    Args:
        path: `pathlib.Path`; `.gz` is unpacked.
        columns: tuple of strings. Names of the columns of a file without a header (a first
            line equal to them is a header all the same). Defaults to `None`: the first line.
        separator: str of one character. A space splits each line at its first space into two
            columns. Defaults to `None`: a tab in `.tsv` files and where the first lines have
            the same number of tabs, else detected by `read_delimited`.
        quote: str of one character around fields that have separators or line breaks in them,
            `None`, or `"auto"`: `None` where the separator is a tab or a space, since quotes
            in messages are seldom in pairs, else `'"'`.
        encoding: str.

    Returns:
        `(columns, location, hint)`, as `Delimited` has them.

    Raises:
        DataError: when the file cannot be read, is empty or is not in `encoding`, or its rows
            differ in length.
    """
    if path.suffix.lower() in _PARQUET:
        raise DataError(
            f"{path} is a Parquet file. Pass it to load_text as a table: "
            "pyarrow.parquet.read_table(path)."
        )
    text = decode(read_bytes(path, "a file of texts and labels"), str(path), encoding)
    if separator == " ":
        return _read_pairs(text, str(path), columns)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if separator is None and (set(suffixes) & set(_TABS) or _has_tabs(text)):
        separator = "\t"
    if quote == "auto":
        quote = None if separator == "\t" else '"'
    options = {"columns": columns, "separator": separator, "quote": quote}
    read = read_delimited(text.encode(), str(path), **options)
    hint = read.hint
    if columns is None and not hint:
        hint = " If the file has no header, pass columns=, such as columns=('label', 'text')."
    return read.columns, read.location, hint


def _has_tabs(text):
    """Whether the first lines all have the same number of tabs, and at least one."""
    lines = itertools.islice((line for line in io.StringIO(text) if line.strip()), _SNIFFED_LINES)
    counts = {line.count("\t") for line in lines}
    return len(counts) == 1 and counts != {0}


def _read_pairs(text, name, columns):
    """Columns of a file whose lines are split at their first space."""
    import pyarrow as pa

    if columns is None or len(columns) != 2 or len(set(columns)) < 2:
        raise DataError(
            f"{name}: separator=' ' splits each line at its first space, and needs the names of "
            f"two columns, such as columns=('label', 'text'). Got columns={short_repr(columns)}."
        )
    # Not `str.splitlines`, which would split a text at U+2028 and its like.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if numbered and numbered[0][1].split(" ", 1) == list(columns):
        del numbered[0]
    pairs = []
    for number, line in numbered:
        pairs.append(line.split(" ", 1))
        if len(pairs[-1]) < 2:
            raise DataError(
                f"{name}, line {number}: expected {columns[0]!r}, a space and {columns[1]!r}, "
                f"found {line[:40]!r} without a space. Correct the line."
            )
    table = {
        column: pa.array([pair[index] for pair in pairs], pa.string())
        for index, column in enumerate(columns)
    }
    return table, lambda row: f"{name}, line {numbered[row][0]}", ""
