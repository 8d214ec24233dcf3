"""What the tests of the data stage share."""

import types

import numpy as np
import pytest
import tensorflow as tf


@pytest.fixture
def write(tmp_path):
    """Write text (or bytes) to a file and return its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def pictures():
    """Folders of small images whose pixels say which image it is."""
    return types.SimpleNamespace(
        png=png, write=write_files, folder=folder, values=values, every=every
    )


def png(value, height=6, width=8, channels=3):
    return tf.io.encode_png(np.full((height, width, channels), value, np.uint8)).numpy()


def write_files(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def folder(root, counts, first=0, **options):
    """Class folders whose images are all different, by one grey value each."""
    files, value = {}, first
    for name, count in counts.items():
        for number in range(count):
            files[f"{name}/{number:03d}.png"] = png(value, **options)
            value += 1
    return write_files(root, files)


def values(data, split):
    """`(pixel value, class id)` of every image of a split, in order.

    A split in memory or in a file is read without TensorFlow, which takes 0.1 s to start.
    """
    table = data.table(split)
    if table is None:
        return streamed(getattr(data, split))
    images = table.features["image"]
    return [(int(image.flat[0]), int(i)) for image, i in zip(images, table.target, strict=True)]


def every(data):
    """The same of all splits, one after the other, as TensorFlow reads them."""
    first, *others = (getattr(data, split) for split in data.spec.sizes)
    for other in others:
        first = first.concatenate(other)
    return streamed(first)


def streamed(rows):
    rows = rows.as_numpy_iterator()
    return [(int(features["image"].flat[0]), int(target)) for features, target in rows]
