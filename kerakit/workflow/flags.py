"""The flags that recipes share: the flags of a run, and the flags of each kind of data.

A recipe's `Config` derives from one class of data flags. The text below a field is its help.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import tyro

__all__ = [
    "AS_TEXT",
    "Encoder",
    "ImageFlags",
    "RunFlags",
    "SequenceFlags",
    "SeriesFlags",
    "TableFlags",
    "TaggedFlags",
    "TextFlags",
]

# Editors and type checkers know the choices. The command line takes any text, so that a wrong
# choice gets the error of the function that checks it: one line, with the nearest choice.
AS_TEXT = tyro.conf.arg(
    constructor=str,
    help_behavior_hint=lambda default: "(default: " + default.strip("[]'") + ")",  # not a list
)
Encoder = Annotated[Literal["lstm", "gru", "rnn", "conv", "transformer"], AS_TEXT]
Gaps = Annotated[Literal["error", "fill", "ignore"] | None, AS_TEXT]
# `--tensorboard` may have a folder behind it; alone it is the empty text.
OptionalFolder = Annotated[
    str | None,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs="*",
        metavar="[DIR]",
        instance_from_str=lambda words: " ".join(words),
        is_instance=lambda value: value is None or isinstance(value, str),
        str_from_instance=lambda value: [] if value == "" else [str(value)],
    ),
]
Precision = Annotated[Literal["auto", "float32", "mixed_bfloat16"], AS_TEXT]
Task = Annotated[Literal["regression", "binary", "multiclass", "multilabel"] | None, AS_TEXT]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFlags:
    """The flags of a run, which all recipes have."""

    name: str | None = None
    """Name of the run and of the served model. Default: the name of the data."""
    out: str = "saved_models"
    """Folder that the model is exported to."""
    runs: str = "runs"
    """Folder that the report and the other files of the run are written to."""
    epochs: int = 100
    """Maximum number of epochs. Early stopping may end the training before."""
    batch_size: int | None = None
    """Number of rows in a training step. Default: the preset's."""
    learning_rate: float | None = None
    """Highest learning rate of the schedule. Default: the preset's."""
    find_learning_rate: bool = False
    """Test learning rates, show a suggestion and its figure, and train nothing."""
    tensorboard: OptionalFolder = None
    """Log for TensorBoard, in this folder. Default folder: tensorboard, in the run's folder."""
    preset: str | None = None
    """Name of a compile preset; `kerakit list presets` shows them. Default: the task's."""
    precision: Precision = "auto"
    """Number format of the training: auto, float32 or mixed_bfloat16."""
    calibrate: bool = True
    """Calibrate the answers: intervals or sets with the true value, and probabilities."""
    coverage: float = 0.9
    """How often intervals and sets have the true value."""
    seed: int = 0
    """Random seed of the split, of the initial weights and of the order of rows."""
    cache_mb: int = 512
    """Memory that the preprocessed data may take, in MiB."""
    resume: bool = True
    """Continue an unfinished run of the same name."""
    dataset: str = ""
    """Name of a built-in data set."""


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageFlags(RunFlags):
    """The flags of a recipe that reads images."""

    dataset: str = ""
    """Name of a built-in data set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets."""
    images: str | None = None
    """Path of your own folder, with a subfolder for each class. It is read instead of
    --dataset."""
    image_size: int | None = None
    """Height and width that images are resized to, in pixels. Default: the size of the data."""
    test: str | None = None
    """Path of a folder of test images. Default: some images of --images."""
    validation: str | None = None
    """Path of a folder of validation images. Default: some images of --images."""
    test_size: float | None = None
    """Fraction of the images to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other images to validate on. Default: 0.2."""
    rename_labels: str | None = None
    """JSON object from labels to new labels, such as '{"cats": "cat"}'."""
    pos_label: str | None = None
    """Which of two labels is the positive one. Default: the second in order."""
    max_unreadable: float | None = None
    """Largest fraction of images that cannot be read. They are left out. Default: 0.1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesFlags(RunFlags):
    """The flags of a recipe that reads a series to forecast."""

    series: str | None = None
    """Path of your own CSV or Parquet file, with a row for each step. It is read instead of
    --dataset."""
    value: str | None = None
    """Column to forecast. Separate several columns by commas. Default: the only numeric
    column."""
    time: str | None = None
    """Column of the times. Default: the only column of dates, if there is one."""
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
    """Treatment of missing steps: error, fill or ignore. Default: error."""
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
    """Path of your own .ts file, the format of the UCR and UEA archives. It is read instead of
    --dataset."""
    test: str | None = None
    """Path of a .ts file of test sequences. Default: some sequences of --ts."""
    validation: str | None = None
    """Path of a .ts file of validation sequences. Default: some sequences of --ts."""
    test_size: float | None = None
    """Fraction of the sequences to test on. Default: 0.2."""
    validation_size: float | None = None
    """Fraction of the other sequences to validate on. Default: 0.2."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextFlags(RunFlags):
    """The flags of a recipe that reads labelled texts."""

    dataset: str = ""
    """Name of a built-in data set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS data sets."""
    text: str | None = None
    """Path of your own CSV or TSV file, or of a folder with a subfolder of texts for each
    class. It is read instead of --dataset."""
    text_column: str | None = None
    """Column of the texts. Default: text."""
    target: str | None = None
    """Column of the labels. Default: label."""
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
    """Path of your own CoNLL or CoNLL-U file. It is read instead of --dataset."""
    token: str | None = None
    """Column of the tokens: a name, or a number that counts from 0. Default: the first column,
    or form."""
    tag: str | None = None
    """Column of the tags: a name, or a number that counts from 0. Default: the last column, or
    upos."""
    columns: str | None = None
    """Column names of the file, separated by commas."""
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
