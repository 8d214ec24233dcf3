"""Rows of a table in JSON: an object on each line (JSON lines), or a list of objects."""

from __future__ import annotations

import gzip
import json
import pathlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kerakit.checks import short_repr
from kerakit.data.files.signature import HEAD, is_gzip
from kerakit.data.table_files.json_lines import read_json_lines
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["JSON", "JsonStream", "is_json", "read_json"]

JSON = (".jsonl", ".ndjson", ".json")
_BLOCK = 1 << 14  # rows of a block

Row = tuple[str, dict[str, Any]]  # where the row is, and its values


def is_json(head: bytes) -> bool:
    """Whether a file begins as JSON lines do: with an object.

    Example:

    >>> is_json(b'{"a": 1}\\n{"a": 2}\\n'), is_json(b"a,b\\n1,2\\n")
    (True, False)
    """
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].startswith((b'{"', b'[{"'))


def read_json(
    content: bytes,
    name: str,
    lists: Collection[str] = (),
    needed: Collection[str] | None = None,
) -> tuple[dict[str, Any], Callable[[int], str]]:
    """Read rows of JSON into columns of numbers, strings and booleans.

    Args:
        content: bytes in UTF-8.
        name: str. The name of the file, for errors.
        lists: collection of strings. Keys whose values may be lists: such a column is a list.
        needed: collection of strings, or `None`. The keys that are wanted: another key with nested
            values or with values of several types is left out. Defaults to `None`: all.

    Returns:
        `(columns, location)`: a dict from key to `pyarrow` array with a null where a row lacks the
        key, and a function from a row to its location, such as `"wine.jsonl, line 18"`.

    Raises:
        DataError: when a line is no JSON object, or a value is a list or an object, or of
            another type than the values before it.

    Example:

    >>> columns, location = read_json(b'{"a": 1, "b": "x"}\\n\\n{"a": 2}\\n', "t.jsonl")
    >>> columns["b"].to_pylist(), location(1)
    (['x', None], 't.jsonl, line 3')
    """
    columns = read_json_lines(content) if _is_lines(content) else None
    if columns is not None:
        return columns, lambda row: f"{name}, line {row + 1}"
    rows = list(_rows(content.splitlines(), name) if _is_lines(content) else _list(content, name))
    keys = list(dict.fromkeys(key for _, row in rows for key in row))
    if not keys:
        raise DataError(f"{name} has no rows. Expected a JSON object on each line.")
    found = {}
    for key in keys:
        values = [row.get(key) for _, row in rows]
        first = next((value for value in values if value is not None), None)
        if key in lists and isinstance(first, list):
            found[key] = values
            continue
        try:
            found |= _columns(rows, [key])
        except DataError:
            if needed is None or key in needed:
                raise
    return found, [location for location, _ in rows].__getitem__


class JsonStream:
    """A file of JSON lines that is read block by block, as `DelimitedStream` reads text.

    Args:
        path: `pathlib.Path`.

    Attributes:
        names: list of strings. The keys of all rows.
        hint: an empty string.
        typed: `True`: strings are strings.

    Raises:
        DataError: when the file cannot be read, or a line is no JSON object.
    """

    typed, hint = True, ""

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._read = 0
        try:
            with open(path, "rb") as file:
                self._open = gzip.open if is_gzip(file.read(HEAD)) else open
            with self._open(path, "rb") as file:
                self._rows = sum(1 for line in file if line.strip())
            self.names = list(dict.fromkeys(key for _, row in self._lines() for key in row))
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        if not self.names:
            raise DataError(f"{path} has no rows. Expected a JSON object on each line.")

    def blocks(self, wanted: list[str]) -> Iterator[tuple[int, dict[str, pa.Array]]]:
        """Yield `(first, columns)`, block by block, as `DelimitedStream.blocks`."""
        rows: list[Row] = []
        for row in self._lines():
            rows.append(row)
            if len(rows) == _BLOCK:
                yield self._read, _columns(rows, wanted)
                self._read += len(rows)
                rows = []
        if rows:
            yield self._read, _columns(rows, wanted)
            self._read += len(rows)

    def location(self, row: int) -> str:
        """Return where the row of this index is, such as `"wine.jsonl, line 18"`."""
        return next(location for index, (location, _) in enumerate(self._lines()) if index == row)

    def fraction_read(self) -> float:
        """Return the fraction of the file that was read, in [0, 1]."""
        return min(self._read / max(self._rows, 1), 1.0)

    def _lines(self):
        with self._open(self._path, "rb") as file:
            yield from _rows(file, str(self._path))


def _is_lines(content):
    return not content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _rows(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    """Yield where each row is, and its values."""
    for number, line in enumerate(lines, 1):
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            reason = getattr(error, "msg", "the text is not in UTF-8")
            raise DataError(
                f"{name}, line {number}: the line is no JSON ({reason}). Expected an object on "
                f'each line, such as {{"x": 1}}.'
            ) from error
        yield f"{name}, line {number}", _checked(row, f"{name}, line {number}")


def _list(content, name):
    """Yield the rows of a JSON list of objects."""
    try:
        rows = json.loads(content)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise DataError(f"{name}, line {line}: the file is no JSON list: {error}.") from error
    for index, row in enumerate(rows):
        location = f"{name}, row {index} (counted from 0)"
        yield location, _checked(row, location)


def _checked(row, location):
    if not isinstance(row, dict):
        raise DataError(
            f"{location}: expected a JSON object with a value for each column. Got "
            f"{short_repr(row)}."
        )
    return row


def _columns(rows, keys):
    """Dict from key to Arrow array; nested values and those of another type are refused."""
    import pyarrow as pa

    columns = {}
    for key in keys:
        values = [row.get(key) for _, row in rows]
        for (location, _), value in zip(rows, values, strict=True):
            if isinstance(value, (list, dict)):
                raise DataError(
                    f"{location}, key {key!r}: the value is nested: {short_repr(value)}. Expected "
                    "a number, a string, true, false or null. Flatten it, for example by "
                    "pandas.json_normalize."
                )
        try:
            columns[key] = pa.array(values)
        except (pa.ArrowException, OverflowError) as error:
            raise _mixed(rows, key, error) from error
    return columns


def _mixed(rows, key, error):
    """The error about the first value whose type is not that of the values before it."""
    kind = None
    for location, row in rows:
        value = row.get(key)
        if value is None:
            continue
        found = "a number" if type(value) in (int, float) else f"a {type(value).__name__}"
        if kind is not None and found != kind:
            return DataError(
                f"{location}, key {key!r}: {short_repr(value)} is {found}, and the values before "
                f"it are each {kind}. Write all values of a key in one type."
            )
        kind = found
    return DataError(f"{rows[0][0]}, key {key!r}: the values cannot be read: {error}.")
