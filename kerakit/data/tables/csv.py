"""Tables in files: CSV and its relatives, and Parquet."""

import os
import pathlib

from kerakit.checks import check
from kerakit.data.files.plain_text import is_encoding
from kerakit.data.files.table_file import read_table_file
from kerakit.data.options import Options, names
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.files import fingerprint

__all__ = ["load_csv", "load_table"]


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
    Data 'shop.csv': regression
      rows: train 38, validation 10, test 12
      1 categorical feature: state (2 values)
      target: sales in EUR (mean ..., std ...)
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
    check(is_encoding(encoding), owner, "encoding", "the name of an encoding", encoding)
    text = {"columns": columns, "separator": separator, "quote": quote, "encoding": encoding}
    sources, contents = {}, []
    for parameter, file in files.items():
        if file is None:
            continue
        split = "train" if parameter == "path" else parameter
        read = read_table_file(pathlib.Path(file), **text)
        contents.append(read.content)
        sources[split] = read_source(
            read.columns,
            targets,
            options,
            name=str(file),
            place=read.place,
            groups=groups if split == "train" or groups in read.columns else None,
            typed=read.typed,
            hint=read.hint,
            training=split == "train",
        )
    return assemble(sources, options, dataset=pathlib.Path(path).name, digest=fingerprint(contents))


load_table = load_csv
