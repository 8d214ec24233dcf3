"""Parquet read part by part, in memory that does not grow with the file."""

import collections

from kerakit.errors import DataError

__all__ = ["ParquetStream"]

_ROWS = 1 << 14
# A column of a row group is read in pieces of this size, not as a whole.
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

    def __init__(self, path):
        import pyarrow as pa
        from pyarrow import parquet

        self._path = path
        self._read = 0
        try:
            open(path, "rb").close()  # what cannot be opened is told in plain words
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error
        try:
            self._file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error
        self.names = self._file.schema_arrow.names
        self._rows = self._file.metadata.num_rows
        twice = [name for name, count in collections.Counter(self.names).items() if count > 1]
        if twice:
            raise DataError(f"{path}: two columns have the name {twice[0]!r}. Rename one.")
        if not self._rows:
            raise DataError(f"{path} has columns and no rows. Expected rows of values.")

    def blocks(self, wanted):
        """Yield `(first, columns)`, part by part, as `DelimitedStream.blocks`."""
        import pyarrow as pa

        first = 0
        try:
            for batch in self._file.iter_batches(_ROWS, columns=wanted, use_threads=False):
                yield first, {name: batch.column(name) for name in wanted}
                first = self._read = first + len(batch)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(error) from error

    def place(self, row):
        """Return where the row of this index is, such as `"wine.parquet, row 17 ..."`."""
        return f"{self._path}, row {row} (counted from 0)"

    def share(self):
        """Return how much of the file was read, in [0, 1]."""
        return self._read / self._rows

    def _broken(self, error):
        return DataError(f"{self._path} cannot be read as Parquet: {error}")
