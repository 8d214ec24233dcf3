"""Parquet column by column: the values, types and categories of the frame."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk

ROWS = 50_000  # several batches, and a dictionary that outgrows a page


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    words = np.array([f"w{n}" for n in range(5000)], object)[random.integers(5000, size=ROWS)]
    frame = pd.DataFrame(
        {
            "double": random.normal(size=ROWS),
            "whole": pd.array([None if i % 7 == 0 else i % 5 for i in range(ROWS)], dtype="Int64"),
            "on": random.random(ROWS) < 0.5,
            "word": words,
            "few": np.where(random.random(ROWS) < 0.1, None, words),
            "category": pd.Categorical(np.array(["10", "9", "x"], object)[np.arange(ROWS) % 3]),
            "a": np.arange(ROWS) % 9,
            "a.b": np.arange(ROWS, dtype=np.float32) % 8,
            "code": 2**40 + np.arange(ROWS) % 3,
            "y": random.normal(size=ROWS),
        }
    )
    return frame


def test_a_file_is_read_as_the_frame(frame, tmp_path):
    indexed = frame.set_index(np.arange(ROWS) * 3)
    indexed.to_parquet(tmp_path / "t.parquet", row_group_size=20_000)
    types = {"code": "categorical"}
    read = kk.load_table(tmp_path / "t.parquet", "y", column_types=types)
    same = kk.load_arrays(frame.drop(columns="y"), frame["y"], column_types=types)
    assert read.spec.features == same.spec.features
    (code,) = (feature for feature in read.spec.features if feature.column == "code")
    assert sorted(code.vocabulary) == [str(2**40 + n) for n in range(3)]  # not as float32
    for split in ("train", "validation", "test"):
        ours, theirs = read.table(split), same.table(split)
        np.testing.assert_array_equal(ours.target, theirs.target)
        for name, values in ours.features.items():
            assert values.dtype == theirs.features[name].dtype
            np.testing.assert_array_equal(values, theirs.features[name])
