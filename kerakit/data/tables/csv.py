"""Tables in files: CSV and its relatives, and Parquet."""

import gzip
import hashlib
import os
import pathlib
import zlib

from kerakit.checks import check
from kerakit.data.files.delimited import read_delimited
from kerakit.data.names import near_match
from kerakit.data.options import Options, names
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.errors import DataError

__all__ = ["load_csv", "load_table"]

_PARQUET = (".parquet", ".pq")


def load_csv(
    path,
    target,
    *,
    columns=None,
    task=None,
    test=None,
    validation=None,
    test_size=0.2,
    validation_size=0.2,
    groups=None,
    column_types=None,
    na_values=None,
    exclude=(),
    rename_labels=None,
    pos_label=None,
    separator=None,
    quote='"',
    encoding="utf-8",
    unit=None,
    seed=0,
):
    """Load a table from a CSV or Parquet file.

    Columns whose values are all numbers are numeric, others are categories; missing
    numbers are NaN and missing strings are empty, as they are in a request to the served
    model. The rows are split at random into training, validation and test rows, for
    classes in equal proportions, and statistics come from the training rows only.

    Args:
        path: str or path. A file of delimited text (also gzipped, `.gz`), or of Parquet
            (`.parquet`, `.pq`).
        target: str or sequence of str. The column to predict, or several.
        columns: sequence of str. Names of the columns of a text file without a header.
            Defaults to `None`: the first row has them.
        task: str. `"regression"`, `"binary"`, `"multiclass"` or `"multilabel"` (several
            targets of 0 and 1). Defaults to `None`: numbers mean regression unless there
            are exactly two, strings mean classes.
        test, validation: str or path. Files with the same columns. Defaults to `None`: a
            part of `path` is split off.
        test_size: float in `(0.0, 1.0)`. Share of the rows to test on. Defaults to `0.2`.
        validation_size: float in `[0.0, 1.0)`. Share of the other rows to validate on; 0
            for none. Defaults to `0.2`.
        groups: str. A column whose rows of equal value stay in one split (patients, sites);
            it is not a feature. Defaults to `None`.
        column_types: dict from column to `"numeric"` or `"categorical"`, instead of what is
            inferred. Defaults to `None`.
        na_values: str or sequence of str that stand for missing values beside the empty
            cell. Defaults to `None`: `?`, `NA`, `NaN`, `null`, `None` and their like.
        exclude: str or sequence of str. Columns to leave out. Defaults to `()`.
        rename_labels: dict from label to label, applied to the target wherever its keys occur.
            Defaults to `None`.
        pos_label: str. Which of two labels is the positive one. Defaults to `None`: the
            second in order.
        separator: str of one character. Defaults to `None`: found among comma, semicolon,
            tab and bar.
        quote: str of one character, or `None` for no quoting. Defaults to `'"'`.
        encoding: str. Defaults to `"utf-8"`.
        unit: str. Unit of a numeric target, for reports. Defaults to `None`.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.

    Returns:
        `Data`.

    Raises:
        DataError: when a file, column, row or label cannot be used; the message has the
            file and the line (of a Parquet file the row, counted from 0).
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "shop.csv")
    >>> lines = [f"{day},{'open' if day % 3 else 'shut'},{2.5 * day}" for day in range(60)]
    >>> _ = path.write_text("\\n".join(["day since start,state,sales", *lines]))
    >>> data = load_csv(path, target="sales", exclude="day since start", unit="EUR")
    >>> data
    Data(regression, 1 features, train=38, validation=10, test=12)
    >>> data.spec.features[0].vocabulary
    ('open', 'shut')
    """
    owner = "load_csv"
    options = Options(
        owner=owner,
        task=task,
        test_size=test_size,
        validation_size=validation_size,
        column_types=column_types,
        na_values=na_values,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        unit=unit,
        seed=seed,
    )
    files = {"path": path, "validation": validation, "test": test}
    for parameter, file in files.items():
        ok = isinstance(file, (str, os.PathLike)) or (file is None and parameter != "path")
        check(ok, owner, parameter, "a str or a path", file)
    targets = names(owner, "target", target)
    columns = None if columns is None else names(owner, "columns", columns)
    for parameter, value in (("separator", separator), ("quote", quote)):
        one = value is None or (isinstance(value, str) and len(value) == 1)
        check(one, owner, parameter, "a str of one character, or None", value)
    check(_is_encoding(encoding), owner, "encoding", "the name of an encoding", encoding)
    text = {"columns": columns, "separator": separator, "quote": quote, "encoding": encoding}
    digest = hashlib.sha256()
    sources = {}
    for parameter, file in files.items():
        if file is None:
            continue
        split = "train" if parameter == "path" else parameter
        content, read = _read_file(pathlib.Path(file), text)
        digest.update(content)
        in_split = groups if split == "train" or groups in read["columns"] else None
        sources[split] = read_source(
            targets=targets,
            options=options,
            name=str(file),
            groups=in_split,
            training=split == "train",
            **read,
        )
    return assemble(
        sources, options, dataset=pathlib.Path(path).name, fingerprint=digest.hexdigest()
    )


load_table = load_csv


def _read_file(path, text):
    """Return the bytes of a file, and what `read_source` wants to know about it."""
    if path.is_dir():
        raise DataError(f"{path} is a folder. Expected a file of CSV or Parquet.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        beside = os.listdir(path.parent) if path.parent.is_dir() else ()
        raise DataError(f"{path}: no such file.{near_match(path.name, beside)}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not content:
        raise DataError(f"{path} is empty. Expected rows of values.")
    if path.suffix.lower() in _PARQUET:
        return content, _read_parquet(content, path, text["columns"])
    plain = content
    if path.suffix.lower() == ".gz":
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is no complete gzip file: {error}.") from error
    columns, place, hint = read_delimited(plain, str(path), **text)
    return content, {"columns": columns, "place": place, "hint": hint, "typed": False}


def _read_parquet(content, path, columns):
    import pyarrow as pa
    from pyarrow import parquet

    from kerakit.data.columns.frames import frame_columns

    if columns is not None:
        raise DataError(f"{path}: a Parquet file names its columns itself. Leave out columns=.")
    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    if not len(table):
        raise DataError(f"{path} has columns and no rows. Expected at least two rows of values.")
    return {
        "columns": frame_columns(table, str(path)),
        "place": lambda row: f"{path}, row {row} (counted from 0)",
    }


def _is_encoding(name):
    try:
        "".encode(name)
    except (LookupError, TypeError):
        return False
    return True
