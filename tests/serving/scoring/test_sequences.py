"""Files of texts are scored; what is no table is refused with a reason."""

import csv

import numpy as np
import pytest

from kerakit.errors import DataError
from kerakit.serving import load_served, predict_csv


def test_a_column_of_texts_is_scored_as_it_stands(sequence_exports, tmp_path):
    texts = ["Free PRIZE!", "NA", " the dog,\nruns", "", "007", 'a "prize"']
    with open(tmp_path / "in.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(texts)])
    out = tmp_path / "out.csv"
    assert predict_csv(sequence_exports["text"], tmp_path / "in.csv", out, batch_size=4) == 6
    with open(out, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["label", "confidence", "probability_ham", "probability_spam"]
    expected = load_served(sequence_exports["text"])({"text": texts})
    assert [row["label"] for row in rows] == expected["label"].tolist()
    values = [float(row["probability_spam"]) for row in rows]
    np.testing.assert_allclose(values, expected["probabilities"][:, 1], rtol=1e-6)
    assert len(set(values)) > 3


def test_parquet_of_texts(sequence_exports, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["NaN", None, "free"]}), tmp_path / "in.parquet")
    predict_csv(sequence_exports["text"], tmp_path / "in.parquet", tmp_path / "out.parquet")
    label = pq.read_table(tmp_path / "out.parquet")["label"].to_pylist()
    expected = load_served(sequence_exports["text"])({"text": ["NaN", "", "free"]})
    assert label == expected["label"].tolist()


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("series", "takes 'series' as a series.*Use load_served"),
        ("tags", "one answer for each row .*, and the model gives each token of a sentence a tag"),
    ],
)
def test_what_is_no_table_is_refused(case, message, sequence_exports, tmp_path):
    (tmp_path / "in.csv").write_text("window,time,series,tokens\n1,2,3,x\n")
    with pytest.raises(DataError, match=message):
        predict_csv(sequence_exports[case], tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
