import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec
from kerakit.evaluation.baselines import tables as module
from kerakit.evaluation.baselines.tables import fit_baselines


def numeric_data(target, columns, task="regression", **spec):
    x = np.asarray(columns, "float32")
    features = {f"f{i}": x[:, i] for i in range(x.shape[1])}
    table = Table(features, np.asarray(target))
    names = tuple(Feature(name) for name in features)
    return Data(table, None, table, Spec(task, names, **spec))


def standardised(x):
    x = np.asarray(x, "float32").astype("float64")
    return (x - x.mean(axis=0)) / x.std(axis=0)


def test_mean_and_linear_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)) * [1, 100, 1e-3] + [0, 5, 1]
    y = x @ [1.0, 0.1, 500] + rng.normal(size=60)
    data = numeric_data(y.astype("float32"), x)
    baselines, notes = fit_baselines(data)
    features = data.table("test").features
    assert list(baselines) == ["mean", "linear", "gradient_boosting"] and notes == []
    np.testing.assert_allclose(baselines["mean"](features), np.full(60, y.mean()), rtol=1e-5)
    expected = LinearRegression().fit(standardised(x), y).predict(standardised(x))
    np.testing.assert_allclose(baselines["linear"](features), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.many
@pytest.mark.parametrize("classes", [2, 3])
def test_majority_and_logistic_agree_with_scikit_learn(classes):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 2)) * [1, 30]
    y = np.digitize(x[:, 0] + rng.normal(size=80), [0.0, 0.8][: classes - 1])
    task = "binary" if classes == 2 else "multiclass"
    names = ("a", "b", "c")[:classes]
    data = numeric_data(y.astype("int32"), x, task, classes=names)
    baselines, _ = fit_baselines(data)
    features = data.table("test").features
    frequencies = np.bincount(y) / len(y)
    np.testing.assert_allclose(baselines["majority"](features), np.tile(frequencies, (80, 1)))
    direct = LogisticRegression(C=1.0, max_iter=1000).fit(standardised(x), y)
    expected = direct.predict_proba(standardised(x))
    np.testing.assert_allclose(baselines["logistic"](features), expected, atol=1e-5)


def test_missing_numbers_become_the_mean():
    data = numeric_data(np.float32([1, 2, 3]), [[0.0], [np.nan], [2.0]])
    baselines, _ = fit_baselines(data)
    np.testing.assert_allclose(baselines["linear"](data.table("test").features), [1, 2, 3])


def test_category_ids_of_preprocess_are_not_numbers(make):
    """The target is 0, 9, 1 for ids 0, 1, 2: no straight line, yet linear in the categories."""
    import keras

    kind = keras.Input((), name="kind", dtype="string")
    preprocess = keras.Model(
        {"kind": kind}, keras.layers.StringLookup(vocabulary=["u", "v"])(kind), name="preprocess"
    )
    column = np.array(["other", "u", "v"] * 4, object)
    table = Table({"kind": column}, np.float32([0, 9, 1] * 4))
    feature = Feature("kind", kind="categorical", dtype="string")
    data = Data(table, None, table, Spec("regression", (feature,)))
    baselines, _ = fit_baselines(data, preprocess)
    batch = next(iter(data.batches("test", 3)))[0]
    np.testing.assert_allclose(baselines["linear"](batch), [0, 9, 1], atol=1e-6)


@pytest.mark.many
def test_preprocess_with_inputs_in_a_list(make):
    data, as_list = make.data(), make.model(0, as_list=True).get_layer("preprocess")
    as_dict = make.model(0).get_layer("preprocess")
    batch = next(iter(data.batches("test", 64)))[0]
    one, two = (fit_baselines(data, x)[0]["linear"](batch) for x in (as_list, as_dict))
    np.testing.assert_allclose(one, two)
    np.testing.assert_allclose(one, data.table("test").target, atol=1e-5)  # linear by making


def test_multilabel_skips_what_cannot_be_fitted():
    x = np.linspace(-1, 1, 20)[:, None]
    y = np.stack([x[:, 0] > 0, np.ones(20)], axis=1).astype("float32")
    data = numeric_data(y, x, "multilabel", classes=("p", "q"))
    baselines, _ = fit_baselines(data)
    answer = baselines["logistic"](data.table("test").features)
    np.testing.assert_array_equal(answer[:, 1], 1.0)
    np.testing.assert_array_equal(answer[:, 0] > 0.5, x[:, 0] > 0)
    np.testing.assert_allclose(baselines["majority"](data.table("test").features)[0], [0.5, 1])


def test_class_absent_from_training_gets_no_probability():
    x = np.linspace(-1, 1, 20)[:, None]
    y = np.where(x[:, 0] > 0, 2, 0).astype("int32")
    baselines, _ = fit_baselines(numeric_data(y, x, "multiclass", classes=("a", "b", "c")))
    answer = baselines["logistic"]({"f0": np.float32([-1, 1])})
    assert answer.shape == (2, 3)
    np.testing.assert_array_equal(answer[:, 1], 0)
    np.testing.assert_allclose(answer.sum(axis=1), 1)


def test_no_linear_model_without_numbers_or_with_one_class():
    spec = Spec("regression", (Feature("s", kind="text", dtype="string"),))
    table = Table({"s": np.array(["a", "b"], object)}, np.float32([1, 3]))
    assert list(fit_baselines(Data(table, None, table, spec))[0]) == ["mean"]
    one = numeric_data(np.zeros(4, "int32"), np.ones((4, 1)), "binary", classes=("a", "b"))
    baselines, notes = fit_baselines(one)
    assert list(baselines) == ["majority"] and "one class" in notes[0]


@pytest.mark.many
def test_large_data_are_sampled_and_it_is_said(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 100)
    x = np.arange(1000)[:, None] / 1000
    data = numeric_data((3 * x[:, 0]).astype("float32"), x)
    baselines, notes = fit_baselines(data)
    assert notes == [
        "The linear baseline was fitted on 100 of 1,000 training rows, drawn with seed 0."
    ]
    again = fit_baselines(data)[0]["linear"](data.table("test").features)
    np.testing.assert_array_equal(baselines["linear"](data.table("test").features), again)
    np.testing.assert_allclose(again, 3 * x[:, 0], atol=1e-4)


def test_wide_data_are_sampled(monkeypatch):
    monkeypatch.setattr(module, "MAX_CELLS", 2 * 1000)
    x = np.random.default_rng(0).normal(size=(3000, 2))
    _, notes = fit_baselines(numeric_data(x[:, 0].astype("float32"), x))
    assert "1,000 of 3,000" in notes[0]


@pytest.mark.many
def test_rows_that_are_not_in_memory(make, monkeypatch):
    data = make.data()
    spec = dataclasses.replace(data.spec, sizes={"train": 80}, target=make.spec("binary").target)
    spec = dataclasses.replace(spec, target=dataclasses.replace(spec.target, mean=(1.5,)))
    streamed = Data(data.train, None, data.test, spec)
    preprocess = make.model(0).get_layer("preprocess")
    batch = next(iter(data.batches("test", 64)))[0]
    direct, stream = fit_baselines(data, preprocess)[0], fit_baselines(streamed, preprocess)[0]
    np.testing.assert_allclose(stream["linear"](batch), direct["linear"](batch), atol=1e-6)
    np.testing.assert_allclose(stream["mean"](batch), np.full(40, 1.5))
    monkeypatch.setattr(module, "MAX_ROWS", 40)
    assert "of 80 training rows" in fit_baselines(streamed, preprocess)[1][0]


@pytest.mark.many
@pytest.mark.parametrize("task", ["regression", "multiclass", "multilabel"])
def test_constant_of_a_stream_without_statistics(make, task):
    data = make.data(task)
    streamed = Data(data.train, None, data.test, data.spec)
    features = data.table("test").features
    direct, stream = (next(iter(fit_baselines(d)[0].values()))(features) for d in (data, streamed))
    np.testing.assert_allclose(stream, direct, rtol=1e-6)
    target = data.table("train").target
    expected = target.mean(0) if task != "multiclass" else np.bincount(target) / len(target)
    np.testing.assert_allclose(direct[0], expected, rtol=1e-5)


@pytest.mark.many
def test_the_linear_baseline_is_least_squares_whatever_the_model_encodes(diabetes):
    """Bins are for the network; a linear model on hundreds of columns would be a straw man."""
    import keras
    from sklearn.linear_model import LinearRegression

    import kerakit as kk

    keras.utils.set_random_seed(0)
    model = kk.mlp_regressor(diabetes.spec, hidden=(4,), bins=32)
    report = kk.evaluate(model, diabetes, verbose=0)
    x, test = (
        np.stack(list(diabetes.table(split).features.values()), 1).astype("float64")
        for split in ("train", "test")
    )
    reference = LinearRegression().fit(x, diabetes.table("train").target).predict(test)
    rmse = np.sqrt(np.mean((reference - diabetes.table("test").target) ** 2))
    assert report.baseline["linear"]["rmse"] == pytest.approx(rmse, rel=1e-3)
