"""Texts in folders: a folder per class, a file per text."""

import pathlib

import numpy as np

from kerakit.data.files.class_folders import find_files
from kerakit.data.files.plain_text import decode
from kerakit.data.text.source import text_source
from kerakit.errors import DataError

__all__ = ["read_text_folder"]


def read_text_folder(directory, *, test=None, validation=None, encoding="utf-8", seed=0):
    """Read a folder with a folder of text files per class.

    Every file is a text, whatever its suffix; hidden files are passed over. An empty file is
    an empty text. The training texts are put in a seeded random order, since folders come
    class by class, which no shuffle of a part of the rows would mix.

    Args:
        directory, test, validation: as for `find_files`.
        encoding: str.
        seed: int. Seed of the order.

    Returns:
        dict from split to `Source` with the columns `text` and `label`.

    Raises:
        DataError: when the folder is not laid out so, or a file cannot be read as text.
    """
    found = find_files(directory, test, validation, owner="load_text", what="texts")
    rows = np.random.default_rng((seed, 2)).permutation(len(found["train"]))
    found["train"] = [found["train"][row] for row in rows]
    return {split: _source(files, str(directory), encoding) for split, files in found.items()}


def _source(files, name, encoding):
    import pyarrow as pa

    columns = {
        "text": pa.array([_read(file, encoding) for file in files], pa.string()),
        "label": pa.array([file.label for file in files], pa.string()),
    }
    return text_source(columns, "text", "label", name=name, place=lambda row: files[row].path)


def _read(file, encoding):
    try:
        content = pathlib.Path(file.path).read_bytes()
    except OSError as error:
        raise DataError(f"{file.path} cannot be read: {error.strerror}.") from error
    return decode(content, file.path, encoding)
