"""Baselines that the user defines: estimators of scikit-learn, and functions."""

import json

import numpy as np
import pytest
from evaluation_cases import (
    IDS,
    TEXTS,
    forecast_data,
    naive_forecaster,
    sentence_data,
    tag_answers,
    text_answers,
    text_data,
)
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError, DataError, KerakitError
from kerakit.evaluation import evaluate


def numeric_data(y, task="regression", **spec):
    rng = np.random.default_rng(0)
    train, test = (rng.normal(size=(30, 2)).astype("float32") for _ in range(2))
    tables = [Table({"a": x[:, 0], "b": x[:, 1]}, y(x)) for x in (train, test)]
    features = (Feature("a"), Feature("b"))
    return Data(tables[0], None, tables[1], Spec(task, features, **spec)), train, test


def model_of_two(width, activation=None):
    import keras

    inputs = {name: keras.Input((), name=name) for name in "ab"}
    columns = [keras.layers.Reshape((1,))(column) for column in inputs.values()]
    both = keras.layers.Concatenate()(columns)
    return keras.Model(inputs, keras.layers.Dense(width, activation)(both))


@pytest.mark.drawing
def test_an_estimator_is_cloned_and_fitted_on_all_training_rows(tmp_path):
    data, train, test = numeric_data(lambda x: (x[:, 0] * x[:, 1]).astype("float32"))
    estimator = KNeighborsRegressor(3)
    report = evaluate(model_of_two(1), data, baselines={"knn": estimator}, run_dir=tmp_path)
    assert not hasattr(estimator, "n_features_in_")  # the user's object is not fitted
    p = KNeighborsRegressor(3).fit(train, data.table("train").target).predict(test)
    error = p - data.table("test").target
    assert list(report.baseline) == ["mean", "linear", "gradient_boosting", "knn"]
    assert report.baseline["knn"]["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["baseline"]["knn"] == report.baseline["knn"]
    assert '<th scope=col class="number">knn</th>' in report.path.read_text()
    assert report.headline().endswith("'knn'.")


@pytest.mark.many
def test_a_classifier_gives_probabilities_in_the_order_of_the_classes():
    def target(x):
        return np.where(x[:, 0] > 0, 2, 0).astype("int32")  # no row of class 1

    data, train, test = numeric_data(target, "multiclass", classes=("a", "b", "c"))
    seen = []
    evaluate(
        model_of_two(3, "softmax"),
        data,
        baselines={"knn": KNeighborsClassifier(5)},
        metrics={"look": lambda y, p: seen.append(p.copy()) or 0},
    )
    expected = KNeighborsClassifier(5).fit(train, target(train)).predict_proba(test)
    np.testing.assert_allclose(seen[-1][:, [0, 2]], expected)
    assert not seen[-1][:, 1].any()


@pytest.mark.many
def test_numbers_and_strings_come_as_a_data_frame(make):
    pandas = pytest.importorskip("pandas")
    columns = []

    class Spy(LinearRegression):
        def fit(self, x, y):
            columns.append(x)
            return super().fit(x[["x"]], y)

        def predict(self, x):
            columns.append(x)
            return super().predict(x[["x"]])

    report = evaluate(make.model(0), make.data(), baselines={"spy": Spy()})
    assert np.isfinite(report.baseline["spy"]["rmse"])
    for frame, rows in zip(columns, (80, 40), strict=True):
        assert isinstance(frame, pandas.DataFrame) and list(frame) == ["x", "kind"]
        assert len(frame) == rows and isinstance(frame["kind"][0], str)


@pytest.mark.many
def test_texts_and_windows():
    data = text_data(TEXTS, IDS)
    model = text_answers("prize", ([0.7, 0.3], [0.1, 0.9]))
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression())
    report = evaluate(model, data, baselines={"counts": pipeline})
    assert report.baseline["counts"]["accuracy"] == 1.0
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    report = evaluate(
        naive_forecaster(data.spec),
        data,
        baselines={
            "trend": lambda features: features["window"][:, -1:] + np.array([1.0, 2.0]),
            "ols": LinearRegression(),
        },
    )
    assert report.baseline["trend"]["mae"] == 0.0 and report.baseline["ols"]["mae"] < 1e-2
    assert report.by_horizon["trend"] == [0.0, 0.0]


def test_several_channels_of_a_forecast():
    series = np.stack([np.arange(100.0), 3 * np.arange(100.0)], axis=1)
    data = forecast_data(series, window=6, horizon=2)
    report = evaluate(naive_forecaster(data.spec), data, baselines={"ols": LinearRegression()})
    assert report.baseline["ols"]["mae_standardised"] < 1e-3


@pytest.mark.many
def test_a_function_gets_batches_of_arrays(make, monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_ROWS", 16)
    batches = []

    def rule(features):
        batches.append(features)
        yes = features["kind"] == "v"
        return np.stack([~yes, yes], axis=1)

    data = make.data("binary")
    report = evaluate(make.model(2, "softmax"), data, baselines={"rule": rule})
    assert [len(batch["x"]) for batch in batches] == [16, 16, 8]
    assert all(type(batch["x"]) is np.ndarray for batch in batches)
    expected = (data.table("test").features["kind"] == "v") == data.table("test").target
    assert report.baseline["rule"]["accuracy"] == np.mean(expected)


@pytest.mark.many
def test_a_function_for_several_labels_and_for_tags(make):
    data = make.data("multilabel")
    half = {"half": lambda features: np.full((len(features["x"]), 2), 0.5)}
    report = evaluate(make.model(2, "sigmoid"), data, baselines=half)
    assert report.baseline["half"]["log_loss"] == pytest.approx(np.log(2))

    def all_nouns(features):
        longest = max(len(text.split()) for text in features["tokens"])
        return np.broadcast_to([0.0, 1.0, 0.0], (len(features["tokens"]), longest, 3))

    words = {"the": [0.9, 0.05, 0.05], "": [0.1, 0.1, 0.8]}
    report = evaluate(tag_answers(words), sentence_data(), baselines={"nouns": all_nouns})
    assert report.baseline["nouns"]["accuracy"] == pytest.approx(4 / 11)


@pytest.mark.many
def test_the_headline_names_the_best_of_the_users_baselines(make):
    data = make.rows("regression", np.float32([1, 2, 3, 6]))
    report = evaluate(
        make.answering([1, 3, 3, 4], 4),
        data,
        baselines={
            "far": DummyRegressor(strategy="constant", constant=100),
            "near": lambda features: features["row"] * 1.4 + 1,
        },
    )
    assert list(report.baseline) == ["mean", "linear", "gradient_boosting", "far", "near"]
    assert report.headline().endswith("'near'.") and "'far'" not in report.headline()
    assert ", " in report.headline().split("rows, ")[1]  # a, b and c


@pytest.mark.parametrize(
    ("baselines", "message"),
    [
        ({"linear": LinearRegression()}, "name 'linear', which is the name of a built-in column"),
        ({"model": LinearRegression()}, "built-in column"),
        ({"x": 3}, r"The 'baselines\['x'\]' parameter of evaluate must be an estimator with fit"),
        ({3: LinearRegression()}, "must be a dict from name to a scikit-learn estimator"),
        ([LinearRegression()], "must be a dict from name to a scikit-learn estimator"),
    ],
)
def test_baselines_that_are_refused(make, baselines, message):
    with pytest.raises(ArgumentError, match=message):
        evaluate(make.model(0), make.data(), baselines=baselines)


@pytest.mark.many
def test_none_leaves_a_built_in_baseline_out(make):
    data, model = make.data(targets=2), make.model(2)
    report = evaluate(model, data, baselines={"gradient_boosting": None, "mean": None})
    assert list(report.baseline) == ["linear"] and "gradient boosting" not in report.headline()
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    report = evaluate(naive_forecaster(data.spec), data, baselines={"linear": None})
    assert list(report.baseline) == list(report.by_horizon)[1:] == ["seasonal_naive"]
    words = {"the": [0.9, 0.05, 0.05], "": [0.1, 0.1, 0.8]}
    report = evaluate(tag_answers(words), sentence_data(), baselines={"most_frequent_tag": None})
    assert report.baseline == {}
    with pytest.raises(ArgumentError, match="must be an estimator with fit"):
        evaluate(model, make.data(targets=2), baselines={"mine": None})


def test_estimators_that_cannot_answer(make):
    with pytest.raises(ArgumentError, match="must have predict_proba.*CalibratedClassifierCV"):
        evaluate(make.model(2, "softmax"), make.data("binary"), baselines={"svc": LinearSVC()})
    with pytest.raises(ArgumentError, match="'multilabel': pass a function of a batch"):
        evaluate(
            make.model(2, "sigmoid"), make.data("multilabel"), baselines={"d": DummyClassifier()}
        )


@pytest.mark.many
@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda n: np.zeros((n, 2)), DataError, r"'rule' of evaluate predicts .*\(None, 1\)"),
        (lambda n: np.zeros(n - 1), DataError, r"of shape \(39,\) for a batch of 40 rows"),
        (lambda n: ["yes"] * n, DataError, "must predict numbers. Got an array of type <U3"),
        (lambda n: np.full(n, np.nan), KerakitError, "'rule' of evaluate predicts NaN"),
        (lambda n: [][n], ArgumentError, "'rule' of evaluate raised IndexError: list index"),
    ],
)
def test_answers_that_are_refused(make, tmp_path, answer, error, message):
    def rule(features):
        return answer(len(features["x"]))

    with pytest.raises(error, match=message):
        evaluate(make.model(0), make.data(), baselines={"rule": rule}, run_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_fit_that_fails_is_named(make):
    table = Table({"a": np.float32([0, np.nan]), "b": np.float32([0, 1])}, np.float32([0, 1]))
    data = Data(table, None, table, Spec("regression", (Feature("a"), Feature("b"))))
    message = "'ols' of evaluate raised ValueError: Input X contains NaN"
    with pytest.raises(ArgumentError, match=message) as error:
        evaluate(model_of_two(1), data, baselines={"ols": LinearRegression()})
    assert len(str(error.value)) < 500


@pytest.mark.many
def test_probabilities_are_checked(make):
    with pytest.raises(DataError, match="'rule' of evaluate must predict probabilities"):
        evaluate(
            make.model(2, "softmax"),
            make.data("binary"),
            baselines={"rule": lambda features: np.ones((len(features["x"]), 2))},
        )
