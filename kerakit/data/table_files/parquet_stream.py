"""Parquet that is read block by block: memory does not grow with the file."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerakit.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetStream"]

_ROWS = 1 << 14
# A column of a row group is read in pieces of so many bytes, not as a whole.
_BUFFER = 1 << 18


class ParquetStream:
    """The rows of a Parquet file.

    Args:
        path: `pathlib.Path` of the file.

    Attributes:
        names: list of strings. The columns' names.
        hint: an empty string, as `DelimitedStream` has one.
        typed: `True`: strings are strings.

    Raises:
        DataError: when the file is no Parquet, has no rows, or two columns of one name.
    """

    typed = True
    hint = ""

    def __init__(self, path: pathlib.Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._path = path
        self._read = 0
        try:
            open(path, "rb").close()  # pyarrow's error would not say why a file cannot be opened
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error
        try:
            self._file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error
        self.names = self._file.schema_arrow.names
        self._rows = self._file.metadata.num_rows
        repeated = [name for name, count in collections.Counter(self.names).items() if count > 1]
        if repeated:
            raise DataError(f"{path}: two columns have the name {repeated[0]!r}. Rename one.")
        if not self._rows:
            raise DataError(f"{path} has columns and no rows. Expected rows of values.")

    def blocks(self, wanted: list[str]) -> Iterator[tuple[int, dict[str, pa.Array]]]:
        """Yield `(first, columns)`, block by block, as `DelimitedStream.blocks`."""
        import pyarrow as pa

        first = 0
        try:
            for batch in self._file.iter_batches(_ROWS, columns=wanted, use_threads=False):
                yield first, {name: batch.column(name) for name in wanted}
                first = self._read = first + len(batch)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error

    def location(self, row: int) -> str:
        """Return where the row of this index is, such as `"wine.parquet, row 17 ..."`."""
        return f"{self._path}, row {row} (counted from 0)"

    def fraction_read(self) -> float:
        """Return the fraction of the file that was read, in [0, 1]."""
        return self._read / self._rows

    def _broken(self, error):
        return DataError(f"{self._path} cannot be read as Parquet: {error}")
