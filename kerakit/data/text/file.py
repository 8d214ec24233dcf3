"""Texts in a file: delimited columns, JSON lines, Parquet, or a label and a text on each line."""

from __future__ import annotations

import io
import itertools
import pathlib
from collections.abc import Collection

from kerakit.checks import short_repr
from kerakit.data.files.plain_text import check_file, decode, read_bytes
from kerakit.data.files.signature import is_parquet
from kerakit.data.table_files.delimited import read_delimited
from kerakit.data.table_files.json_rows import JSON, is_json
from kerakit.data.table_files.table_file import PARQUET, TableFile, read_table_file
from kerakit.errors import DataError

__all__ = ["read_text_file"]

_EXPECTED = "a file of texts and labels"
_TABS = (".tsv", ".tab")
_SNIFFED_LINES = 20  # lines in which tabs are looked for


def read_text_file(
    path: pathlib.Path,
    *,
    columns: tuple[str, ...] | None = None,
    separator: str | None = None,
    quote: str | None = "auto",
    encoding: str = "utf-8",
    lists: Collection[str] = (),
    needed: Collection[str] | None = None,
) -> TableFile:
    """Read a file of texts and labels into columns: delimited text, JSON lines or Parquet.

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
        lists, needed: as for `read_json`.

    Returns:
        `TableFile`.

    Raises:
        DataError: when the file cannot be read, is empty or is not in `encoding`, or its rows
            differ in length.
    """
    head = check_file(path, _EXPECTED)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    named = separator is not None or columns is not None  # as only delimited text needs
    if is_parquet(head) or set(suffixes) & {*PARQUET, *JSON} or (is_json(head) and not named):
        if separator is not None:
            raise DataError(
                f"{path}: JSON and Parquet have no separator. Leave out separator=, or pass a file "
                "of delimited text."
            )
        return read_table_file(path, columns=columns, encoding=encoding, lists=lists, needed=needed)
    content = read_bytes(path, _EXPECTED)
    text = decode(content, str(path), encoding)
    if separator == " ":
        return TableFile(content, *_read_pairs(text, str(path), columns), typed=False)
    if separator is None and (set(suffixes) & set(_TABS) or _has_tabs(text)):
        separator = "\t"
    if quote == "auto":
        quote = None if separator == "\t" else '"'
    options = {"columns": columns, "separator": separator, "quote": quote}
    read = read_delimited(text.encode(), str(path), **options)
    hint = read.hint
    if columns is None and not hint:
        hint = " If the file has no header, pass columns=, such as columns=('label', 'text')."
    return TableFile(content, read.columns, read.location, hint, typed=False)


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
