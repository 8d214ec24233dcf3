"""Folders of images, one folder per class."""

import os
import pathlib

import numpy as np

from kerakit.data.images.assemble import LeftOut, image_data
from kerakit.data.images.classes import check_counts, class_ids, order_classes, rename
from kerakit.data.images.decoded import EncodedImages
from kerakit.data.images.options import ImageOptions
from kerakit.data.images.scan import choose_channels, choose_size, find_images, scan_images
from kerakit.data.options import Options
from kerakit.data.split import split_rows
from kerakit.warn import warn

__all__ = ["load_images"]


def load_images(
    directory,
    *,
    image_size=None,
    channels=None,
    test=None,
    validation=None,
    test_size=0.2,
    validation_size=0.2,
    rename_labels=None,
    pos_label=None,
    max_unreadable=0.1,
    cache_mb=512,
    disk_mb=None,
    cache_dir=None,
    seed=0,
    dataset=None,
):
    """Load a folder that holds a folder of images per class.

    Sub-folders `train`, `val` (or `validation`) and `test` with the class folders in them
    are respected; of only `train` and `val`, `val` is the test part. What is not there is
    split off the training images, class by class. The images of a class lie right in its
    folder: folders below it are refused, since they may be classes, splits or groups. Hidden
    files, and files without an image's suffix, are passed over.

    JPEG, PNG, GIF (the first frame), BMP and WebP are read. Each image is turned upright
    (EXIF orientation of JPEGs), shown on white where it is transparent, cropped evenly to
    the wanted aspect and resized with antialiasing, in the way of `decode_image`, which
    serving shares. What cannot be read, or has over 89 million pixels, is left out, with one
    warning that names the first few.

    The decoded images stay in memory up to `cache_mb`; beyond that they lie in a file, which
    is never read as a whole; beyond `disk_mb` they are decoded again in each epoch. A
    training split is in a seeded random order.

    Args:
        directory: str or path.
        image_size: pair of ints, `(height, width)`, or one int for a square. Defaults to
            `None`: the size of the images where all have one and no side is over 224; else
            a square of the median of their shorter sides, and 224 at most.
        channels: int. 1 for grey, 3 for colour. Defaults to `None`: 1 if all are grey.
        test, validation: str or path of further folders laid out so. Defaults to `None`.
        test_size: float in `(0.0, 1.0)`. Share of the images to test on, where none are
            given. Defaults to 0.2.
        validation_size: float in `[0.0, 1.0)`. Share of what is left to validate on.
            Defaults to 0.2.
        rename_labels: dict from folder name to label, where they differ; two folders may have one
            label. Defaults to `None`.
        pos_label: str. The positive one of two labels. Defaults to `None`: the second.
        max_unreadable: float in `[0.0, 1.0]`. Above this share of images that cannot be
            read there is an error. Defaults to 0.1.
        cache_mb: float in `[0.0, inf)`. MiB of memory that decoded images may take.
            Defaults to 512.
        disk_mb: float in `[0.0, inf)`. MiB of disk that they may take. Defaults to `None`:
            half of what is free.
        cache_dir: str or path. Folder of the file; it is kept there and used again for the
            same files, size and split. Defaults to `None`: an unnamed file in the folder of
            temporary files, gone when the process ends.
        seed: int in `[0, inf)`. Seed of the split. Defaults to 0.
        dataset: str. What to call the data in reports. Defaults to `None`: the folder's name.

    Returns:
        `Data` of one feature `image`, uint8 of shape `(height, width, channels)`, and class
        ids. Labels are the folders' names, sorted as numbers where all are numbers. The
        fingerprint is over the files' names and contents.

    Raises:
        DataError: when there is no such folder, it is not laid out so, it has fewer than two
            classes or two images of one, or too many images cannot be read.
        ArgumentError: when a parameter has a value that it cannot have.

    Example:

    ```python
    data = load_images("flowers", image_size=(96, 96))
    ```
    """
    owner = "load_images"
    options = Options(
        owner=owner,
        test_size=test_size,
        validation_size=validation_size,
        rename_labels=rename_labels,
        pos_label=pos_label,
        seed=seed,
    )
    settings = ImageOptions(
        owner, image_size, channels, max_unreadable, cache_mb, disk_mb, cache_dir
    )
    parts = find_images(directory, test, validation, owner)
    name = str(directory)
    files = [file for part in parts.values() for file in part]
    scan = scan_images(files)
    left_out = LeftOut(
        name, len(files), max_unreadable, lambda row: files[row].name, dict(scan.problems)
    )
    left_out.check()
    labels = rename([file.label for file in files], options, name)
    rows = _rows(parts, scan.problems)
    classes = order_classes(labels[: len(parts["train"])], options, name)
    ids = class_ids(labels, rows, classes, name)
    check_counts(ids[rows["train"]], classes, left_out)
    headers = [header for header in scan.headers if header is not None]
    height, width = settings.image_size or choose_size(headers)
    shape = (height, width, channels or choose_channels(headers))
    rows = split_rows(rows, options, name=name, classes=ids)
    # Folders come class by class, which no shuffle of a part of the rows would mix.
    rows["train"] = np.random.default_rng((options.seed, 2)).permutation(rows["train"])
    data = image_data(
        _pictures(files, ids, shape, scan.fingerprint),
        rows,
        left_out,
        classes=classes,
        caching=settings.caching,
        target="label",
        seed=options.seed,
        dataset=pathlib.Path(directory).resolve().name if dataset is None else dataset,
    )
    if left_out.problems:
        warn(left_out.sentence())
    return data


def _pictures(files, ids, shape, fingerprint):
    """`EncodedImages` of files; a file that has gone is left out when it is read."""

    def encoded(rows):
        import tensorflow as tf

        paths = tf.constant([os.fsencode(files[row].path) for row in rows], tf.string)
        return tf.data.Dataset.from_tensor_slices((np.asarray(rows, np.int64), paths))

    def decode(path):
        import tensorflow as tf

        from kerakit.data.images.decode import decode_function

        return decode_function(shape)(tf.io.read_file(path))

    return EncodedImages(encoded, decode, shape, ids, fingerprint)


def _rows(parts, problems):
    """Dict from split to the rows of its files that are images."""
    rows, start = {}, 0
    for split, part in parts.items():
        end = start + len(part)
        rows[split] = np.array([row for row in range(start, end) if row not in problems], np.int64)
        start = end
    return rows
