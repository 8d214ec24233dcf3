"""Columns that are copied to the answers."""

import csv

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kerakit import cli
from kerakit.data.table_files import delimited_stream, parquet_stream
from kerakit.errors import ArgumentError, DataError
from kerakit.serving import predict_csv

ROWS = [("007", "1.50", "a, b"), ("NA", "", ' "x" '), ("8", "3", "ü\ny"), ("9", " 4", "")] * 8


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited_stream, "_BLOCK", 128)  # rows that are left over are joined
    monkeypatch.setattr(parquet_stream, "_ROWS", 5)
    path = tmp_path / "in.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "price", "note", "kind", "alcohol", "fixed acidity"])
        writer.writerows([(*row, "red", index / 4, 7) for index, row in enumerate(ROWS)])
    return path


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.many
def test_kept_columns_stand_first_as_they_were_written(exports, source, tmp_path):
    predict_csv(exports["binary"], source, tmp_path / "all.csv")
    answers = read(tmp_path / "all.csv")
    for size in (3, 4096):
        keep = ["note", "id", "price", "alcohol"]
        predict_csv(exports["binary"], source, tmp_path / "o.csv", keep=keep, batch_size=size)
        rows = read(tmp_path / "o.csv")
        assert list(rows[0]) == [*keep, *answers[0]]
        assert [(row["id"], row["price"], row["note"]) for row in rows] == ROWS
        assert [row["label"] for row in rows] == [row["label"] for row in answers]
        assert rows[1]["alcohol"] == "0.25"


@pytest.mark.many
def test_kept_columns_of_parquet_have_their_types(exports, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_stream, "_ROWS", 5)
    ids = [1, None, 2**60, *range(9)]
    table = pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "ratio": pa.array([0.1] * 12, pa.float32()),
            "shop": pa.array(["x", "y", None] * 4).dictionary_encode(),
            "kind": ["red"] * 12,
            "alcohol": [9.5] * 12,
            "acidity": [None] + [7.5] * 11,
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    keep = ("id", "ratio", "shop")
    for name in ("o.parquet", "o.csv"):
        predict_csv(exports["regression"], tmp_path / "in.parquet", tmp_path / name, keep=keep)
    out = pq.read_table(tmp_path / "o.parquet")
    assert out.column_names == [*keep, "prediction"]
    assert out["id"].to_pylist() == ids and out.schema.field("id").type == pa.int64()
    assert out["shop"].to_pylist() == ["x", "y", None] * 4
    rows = read(tmp_path / "o.csv")
    assert [row["id"] for row in rows[:3]] == ["1", "", str(2**60)]
    assert {row["ratio"] for row in rows} == {"0.1"}


@pytest.mark.many
@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ("idd", "in.csv: there is no column 'idd' to keep. Did you mean 'id'[?]"),
        (["id", "label"], "the column 'label' cannot be kept, since the answers have a column"),
    ],
)
def test_columns_that_cannot_be_kept_are_refused(exports, source, tmp_path, keep, message):
    text = source.read_text(encoding="utf-8").replace("price", "label", 1)
    source.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        predict_csv(exports["binary"], source, tmp_path / "o.csv", keep=keep)
    assert not (tmp_path / "o.csv").exists()


def test_keep_takes_names(exports, source, tmp_path):
    for wrong in (3, [3], [""]):
        with pytest.raises(ArgumentError, match="'keep' parameter of predict_csv"):
            predict_csv(exports["binary"], source, tmp_path / "o.csv", keep=wrong)


def test_the_command_keeps_columns(exports, source, tmp_path, monkeypatch, capsys):
    out = tmp_path / "o.csv"
    flags = ["predict", exports["regression"], "--csv", source, "--out", out, "--keep", "id, price"]
    monkeypatch.setattr("sys.argv", ["kerakit", *map(str, flags)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0, capsys.readouterr()
    assert list(read(out)[0]) == ["id", "price", "prediction"]
