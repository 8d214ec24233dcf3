import concurrent.futures
import csv
import json
import shlex
import subprocess

import keras
import numpy as np
import pytest
from serving_cases import QUANTILES, make_spec, make_table, predict

from kerakit.data.spec import Feature, Spec, Target
from kerakit.errors import ArgumentError, DataError
from kerakit.serving import (
    curl_line,
    docker_line,
    export,
    load_served,
    predict_csv,
    request_example,
)
from kerakit.serving.manifest import read_manifest


def test_served_answers_as_the_model(exports, models):
    served = load_served(exports["multiclass"].parent)
    features = make_table(make_spec("multiclass")).features
    answer = served(features)
    expected = predict(models["multiclass"], features)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    assert answer["label"].tolist() == [served.spec.classes[i] for i in expected.argmax(axis=1)]
    assert served.path == exports["multiclass"]
    assert "größer" in answer["label"].tolist()


def test_served_takes_lists_integers_and_missing_values(exports):
    served = load_served(exports["regression"])
    plain = {"acidity": [np.nan, 7.0], "alcohol": [9.0, 9.0], "kind": ["", "red"]}
    loose = {"kind": [None, "red"], "acidity": [None, 7], "alcohol": np.array([9, 9], "int64")}
    np.testing.assert_array_equal(served(plain)["prediction"], served(loose)["prediction"])


@pytest.mark.parametrize("case", ["regression", "multilabel"])
def test_served_is_the_signature_to_the_last_bit(exports, case):
    import tensorflow as tf

    served = load_served(exports[case])
    signature = tf.saved_model.load(str(exports[case])).signatures["serving_default"]
    features = make_table(make_spec(case)).features
    expected = signature(**{name: tf.constant(values) for name, values in features.items()})
    answer = served(features)
    assert answer.keys() == expected.keys()
    for name, values in answer.items():
        assert values.tolist() == [
            [v.decode() for v in row] if name == "labels" else row
            for row in expected[name].numpy().tolist()
        ]


def test_served_can_be_called_from_threads(exports):
    served = load_served(exports["multiclass"])
    features = make_table(make_spec("multiclass")).features
    rows = [{name: values[i : i + 1] for name, values in features.items()} for i in range(40)]
    alone = [served(row) for row in rows]
    assert len({tuple(answer["probabilities"][0]) for answer in alone}) > 30
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(served, rows * 25))
    for answer, expected in zip(together, alone * 25, strict=True):
        np.testing.assert_array_equal(answer["probabilities"], expected["probabilities"])
        assert answer["label"].tolist() == expected["label"].tolist()


def test_served_takes_arrays(tmp_path):
    inputs = {
        "pixels": keras.Input((2, 2), name="pixels"),
        "count": keras.Input((), dtype="int32", name="count"),
    }
    flat = keras.layers.Flatten()(inputs["pixels"])
    total = keras.ops.sum(flat, axis=-1) + keras.ops.cast(inputs["count"], "float32")
    model = keras.Model(inputs, total)
    features = (Feature("count", dtype="int32"), Feature("pixels", shape=(2, 2)))
    spec = Spec("regression", features, Target(("y",), None, (0.0,), (1.0,)))
    rows = {"pixels": np.arange(12.0).reshape(3, 2, 2), "count": np.array([0, 10, 20])}
    served = load_served(export(model, spec, tmp_path / "sums", sample=rows, verify=False))
    assert served(rows)["prediction"].tolist() == [6.0, 32.0, 58.0]
    assert served({"pixels": [[[1, 2], [3, None]]], "count": [4]})["prediction"].shape == (1,)
    assert served({"pixels": np.zeros((0, 2, 2)), "count": []})["prediction"].shape == (0,)
    for wrong in (np.zeros((1, 4)), np.zeros((1, 2, 3)), np.zeros(1)):
        with pytest.raises(ArgumentError, match="'pixels' must have the shape"):
            served({"pixels": wrong, "count": [1]})
    with pytest.raises(ArgumentError, match="one length"):
        served({"pixels": np.zeros((2, 2, 2)), "count": [1]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": None}, r"\['kind'\] are missing"),
        ({"ash": [1.0]}, r"does not know the columns \['ash'\]"),
        ({"acidity": ["sour"]}, "'acidity' cannot be used"),
        ({"acidity": 7.0}, "'acidity' must have the shape"),
        ({"acidity": [[7.0]]}, "'acidity' must have the shape"),
        ({"acidity": [7.0, 8.0]}, "one length"),
        ({"kind": [3]}, "expected strings, got 3"),
        ({"kind": ["\ud800"]}, "'kind' cannot be used"),
    ],
)
def test_served_refuses_what_does_not_fit(exports, change, message):
    columns = {"acidity": [7.0], "alcohol": [9.0], "kind": ["red"], **change}
    columns = {name: column for name, column in columns.items() if column is not None}
    with pytest.raises(ArgumentError, match=message):
        load_served(exports["regression"])(columns)


def test_served_refuses_what_is_no_table_or_no_export(exports, tmp_path):
    with pytest.raises(ArgumentError, match="dict of columns: acidity, alcohol, kind"):
        load_served(exports["regression"])([[7.0, 9.0, "red"]])
    with pytest.raises(ArgumentError, match="not an export"):
        load_served(tmp_path)


def test_shell_lines_survive_quotes_and_spaces(exports):
    manifest = read_manifest(exports["regression"])
    assert json.loads(request_example(manifest))["instances"][0].keys() == {
        "acidity",
        "alcohol",
        "kind",
    }
    example = manifest["signatures"]["serving_default"]["example"]["request"]
    example["instances"][0]["kind"] = 'it\'s "so" $HOME'
    manifest["name"] = "my wine"
    words = shlex.split(curl_line(exports["regression"], manifest))
    assert words[:2] == ["curl", "-d"]
    assert json.loads(words[2]) == example
    assert words[3] == "http://localhost:8501/v1/models/my%20wine:predict"


def test_the_docker_line_mounts_the_models_folder(exports, tmp_path):
    base = exports["regression"].parent
    assert docker_line(exports["regression"]) == (
        f'docker run -p 8501:8501 -v "{base}:/models/regression" '
        "-e MODEL_NAME=regression tensorflow/serving"
    )
    for parent in ('a $b "c"', "with:colon"):
        odd = tmp_path / parent / "my wine" / "1"
        (odd / "assets.extra").mkdir(parents=True)
        (odd / "assets.extra" / "kerakit.json").write_text("{}")
        line = docker_line(odd).replace("docker", "printf '%s\\n'", 1)
        words = subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout
        words = words.splitlines()
        assert words[-2:] == ["MODEL_NAME=my wine", "tensorflow/serving"]
        assert str(odd.parent) in words[words.index("-e") - 1]


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


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


def test_parquet_is_scored_too(exports, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = {"acidity": [7, None], "alcohol": [9.5, 9.5], "kind": ["red", None]}
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    assert predict_csv(exports["regression"], tmp_path / "in.parquet", tmp_path / "out.csv") == 2
    answer = load_served(exports["regression"])(table)["prediction"]
    values = [float(row["prediction"]) for row in rows_of(tmp_path / "out.csv")]
    np.testing.assert_allclose(values, answer, rtol=1e-6)


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
