"""Delimited text that is read block by block: memory does not grow with the file."""

from __future__ import annotations

import codecs
import collections
import csv
import dataclasses
import gzip
import io
import os
import pathlib
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kerakit.data.files.plain_text import not_in_encoding
from kerakit.data.files.signature import HEAD, is_gzip, refuse_foreign, refuse_utf16
from kerakit.data.table_files.layout import find_layout
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DelimitedStream"]

# Larger blocks save no time, and the parser reads up to 32 blocks ahead.
_BLOCK = 1 << 19
_MAX_ROW = 1 << 25
_CHUNK = 1 << 18
_MARK = "\ufeff"


class DelimitedStream:
    """A file of delimited text (also gzipped, `.gz`), by the rules of `read_delimited`.

    Args:
        path: `pathlib.Path` of the file, which is opened several times.
        columns, separator, quote, encoding, decimal: as for `read_delimited`.

    Attributes:
        names: list of strings. The columns' names.
        hint: str. A sentence to add to an error about columns, or empty.
        typed: `False`: a string that looks like a number may be one.

    Raises:
        DataError: when the file cannot be read or has no header.
    """

    typed = False

    def __init__(
        self,
        path: pathlib.Path,
        *,
        columns: Sequence[str] | None = None,
        separator: str | None = None,
        quote: str | None = '"',
        encoding: str = "utf-8",
        decimal: str = ".",
    ) -> None:
        self._path = path
        self._encoding = encoding
        self._read = 0  # bytes of the file, up to the last row that was yielded
        try:
            self._size = os.path.getsize(path)
            with open(path, "rb") as file:
                head = file.read(HEAD)
            refuse_foreign(head, path, "a file of CSV, JSON lines or Parquet")
            refuse_utf16(head, str(path), encoding)
            self._packed = path.suffix.lower() == ".gz" or is_gzip(head)
            layout = find_layout(self._open_text, str(path), columns, separator, quote, decimal)
        except OSError as error:
            raise _unreadable(path, error) from error
        self._layout = layout
        self._notes = list(layout.header.notes)
        self.names = layout.names[int(layout.header.has_index) :]
        self.hint = layout.hint

    def blocks(self, wanted: list[str]) -> Iterator[tuple[int, dict[str, pa.Array]]]:
        """Yield `(first, columns)`, block by block.

        Args:
            wanted: list of strings. The columns to read.

        Yields:
            The index of the block's first row, and a dict from column name to `pyarrow`
            array of strings.

        Raises:
            DataError: when a row has too few or too many fields, the text is in another
                encoding, or there are no rows.
        """
        import pyarrow as pa

        done, size = 0, _BLOCK
        while True:
            try:
                for first, columns in self._blocks(wanted, size, done):
                    yield first, columns
                    done = first + len(columns[wanted[0]])
                break
            except pa.ArrowInvalid as error:
                if "straddl" not in str(error):
                    if self._layout.is_mended:
                        raise self._layout.ragged(error) from error
                    self._layout = dataclasses.replace(self._layout, is_mended=True)
                    continue  # again, with each row looked at
                if size >= _MAX_ROW:
                    raise DataError(
                        f"{self._path}: a row after {self.location(done)} is longer than "
                        f"{_MAX_ROW >> 20} MB. Is a quote left open there? Close it, or pass "
                        "quote=None."
                    ) from error
                size *= 2  # a row longer than a block: again, with larger ones
            except csv.Error as error:
                raise self._layout.ragged(error) from error
            except OSError as error:
                raise _unreadable(self._path, error) from error
        for note in self._notes:
            warn(note)
        if not done:
            raise DataError(f"{self._path} has a header and no rows. Expected rows of values.")

    def location(self, row: int) -> str:
        """Return where the row of this index begins, such as `"wine.csv, line 18"`."""
        return self._layout.location(row)

    def fraction_read(self) -> float:
        """Return the fraction of the file that was read, in [0, 1]."""
        return min(self._read / max(self._size, 1), 1.0)

    def _blocks(self, wanted, size, skip):
        from pyarrow import csv as arrow

        layout = self._layout
        options = layout.options(size, wanted)
        file = io.BufferedReader(_Mended(layout, self._notes)) if layout.is_mended else self._open()
        with file, arrow.open_csv(file, *options) as batches:
            first = -layout.rows_before
            for count, batch in enumerate(batches, 1):
                self._read = self._size if layout.is_mended else file.raw.position(count * size)
                new = batch.slice(min(max(skip - first, 0), len(batch)))
                if len(new):
                    start = first + len(batch) - len(new)
                    yield start, dict(zip(wanted, new.columns, strict=True))
                first += len(batch)

    def _open(self):
        return io.BufferedReader(_Utf8(self._path, self._encoding, self._packed))

    def _open_text(self):
        return io.TextIOWrapper(self._open(), encoding="utf-8", newline="")


class _Mended(io.RawIOBase):
    """The rows of values of a layout, without empty fields too many and blank lines."""

    def __init__(self, layout, notes):
        self._rows = layout.mended(notes)
        self._ready = memoryview(b"")

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._ready:
            content = next(self._rows, None)
            if content is None:
                return 0
            self._ready = memoryview(content)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


class _Utf8(io.RawIOBase):
    """A file's text in UTF-8 without a byte order mark, decoded chunk by chunk."""

    def __init__(self, path, encoding, packed):
        self._name = str(path)
        self._encoding = encoding
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed by close)
        self._bytes = gzip.GzipFile(fileobj=self._file) if packed else self._file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._line = 1
        self._begun = self._ended = False
        self._ready = memoryview(b"")
        self._given = self._position = 0
        self._marks = collections.deque()

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def position(self, given):
        """Roughly the position in the file where the first `given` bytes of the text end."""
        while self._marks and self._marks[0][0] <= given:
            self._position = self._marks.popleft()[1]
        return self._position

    def close(self):
        self._file.close()
        super().close()

    def _next(self):
        try:
            chunk = self._bytes.read(_CHUNK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{self._name} is no complete gzip file: {error}.") from error
        self._ended = not chunk
        try:
            text = self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            line = self._line + error.object[: error.start].count(b"\n")
            raise not_in_encoding(self._name, line, self._encoding, error) from error
        self._line += chunk.count(b"\n")
        if text and not self._begun:
            self._begun = True
            text = text.removeprefix(_MARK)
        content = text.encode()
        self._given += len(content)
        self._marks.append((self._given, self._file.tell()))
        return content


def _unreadable(path, error):
    return DataError(f"{path} cannot be read: {error.strerror or error}.")
