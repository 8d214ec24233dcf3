"""The flags that recipes share."""

import dataclasses

__all__ = [
    "ImageFlags",
    "RunFlags",
    "SequenceFlags",
    "SeriesFlags",
    "TableFlags",
    "TaggedFlags",
    "TextFlags",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TableFlags:
    """Flags that say what table to read."""

    dataset: str = ""
    """A built-in set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS sets."""
    csv: str | None = None
    """Your own CSV or Parquet file, instead of --dataset."""
    target: str | None = None
    """Column to predict; several with commas between."""
    columns: str | None = None
    """Names of the columns of a file without a header, with commas between."""
    test: str | None = None
    """File of test rows; else a part is split off."""
    validation: str | None = None
    """File of validation rows; else a part is split off."""
    task: str | None = None
    """regression, binary, multiclass or multilabel, where it is not to be inferred."""
    na_values: str | None = None
    """What stands for a missing value, with commas between."""
    groups: str | None = None
    """Column whose rows of one value stay on one side of the split."""
    exclude: str | None = None
    """Columns to leave out, with commas between."""
    rename_labels: str | None = None
    """JSON object that maps labels to labels, such as '{"yes.": "yes"}'."""
    unit: str | None = None
    """Unit of a numeric target, for the report."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageFlags:
    """Flags that say what images to read."""

    dataset: str = ""
    """A built-in set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS sets."""
    images: str | None = None
    """Your own folder, with a folder of images per class, instead of --dataset."""
    image_size: int | None = None
    """Height and width that images are resized to; by default the data's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeriesFlags:
    """Flags that say what series to forecast."""

    dataset: str = ""
    """A built-in set."""
    series: str | None = None
    """Your own CSV or Parquet file with a row for each step, instead of --dataset."""
    value: str | None = None
    """Column to forecast; several with commas between. By default the only one with numbers."""
    time: str | None = None
    """Column of the times; by default the only one with dates, if there is one."""
    window: int | None = None
    """Steps that a forecast is made from; by default two seasons or four horizons."""
    horizon: int | None = None
    """Steps to forecast; by default one season."""
    stride: int | None = None
    """Steps from one training window to the next; by default 1."""
    calendar: str | None = None
    """Cycles whose phase the model is told: day, week or year, with commas between."""
    season: int | None = None
    """Steps after which the pattern repeats; by default told by the times."""
    gaps: str | None = None
    """error, fill or ignore: what to do where steps are missing; by default error."""
    test: str | None = None
    """File of a later series to test on; else the end is split off."""
    validation: str | None = None
    """File of a series to validate on; else a stretch before the test is split off."""
    na_values: str | None = None
    """What stands for a missing value, with commas between."""
    unit: str | None = None
    """Unit of the values, for the report."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SequenceFlags:
    """Flags that say what labelled sequences to read."""

    dataset: str = ""
    """A built-in set."""
    ts: str | None = None
    """Your own .ts file, as those of the UCR and UEA archives, instead of --dataset."""
    test: str | None = None
    """.ts file of test sequences; else a part is split off."""
    validation: str | None = None
    """.ts file of validation sequences; else a part is split off."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextFlags:
    """Flags that say what texts to read."""

    dataset: str = ""
    """A built-in set, or tfds:NAME[/CONFIG]."""
    data_dir: str | None = None
    """Folder of prepared TFDS sets."""
    text: str | None = None
    """Your own CSV or TSV file, or a folder with a folder of texts per class, instead of
    --dataset."""
    text_column: str | None = None
    """Column of the texts; by default text."""
    target: str | None = None
    """Column of the labels; by default label."""
    columns: str | None = None
    """Names of the columns of a file without a header, with commas between."""
    encoding: str | None = None
    """Encoding of the files; by default utf-8."""
    test: str | None = None
    """File or folder of test texts; else a part is split off."""
    validation: str | None = None
    """File or folder of validation texts; else a part is split off."""
    groups: str | None = None
    """Column whose rows of one value stay on one side of the split."""
    rename_labels: str | None = None
    """JSON object that maps labels to labels, such as '{"1": "spam"}'."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaggedFlags:
    """Flags that say what tagged sentences to read."""

    dataset: str = ""
    """A built-in set."""
    tagged: str | None = None
    """Your own CoNLL or CoNLL-U file, instead of --dataset."""
    token: str | None = None
    """Column of the tokens: a number from 0, or a name; by default the first, or form."""
    tag: str | None = None
    """Column of the tags: a number from 0, or a name; by default the last, or upos."""
    columns: str | None = None
    """Names of the columns of a file, with commas between."""
    encoding: str | None = None
    """Encoding of the files; by default utf-8."""
    test: str | None = None
    """File of test sentences; else a part is split off."""
    validation: str | None = None
    """File of validation sentences; else a part is split off."""
    rename_labels: str | None = None
    """JSON object that maps tags to tags."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunFlags:
    """Flags that say how to run."""

    name: str | None = None
    """Name of the run and of the served model; by default the data's."""
    out: str = "saved_models"
    """Folder of exported models."""
    runs: str = "runs"
    """Folder of runs."""
    epochs: int = 100
    """The most epochs; early stopping may end before."""
    batch_size: int | None = None
    """Rows per step; by default the preset's."""
    learning_rate: float | None = None
    """The highest rate; by default the preset's."""
    preset: str | None = None
    """Compile preset; by default the task's."""
    precision: str = "auto"
    """auto, float32 or mixed_bfloat16."""
    seed: int = 0
    """Seed of the split, the weights and the order of rows."""
    cache_mb: int = 512
    """MiB that the preprocessed data may take in memory."""
    resume: bool = True
    """Go on with an unfinished run of the same name."""
