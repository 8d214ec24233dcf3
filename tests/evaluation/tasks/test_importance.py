"""Permutation importance: worked out by hand, and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from evaluation_cases import LIGHT
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import permutation_importance

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec, Target
from kerakit.evaluation import evaluate
from kerakit.evaluation.tasks import importance as module
from kerakit.evaluation.tasks.predictions import predict_test


def by_column(importance):
    return {one["column"]: one for one in importance["columns"]}


def rmse(y, p):
    return np.sqrt(np.mean((y - p) ** 2))


def measured(model, data):
    """The importance alone, by the RMSE of one target, without the rest of an evaluation."""
    y, answers = predict_test(model, data, {})
    return module.measure_importance(model, data, y, answers["model"], ("rmse", rmse))[0]


def test_two_rows_by_hand(make):
    """A shuffle of two rows keeps them (increase 0) or swaps them (the RMSE is 3 then, not 0)."""
    report = evaluate(
        make.answering([1, 4], 2), make.rows("regression", np.float32([1, 4])), baselines=LIGHT
    )
    found = report.importance
    assert (found["measure"], found["value"], found["rows"]) == ("rmse", 0.0, 2)
    (one,) = found["columns"]
    swaps = one["increase"] * found["repeats"] / 3
    assert one["column"] == "row" and swaps == pytest.approx(round(swaps)) and 0 <= swaps <= 5
    fraction = round(swaps) / found["repeats"]
    assert one["std"] == pytest.approx(3 * np.sqrt(fraction * (1 - fraction)), abs=1e-6)


def sums(weights, names):
    """A model that predicts the weighted sum of its columns."""
    import keras

    inputs = {name: keras.Input((), name=name) for name in names}
    columns = [keras.layers.Reshape((1,))(column) for column in inputs.values()]
    stacked = keras.layers.Concatenate()(columns) if len(columns) > 1 else columns[0]
    weights = np.asarray(weights, "float32")
    dense = keras.layers.Dense(weights.shape[1], use_bias=False)
    model = keras.Model(inputs, dense(stacked))
    dense.set_weights([weights])
    return model


def normal_data(rows, names, weights, noise=1.0, **spec):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, len(names))).astype("float32")
    y = x @ weights + noise * rng.normal(size=(rows, weights.shape[1]))
    features = dict(zip(names, x.T.copy(), strict=True))
    table = Table(features, y.astype("float32").squeeze())
    return Data(table, None, table, Spec("regression", tuple(map(Feature, names)), **spec))


class Wrapped(RegressorMixin, BaseEstimator):
    """A Keras model as an estimator of scikit-learn."""

    def __init__(self, model=None):
        self.model = model

    def fit(self, x, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, x):
        columns = {name: x[:, i] for i, name in enumerate("abc")}
        return np.asarray(self.model.predict_on_batch(columns))[:, 0]


def test_as_scikit_learn_measures_it():
    """Different shuffles of 2,000 rows: equal within four standard errors of the difference."""
    weights = np.array([[3.0], [0.5], [0.0]])
    data, model = normal_data(2_000, "abc", weights), sums(weights, "abc")
    found = measured(model, data)
    test = data.table("test")
    x = np.stack(list(test.features.values()), axis=1)
    theirs = permutation_importance(
        Wrapped(model), x, test.target, scoring="neg_root_mean_squared_error", n_repeats=5,
        random_state=1,
    )  # fmt: skip
    ours = by_column(found)
    assert list(ours) == ["a", "b", "c"]
    for name, mean, std in zip("abc", theirs.importances_mean, theirs.importances_std, strict=True):
        error = 4 * np.sqrt((ours[name]["std"] ** 2 + std**2) / 5) + 1e-9
        assert ours[name]["increase"] == pytest.approx(mean, abs=error)
    assert ours["c"]["increase"] == ours["c"]["std"] == 0.0  # the model does not read it
    assert found["value"] == pytest.approx(rmse(test.target, x @ weights[:, 0]))
    assert measured(model, data) == found


@pytest.mark.many
def test_several_targets_in_units_of_their_standard_deviations():
    """Of noiseless targets a shuffled column gives 2 (1 - r) times the variance, r near 0."""
    weights = np.array([[1.0, 0.0], [0.0, 1000.0]])
    data = normal_data(2_000, "ab", weights, noise=0.0, target=Target(("small", "large")))
    found = evaluate(sums(weights, "ab"), data, baselines=LIGHT).importance
    assert found["measure"] == "rmse_standardised" and found["value"] < 1e-6
    for one in found["columns"]:
        assert one["increase"] == pytest.approx(1.0, rel=0.05)  # sqrt((2 + 0) / 2)


@pytest.mark.many
@pytest.mark.parametrize(
    ("task", "width", "activation"), [("multiclass", 3, "softmax"), ("multilabel", 2, "sigmoid")]
)
def test_the_log_loss_is_that_of_the_report(make, task, width, activation):
    report = evaluate(make.model(width, activation), make.data(task), baselines=LIGHT)
    found = report.importance
    assert (found["measure"], found["rows"]) == ("log_loss", 40)
    assert found["value"] == pytest.approx(report.test["log_loss"], rel=1e-6)
    assert {one["column"] for one in found["columns"]} == {"x", "kind"}


def test_the_middle_of_the_quantiles_is_measured(make):
    data = make.rows("regression", np.float32([1, 2, 3, 4]))
    p = [[0, 1, 9], [0, 2, 9], [0, 3, 9], [0, 4, 9]]
    found = evaluate(
        make.answering(p, 4), data, quantiles=(0.1, 0.5, 0.9), baselines=LIGHT
    ).importance
    assert found["value"] == 0.0 and found["columns"][0]["increase"] > 0


@pytest.mark.many
def test_columns_of_an_array_are_measured_one_by_one():
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 120)).astype("float32")
    table = Table({"features": x}, 2 * x[:, 7])
    data = Data(table, None, table, Spec("regression", (Feature("features", shape=(120,)),)))
    inputs = keras.Input((120,), name="features")
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(inputs, dense(inputs))
    dense.set_weights([2 * np.eye(120, dtype="float32")[:, 7:8]])
    found = measured(model, data)
    # 3,000,000 values / (5 shuffles x 60 rows x 120 columns)
    assert (found["column_count"], len(found["columns"])) == (120, 83)
    assert found["columns"][0]["column"] == "features[7]"
    assert found["columns"][0]["increase"] > 1 and found["columns"][1]["increase"] == 0


@pytest.mark.many
def test_rows_and_columns_are_bounded(monkeypatch):
    weights = np.array([[1.0], [0.0]])
    data, model = normal_data(3_000, "ab", weights), sums(weights, "ab")
    assert measured(model, data)["rows"] == 2_000
    monkeypatch.setattr(module, "MAX_VALUES", 5 * 2**2 * 700)
    direct = measured(model, data)
    assert direct["rows"] == 700
    assert measured(model, Data(data.train, None, data.test, data.spec)) == direct
    monkeypatch.setattr(module, "MAX_COLUMNS", 1)
    report = evaluate(model, data, baselines=LIGHT)
    assert report.importance == {} and report.notes == (
        "The importance of the 2 columns was not measured: with more than 1 it would take long.",
    )


def test_what_is_no_column_is_not_shuffled(make):
    text = make.spec("binary", features=(Feature("text", "text", "string"),))
    data = Data(None, None, None, text)
    measure = ("log_loss", lambda y, p: 0.0)
    assert module.measure_importance(None, data, np.zeros(9), np.zeros(9), measure)[0] == {}


@pytest.mark.slow
@pytest.mark.training
def test_dates_categories_and_missing_numbers():
    rng = np.random.default_rng(0)
    rows = 400
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), "D")
    frame = pd.DataFrame(
        {
            "the size": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
            "kind": rng.choice(["oak", "elm", ""], rows),
            "day": days.strftime("%d.%m.%Y"),
            "noise": rng.normal(size=rows),
        }
    )
    weekend = days.day_of_week >= 5
    y = 8 * weekend + 4 * (frame["kind"] == "oak") + 2 * frame["the size"].fillna(-1)
    data = kk.load_arrays(frame, y.to_numpy(np.float32))
    model = kk.linear_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    found = by_column(measured(model, data))
    assert list(found)[0] == "day" and {*list(found)[1:3]} == {"kind", "the size"}
    # A column of the variance v is worth sqrt(2 v) where the rest is known nearly exactly.
    assert found["day"]["increase"] == pytest.approx(np.sqrt(2) * np.std(8 * weekend), rel=0.2)
    assert abs(found["noise"]["increase"]) < 0.1
