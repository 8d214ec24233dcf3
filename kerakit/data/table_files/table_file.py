"""A file of a table: CSV and its relatives (also gzipped), JSON lines, or Parquet."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from kerakit.data.columns.frames import frame_columns
from kerakit.data.files.plain_text import decode, file_bytes, unpacked
from kerakit.data.files.signature import HEAD, is_parquet
from kerakit.data.table_files.delimited import read_delimited
from kerakit.data.table_files.json_rows import JSON, is_json, read_json
from kerakit.data.table_files.number_cells import NumberCells
from kerakit.errors import DataError
from kerakit.warn import warn

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PARQUET", "TableFile", "read_table_file"]

PARQUET = (".parquet", ".pq")
_EXPECTED = "a file of CSV, JSON lines or Parquet"


@dataclasses.dataclass(frozen=True)
class TableFile:
    """The columns of a file, as they are written there.

    Attributes:
        content: bytes of the file, for its fingerprint.
        columns: dict from column name to Arrow array.
        location: function from a row to its location, such as `"wine.csv, line 18"`.
        hint: str. A sentence to add to an error about columns, or empty.
        typed: bool. `False` for text, where strings may be numbers.
        unnamed: tuple of strings. The columns to which the file gives no name.
    """

    content: bytes
    columns: dict[str, pa.Array]
    location: Callable[[int], str]
    hint: str = ""
    typed: bool = True
    unnamed: tuple[str, ...] = ()

    def without_index(self, named: Collection[str] = ()) -> dict[str, pa.Array]:
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
) -> TableFile:
    """Read the columns of a file of CSV (also gzipped), JSON lines or Parquet.

    The first bytes of a file tell whether it is Parquet, JSON or gzipped, whatever its name.

    Args:
        path: `pathlib.Path`.
        columns, separator, quote, encoding, decimal, cells: as for `read_delimited`; of text only.

    Raises:
        DataError: when the file cannot be read, is empty, or holds no table.
    """
    content = file_bytes(path, _EXPECTED)
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if is_parquet(content) or path.suffix.lower() in PARQUET:
        return _read_parquet(content, path, columns)
    text = unpacked(content, path)
    if suffixes & {*JSON} or is_json(text[:HEAD]):
        if columns is not None:
            raise DataError(f"{path}: JSON names its columns itself. Leave out columns=.")
        values, places = read_json(decode(text, str(path), encoding).encode(), str(path))
        return TableFile(content, values, places.__getitem__)
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

    try:
        numbers = pc.cast(pc.cast(values, pa.string()), pa.int64())
    except pa.ArrowInvalid:
        return False
    return pc.count_distinct(numbers).as_py() == len(numbers)


def _read_parquet(content, path, columns):
    import pyarrow as pa
    from pyarrow import parquet

    if columns is not None:
        raise DataError(f"{path}: a Parquet file names its columns itself. Leave out columns=.")
    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    if not len(table):
        raise DataError(f"{path} has columns and no rows. Expected at least two rows of values.")

    def location(row):
        return f"{path}, row {row} (counted from 0)"

    return TableFile(content, frame_columns(table, str(path)), location)
