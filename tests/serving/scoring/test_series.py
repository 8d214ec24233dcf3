"""A file of time steps: the forecast after its last row, as a file."""

import csv
import dataclasses

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from kerakit.errors import ArgumentError, DataError
from kerakit.serving import export, load_served, predict_csv

pytestmark = pytest.mark.export


@pytest.fixture
def frame():
    values = np.random.default_rng(1).normal(size=(40, 2)).round(3)
    index = pd.date_range("2024-01-01", periods=40, freq="h", name="when")
    return pd.DataFrame(values, index, ["load", "price"])


def test_a_file_is_continued(sequence_exports, frame, tmp_path):
    frame.assign(note="x").to_csv(tmp_path / "in.csv")
    out = tmp_path / "new" / "out.csv"
    assert predict_csv(sequence_exports["channels"], tmp_path / "in.csv", out) == 3
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    expected = load_served(sequence_exports["channels"])(frame)
    assert [row["when"] for row in rows] == expected.index.astype(str).tolist()
    for name in ("load", "price"):
        found = np.array([row[name] for row in rows], np.float32)
        np.testing.assert_allclose(found, expected[name], rtol=1e-6)


def test_parquet_and_a_file_without_times(sequence_exports, frame, tmp_path):
    frame.reset_index().to_parquet(tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    predict_csv(sequence_exports["channels"], tmp_path / "in.parquet", out)
    expected = load_served(sequence_exports["channels"])(frame)
    answer = pq.read_table(out)
    assert answer["when"].to_pylist() == expected.index.to_pydatetime().tolist()
    assert answer["load"].to_pylist() == expected.load.tolist()
    frame[["load"]].to_csv(tmp_path / "in.csv", sep=";", index=False)
    predict_csv(
        sequence_exports["forecast"], tmp_path / "in.csv", tmp_path / "o.csv", separator=";"
    )
    assert (tmp_path / "o.csv").read_text().splitlines()[0] == "load"


def test_a_file_is_read_with_the_separators_of_the_training(
    sequences, sequence_exports, frame, tmp_path
):
    frame.to_csv(tmp_path / "plain.csv")
    frame.to_csv(tmp_path / "comma.csv", sep=";", decimal=",")
    predict_csv(sequence_exports["channels"], tmp_path / "plain.csv", tmp_path / "plain.out.csv")
    expected = (tmp_path / "plain.out.csv").read_text()
    out = tmp_path / "out.csv"
    predict_csv(sequence_exports["channels"], tmp_path / "comma.csv", out, decimal=",")
    assert out.read_text() == expected
    model, spec, table = sequences["channels"]
    spec = dataclasses.replace(spec, decimal=",")
    path = export(model, spec, tmp_path / "m", examples=table, verify=False)
    predict_csv(path, tmp_path / "comma.csv", out)
    assert out.read_text() == expected


def test_what_is_no_such_file_is_one_line_and_writes_nothing(sequence_exports, frame, tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "new" / "out.csv"
    frame[:5].to_csv(path)
    with pytest.raises(DataError, match=r"in.csv: .*from 6 steps.* Got 5 row\(s\)"):
        predict_csv(sequence_exports["channels"], path, out)
    with pytest.raises(ArgumentError, match="'keep' parameter of predict_csv"):
        predict_csv(sequence_exports["channels"], path, out, keep="when")
    frame.assign(load="x").to_csv(path)
    with pytest.raises(DataError, match="in.csv, line 26, column 'load': 'x' .*na_values="):
        predict_csv(sequence_exports["channels"], path, out)
    assert not out.parent.exists()
