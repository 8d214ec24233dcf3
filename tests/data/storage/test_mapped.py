"""Tables in memory and in files: the same rows, however they are asked for."""

import numpy as np
import pytest
import tensorflow as tf

from kerakit.data.data import Data, Table
from kerakit.data.spec import Spec
from kerakit.data.storage.mapped import is_mapped, take_rows

N = 1000
IMAGES = np.random.default_rng(0).integers(0, 255, (N, 4, 5, 3), dtype=np.uint8)
IDS = np.arange(N, dtype=np.int32) % 7
WEIGHT = np.linspace(0, 1, N, dtype=np.float32)


@pytest.fixture(params=["memory", "file"])
def images(request, tmp_path):
    if request.param == "memory":
        return IMAGES
    IMAGES.tofile(tmp_path / "pixels.raw")
    return np.memmap(tmp_path / "pixels.raw", np.uint8, "r", shape=IMAGES.shape)


def data(images, weight=None):
    table = Table({"image": images, "number": IDS * 2.0}, IDS, weight)
    return Data(table, None, table.take(slice(10, 30)), Spec("multiclass", ()))


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_a_gatherer_fetches_rows_in_any_order(images, weight):
    gather = data(images, weight).gatherer("train")
    rows = np.array([5, 999, 0, 5], np.int32)
    features, target, *extra = gather(tf.constant(rows))
    np.testing.assert_array_equal(features["image"], IMAGES[rows])
    np.testing.assert_array_equal(features["number"], IDS[rows] * 2.0)
    np.testing.assert_array_equal(target, IDS[rows])
    assert len(extra) == (weight is not None)
    for value in extra:
        np.testing.assert_array_equal(value, WEIGHT[rows])


def test_a_gatherer_works_in_pipelines_and_graphs_and_knows_its_shape(images):
    gather = data(images).gatherer("train")
    order = np.random.default_rng(1).permutation(N)
    batches = tf.data.Dataset.from_tensor_slices(order).batch(64).map(gather, tf.data.AUTOTUNE)
    assert batches.element_spec[0]["image"].shape.as_list() == [None, 4, 5, 3]
    fetched = np.concatenate([features["image"] for features, _ in batches.as_numpy_iterator()])
    np.testing.assert_array_equal(fetched, IMAGES[order])

    @tf.function(input_signature=[tf.TensorSpec((2,), tf.int64)])
    def both(rows):
        features, target = gather(rows)
        assert features["image"].shape == (2, 4, 5, 3)
        return tf.reduce_sum(tf.cast(features["image"], tf.int32)), target

    total, target = both(tf.constant([3, 8], tf.int64))
    assert int(total) == IMAGES[[3, 8]].sum(dtype=int) and target.numpy().tolist() == [3, 1]


def test_batches_and_rows_come_in_order(images):
    made = data(images, WEIGHT)
    sizes, start = [], 0
    for features, target, weight in made.batches("train", 300).as_numpy_iterator():
        end = start + len(target)
        np.testing.assert_array_equal(features["image"], IMAGES[start:end])
        np.testing.assert_array_equal(weight, WEIGHT[start:end])
        sizes.append(len(target))
        start = end
    assert sizes == [300, 300, 300, 100]
    assert made.train.cardinality() == N and made.train.element_spec[0]["image"].shape == (4, 5, 3)
    for _ in range(2):
        rows = [f["image"] for f, *_ in made.train.as_numpy_iterator()]
        np.testing.assert_array_equal(rows, IMAGES)
    test = [f["image"] for f, *_ in made.test.as_numpy_iterator()]
    np.testing.assert_array_equal(test, IMAGES[10:30])
    assert made.validation is None


def test_a_stream_and_an_absent_split_have_no_gatherer():
    stream = tf.data.Dataset.from_tensor_slices(({"image": IMAGES}, IDS))
    made = Data(stream, None, stream, Spec("multiclass", ()))
    assert made.gatherer("train") is None and made.gatherer("validation") is None


def test_taking_rows_of_a_file_leaves_them_in_a_file_where_they_are_many(tmp_path, monkeypatch):
    IMAGES.tofile(tmp_path / "pixels.raw")
    column = np.memmap(tmp_path / "pixels.raw", np.uint8, "r", shape=IMAGES.shape)
    order = np.random.default_rng(0).permutation(N)[:600]
    mask = np.arange(N) % 3 == 0
    for limit in (64 * 2**20, 5000):
        monkeypatch.setattr("kerakit.data.storage.mapped._IN_MEMORY", limit)
        for rows in (slice(5, 50, 3), order, mask, np.arange(7, 90), np.array([-1, 3]), order[:0]):
            np.testing.assert_array_equal(take_rows(column, rows), IMAGES[rows])
        assert is_mapped(take_rows(column, slice(5, 50)))
        assert is_mapped(take_rows(column, np.arange(7, 90)))
        assert is_mapped(take_rows(column, order)) == (limit == 5000)
    assert not is_mapped(IMAGES) and not is_mapped(column[order])


def test_reading_a_large_file_does_not_fill_the_memory(tmp_path):
    import subprocess
    import sys

    # 600 MB, a hole in the file system; every page of it is read.
    path = tmp_path / "pixels.raw"
    with open(path, "wb") as file:
        file.truncate(4000 * 224 * 224 * 3)
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "from kerakit.data.data import Data, Table\n"
        "def peak():\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    return int(next(l for l in lines if l.startswith('VmHWM')).split()[1]) // 1024\n"
        "pixels = np.memmap(sys.argv[1], np.uint8, 'r', shape=(4000, 224, 224, 3))\n"
        "table = Table({'image': pixels}, np.zeros(4000, np.int32))\n"
        "data = Data(table, None, table, None)\n"
        "next(iter(data.batches('train', 32)))\n"
        "next(iter(data.train))\n"
        "before = peak()\n"
        "for _ in data.batches('train', 32): pass\n"
        "gather = data.gatherer('train')\n"
        "rows = np.random.default_rng(0).permutation(4000)\n"
        "for _ in tf.data.Dataset.from_tensor_slices(rows).batch(32).map(gather): pass\n"
        "data.table('train').take(rows[:3000])\n"
        "print(peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 350
