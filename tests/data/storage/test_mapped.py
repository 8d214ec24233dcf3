"""Rows of columns in files: taken without the whole column in memory."""

import numpy as np
import pytest

from kerakit.data.storage.mapped import is_mapped, take_rows

N = 1000
IMAGES = np.random.default_rng(0).integers(0, 255, (N, 4, 5, 3), dtype=np.uint8)


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


@pytest.mark.slow
@pytest.mark.process
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
