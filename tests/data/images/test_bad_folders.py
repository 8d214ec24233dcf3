"""Folders of images: broken files and bad layouts."""

import os

import numpy as np
import pytest
import tensorflow as tf
from encoded_images import png_that_says

from kerakit.data import load_images
from kerakit.errors import DataError

pytestmark = pytest.mark.many

BROKEN = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"this is no image " * 9, "no image"),
    "photo.heic": (b"\0\0\0\x18ftypheic" + bytes(40), "a HEIC image"),
}


def jpeg():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    return tf.io.encode_jpeg(noise).numpy()


@pytest.mark.parametrize("cache", [{}, {"cache_mb": 0}, {"cache_mb": 0, "disk_mb": 0}])
def test_what_cannot_be_read_is_left_out_and_named_once(tmp_path, cache, pictures):
    pictures.folder(tmp_path, {"a": 60, "b": 60})
    bad = {f"a/{name}": content for name, (content, _) in BROKEN.items()}
    bad |= {"b/cut.jpg": jpeg()[:1500], "b/cut.png": pictures.png(0)[:50]}
    pictures.write(tmp_path, bad | {"b/large.png": png_that_says(20_000, 20_000)})
    (tmp_path / "b" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "b" / "pipe.png")
    with pytest.warns(UserWarning) as caught:
        data = load_images(tmp_path, **cache)
    (warning,) = [w for w in caught if w.category is UserWarning]
    text = str(warning.message)
    assert text.startswith(f"{tmp_path}: 8 of 128 images cannot be read and are left out (")
    assert "'a/empty.jpg': empty" in text and "; and 3 more)" in text
    assert warning.filename == __file__
    assert sum(data.spec.sizes.values()) == 120
    assert sorted(value for value, _ in pictures.every(data)) == list(range(120))


def test_each_reason_is_said(tmp_path, pictures):
    pictures.folder(tmp_path, {"a": 14, "b": 14})
    pictures.write(tmp_path, {f"a/{name}": content for name, (content, _) in BROKEN.items()})
    with pytest.warns(UserWarning, match="3 of 31 images .* are left out") as caught:
        load_images(tmp_path)
    for name, (_, problem) in BROKEN.items():
        assert f"'a/{name}': {problem}" in str(caught[0].message)


def test_one_image_is_spoken_of_in_the_singular(tmp_path, pictures):
    pictures.folder(tmp_path, {"a": 6, "b": 6})
    pictures.write(tmp_path, {"a/empty.jpg": b""})
    with pytest.warns(UserWarning, match="1 of 13 images .* is left out .'a/empty.jpg': empty"):
        load_images(tmp_path)


def test_too_many_broken_files_are_an_error(tmp_path, pictures):
    pictures.folder(tmp_path, {"a": 8, "b": 8})
    pictures.write(tmp_path, {"a/x.jpg": b"", "b/x.jpg": jpeg()[:1500]})
    # One is found by its header, the other only when it is decoded.
    with pytest.raises(DataError, match=r"2 of 18 images.*more than max_unreadable=0.1 of all"):
        load_images(tmp_path)
    with pytest.warns(UserWarning, match="2 of 18"):
        load_images(tmp_path, max_unreadable=0.2)


def bad_folders(root, pictures):
    pictures.folder(root / "one", {"a": 4})
    pictures.folder(root / "single", {"a": 4, "b": 1})
    pictures.folder(root / "nested", {"a": 4, "b/inner": 4})
    pictures.folder(root / "wrong_level", {"images/a": 4, "images/b": 4})
    pictures.folder(root / "strange", {"train/a": 4, "train/b": 4, "extra/a": 4})
    pictures.folder(root / "twice", {"train/a": 4, "train/b": 4, "val/a": 1, "valid/a": 1})
    pictures.folder(root / "unknown", {"train/a": 4, "train/b": 4, "test/c": 4})
    pictures.write(
        root / "empty_class",
        {"a/0.png": pictures.png(0), "a/1.png": pictures.png(1), "b/notes.txt": b"x"},
    )
    pictures.write(root / "loose", {"0.png": pictures.png(0)})
    (root / "empty").mkdir()
    (root / "file").write_bytes(b"x")
    return root


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "nowhere: no such folder"),
        ("file", "file is a file"),
        ("empty", "empty holds no folders"),
        ("loose", "loose holds images but no folders"),
        ("one", "one class only, 'a'"),
        ("single", "the class 'b' has one image"),
        ("nested", "b holds a folder 'inner' of its own"),
        ("wrong_level", "images holds a folder 'a' of its own.*pass '.*wrong_level/images'"),
        ("strange", "'extra', which is no split"),
        ("twice", "'val' and 'valid', which both mean validation"),
        ("unknown", "the class 'c' of the test split has no training images"),
        ("empty_class", r"b is an empty class: it holds only files with the suffixes \.txt"),
    ],
)
def test_a_bad_layout_gets_one_clear_error(tmp_path, name, message, pictures):
    with pytest.raises(DataError, match=message):
        load_images(bad_folders(tmp_path, pictures) / name)
