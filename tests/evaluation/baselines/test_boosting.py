"""Gradient boosting as a baseline: the same answers as scikit-learn fitted directly."""

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.evaluation.baselines import boosting as module
from kerakit.evaluation.baselines.boosting import fit_boosting
from kerakit.evaluation.baselines.tables import fit_baselines

ROWS = 300


@pytest.fixture(autouse=True)
def no_process(monkeypatch):
    """Without this, a direct fit starts a process that counts the cores, and threads that wait."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="module")
def frame():
    """A number with gaps, a category with gaps and a date."""
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 400, ROWS), "D")
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS).astype("float32"),
            "kind": rng.choice(["oak", "elm", "ash"], ROWS),
            "day": days,
        }
    )
    frame.loc[::7, "size"] = np.nan
    frame.loc[::11, "kind"] = None
    return frame


def signal(frame):
    known = frame["size"].fillna(-2) + 2 * (frame["kind"] == "oak") + (frame["day"].dt.month > 6)
    return known.to_numpy(np.float32)


def columns_of(frame, data, split):
    """The rows of a split as scikit-learn would get them."""
    features = data.table(split).features
    day = pd.to_datetime(features["day"])
    parts = {part.name for part in data.spec.features[2].parts}
    kind = pd.Series(features["kind"]).replace("", None).astype("category")
    found = {"size": features["size"], "kind": kind, "days": (day - pd.Timestamp(0)).days}
    found |= {"year": day.year} if "year" in parts else {}
    found |= {"month": pd.Categorical(day.month), "weekday": pd.Categorical(day.day_of_week)}
    return pd.DataFrame(found)


def test_numbers_categories_and_dates_are_those_of_scikit_learn(frame):
    data = kk.load_arrays(frame, signal(frame))
    predict, notes = fit_boosting(data)
    direct = HistGradientBoostingRegressor(categorical_features="from_dtype", random_state=0)
    direct.fit(columns_of(frame, data, "train"), data.table("train").target)
    expected = direct.predict(columns_of(frame, data, "test"))
    answer = predict(data.table("test").features)
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    assert notes == [] and np.std(answer - data.table("test").target) < 0.5 * np.std(answer)


@pytest.mark.many
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS, 2)).astype("float32")
    y = np.digitize(x[:, 0] * x[:, 1], [0.0, 0.5][: classes - 1])
    data = kk.load_arrays(x, y.astype(str))
    train, test = (data.table(split) for split in ("train", "test"))
    direct = HistGradientBoostingClassifier(random_state=0)
    direct.fit(train.features["features"], train.target)
    expected = direct.predict_proba(test.features["features"])
    np.testing.assert_allclose(fit_boosting(data)[0](test.features), expected, atol=1e-12)


def numeric(target, task="regression", classes=(), **spec):
    x = np.linspace(-1, 1, len(target)).astype("float32")
    table = Table({"x": x}, np.asarray(target))
    return Data(table, None, table, Spec(task, (Feature("x"),), classes=classes, **spec))


@pytest.mark.many
def test_several_targets_and_labels_have_a_model_each():
    x = np.linspace(-1, 1, 100)
    data = numeric(np.stack([x, x > 0], axis=1).astype("float32"))
    data.spec = kk.Spec("regression", data.spec.features, kk.Target(("a", "b")))
    p = fit_boosting(data)[0](data.table("test").features)
    for index, target in enumerate(data.table("train").target.T):
        direct = HistGradientBoostingRegressor(random_state=0).fit(x[:, None], target)
        np.testing.assert_allclose(p[:, index], direct.predict(x[:, None]), atol=1e-6)
    labels = np.stack([x > 0, np.ones(100)], axis=1).astype("float32")
    data = numeric(labels, "multilabel", ("p", "q"))
    p = fit_boosting(data)[0](data.table("test").features)
    np.testing.assert_array_equal(p[:, 1], 1.0)  # of a label that all rows have
    np.testing.assert_array_equal(p[:, 0] > 0.5, x > 0)


def test_classes_without_a_row():
    y = np.repeat([0, 2], 50).astype("int32")
    predict, _ = fit_boosting(numeric(y, "multiclass", ("a", "b", "c")))
    p = predict({"x": np.float32([-1, 1])})
    assert p.shape == (2, 3) and not p[:, 1].any() and p.argmax(1).tolist() == [0, 2]
    predict, notes = fit_boosting(numeric(np.zeros(9, "int32"), "binary", ("a", "b")))
    assert predict is None and "one class only" in notes[0]


def test_a_column_with_hardly_a_value():
    """scikit-learn fails on a column without one, as it may be after it splits rows off."""
    x = np.linspace(-1, 1, 60).astype("float32")
    columns = {"x": x, "none": np.full(60, np.nan, "float32"), "few": x.copy()}
    columns["few"][2:] = [np.inf] * 58
    table = Table(columns, (x > 0).astype("float32"))
    data = Data(table, None, table, Spec("regression", tuple(map(Feature, columns))))
    p = fit_boosting(data)[0](columns | {"none": x})
    direct = HistGradientBoostingRegressor(random_state=0).fit(x[:, None], table.target)
    np.testing.assert_allclose(p, direct.predict(x[:, None]), atol=1e-6)


@pytest.mark.many
def test_one_row_of_a_class_among_many():
    """scikit-learn splits rows off from 10,001 rows on, and refuses a class of one row then."""
    y = np.zeros(10_050, "int32")
    y[5_000:] = 1
    y[-1] = 2
    predict, _ = fit_boosting(numeric(y, "multiclass", ("a", "b", "c")))
    assert predict({"x": np.float32([-1])}).argmax() == 0


def test_rare_and_unknown_categories_count_as_missing():
    values = np.array([f"k{i:03}" for i in range(300)] * 2 + ["k007"] * 40, object)
    y = (values == "k007").astype("float32")
    table = Table({"kind": values}, y)
    spec = Spec("regression", (Feature("kind", "categorical", "string"),))
    predict, _ = fit_boosting(Data(table, None, table, spec))
    known, rare, unknown, missing = predict(
        {"kind": np.array([b"k007", "k299", "new", ""], object)}
    )
    assert known > 0.9 and abs(rare) < 0.1 and rare == unknown == missing


def test_limits_are_said(monkeypatch):
    data = numeric(np.linspace(0, 1, 3000).astype("float32"))
    monkeypatch.setattr(module, "MAX_CELLS", 1_200)
    _, notes = fit_boosting(data)
    assert notes == [
        "The gradient_boosting baseline was fitted on 1,200 of 3,000 training rows, drawn with "
        "seed 0."
    ]
    monkeypatch.setattr(module, "MAX_COLUMNS", -60)
    predict, notes = fit_boosting(data)
    assert predict is None and notes == [
        "The gradient_boosting baseline was left out: 1 columns on 3,000 training rows would "
        "take long."
    ]


def test_a_stream_gives_what_a_table_gives():
    data = numeric(np.sin(np.arange(200.0)).astype("float32"))
    streamed = Data(data.train, None, data.test, data.spec)
    features = data.table("test").features
    direct, stream = (fit_boosting(one)[0](features) for one in (data, streamed))
    np.testing.assert_array_equal(direct, stream)


def test_the_environment_stays_as_it_was(monkeypatch):
    """scikit-learn is told to use one thread, and to start no process that counts the cores."""
    monkeypatch.delenv("OMP_NUM_THREADS")
    data = numeric(np.sin(np.arange(200.0)).astype("float32"))
    fit_boosting(data)[0](data.table("test").features)
    assert "OMP_NUM_THREADS" not in os.environ


def test_baselines_are_left_out_by_name():
    data = numeric(np.sin(np.arange(200.0)).astype("float32"))
    assert list(fit_baselines(data)[0]) == ["mean", "linear", "gradient_boosting"]
    without = fit_baselines(data, without={"gradient_boosting", "linear"})[0]
    assert list(without) == ["mean"]
