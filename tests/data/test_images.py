"""Folders of images: layout, splits, bad files, caches."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from kerakit.data import load_images
from kerakit.data.rows import is_mapped
from kerakit.errors import ArgumentError, DataError


def png(value, height=6, width=8, channels=3):
    return tf.io.encode_png(np.full((height, width, channels), value, np.uint8)).numpy()


def write(root, files):
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
    return write(root, files)


def values(data, split):
    """`(pixel value, class id)` of every image of a split, in order."""
    rows = getattr(data, split).as_numpy_iterator()
    return [(int(features["image"].flat[0]), int(target)) for features, target in rows]


def test_a_folder_per_class_is_split_class_by_class(tmp_path):
    data = load_images(folder(tmp_path, {"cat": 20, "dog": 40}), seed=3)
    spec = data.spec
    assert (spec.task, spec.classes, spec.target.names) == ("binary", ("cat", "dog"), ("label",))
    assert spec.sizes == {"train": 38, "validation": 10, "test": 12}
    assert spec.dataset == tmp_path.name and spec.seed == 3 and len(spec.fingerprint) == 64
    seen = {split: values(data, split) for split in spec.sizes}
    assert [sum(1 for _, i in rows if i == 0) for rows in seen.values()] == [13, 3, 4]
    assert spec.class_counts == (13, 25)
    every = [value for rows in seen.values() for value, _ in rows]
    assert sorted(every) == list(range(60))
    assert all((value < 20) == (i == 0) for rows in seen.values() for value, i in rows)
    assert seen["train"] != sorted(seen["train"])  # mixed, and not class by class
    again = load_images(tmp_path, seed=3)
    assert {split: values(again, split) for split in spec.sizes} == seen and again.spec == spec
    other = load_images(tmp_path, seed=4)
    assert sorted(values(other, "test")) != sorted(seen["test"])
    assert other.spec.fingerprint == spec.fingerprint


def test_the_feature_has_the_training_pixels_statistics(tmp_path):
    first = np.array([[[0, 10, 20], [100, 30, 40]]], np.uint8)
    files = {f"{c}/{n}.png": tf.io.encode_png(first).numpy() for c in "ab" for n in range(2)}
    write(tmp_path / "train", files)
    write(tmp_path / "test", {"a/x.png": png(255, 1, 2), "b/x.png": png(255, 1, 2)})
    data = load_images(tmp_path, validation_size=0.0)
    (feature,) = data.spec.features
    assert (feature.name, feature.kind, feature.dtype) == ("image", "image", "uint8")
    assert feature.shape == (1, 2, 3)
    assert feature.mean == (50.0, 20.0, 30.0) and feature.variance == (2500.0, 100.0, 100.0)
    assert feature.minimum == (0.0, 10.0, 20.0) and feature.maximum == (100.0, 30.0, 40.0)
    features, target = next(iter(data.train))
    assert features["image"].dtype == tf.uint8 and target.dtype == tf.int32
    np.testing.assert_array_equal(features["image"], first)


@pytest.mark.parametrize(
    ("parts", "validation", "test"),
    [
        (("train", "val", "test"), range(8, 12), range(12, 16)),
        (("Training", "Testing"), None, range(8, 12)),
        (("train", "valid"), None, range(8, 12)),  # val is the test part
        (("train",), None, None),
    ],
)
def test_folders_of_splits_are_respected(tmp_path, parts, validation, test):
    folder(tmp_path / parts[0], {"a": 4, "b": 4})
    for number, part in enumerate(parts[1:]):
        folder(tmp_path / part, {"a": 2, "b": 2}, 8 + 4 * number)
    data = load_images(tmp_path)
    rest = set(range(8)) - {value for value, _ in values(data, "train")}
    for split, expected in (("validation", validation), ("test", test)):
        found = {value for value, _ in values(data, split)}
        assert found == set(expected) if expected else found and found <= rest
        rest -= found
    assert not rest


def test_a_class_may_be_called_like_a_split(tmp_path):
    data = load_images(folder(tmp_path, {"train": 5, "bus": 5}))
    assert data.spec.classes == ("bus", "train")


def test_other_folders_can_be_the_test_and_validation_part(tmp_path):
    folder(tmp_path / "all", {"a": 4, "b": 4})
    folder(tmp_path / "more", {"a": 1, "b": 1}, 100)
    folder(tmp_path / "third", {"b": 2}, 200)
    one, two = tmp_path / "more", tmp_path / "third"
    data = load_images(tmp_path / "all", test=one, validation=two)
    assert values(data, "test") == [(100, 0), (101, 1)]
    assert values(data, "validation") == [(200, 1), (201, 1)]
    assert data.spec.sizes["train"] == 8


def test_labels_are_sorted_as_numbers_renamed_and_joined(tmp_path):
    folder(tmp_path, {"10": 2, "9": 2, "07": 2})
    assert load_images(tmp_path).spec.classes == ("07", "9", "10")
    joined = load_images(tmp_path, labels={"07": "low", "9": "low", "10": "high"})
    assert joined.spec.classes == ("high", "low")
    assert load_images(tmp_path, labels={"07": "9"}, positive="9").spec.classes == ("10", "9")


def test_names_may_be_unicode_in_either_form(tmp_path):
    folder(tmp_path / "train", {"Ka\u0308se 1": 3, "犬 (いぬ)": 3})  # decomposed, as macOS has it
    folder(tmp_path / "test", {"K\u00e4se 1": 1, "犬 (いぬ)": 1})
    assert load_images(tmp_path).spec.classes == ("K\u00e4se 1", "犬 (いぬ)")


def test_hidden_files_other_files_and_loops_are_passed_over(tmp_path):
    plain = load_images(folder(tmp_path, {"a": 4, "b": 4}))
    write(tmp_path, {"a/.x.png": b"", "a/notes.txt": b"x", ".git/x.png": b"", "a/._0.png": b""})
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "up").symlink_to(tmp_path)
    again = load_images(tmp_path)
    assert again.spec == plain.spec


def test_the_fingerprint_is_over_names_and_contents(tmp_path):
    def fingerprint():
        return load_images(tmp_path).spec.fingerprint

    folder(tmp_path, {"a": 4, "b": 4})
    first = fingerprint()
    (tmp_path / "a/000.png").rename(tmp_path / "a/0000.png")
    second = fingerprint()
    (tmp_path / "a/0000.png").write_bytes(png(99))
    assert len({first, second, fingerprint()}) == 3


def test_size_and_channels_can_be_asked_for(tmp_path):
    folder(tmp_path, {"a": 4, "b": 4}, channels=1)
    assert load_images(tmp_path).spec.features[0].shape == (6, 8, 1)
    assert load_images(tmp_path, channels=3).spec.features[0].shape == (6, 8, 3)
    assert load_images(tmp_path, image_size=(5, 4)).spec.features[0].shape == (5, 4, 1)
    assert load_images(tmp_path, image_size=5).spec.features[0].shape == (5, 5, 1)
    write(tmp_path, {"a/colour.png": png(0, 7, 9)})
    assert load_images(tmp_path).spec.features[0].shape == (6, 6, 3)  # sizes differ: a square


BROKEN = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"this is no image " * 9, "no image"),
    "photo.heic": (b"\0\0\0\x18ftypheic" + bytes(40), "a HEIC image"),
}


def jpeg():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    return tf.io.encode_jpeg(noise).numpy()


@pytest.mark.parametrize("cache", [{}, {"cache_mb": 0}, {"cache_mb": 0, "disk_mb": 0}])
def test_what_cannot_be_read_is_left_out_and_named_once(tmp_path, cache):
    folder(tmp_path, {"a": 60, "b": 60})
    bad = {f"a/{name}": content for name, (content, _) in BROKEN.items()}
    bad |= {"b/cut.jpg": jpeg()[:1500], "b/cut.png": png(0)[:50]}
    large = bytearray(png(0))
    large[16:24] = (20_000).to_bytes(4, "big") * 2
    write(tmp_path, bad | {"b/large.png": bytes(large)})
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
    every = [value for split in data.spec.sizes for value, _ in values(data, split)]
    assert sorted(every) == list(range(120))


@pytest.mark.parametrize("name", BROKEN)
def test_each_reason_is_said(tmp_path, name):
    content, problem = BROKEN[name]
    folder(tmp_path, {"a": 6, "b": 6})
    write(tmp_path, {f"a/{name}": content})
    with pytest.warns(UserWarning, match=f"1 of 13 images .* is left out .'a/{name}': {problem}"):
        load_images(tmp_path)


def test_too_many_broken_files_are_an_error(tmp_path):
    folder(tmp_path, {"a": 8, "b": 8})
    write(tmp_path, {"a/x.jpg": b"", "b/x.jpg": jpeg()[:1500]})
    with pytest.raises(DataError, match=r"2 of 18 images.*more than max_unreadable=0.1 of all"):
        load_images(tmp_path)
    with pytest.warns(UserWarning, match="2 of 18"):
        load_images(tmp_path, max_unreadable=0.2)


def bad_folders(root):
    folder(root / "one", {"a": 4})
    folder(root / "single", {"a": 4, "b": 1})
    folder(root / "nested", {"a": 4, "b/inner": 4})
    folder(root / "wrong_level", {"images/a": 4, "images/b": 4})
    folder(root / "strange", {"train/a": 4, "train/b": 4, "extra/a": 4})
    folder(root / "twice", {"train/a": 4, "train/b": 4, "val/a": 1, "valid/a": 1})
    folder(root / "unknown", {"train/a": 4, "train/b": 4, "test/c": 4})
    write(root / "empty_class", {"a/0.png": png(0), "a/1.png": png(1), "b/notes.txt": b"x"})
    write(root / "loose", {"0.png": png(0)})
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
        ("unknown", "the class 'c' of the test part has no training images"),
        ("empty_class", r"b is an empty class: it holds only files with the suffixes \.txt"),
    ],
)
def test_a_bad_layout_gets_one_clear_error(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        load_images(bad_folders(tmp_path) / name)


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
        {"positive": "c"},
    ],
)
def test_bad_parameters_are_refused(tmp_path, options):
    folder(tmp_path, {"a": 4, "b": 4})
    (name,) = options
    with pytest.raises(ArgumentError, match=f"'{name}' parameter of load_images must be"):
        load_images(tmp_path, **options)
    with pytest.raises(ArgumentError, match="'directory' parameter"):
        load_images(None)
    with pytest.raises(DataError, match="no class 'A', which labels= names. Did you mean 'a'"):
        load_images(tmp_path, labels={"A": "x"})


def test_memory_file_and_stream_give_the_same(tmp_path):
    folder(tmp_path, {"a": 40, "b": 30})
    memory = load_images(tmp_path)
    mapped = load_images(tmp_path, cache_mb=0)
    stream = load_images(tmp_path, cache_mb=0, disk_mb=0)
    assert memory.spec == mapped.spec == stream.spec
    assert not is_mapped(memory.table("train").features["image"])
    assert is_mapped(mapped.table("train").features["image"])
    assert stream.table("train") is None and stream.gatherer("train") is None
    for split in memory.spec.sizes:
        expected = values(memory, split)
        assert values(mapped, split) == values(stream, split) == expected
        assert values(stream, split) == expected  # once more


def test_a_file_that_vanishes_does_not_stop_a_stream(tmp_path):
    data = load_images(folder(tmp_path, {"a": 20, "b": 20}), cache_mb=0, disk_mb=0)
    before = values(data, "train")
    (gone, target) = before[3]
    (tmp_path / ("ab"[target]) / f"{gone - 20 * target:03d}.png").unlink()
    assert values(data, "train") == [row for row in before if row[0] != gone]


def test_a_kept_cache_is_used_again_and_never_believed_by_halves(tmp_path):
    cache = tmp_path / "cache"
    root = folder(tmp_path / "images", {"a": 20, "b": 20})

    def load(**options):
        return load_images(root, cache_mb=0, cache_dir=cache, **options)

    first = load()
    pixels, index = sorted(cache.iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (pixels.suffix, index.suffix) == (".raw", ".npz")
    assert pixels.stat().st_size == 40 * 6 * 8 * 3
    # It is read, not made again: a changed pixel comes through.
    content = bytearray(pixels.read_bytes())
    content[0] = 250
    pixels.write_bytes(content)
    again = load()
    assert values(again, "train")[0][0] == 250 and again.spec == first.spec
    assert values(again, "train")[1:] == values(first, "train")[1:]
    for damage in (
        lambda: pixels.write_bytes(content[:-1]),
        lambda: index.write_bytes(b"PK"),
        index.unlink,
        pixels.unlink,
    ):
        damage()
        assert values(load(), "train")[0][0] != 250
    # Other files, another size, another split: another cache.
    (root / "a/000.png").write_bytes(png(77))
    load(), load(image_size=4), load(seed=1)
    assert len(list(cache.glob("*.raw"))) == 4 and not list(cache.glob("*.part"))


def test_a_killed_process_leaves_no_cache_that_is_believed(tmp_path):
    cache, root = tmp_path / "cache", folder(tmp_path / "images", {"a": 100, "b": 100})
    code = (
        "import sys, kerakit as kk; from kerakit.data import image_cache, pictures\n"
        "append = image_cache.PixelStore.append\n"
        "def slow(store, images):\n"
        "    append(store, images); store._file.flush(); print('wrote', flush=True)\n"
        "    sys.stdin.read()\n"
        "image_cache.PixelStore.append = slow\n"
        "kk.load_images(sys.argv[1], cache_mb=0, cache_dir=sys.argv[2])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(root), str(cache)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"wrote\n"
    (part,) = cache.iterdir()
    assert part.suffix == ".part" and part.stat().st_size
    # While it writes, another process does without the name.
    data = load_images(root, cache_mb=0, cache_dir=cache)
    assert [path.suffix for path in cache.iterdir()] == [".part"]
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    again = load_images(root, cache_mb=0, cache_dir=cache)
    assert sorted(path.suffix for path in cache.iterdir()) == [".npz", ".raw"]
    assert values(again, "train") == values(data, "train")


def test_a_temporary_cache_is_gone_with_its_process(tmp_path, monkeypatch):
    root = folder(tmp_path / "images", {"a": 20, "b": 20})
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    data = load_images(root, cache_mb=0)
    assert is_mapped(data.table("test").features["image"]) and not list(place.iterdir())


def test_a_real_folder(test_data):
    root = test_data / "images" / "hymenoptera"
    data = load_images(root)
    assert data.spec.classes == ("ants", "bees")
    assert data.spec.sizes["test"] == 153
    files = [path for path in (root / "train").glob("*/*") if path.is_file()]
    assert data.spec.sizes["train"] + data.spec.sizes["validation"] == len(files)
    assert data.spec.features[0].shape == (224, 224, 3)
