"""Folders of images: memory, files, streams, and processes that are killed."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from kerakit.data import load_images
from kerakit.data.images.cache import CacheOptions, PixelStore, cache_key, load_pixels
from kerakit.data.storage.mapped import is_mapped

pytestmark = pytest.mark.many


@pytest.mark.slow
def test_memory_file_and_stream_give_the_same(tmp_path, pictures):
    pictures.folder(tmp_path, {"a": 12, "b": 10})
    memory = load_images(tmp_path)
    mapped = load_images(tmp_path, cache_mb=0)
    stream = load_images(tmp_path, cache_mb=0, disk_mb=0)
    assert memory.spec == mapped.spec == stream.spec
    assert not is_mapped(memory.table("train").features["image"])
    assert is_mapped(mapped.table("train").features["image"])
    assert stream.table("train") is None and stream.gatherer("train") is None
    expected = sum((pictures.values(memory, split) for split in memory.spec.sizes), [])
    assert expected == sum((pictures.values(mapped, split) for split in mapped.spec.sizes), [])
    assert pictures.every(mapped) == pictures.every(stream) == expected
    assert pictures.values(stream, "test") == pictures.values(memory, "test")  # once more


def test_a_file_that_vanishes_does_not_stop_a_stream(tmp_path, pictures):
    data = load_images(pictures.folder(tmp_path, {"a": 20, "b": 20}), cache_mb=0, disk_mb=0)
    before = pictures.values(data, "train")
    (gone, target) = before[3]
    (tmp_path / ("ab"[target]) / f"{gone - 20 * target:03d}.png").unlink()
    assert pictures.values(data, "train") == [row for row in before if row[0] != gone]


def test_a_kept_cache_is_used_again(tmp_path, pictures):
    cache = tmp_path / "cache"
    root = pictures.folder(tmp_path / "images", {"a": 20, "b": 20})

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
    assert pictures.values(again, "train")[0][0] == 250 and again.spec == first.spec
    assert pictures.values(again, "train")[1:] == pictures.values(first, "train")[1:]
    pixels.write_bytes(content[:-1])
    assert pictures.values(load(), "train")[0][0] != 250
    # Other files, another size, another split: another cache.
    (root / "a/000.png").write_bytes(pictures.png(77))
    load(), load(image_size=4), load(seed=1)
    assert len(list(cache.glob("*.raw"))) == 4 and not list(cache.glob("*.part"))


def test_a_kept_cache_is_never_believed_by_halves(tmp_path):
    options = CacheOptions("load_images", cache_mb=0, cache_dir=tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3), dtype=np.uint8)

    def keep():
        store = PixelStore(7, (6, 8, 3), options, "key")
        store.append(images[:3])
        store.append(images[3:])
        np.testing.assert_array_equal(store.finish(rows=np.arange(5)), images)

    pixels, index = tmp_path / "images-key.raw", tmp_path / "images-key.npz"
    for damage in (
        lambda: pixels.write_bytes(pixels.read_bytes()[:-1]),
        lambda: pixels.write_bytes(pixels.read_bytes() + b"x"),
        lambda: index.write_bytes(b"PK"),
        index.unlink,
        pixels.unlink,
    ):
        keep()
        cached, arrays = load_pixels("key", options)
        np.testing.assert_array_equal(cached, images)
        np.testing.assert_array_equal(arrays["rows"], np.arange(5))
        damage()
        assert load_pixels("key", options) is None
    keep()
    assert load_pixels("key", options) and load_pixels("other", options) is None


def test_keys_tell_files_sizes_and_splits_apart():
    rows = {"train": np.arange(3), "test": np.arange(3, 5)}
    keys = {
        cache_key("a", (6, 8, 3), rows),
        cache_key("b", (6, 8, 3), rows),
        cache_key("a", (8, 6, 3), rows),
        cache_key("a", (6, 8, 3), {"train": np.arange(2), "test": np.arange(2, 5)}),
        cache_key("a", (6, 8, 3), {"train": np.arange(3), "validation": np.arange(3, 5)}),
    }
    assert len(keys) == 5


@pytest.mark.slow
@pytest.mark.process
def test_a_killed_process_leaves_no_cache_that_is_believed(tmp_path, pictures):
    cache, root = tmp_path / "cache", pictures.folder(tmp_path / "images", {"a": 100, "b": 100})
    code = (
        "import sys, kerakit as kk; from kerakit.data.images import cache as image_cache\n"
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
    assert pictures.values(again, "train") == pictures.values(data, "train")


def test_a_temporary_cache_is_gone_with_its_process(tmp_path, monkeypatch, pictures):
    root = pictures.folder(tmp_path / "images", {"a": 20, "b": 20})
    location = tmp_path / "tmp"
    location.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(location))
    data = load_images(root, cache_mb=0)
    assert is_mapped(data.table("test").features["image"]) and not list(location.iterdir())
