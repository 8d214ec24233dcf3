"""The model in MLflow answers as `load_served` does."""

import json
import subprocess
import sys
import threading
import time
import urllib.request

import keras
import numpy as np
import pandas as pd
import pytest
from marks import needs

import kerakit as kk
from kerakit.integrations.mlflow import log_run

DATES = ["2024-03-01", "2025-03-01"]
CASES = ("multilabel", "targets", "channels", "series", "text", "tags")


@pytest.fixture(scope="module")
def hand_made(installed, tmp_path_factory):
    """A function from a case to `(run_dir, export, raw rows by name)`."""
    from sequence_cases import SEQUENCE_CASES, make_case
    from serving_cases import make_model, make_spec, make_table

    base = tmp_path_factory.mktemp("hand_made")
    (base / "metrics.json").write_text('{"test": {}, "baseline": {}}')

    def make(case):
        if case in SEQUENCE_CASES:
            model, spec, table = make_case(case)
        else:
            spec = make_spec(case)
            model, table = make_model(case, spec), make_table(spec)
        path = kk.export(model, spec, base / case, examples=table, verify=False)
        columns = {f.name: f.column or f.name for f in spec.features}
        features = {columns[name]: np.asarray(v[:8]) for name, v in table.features.items()}
        return base, path, features

    return make


@pytest.fixture
def load(store):
    import mlflow

    return lambda *arguments: mlflow.pyfunc.load_model(log_run(*arguments).model_uri)


def test_frames_are_answered_as_by_load_served(trained, frame, load):
    """Whole numbers, nulls, categories, dates and further columns, whose types MLflow checks."""
    model, served = load(*trained), kk.load_served(trained[1])
    rows = frame.assign(note="x").set_index(np.arange(60) + 100)
    for each in (
        rows,
        rows.assign(kind=rows["kind"].astype("category")),
        rows.assign(year=rows["year"].astype("Int64"), kind=None),
        rows.assign(sold=rows["sold"].astype(str)),
        rows.head(1),
    ):
        answer = model.predict(each)
        assert list(answer.columns) == ["prediction", "lower", "upper"]
        pd.testing.assert_frame_equal(answer, served(each))
    one = model.predict({"fixed acidity": 8.0, "year": 1999, "kind": "red", "sold": "2024-03-01"})
    columns = {"fixed acidity": [8.0], "year": [1999], "kind": ["red"], "sold": ["2024-03-01"]}
    expected = served(columns)
    assert one["upper"].tolist() == expected["upper"].tolist()


def test_a_value_that_is_wrong_is_named_by_row_and_column(trained, frame, load):
    rows = frame.assign(year=frame["year"].astype(object))
    rows.loc[3, "year"] = "soon"
    with pytest.raises(kk.ArgumentError, match=r"row 3 .*column 'year': 'soon' is not a number"):
        load(*trained).predict(rows)


def test_signature_and_example_are_those_of_the_export(trained, load):
    model, served = load(*trained), kk.load_served(trained[1])
    columns = ["fixed acidity", "year", "kind", "sold"]
    signature = model.metadata.signature
    assert signature.inputs.input_names() == columns
    outputs = [(column.name, column.type.name) for column in signature.outputs]
    assert outputs == [(name, "float") for name in ("prediction", "lower", "upper")]
    stated = served.manifest["signatures"]["serving_default"]
    (row,) = stated["example"]["request"]["instances"]
    example = model.input_example
    assert list(example.columns) == columns and example.iloc[0].tolist() == list(row.values())
    answer = model.predict(example).iloc[0].to_dict()
    assert answer == pytest.approx(stated["example"]["response"]["predictions"][0], rel=1e-5)
    about = model.metadata.metadata["kerakit"]
    assert about["inputs"]["kind"]["dtype"] == "string" and about["quantiles"] == [0.1, 0.5, 0.9]


@pytest.mark.slow
def test_every_kind_of_answer_comes_as_a_frame(hand_made, load):
    for case in CASES:
        run_dir, path, rows = hand_made(case)
        model, served = load(run_dir, path), kk.load_served(path)
        frame = pd.DataFrame({name: list(values) for name, values in rows.items()})
        # MLflow takes an array for a model of one array; the answer is a frame all the same.
        (values,) = rows.values() if case == "series" else (frame,)
        answer = model.predict(values)
        pd.testing.assert_frame_equal(answer, served(frame), obj=case)
        names = [column.name for column in model.metadata.signature.outputs]
        assert list(answer.columns) == names, case
        assert len(model.predict(model.input_example)) == 1, case


@pytest.mark.slow
def test_a_forecaster_continues_a_table_of_steps(hand_made, load):
    run_dir, path, _ = hand_made("forecast")
    model, served = load(run_dir, path), kk.load_served(path)
    days = pd.date_range("2024-05-01", periods=9, freq="D", name="day")
    table = pd.DataFrame({"load": range(20, 29), "other": 1}, index=days)
    answer = model.predict(table)
    pd.testing.assert_frame_equal(answer, served(table))
    assert answer.index.tolist() == pd.date_range("2024-05-10", periods=3).tolist()


@pytest.fixture(scope="module")
@needs("export")
def digits(installed, tmp_path_factory):
    base = tmp_path_factory.mktemp("digits")
    (base / "metrics.json").write_text('{"test": {}, "baseline": {}}')
    data = kk.load_builtin("digits")
    keras.utils.set_random_seed(0)
    model = kk.cnn_classifier(data)
    for weights in model.trainable_weights:
        weights.assign_add(keras.random.normal(weights.shape, stddev=0.05))  # as if trained
    path = kk.export(model, data, base / "digits", verify=False)
    return base, path, np.asarray(data.table("test").features["image"][:5])


def test_images_are_answered_as_by_load_served(digits, load):
    run_dir, path, pixels = digits
    model, expected = load(run_dir, path), kk.load_served(path)({"image": pixels})
    assert pixels.dtype == "uint8"
    for rows in (pixels, {"image": pixels}):
        answer = model.predict(rows)
        assert answer["label"].tolist() == expected["label"].tolist()
        numbers = answer.filter(like="probability_").to_numpy()
        np.testing.assert_array_equal(numbers, expected["probabilities"])


@pytest.mark.slow
def test_the_server_of_mlflow_answers_the_same(trained, load):
    """Rows as JSON: missing values, whole numbers, numbers as texts."""
    import uvicorn
    from mlflow.pyfunc import scoring_server

    app = scoring_server.init(load(*trained))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        columns = ["fixed acidity", "year", "kind", "sold"]
        rows = [[8, 1999, "red", DATES[0]], [None, "2001", None, DATES[1]]]
        body = json.dumps({"dataframe_split": {"columns": columns, "data": rows}}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answers = json.load(response)["predictions"]
    finally:
        server.should_exit = True
        thread.join()
    expected = kk.load_served(trained[1])(pd.DataFrame(rows, columns=columns))
    assert [row["upper"] for row in answers] == pytest.approx(expected["upper"].tolist())


@pytest.mark.slow
def test_a_process_without_keras_loads_the_model(trained, store):
    logged = log_run(*trained)
    rows = {"fixed acidity": [8.0, None], "year": [1999, 2001], "kind": ["red", ""], "sold": DATES}
    expected = kk.load_served(trained[1])(rows)
    code = (
        "import sys, mlflow, pandas; sys.modules['keras'] = None; "
        f"mlflow.set_tracking_uri({store!r}); "
        f"model = mlflow.pyfunc.load_model({logged.model_uri!r}); "
        f"print(model.predict(pandas.DataFrame({rows!r}))['upper'].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    values = [float(each) for each in done.stdout.strip().strip("[]").split(",")]
    assert values == pytest.approx(expected["upper"].tolist())
