"""A file of a table: CSV and its relatives (also gzipped), or Parquet."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from kerakit.data.columns.frames import frame_columns
from kerakit.data.files.delimited import read_delimited
from kerakit.data.files.plain_text import file_bytes, unpacked
from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PARQUET", "TableFile", "read_table_file"]

PARQUET = (".parquet", ".pq")
_EXPECTED = "a file of CSV or Parquet"


@dataclasses.dataclass(frozen=True)
class TableFile:
    """The columns of a file, as they are written there.

    Attributes:
        content: bytes of the file, for its fingerprint.
        columns: dict from column name to Arrow array.
        location: function from a row to its location, such as `"wine.csv, line 18"`.
        hint: str. A sentence to add to an error about columns, or empty.
        typed: bool. `False` for text, where strings may be numbers.
    """

    content: bytes
    columns: dict[str, pa.Array]
    location: Callable[[int], str]
    hint: str = ""
    typed: bool = True


def read_table_file(
    path: pathlib.Path,
    *,
    columns: tuple[str, ...] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
) -> TableFile:
    """Read the columns of a file of CSV (also gzipped, `.gz`) or Parquet (`.parquet`, `.pq`).

    Args:
        path: `pathlib.Path`.
        columns, separator, quote, encoding: as for `read_delimited`; of text only.

    Raises:
        DataError: when the file cannot be read, is empty, or holds no table.
    """
    content = file_bytes(path, _EXPECTED)
    if path.suffix.lower() in PARQUET:
        return _read_parquet(content, path, columns)
    cells, location, hint = read_delimited(
        unpacked(content, path),
        str(path),
        columns=columns,
        separator=separator,
        quote=quote,
        encoding=encoding,
    )
    return TableFile(content, cells, location, hint, typed=False)


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
