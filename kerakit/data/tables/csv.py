"""Load a table from a file of CSV, JSON lines or Parquet."""

from __future__ import annotations

import itertools
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from kerakit.checks import check, naming
from kerakit.data.columns.column import Texts
from kerakit.data.options import Options, check_text, names
from kerakit.data.table_files.number_cells import NumberCells
from kerakit.data.table_files.table_file import read_table_file
from kerakit.data.tables.assemble import assemble
from kerakit.data.tables.source import read_source
from kerakit.files import fingerprint
from kerakit.status import telling

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_csv", "load_table"]


@telling("Reading {}")
def load_csv(
    path: str | os.PathLike[str],
    target: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    task: Literal["regression", "binary", "multiclass", "multilabel"] | None = None,
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    groups: str | None = None,
    column_types: Mapping[str, str] | None = None,
    na_values: str | Sequence[str] | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    exclude: str | Sequence[str] = (),
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    drop_missing_target: bool = False,
    unit: str | None = None,
    seed: int = 0,
) -> Data:
    """Load a table from a file of CSV, JSON lines or Parquet.

    `load_table` is another name of this function. A column is numeric if all its values are
    numbers; other columns are categorical. A missing number is NaN and a missing string is
    empty, as in a request to the served model. The rows are split at random into training,
    validation and test rows; each split has its proportion of every class. Statistics come from
    the training rows only.

    Args:
        path: str or path. A file of delimited text (also gzipped), of JSON with an object on
            each line (`.jsonl`, `.ndjson`, `.json`), or of Parquet (`.parquet`, `.pq`).
        target: str or sequence of str. The column to predict, or several.
        columns: sequence of str. Names of the columns of a text file without a header.
            Defaults to `None`: the first row has the names.
        task: str. `"regression"`, `"binary"`, `"multiclass"` or `"multilabel"` (several
            targets of 0 and 1). Defaults to `None`: numbers mean regression unless there
            are exactly two, strings mean classes; of several targets of 0 and 1, one-hot ones
            mean classes and others multilabel.
        test, validation: str or path. Files with the same columns. Default to `None`: a
            fraction of the rows of `path` is split off.
        test_size: float in `(0.0, 1.0)`. Fraction of the rows to test on. Defaults to `0.2`.
        validation_size: float in `[0.0, 1.0)`. Fraction of the remaining rows to validate on;
            0 for no validation rows. Defaults to `0.2`.
        groups: str. A column such as a patient or a site: rows of equal value stay in one
            split, and members of a network (`members=`) leave out whole groups. It is not a
            feature. Defaults to `None`.
        column_types: dict from column to `"numeric"`, `"categorical"` or `"date"`, for columns
            whose type is not to be inferred. `"date:%d/%m/%Y"` says how the dates are written, as
            for `datetime.strptime`; `"date:day first"` and `"date:month first"` say which number
            comes first in 03/05/2024. Defaults to `None`.
        na_values: str or sequence of str that stand for missing values, in addition to the
            usual ones: the empty cell, `?`, `NA`, `NaN`, `null`, `None` and their like; and `-`,
            `.`, `none`, `missing` and their like in columns whose other cells are numbers. Where
            `NA` or `None` is a category, pass `[]`: then only an empty cell is missing. Defaults
            to `None`: the usual ones.
        decimal: str. The character before the fraction of the numbers in a text file, as in
            `pandas.read_csv`. Defaults to `"."`.
        thousands: str. The character between thousands there. Defaults to `None`.
        exclude: str or sequence of str. Columns to leave out. Defaults to `()`.
        rename_labels: dict from label to label. Each label of the target that is a key is
            replaced by its value. Defaults to `None`.
        pos_label: str. Which of two labels is the positive one. Defaults to `None`: the
            second in order.
        separator: str of one character. Defaults to `None`: comma, semicolon, tab or bar,
            whichever the file has.
        quote: str of one character, or `None` for no quoting. Defaults to `'"'`.
        encoding: str. Defaults to `"utf-8"`.
        drop_missing_target: bool. Whether to leave out rows without a target, with a warning
            that counts them. Defaults to `False`: such rows are an error.
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
        decimal=decimal,
        thousands=thousands,
        exclude=exclude,
        rename_labels=rename_labels,
        pos_label=pos_label,
        drop_missing_target=drop_missing_target,
        unit=unit,
        seed=seed,
    )
    files = {"path": path, "validation": validation, "test": test}
    for parameter, file in files.items():
        ok = isinstance(file, (str, os.PathLike)) or (file is None and parameter != "path")
        check(ok, owner, parameter, "a str or a path", file)
    targets = names(owner, "target", target)
    columns = None if columns is None else names(owner, "columns", columns)
    check_text(owner, separator, quote, encoding)
    text = {"columns": columns, "separator": separator, "quote": quote, "encoding": encoding}
    text["decimal"] = decimal
    named = {*targets, *options.exclude, *options.column_types, groups}
    sources, parts = {}, []
    texts = {groups, *(name for name, kind in options.column_types.items() if kind != "numeric")}
    texts.update(targets if options.rename_labels else ())
    with naming(owner):
        for parameter, file in files.items():
            if file is None:
                continue
            split = "train" if parameter == "path" else parameter
            cells = NumberCells(texts, targets, options.na_values, decimal)
            text["cells"] = cells if thousands is None else None
            read = read_table_file(pathlib.Path(file), **text)
            parts += [read.parts()]
            table = read.without_index(named)
            sources[split] = read_source(
                table,
                targets,
                options,
                name=str(file),
                location=read.location,
                groups=groups if split == "train" or groups in table else None,
                typed=read.typed,
                hint=read.hint,
                training=split == "train",
            )
            features = sources["train"].features.items()  # other files are read alike
            texts.update(name for name, column in features if isinstance(column, Texts))
        del read, table  # what is in the sources needs no second place in memory
        digest = fingerprint(itertools.chain.from_iterable(parts))
        return assemble(sources, options, dataset=pathlib.Path(path).name, digest=digest)


load_table = load_csv
