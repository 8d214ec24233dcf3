"""The flags of recipes that read images."""

from __future__ import annotations

import dataclasses

from kerakit.workflow.flags.run import RunFlags

__all__ = ["ImageFlags"]


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
