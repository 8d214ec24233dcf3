"""A file of a table: CSV and its relatives (also gzipped), JSON lines, or Parquet."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

from kerakit.data.columns.column import Encoded
from kerakit.data.columns.frames import frame_columns, is_text
from kerakit.data.files.plain_text import check_file, decode, file_bytes, in_utf8, unpacked
from kerakit.data.files.signature import HEAD, is_parquet
from kerakit.data.table_files.delimited import read_delimited
from kerakit.data.table_files.gather import gather
from kerakit.data.table_files.json_rows import JSON, is_json, read_json
from kerakit.data.table_files.number_cells import NumberCells
from kerakit.errors import DataError
from kerakit.warn import warn

__all__ = ["PARQUET", "TableFile", "read_table_file"]

PARQUET = (".parquet", ".pq")
_ROWS = 1 << 14  # of a batch
_COLUMNS = 8  # that are read at once: each has buffers of about 2 MB
_BUFFER = 1 << 18  # bytes of a column that are read at once, instead of the whole column
_EXPECTED = "a file of CSV, JSON lines or Parquet"


@dataclasses.dataclass(frozen=True)
class TableFile:
    """The columns of a file, as they are written there.

    Attributes:
        content: bytes of the file, or the path of a file whose bytes are not in memory.
        columns: dict from column name to what `read_column` takes.
        location: function from a row to its location, such as `"wine.csv, line 18"`.
        hint: str. A sentence to add to an error about columns, or empty.
        typed: bool. `False` for text, where strings may be numbers.
        unnamed: tuple of strings. The columns to which the file gives no name.
    """

    content: bytes | pathlib.Path
    columns: dict[str, Any]
    location: Callable[[int], str]
    hint: str = ""
    typed: bool = True
    unnamed: tuple[str, ...] = ()

    def parts(self) -> Iterator[Any]:
        """Yield the bytes of the file for its `fingerprint`."""
        if isinstance(self.content, bytes):
            yield self.content
        else:
            with open(self.content, "rb") as file:
                yield file

    def without_index(self, named: Collection[str] = ()) -> dict[str, Any]:
        """Return the columns without the index that `DataFrame.to_csv` writes.

        The index is a first column without a name whose values are whole numbers, all different.

        Args:
            named: collection of strings. Columns that the user names. They are kept.
        """
        first = next(iter(self.columns))
        if first not in self.unnamed or first in named or len(self.columns) < 2:
            return self.columns
        if not _numbers_rows(self.columns[first]):
            return self.columns
        warn(
            f"{self.location(0)}: the first column has no name and numbers the rows, as the index "
            "that DataFrame.to_csv writes. It is left out. To keep it, give it a name."
        )
        return {name: values for name, values in self.columns.items() if name != first}


def read_table_file(
    path: pathlib.Path,
    *,
    columns: tuple[str, ...] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    decimal: str = ".",
    cells: NumberCells | None = None,
    lists: Collection[str] = (),
    needed: Collection[str] | None = None,
) -> TableFile:
    """Read the columns of a file of CSV (also gzipped), JSON lines or Parquet.

    The first bytes of a file tell whether it is Parquet, JSON or gzipped, whatever its name.

    Args:
        path: `pathlib.Path`.
        columns, separator, quote, encoding, decimal, cells: as for `read_delimited`; of text only.
        lists, needed: as for `read_json`; of JSON only.

    Raises:
        DataError: when the file cannot be read, is empty, or holds no table.
    """
    head = check_file(path, _EXPECTED)
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if is_parquet(head) or path.suffix.lower() in PARQUET:
        return _read_parquet(path, columns, cells)
    content = file_bytes(path, _EXPECTED)
    text = unpacked(content, path)
    if suffixes & {*JSON} or is_json(text[:HEAD]):
        if columns is not None:
            raise DataError(f"{path}: JSON names its columns itself. Leave out columns=.")
        if b"\0" in text:
            decode(text, str(path), encoding)  # says where
        content_utf8 = in_utf8(text, str(path), encoding)
        values, location = read_json(content_utf8, str(path), lists, needed)
        return TableFile(content, values, location)
    read = read_delimited(
        text,
        str(path),
        columns=columns,
        separator=separator,
        quote=quote,
        encoding=encoding,
        decimal=decimal,
        cells=cells,
    )
    return TableFile(content, read.columns, read.location, read.hint, False, read.unnamed)


def _numbers_rows(values):
    """Whether texts are whole numbers, all different."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = values.values.cast(pa.string()) if isinstance(values, Encoded) else values
    try:
        numbers = pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return False
    return pc.count_distinct(numbers).as_py() == len(numbers)


def _read_parquet(path, columns, cells):
    import pyarrow as pa
    from pyarrow import parquet

    if columns is not None:
        raise DataError(f"{path}: a Parquet file names its columns itself. Leave out columns=.")
    try:
        schema = parquet.read_schema(path)
        names = list(frame_columns(schema.empty_table(), str(path)))
        schema = pa.schema([schema.field(name) for name in names])
        texts = [field.name for field in schema if is_text(field.type)]
        with parquet.ParquetFile(
            path,
            read_dictionary=None if cells is None else texts,
            buffer_size=_BUFFER,
            pre_buffer=False,
        ) as file:
            rows, columns = file.metadata.num_rows, {}
            for first in range(0, len(names), _COLUMNS):
                some = names[first : first + _COLUMNS]
                batches = file.iter_batches(_ROWS, columns=some, use_threads=False)
                kinds = pa.schema([file.schema_arrow.field(name) for name in some])
                if cells is None:
                    table = pa.Table.from_batches([batch.select(some) for batch in batches], kinds)
                    columns |= zip(some, table.columns, strict=True)
                else:
                    exact = {*cells.texts, *cells.exact}
                    columns |= gather(batches, kinds, rows, exact, texts)[0]
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    if not rows:
        raise DataError(f"{path} has columns and no rows. Expected at least two rows of values.")

    def location(row):
        return f"{path}, row {row} (counted from 0)"

    return TableFile(path, columns, location)
