"""Folders of images: layout, splits, labels, sizes."""

import numpy as np
import pytest
import tensorflow as tf

from kerakit.data import load_images
from kerakit.data.images.classes import order_classes, rename
from kerakit.data.images.options import ImageOptions
from kerakit.data.images.scan import choose_channels, choose_size, find_images, scan_images
from kerakit.data.options import Options
from kerakit.errors import ArgumentError, DataError


@pytest.mark.many
def test_a_folder_per_class_is_split_class_by_class(tmp_path, pictures):
    data = load_images(pictures.folder(tmp_path, {"cat": 20, "dog": 40}), seed=3)
    spec = data.spec
    assert (spec.task, spec.classes, spec.target.names) == ("binary", ("cat", "dog"), ("label",))
    assert spec.sizes == {"train": 38, "validation": 10, "test": 12}
    assert spec.dataset == tmp_path.name and spec.seed == 3 and len(spec.fingerprint) == 64
    seen = {split: pictures.values(data, split) for split in spec.sizes}
    assert [sum(1 for _, i in rows if i == 0) for rows in seen.values()] == [13, 3, 4]
    assert spec.class_counts == (13, 25)
    every = [value for rows in seen.values() for value, _ in rows]
    assert sorted(every) == list(range(60))
    assert all((value < 20) == (i == 0) for rows in seen.values() for value, i in rows)
    assert seen["train"] != sorted(seen["train"])  # mixed, and not class by class
    again = load_images(tmp_path, seed=3)
    assert {
        split: pictures.values(again, split) for split in spec.sizes
    } == seen and again.spec == spec
    other = load_images(tmp_path, seed=4)
    assert sorted(pictures.values(other, "test")) != sorted(seen["test"])
    assert other.spec.fingerprint == spec.fingerprint


@pytest.mark.many
def test_the_feature_has_the_training_pixels_statistics(tmp_path, pictures):
    first = np.array([[[0, 10, 20], [100, 30, 40]]], np.uint8)
    files = {f"{c}/{n}.png": tf.io.encode_png(first).numpy() for c in "ab" for n in range(2)}
    pictures.write(tmp_path / "train", files)
    pictures.write(
        tmp_path / "test", {"a/x.png": pictures.png(255, 1, 2), "b/x.png": pictures.png(255, 1, 2)}
    )
    data = load_images(tmp_path, validation_size=0.0)
    (feature,) = data.spec.features
    assert (feature.name, feature.kind, feature.dtype) == ("image", "image", "uint8")
    assert feature.shape == (1, 2, 3)
    assert feature.mean == (50.0, 20.0, 30.0) and feature.variance == (2500.0, 100.0, 100.0)
    assert feature.minimum == (0.0, 10.0, 20.0) and feature.maximum == (100.0, 30.0, 40.0)
    features, target = next(iter(data.train))
    assert features["image"].dtype == tf.uint8 and target.dtype == tf.int32
    np.testing.assert_array_equal(features["image"], first)


@pytest.mark.many
@pytest.mark.parametrize(
    ("parts", "validation", "test"),
    [
        (("train", "val", "test"), range(8, 12), range(12, 16)),
        (("Training", "Testing"), None, range(8, 12)),
        (("train", "valid"), None, range(8, 12)),  # val is the test split
        (("train",), None, None),
    ],
)
def test_folders_of_splits_are_respected(tmp_path, parts, validation, test, pictures):
    pictures.folder(tmp_path / parts[0], {"a": 4, "b": 4})
    for number, part in enumerate(parts[1:]):
        pictures.folder(tmp_path / part, {"a": 2, "b": 2}, 8 + 4 * number)
    data = load_images(tmp_path)
    rest = set(range(8)) - {value for value, _ in pictures.values(data, "train")}
    for split, expected in (("validation", validation), ("test", test)):
        found = {value for value, _ in pictures.values(data, split)}
        assert found == set(expected) if expected else found and found <= rest
        rest -= found
    assert not rest


def test_a_class_may_be_called_like_a_split(tmp_path, pictures):
    found = find_images(pictures.folder(tmp_path, {"train": 5, "bus": 5}))
    assert list(found) == ["train"]
    assert [file.label for file in found["train"]] == ["bus"] * 5 + ["train"] * 5


@pytest.mark.many
def test_other_folders_can_be_the_test_and_validation_split(tmp_path, pictures):
    pictures.folder(tmp_path / "all", {"a": 4, "b": 4})
    pictures.folder(tmp_path / "more", {"a": 1, "b": 1}, 100)
    pictures.folder(tmp_path / "third", {"b": 2}, 200)
    one, two = tmp_path / "more", tmp_path / "third"
    data = load_images(tmp_path / "all", test=one, validation=two)
    assert pictures.values(data, "test") == [(100, 0), (101, 1)]
    assert pictures.values(data, "validation") == [(200, 1), (201, 1)]
    assert data.spec.sizes["train"] == 8


@pytest.mark.many
def test_labels_are_sorted_as_numbers_renamed_and_joined(tmp_path, pictures):
    labels = ["10", "9", "07"]

    def classes(**given):
        options = Options("load_images", **given)
        return order_classes(rename(labels, options, "digits"), options, "digits")

    assert classes() == ("07", "9", "10")
    assert classes(rename_labels={"07": "low", "9": "low", "10": "high"}) == ("high", "low")
    pictures.folder(tmp_path, dict.fromkeys(labels, 2))
    data = load_images(tmp_path, rename_labels={"07": "9"}, pos_label="9")
    assert data.spec.classes == ("10", "9")


def test_names_may_be_unicode_in_either_form(tmp_path, pictures):
    pictures.folder(
        tmp_path / "train", {"Ka\u0308se 1": 3, "犬 (いぬ)": 3}
    )  # decomposed, as macOS has it
    pictures.folder(tmp_path / "test", {"K\u00e4se 1": 1, "犬 (いぬ)": 1})
    for split in find_images(tmp_path).values():
        assert {file.label for file in split} == {"K\u00e4se 1", "犬 (いぬ)"}


def test_hidden_files_other_files_and_loops_are_passed_over(tmp_path, pictures):
    plain = find_images(pictures.folder(tmp_path, {"a": 4, "b": 4}))
    pictures.write(
        tmp_path, {"a/.x.png": b"", "a/notes.txt": b"x", ".git/x.png": b"", "a/._0.png": b""}
    )
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "up").symlink_to(tmp_path)
    assert find_images(tmp_path) == plain


@pytest.mark.many
def test_the_fingerprint_is_over_names_and_contents(tmp_path, pictures):
    def fingerprint():
        return scan_images(find_images(tmp_path)["train"]).fingerprint

    pictures.folder(tmp_path, {"a": 4, "b": 4})
    first = fingerprint()
    assert load_images(tmp_path).spec.fingerprint == first
    (tmp_path / "a/000.png").rename(tmp_path / "a/0000.png")
    second = fingerprint()
    (tmp_path / "a/0000.png").write_bytes(pictures.png(99))
    assert len({first, second, fingerprint()}) == 3


@pytest.mark.many
def test_size_and_channels_can_be_asked_for(tmp_path, pictures):
    def chosen():
        headers = scan_images(find_images(tmp_path)["train"]).headers
        return *choose_size(headers), choose_channels(headers)

    pictures.folder(tmp_path, {"a": 4, "b": 4}, channels=1)
    assert chosen() == load_images(tmp_path).spec.features[0].shape == (6, 8, 1)
    asked = load_images(tmp_path, image_size=(5, 4), channels=3)
    assert asked.spec.features[0].shape == (5, 4, 3)
    assert ImageOptions("load_images", image_size=5).image_size == (5, 5)
    pictures.write(tmp_path, {"a/colour.png": pictures.png(0, 7, 9)})
    assert chosen() == (6, 6, 3)  # sizes differ: a square


@pytest.mark.parametrize(
    "options",
    [
        {"image_size": 0},
        {"image_size": (4, 4, 3)},
        {"image_size": "big"},
        {"channels": 2},
        {"cache_mb": -1},
        {"disk_mb": -1},
        {"cache_dir": 3},
        {"max_unreadable": 1.1},
        {"test_size": 0.0},
        {"pos_label": "c"},
    ],
)
def test_bad_parameters_are_refused(tmp_path, options, pictures):
    pictures.folder(tmp_path, {"a": 4, "b": 4})
    (name,) = options
    with pytest.raises(ArgumentError, match=f"'{name}' parameter of load_images must be"):
        load_images(tmp_path, **options)
    with pytest.raises(ArgumentError, match="'directory' parameter"):
        load_images(None)
    with pytest.raises(
        DataError, match="no class 'A', which rename_labels= names. Did you mean 'a'"
    ):
        load_images(tmp_path, rename_labels={"A": "x"})


@pytest.mark.slow
@pytest.mark.large
def test_a_real_folder(test_data):
    root = test_data / "images" / "hymenoptera"
    data = load_images(root)
    assert data.spec.classes == ("ants", "bees")
    assert data.spec.sizes["test"] == 153
    files = [path for path in (root / "train").glob("*/*") if path.is_file()]
    assert data.spec.sizes["train"] + data.spec.sizes["validation"] == len(files)
    assert data.spec.features[0].shape == (224, 224, 3)
