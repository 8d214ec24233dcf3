"""The flags that recipes share."""

import dataclasses

__all__ = ["ImageFlags", "RunFlags", "TableFlags"]


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
    missing: str | None = None
    """What stands for a missing value, with commas between."""
    group: str | None = None
    """Column whose rows of one value stay on one side of the split."""
    exclude: str | None = None
    """Columns to leave out, with commas between."""
    labels: str | None = None
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
