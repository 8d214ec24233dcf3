"""Texts in folders: a folder for each class, a file for each text."""

from __future__ import annotations

import os
import pathlib

import numpy as np

from kerakit.data.files.class_folders import find_files
from kerakit.data.files.plain_text import decode
from kerakit.data.tables.source import Source
from kerakit.data.text.source import text_source
from kerakit.errors import DataError

__all__ = ["read_text_folder"]


def read_text_folder(
    directory: str | os.PathLike[str],
    *,
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    encoding: str = "utf-8",
    seed: int = 0,
) -> dict[str, Source]:
    """Read a folder with a folder of text files for each class.

    Every file is a text, whatever its suffix; hidden files are skipped. An empty file is an
    empty text. The training texts are shuffled with a seed: folders are read class by class,
    and a shuffle buffer smaller than a class would not mix them.

    Args:
        directory, test, validation: as for `find_files`.
        encoding: str.
        seed: int. Seed of the order.

    Returns:
        dict from split to `Source` with the columns `text` and `label`.

    Raises:
        DataError: when the folder has another layout, or a file cannot be read as text.
    """
    found = find_files(directory, test, validation, owner="load_text", noun="texts")
    rows = np.random.default_rng((seed, 2)).permutation(len(found["train"]))
    found["train"] = [found["train"][row] for row in rows]
    return {split: _source(files, str(directory), encoding) for split, files in found.items()}


def _source(files, name, encoding) -> Source:
    import pyarrow as pa

    columns = {
        "text": pa.array([_read(file, encoding) for file in files], pa.string()),
        "label": pa.array([file.label for file in files], pa.string()),
    }
    return text_source(
        columns, ("text",), ("label",), name=name, location=lambda row: files[row].path
    )


def _read(file, encoding):
    try:
        content = pathlib.Path(file.path).read_bytes()
    except OSError as error:
        raise DataError(f"{file.path} cannot be read: {error.strerror}.") from error
    return decode(content, file.path, encoding)
