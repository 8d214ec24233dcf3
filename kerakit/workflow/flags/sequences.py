"""The flags of recipes that read series, labelled sequences, texts or tagged sentences."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

from kerakit.workflow.flags.run import AS_TEXT, RunFlags

__all__ = ["SequenceFlags", "SeriesFlags", "TaggedFlags", "TextFlags"]

Scheme = Annotated[Literal["iob1", "iob2", "iobes"] | None, AS_TEXT]
Gaps = Annotated[Literal["auto", "error", "fill", "ignore"] | None, AS_TEXT]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesFlags(RunFlags):
    """The flags of a recipe that reads one or several series to forecast."""

    series: str | None = None
    """Path of your own CSV or Parquet file, with a row for each step. It is read instead of
    --dataset."""
    value: str | None = None
    """Column to forecast. Separate several columns by commas. Default: the only numeric
    column."""
    time: str | None = None
    """Column of the times, or several that make one time, such as Date,Time or year,month,day.
    Default: the only column of dates, if there is one."""
    id: str | None = None
    """Column that tells several series of one file apart; several columns, separated by commas."""
    covariates: str | None = None
    """Columns of further numbers that are known up to the end of the window, separated by
    commas."""
    future: str | None = None
    """The same, known up to the end of the horizon, such as a planned promotion."""
    static: str | None = None
    """Columns that a series has once, such as the kind of a shop, separated by commas."""
    window: int | None = None
    """Number of past steps that the model sees. Default: two seasons or four horizons."""
    horizon: int | None = None
    """Number of future steps that the model forecasts. Default: one season."""
    stride: int | None = None
    """Number of steps between the starts of two training windows. Default: 1."""
    calendar: str | None = None
    """Calendar features of the model: day, week, year, separated by commas."""
    season: int | None = None
    """Number of steps after which the pattern repeats. Default: it follows from the times."""
    gaps: Gaps = None
    """Treatment of missing steps: auto, error, fill or ignore. Default: auto, which takes up to one
    in a hundred for missing values."""
    test: str | None = None
    """Path of a file of a later series to test on. Default: the end of --series."""
    validation: str | None = None
    """Path of a file of a series to validate on. Default: the steps before the test."""
    test_size: float | None = None
    """Fraction of the steps to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other steps to validate on. Default: 0.2."""
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
    unit: str | None = None
    """Unit of the values. The report shows it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceFlags(RunFlags):
    """The flags of a recipe that reads labelled sequences."""

    ts: str | None = None
    """Path of your own .ts or .tsv file, the formats of the UCR and UEA archives; with --id of a
    table with a row for each step. It is read instead of --dataset."""
    id: str | None = None
    """Column of a table that tells which sequence a row belongs to."""
    time: str | None = None
    """Column of a table that orders the rows of a sequence. Default: their order."""
    target: str | None = None
    """Column of the labels of a table. Default: label."""
    value: str | None = None
    """Columns of the values of a table, separated by commas. Default: all other numbers."""
    task: str | None = None
    """regression to predict the labels as numbers; binary or multiclass. Default: classes, but
    for a .ts file whose header says that its labels are numbers."""
    test: str | None = None
    """Path of a file of test sequences. Default: some sequences of --ts."""
    validation: str | None = None
    """Path of a file of validation sequences. Default: some sequences of --ts."""
    test_size: float | None = None
    """Fraction of the sequences to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other sequences to validate on. Default: 0.2."""
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
    rename_labels: str | None = None
    """JSON object from labels to new labels, such as '{"1": "walking"}'."""
    pos_label: str | None = None
    """Which of two labels is the positive one. Default: the second in order."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextFlags(RunFlags):
    """The flags of a recipe that reads labelled texts."""

    dataset: str = ""
    """Name of a built-in data set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets."""
    text: str | None = None
    """Path of your own file of CSV, TSV, JSON lines or Parquet, or of a folder with a subfolder of
    texts for each class. It is read instead of --dataset."""
    text_column: str | None = None
    """Column of the texts, or columns of their parts, separated by commas, such as title,body.
    Default: text."""
    target: str | None = None
    """Column of the labels, or columns of 0 and 1, separated by commas. Default: label."""
    label_separator: str | None = None
    """Character between the labels of a text in one column. Default: a text has one label, or a
    list of labels in JSON or Parquet."""
    columns: str | None = None
    """Column names of a file without a header, separated by commas."""
    encoding: str | None = None
    """Encoding of the files. Default: utf-8."""
    separator: str | None = None
    """Character between fields, or tab or space. Default: it is detected."""
    quote: str | None = None
    """Character around fields that hold separators, or none. Default: it is detected."""
    test: str | None = None
    """Path of a file or folder of test texts. Default: some texts of --text."""
    validation: str | None = None
    """Path of a file or folder of validation texts. Default: some texts of --text."""
    test_size: float | None = None
    """Fraction of the texts to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other texts to validate on. Default: 0.2."""
    groups: str | None = None
    """Column of groups. All texts of a group come into the same split."""
    rename_labels: str | None = None
    """JSON object from labels to new labels, such as '{"1": "spam"}'."""
    pos_label: str | None = None
    """Which of two labels is the positive one. Default: the second in order."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaggedFlags(RunFlags):
    """The flags of a recipe that reads tagged sentences."""

    tagged: str | None = None
    """Path of your own CoNLL or CoNLL-U file, or of a table of CSV, JSON lines or Parquet with a
    row for each token. It is read instead of --dataset."""
    token: str | None = None
    """Column of the tokens: a name, or a number that counts from 0. Default: the first column,
    or form."""
    tag: str | None = None
    """Column of the tags: a name, or a number that counts from 0. Default: the last column, or
    upos."""
    id: str | None = None
    """Column of a table that tells sentences apart. Default: one with a usual name, such as
    Sentence #."""
    scheme: Scheme = None
    """Scheme into which tags of entities are converted: iob1, iob2 or iobes. Default: they stay
    as they are."""
    columns: str | None = None
    """Column names of the file, separated by commas."""
    separator: str | None = None
    """Character between the fields of CSV, or tab. Default: it is detected."""
    quote: str | None = None
    """Character around fields of CSV that hold separators, or none. Default: the double quote."""
    encoding: str | None = None
    """Encoding of the files. Default: utf-8."""
    test: str | None = None
    """Path of a file of test sentences. Default: some sentences of --tagged."""
    validation: str | None = None
    """Path of a file of validation sentences. Default: some sentences of --tagged."""
    test_size: float | None = None
    """Fraction of the sentences to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other sentences to validate on. Default: 0.2."""
    rename_labels: str | None = None
    """JSON object from tags to new tags, such as '{"NNS": "NN"}'."""
