import csv
import io
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from serving_cases import QUANTILES, make_spec, make_table, predict

import kerakit as kk
from kerakit.errors import DataError
from kerakit.serving import (
    load_served,
    predict_csv,
)


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


PLAIN = "fixed acidity,alcohol,kind\n" + "".join(
    f"{7 + row / 8},{1000.5 if row == 1 else 9 + row / 8},red\n" if row % 5 else "-,11,white\n"
    for row in range(24)
)
EUROPEAN = PLAIN.replace(",", ";").replace(".", ",").replace("1000,5", "1.000,5")


@pytest.fixture
def answers(exports, tmp_path):
    """A function that scores a text and returns the rows of answers."""

    def score(text, name="in.csv", path=exports["regression"], **options):
        (tmp_path / name).write_text(text, encoding="utf-8")
        predict_csv(path, tmp_path / name, tmp_path / "out.csv", **options)
        return rows_of(tmp_path / "out.csv")

    return score


@pytest.mark.export
def test_numbers_with_other_separators_and_json_lines_are_the_same_numbers(answers):
    plain = answers(PLAIN)
    assert len({row["prediction"] for row in plain}) > 15
    assert answers(EUROPEAN, decimal=",", thousands=".") == plain
    frame = pd.read_csv(io.StringIO(PLAIN), na_values="-")
    assert answers(frame.to_json(orient="records", lines=True), "in.jsonl") == plain


@pytest.mark.export
def test_a_file_is_read_as_the_training_file_was(answers, exports, tmp_path):
    model = tmp_path / "european" / "1"
    shutil.copytree(exports["regression"], model)
    manifest = json.loads((model / "assets.extra/kerakit.json").read_text())
    manifest["spec"] |= {"decimal": ",", "thousands": "."}
    (model / "assets.extra/kerakit.json").write_text(json.dumps(manifest))
    assert answers(EUROPEAN, path=model) == answers(PLAIN, decimal=".", thousands=",")
    body = EUROPEAN.split("\n", 1)[1]
    columns = ("fixed acidity", "alcohol", "kind")
    assert answers(body, path=model, columns=columns) == answers(PLAIN)
    with pytest.raises(DataError, match="line 4, column 'fixed acidity': '7.25' is not a number"):
        answers(PLAIN, path=model)


@pytest.mark.export
def test_separators_too_many_in_a_file_to_score(answers):
    odd = PLAIN.replace("kind\n", "kind,\n", 1)
    with pytest.warns(UserWarning, match="an empty name too many"):
        assert answers(odd) == answers(PLAIN)


@pytest.mark.export
@pytest.mark.parametrize("case", ["binary", "multilabel", "targets", "quantiles"])
def test_a_file_is_scored_row_by_row(case, exports, models, tmp_path):
    spec = make_spec(case)
    table = make_table(spec)
    source, out = tmp_path / "in.csv", tmp_path / "new" / "out.csv"
    with open(source, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "id", "alcohol", "fixed acidity"])
        for row in range(len(table)):
            acidity = table.features["acidity"][row]
            acidity = "?" if np.isnan(acidity) else acidity
            writer.writerow(
                [table.features["kind"][row], f"r{row}", table.features["alcohol"][row], acidity]
            )
    assert predict_csv(exports[case], source, out, batch_size=16) == len(table)
    rows, expected = rows_of(out), predict(models[case], table.features)
    assert len(rows) == len(table)

    def column(name):
        return np.array([float(row[name]) for row in rows])

    if case == "binary":
        assert list(rows[0]) == ["label", "confidence", "probability_no", "probability_yes"]
        assert [row["label"] for row in rows] == [spec.classes[i] for i in expected.argmax(axis=1)]
        np.testing.assert_allclose(column("probability_yes"), expected[:, 1], atol=1e-6)
    elif case == "multilabel":
        assert list(rows[0])[0] == "labels"
        on = [";".join(np.array(spec.classes)[row >= 0.5]) for row in expected]
        assert [row["labels"] for row in rows] == on
    elif case == "targets":
        assert list(rows[0]) == ["prediction_quality", "prediction_price"]
        np.testing.assert_allclose(column("prediction_price"), expected[:, 1], atol=1e-4)
    else:
        assert list(rows[0]) == ["prediction", "lower", "upper"]
        np.testing.assert_allclose(column("upper"), expected[:, 2], atol=1e-4)
        assert len(QUANTILES) == expected.shape[1]


@pytest.mark.many
def test_parquet_is_scored_too(exports, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = {"acidity": [7, None], "alcohol": [9.5, 9.5], "kind": ["red", None]}
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    assert predict_csv(exports["regression"], tmp_path / "in.parquet", tmp_path / "out.csv") == 2
    answer = load_served(exports["regression"])(table)["prediction"]
    values = [float(row["prediction"]) for row in rows_of(tmp_path / "out.csv")]
    np.testing.assert_allclose(values, answer, rtol=1e-6)


@pytest.mark.many
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fixed acidity,alcohol,kind\n7,9,red\n7,weak,red\n", "line 3, column 'alcohol': 'weak'"),
        ("fixed acidity,alcohol,kind\n7,9,red\n7,inf,red\n", "line 3, column 'alcohol'.*infinite"),
        ("acidity,kind\n7,red\n", "no column 'alcohol'"),
        ("fixed acidity,alcohol,kind\n7,9\n", "line 2"),
        ("", "is empty"),
    ],
)
def test_a_bad_file_is_named_by_row_and_column(exports, tmp_path, text, message):
    (tmp_path / "in.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        predict_csv(exports["regression"], tmp_path / "in.csv", tmp_path / "out.csv")
    with pytest.raises(DataError, match="cannot be read"):
        predict_csv(exports["regression"], tmp_path / "none.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.training
def test_what_stood_for_a_missing_value_in_training_does_so_again(tmp_path):
    """The markers are in the export; a file to score needs no flag for them."""
    rows = [
        f"{'-999' if n % 5 == 0 else n % 9},{'none' if n % 4 == 0 else 'ab'[n % 2]},{n % 7}"
        for n in range(60)
    ]
    (tmp_path / "train.csv").write_text("x,kind,y\n" + "\n".join(rows))
    data = kk.load_csv(tmp_path / "train.csv", "y", task="regression", na_values=("-999", "none"))
    assert kk.Spec.from_json(data.spec.to_json()).na_values == ("-999", "none")
    model = kk.linear_regressor(data.spec)
    kk.compile(model, "regression")
    kk.fit(model, data, epochs=2, verbose=0)
    path = kk.export(model, data, tmp_path / "m", verify=False)
    (tmp_path / "in.csv").write_text("x,kind\n-999,none\n3,a\n")
    predict_csv(path, tmp_path / "in.csv", tmp_path / "out.csv")
    answer = load_served(path)({"x": [np.nan, 3.0], "kind": ["", "a"]})["prediction"]
    values = [float(row["prediction"]) for row in rows_of(tmp_path / "out.csv")]
    np.testing.assert_allclose(values, answer, rtol=1e-6)


def test_a_column_of_new_categories_is_warned_of(exports, tmp_path):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("fixed acidity,alcohol,kind\n" + "7,9,Red\n" * 12 + "7,9,red\n7,9,\n")
    with pytest.warns(UserWarning, match="'kind': 12 of 13 values .* 'Red' .*'red'"):
        assert predict_csv(exports["regression"], source, out) == 14
