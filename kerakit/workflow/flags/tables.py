"""The flags of recipes that read a table."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

from kerakit.workflow.flags.run import AS_TEXT, RunFlags

__all__ = ["TableFlags"]

Task = Annotated[Literal["regression", "binary", "multiclass", "multilabel"] | None, AS_TEXT]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableFlags(RunFlags):
    """The flags of a recipe that reads a table."""

    dataset: str = ""
    """Name of a built-in data set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets."""
    csv: str | None = None
    """Path of your own file of CSV, JSON lines or Parquet. It is read instead of --dataset."""
    target: str | None = None
    """Column to predict. Separate several columns by commas."""
    columns: str | None = None
    """Column names of a file without a header, separated by commas."""
    test: str | None = None
    """Path of a file of test rows. Default: some rows of --csv."""
    validation: str | None = None
    """Path of a file of validation rows. Default: some rows of --csv."""
    test_size: float | None = None
    """Fraction of the rows to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other rows to validate on. Default: 0.2."""
    task: Task = None
    """regression, binary, multiclass or multilabel. Default: it follows from the target."""
    na_values: str | None = None
    """Strings that are missing values beside NA and the like, separated by commas; "" for none."""
    decimal: str | None = None
    """Character before the fraction of a number. Default: a point."""
    thousands: str | None = None
    """Character between thousands in a number. Default: none."""
    separator: str | None = None
    """Character between fields, or tab. Default: it is detected."""
    quote: str | None = None
    """Character around fields that hold separators, or none. Default: the double quote."""
    encoding: str | None = None
    """Encoding of the files, such as latin-1. Default: utf-8."""
    column_types: str | None = None
    """Columns with their type: numeric, categorical, date, or date: and the format of the dates,
    such as zip=categorical,day=date:%d/%m/%Y. A JSON object will do as well."""
    groups: str | None = None
    """Column of groups. All rows of a group come into the same split."""
    exclude: str | None = None
    """Columns that are not used as features, separated by commas."""
    rename_labels: str | None = None
    """JSON object from labels to new labels, such as '{"yes.": "yes"}'."""
    drop_missing_target: bool = False
    """Leave out rows without a target, with a warning that counts them."""
    pos_label: str | None = None
    """Which of two labels is the positive one. Default: the second in order."""
    unit: str | None = None
    """Unit of a numeric target. The report shows it."""
