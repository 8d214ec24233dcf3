"""Folders of images, one folder per class."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING, Literal

import numpy as np

from kerakit.checks import check, naming
from kerakit.data.images.assemble import LabelledImages, LeftOut, image_data
from kerakit.data.images.options import ImageOptions
from kerakit.data.images.scan import find_images, scan_images
from kerakit.data.options import Options
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kerakit.data.data import Data

__all__ = ["load_images"]


@telling("Reading {}")
def load_images(
    directory: str | os.PathLike[str],
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: Literal[1, 3] | None = None,
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    rename_labels: Mapping[str, str] | None = None,
    pos_label: str | None = None,
    max_unreadable: float = 0.1,
    cache_mb: float = 512,
    disk_mb: float | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load images from a folder with one sub-folder per class.

    Sub-folders `train`, `val` (or `validation`) and `test` that hold the class folders become
    the splits. Of `train` and `val` alone, `val` becomes the test split. Splits that are not
    given are drawn at random from the training images, each class in proportion. The images of
    a class lie directly in its folder: a folder inside it is refused, since it may be a class, a
    split or a group. Hidden files, and files without an image's suffix, are passed over.

    JPEG, PNG, GIF (the first frame), BMP and WebP are read. Each image is turned upright (EXIF
    orientation of JPEGs), shown on white where it is transparent, cropped at both ends of the
    longer side, and resized with antialiasing. Serving does the same by the same function,
    `decode_image`. Files that cannot be read or have over 89 million pixels are left out, and
    one warning names the first few.

    The decoded images stay in memory up to `cache_mb`. Beyond that they lie in a file, which
    is never read as a whole. Beyond `disk_mb` they are decoded again in each epoch. The training
    images are in a seeded random order.

    Args:
        directory: str or path.
        image_size: pair of ints, `(height, width)`, or one int for a square. Defaults to
            `None`: the size of the images where all have one and no side is over 224; else
            a square whose side is the median of the shorter sides, and at most 224.
        channels: int. 1 for grey, 3 for colour. Defaults to `None`: 1 if all are grey.
        test, validation: str or path of further folders with a folder per class. Default to
            `None`.
        test_size: float in `(0.0, 1.0)`. Fraction of the images to test on, where no test
            images are given. Defaults to 0.2.
        validation_size: float in `[0.0, 1.0)`. Fraction of the other images to validate on;
            0 for none. Defaults to 0.2.
        rename_labels: dict from folder name to label, where they differ; two folders may have
            one label. Defaults to `None`.
        pos_label: str. The positive one of two labels. Defaults to `None`: the second.
        max_unreadable: float in `[0.0, 1.0]`. Above this fraction of images that cannot be
            read there is an error. Defaults to 0.1.
        cache_mb: float in `[0.0, inf)`. MiB of memory that decoded images may take.
            Defaults to 512.
        disk_mb: float in `[0.0, inf)`. MiB of disk that they may take. Defaults to `None`:
            half of what is free.
        cache_dir: str or path. Folder of the file; it is kept there and used again for the
            same files, size and split. Defaults to `None`: an unnamed file in the folder of
            temporary files, which is gone when the process ends.
        seed: int in `[0, inf)`. Seed of the split. Defaults to 0.
        dataset: str. Name of the data in reports. Defaults to `None`: the folder's name.

    Returns:
        `Data` of one feature `image`, uint8 of shape `(height, width, channels)`, and class
        ids. Labels are the folders' names, sorted as numbers where all are numbers. The
        fingerprint is over the files' names and contents.

    Raises:
        DataError: when there is no such folder, it has another layout, it has fewer than two
            classes, a class has fewer than two training images, or too many images cannot be
            read.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    ```python
    data = load_images("flowers", image_size=(96, 96))
    ```
    """
    owner = "load_images"
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str or None", dataset)
    options = Options(
        owner=owner,
        test_size=test_size,
        validation_size=validation_size,
        rename_labels=rename_labels,
        pos_label=pos_label,
        seed=seed,
    )
    image_options = ImageOptions(
        owner, image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir
    )
    with naming(owner):
        images = _scanned(
            find_images(directory, test, validation, owner), directory, max_unreadable
        )
        data = image_data(
            images,
            options,
            image_options,
            target="label",
            dataset=pathlib.Path(directory).resolve().name if dataset is None else dataset,
            mix=True,  # folders come class by class, which no shuffle of nearby rows would mix
        )
    if images.left_out.problems:
        warn(images.left_out.sentence())
    return data


def _scanned(found, directory, max_unreadable):
    """`LabelledImages` of files. A file that has gone is left out when it is read."""
    files = [file for split in found.values() for file in split]
    scan = scan_images(files)
    rows, start = {}, 0
    for split, chosen in found.items():
        numbers = np.arange(start, start + len(chosen))
        readable = [number not in scan.problems for number in numbers.tolist()]
        rows[split] = numbers[np.array(readable, bool)]
        start += len(chosen)

    def encoded(rows):
        import tensorflow as tf

        paths = tf.constant([os.fsencode(files[row].path) for row in rows], tf.string)
        return tf.data.Dataset.from_tensor_slices((np.asarray(rows, np.int64), paths))

    def decode(path, shape):
        import tensorflow as tf

        from kerakit.data.images.decode import decode_function

        return decode_function(shape)(tf.io.read_file(path))

    return LabelledImages(
        labels=[file.label for file in files],
        rows=rows,
        labelled=np.arange(len(found["train"])),
        headers=[header for header in scan.headers if header is not None],
        left_out=LeftOut(
            str(directory),
            len(files),
            max_unreadable,
            lambda row: files[row].name,
            dict(scan.problems),
        ),
        fingerprint=scan.fingerprint,
        encoded=encoded,
        decode=decode,
    )
