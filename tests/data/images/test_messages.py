"""Errors about images begin with the function that was called, and are short."""

import numpy as np
import pytest

from kerakit.data import load_arrays, load_images
from kerakit.errors import MAX_MESSAGE, DataError

LONG = "a long name of a folder " * 9


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {LONG: 3},
        {f"{n} {LONG}": 2 for n in range(30)} | {LONG: 1},
        {f"train/{n} {LONG}": 2 for n in range(30)} | {f"test/{LONG}": 2},
        {f"{LONG}/{LONG}": 2},
        {f"train/{LONG}": 2, LONG: 2},
    ],
)
def test_errors_about_folders(tmp_path, pictures, counts):
    pictures.folder(tmp_path, counts)
    with pytest.raises(DataError, match="^load_images: ") as caught:
        load_images(tmp_path)
    assert len(str(caught.value)) <= MAX_MESSAGE


@pytest.mark.filterwarnings("ignore")
def test_errors_about_broken_files(tmp_path, pictures):
    pictures.folder(tmp_path, {"a": 2, "b": 2})
    pictures.write(tmp_path, {f"a/{n} {LONG}.png": b"x" for n in range(9)})
    with pytest.raises(
        DataError, match="^load_images: .* Repair or remove them, or pass a"
    ) as caught:
        load_images(tmp_path)
    assert len(str(caught.value)) <= MAX_MESSAGE


@pytest.mark.parametrize(
    "images", [np.zeros((4, 5, 5, 7), np.uint8), np.zeros((0, 5, 5)), np.full((4, 5, 5), 300)]
)
def test_errors_about_arrays(images):
    with pytest.raises(DataError, match="^load_arrays: ") as caught:
        load_arrays(images, np.arange(len(images)) % 2, dataset=LONG)
    assert len(str(caught.value)) <= MAX_MESSAGE
