"""A model of dates: trained, exported and asked in all ways."""

import datetime
import json

import numpy as np
import pandas
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.errors import ArgumentError, DataError
from kerakit.serving import predict_csv
from kerakit.serving.standalone.requests import tf_examples
from tests.marks import needs

# The effect of each weekday, Monday first, and a trend of 0.01 a day.
EFFECTS = np.array([0.0, 1.0, 5.0, 2.0, 2.0, 9.0, -3.0])
DAYS = pandas.date_range("2023-01-01", periods=700)
Y = EFFECTS[DAYS.day_of_week] + 0.01 * np.arange(700)


@pytest.fixture(scope="module")
@needs("training", "export")
def trained(tmp_path_factory):
    """The data, the model and its export; the day stands as 31/12/2023 beside a time stamp."""
    noise = np.random.default_rng(0).normal(0, 0.1, 700)
    rows = {"day": DAYS.strftime("%d/%m/%Y"), "sent": DAYS + pandas.Timedelta("6h"), "y": Y + noise}
    data = kk.load_arrays(pandas.DataFrame(rows), "y", seed=1)
    model = kk.linear_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    path = kk.export(model, data, tmp_path_factory.mktemp("models") / "days", verify=False)
    return data, model, path


@pytest.fixture(scope="module")
def served(trained):
    return kk.load_served(trained[2])


def frame(rows=slice(0, 40)):
    days = DAYS[rows]
    return pandas.DataFrame(
        {"day": days.strftime("%d/%m/%Y"), "sent": days + pandas.Timedelta("6h")}
    )


@pytest.mark.slow
def test_weekday_and_trend_are_learned(trained):
    data, model, _ = trained
    assert [feature.kind for feature in data.spec.features] == ["date", "date"]
    report = kk.evaluate(model, data)
    assert report.test["rmse"] < 0.12
    # The linear baseline of the report has the features of the dates as well.
    assert report.baseline["linear"]["rmse"] < 0.12 < report.baseline["mean"]["rmse"]


def test_the_trend_goes_on_after_the_training_dates(served):
    later = pandas.date_range("2025-06-02", periods=7)
    answer = served({"day": later, "sent": later + pandas.Timedelta("6h")})["prediction"]
    since = (later - DAYS[0]).days.to_numpy()
    np.testing.assert_allclose(answer, EFFECTS + 0.01 * since, atol=0.5)


def test_served_answers_are_those_of_the_model(trained, served):
    data, model, _ = trained
    features = data.table("test").features
    wanted = np.ravel(model({name: tf.constant(values) for name, values in features.items()}))
    np.testing.assert_allclose(served(data)["prediction"], wanted, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.assign(day=DAYS[: len(rows)]),
        lambda rows: rows.assign(day=list(DAYS[: len(rows)].date)),
        lambda rows: rows.assign(day=DAYS[: len(rows)].strftime("%b %d, %Y")),
        lambda rows: rows.assign(day=DAYS[: len(rows)].to_period("D")),
        lambda rows: rows.assign(
            sent=rows.sent.dt.tz_localize("UTC").dt.tz_convert("America/New_York")
        ),
        lambda rows: rows.assign(sent=rows.sent.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        lambda rows: {name: rows[name].to_numpy() for name in rows},
        lambda rows: {name: rows[name].tolist() for name in rows},
        lambda rows: rows.astype(object),
    ],
)
def test_frames_of_all_kinds_get_the_same_answers(served, change):
    wanted = served(frame())["prediction"].to_numpy()
    assert np.array_equal(np.asarray(served(change(frame()))["prediction"]), wanted)


def test_one_row_of_scalars(served):
    wanted = served(frame(slice(5, 6)))["prediction"].to_numpy()
    rows = [
        {"day": "06/01/2023", "sent": "2023-01-06T06:00:00"},
        {"day": datetime.date(2023, 1, 6), "sent": datetime.datetime(2023, 1, 6, 6)},
        {"day": np.datetime64("2023-01-06"), "sent": pandas.Timestamp("2023-01-06 06:00")},
    ]
    for row in rows:
        assert np.array_equal(served(row)["prediction"], wanted)
    missing = [None, "", pandas.NaT, float("nan"), np.datetime64("NaT")]
    answers = {float(served({"day": gap, "sent": gap})["prediction"][0]) for gap in missing}
    assert len(answers) == 1


@pytest.mark.parametrize("value", ["soon", "2023-02-29", 7, "13/13/2023"])
def test_what_is_no_date_is_refused_with_row_and_value(served, value):
    rows = frame().astype(object)
    rows.loc[3, "day"] = value
    with pytest.raises(ArgumentError, match=f"row 3 .*column 'day': '{value}' is not a date"):
        served(rows)


def test_the_graph_takes_strings_and_what_is_no_date_for_missing(trained):
    signatures = tf.saved_model.load(str(trained[2])).signatures
    spellings = ["06/01/2023", "2023-01-06", "Jan 6, 2023", "6.1.23", "2023-01-06T01:00+01:00"]
    none = ["", "soon", "2023-02-29"]
    texts = [*spellings, *none]
    sent = ["2023-01-06 06:00"] * len(texts)
    answer = signatures["serving_default"](day=tf.constant(texts), sent=tf.constant(sent))
    answer = answer["prediction"].numpy()
    assert len(set(answer[: len(spellings)])) == 1 and len(set(answer[len(spellings) :])) == 1
    examples = tf_examples({"day": np.array(texts, object), "sent": np.array(sent, object)})
    regressed = signatures["regress"](inputs=tf.constant(examples))["outputs"].numpy()
    assert np.array_equal(regressed.ravel(), answer)


@pytest.mark.slow
def test_predict_answers_as_the_export(trained, served):
    data, model, _ = trained
    np.testing.assert_array_equal(kk.predict(model, data)["prediction"], served(data)["prediction"])
    answers = kk.predict(model, frame())["prediction"]
    np.testing.assert_array_equal(answers, served(frame())["prediction"])


@pytest.mark.slow
def test_files_get_the_answers_of_frames(served, trained, tmp_path):
    wanted = served(frame())["prediction"].to_numpy()
    rows = frame()
    rows.to_csv(tmp_path / "a.csv", index=False)
    assert predict_csv(trained[2], tmp_path / "a.csv", tmp_path / "out.csv") == 40
    found = pandas.read_csv(tmp_path / "out.csv")["prediction"]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    rows.loc[7, "day"] = "soon"
    rows.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"b.csv, line 9, column 'day': 'soon' is not a date"):
        predict_csv(trained[2], tmp_path / "b.csv", tmp_path / "out.csv")


def test_the_manifest_has_the_parts_and_an_example(trained):
    manifest = json.loads((trained[2] / "assets.extra" / "kerakit.json").read_text())
    day, sent = manifest["spec"]["features"]
    assert day["kind"] == "date" and day["format"] == "day first"
    assert [part["name"] for part in sent["parts"]] == ["days", "year", "month", "weekday"]
    assert sum(len(layer["mean"]) for layer in manifest["preprocess"]["normalisation"]) == 4
    example = manifest["signatures"]["serving_default"]["example"]["request"]["instances"][0]
    assert datetime.datetime.fromisoformat(example["sent"]).hour == 6
    assert manifest["signatures"]["serving_default"]["inputs"]["day"]["dtype"] == "string"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl"])
def test_files_with_types_get_the_answers_of_frames(served, trained, tmp_path, name):
    rows = frame()
    if name == "a.parquet":
        rows.to_parquet(tmp_path / name)
    else:
        rows.to_json(tmp_path / name, orient="records", lines=True, date_format="iso")
    assert predict_csv(trained[2], tmp_path / name, tmp_path / "out.csv") == 40
    found = pandas.read_csv(tmp_path / "out.csv")["prediction"]
    np.testing.assert_allclose(found, served(rows)["prediction"], rtol=1e-5)


@pytest.mark.slow
def test_an_export_of_dates_passes_verify(trained):
    assert kk.verify(trained[2]).ok
