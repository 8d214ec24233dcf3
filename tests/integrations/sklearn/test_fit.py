"""What `fit` and `predict` do with the rows that people have."""

import copy
import pickle
import random
import warnings

import keras
import numpy as np
import polars as pl
import pytest
from marks import first
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LinearRegression, LogisticRegression

import kerakit as kk
from kerakit.integrations.sklearn import KerakitClassifier, KerakitRegressor

pytestmark = pytest.mark.training


def test_a_frame_is_read_by_its_columns(classifier, frame, answers):
    kinds = {feature.name: feature.kind for feature in classifier.data_spec_.features}
    assert kinds == {
        "age": "numeric",
        "city": "categorical",
        "member": "numeric",
        "code": "categorical",
    }
    assert classifier.score(frame, answers) == 1.0
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert classifier.feature_names_in_.tolist() == list(frame.columns)
    assert classifier.n_iter_ == len(classifier.history_["loss"]) <= 60
    probability = classifier.predict_proba(frame)
    assert probability.shape == (120, 2)
    np.testing.assert_allclose(probability.sum(1), 1, rtol=1e-6)


def test_a_frame_of_another_library_answers_the_same(classifier, frame):
    expected = classifier.predict_proba(frame)
    other = pl.from_pandas(frame.assign(code=frame.code.astype(int)))
    np.testing.assert_array_equal(classifier.predict_proba(other), expected)
    np.testing.assert_array_equal(classifier.predict_proba(other.to_arrow()), expected)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        by_position = classifier.predict_proba(frame.to_numpy())
    np.testing.assert_array_equal(by_position, expected)
    with pytest.raises(ValueError, match="feature names should match"):
        classifier.predict(frame[frame.columns[::-1]])


def test_values_that_were_never_seen_are_warned_of(classifier, frame):
    with pytest.warns(UserWarning, match="'city': .* do not occur .*'Berlin'"):
        classifier.predict(frame.assign(city="Berlin"))
    prices = frame[[]].assign(price=[f"${i % 7}" for i in range(120)])
    with pytest.warns(UserWarning, match=r"'price': '\$0' is a number with a mark"):
        KerakitRegressor("linear").fit(prices, np.arange(120.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        KerakitRegressor("linear").fit(prices.astype("category"), np.arange(120.0))


@pytest.mark.parametrize(
    "labels", first(2, [[8, 3], np.array(["x", "y"], object), [2.0, 4.0], [True, False]])
)
def test_labels_keep_their_type(labels):
    x = np.tile([[0.0], [1.0]], (10, 1))
    y = np.asarray(labels)[np.tile([0, 1], 10)]
    model = KerakitClassifier("logistic", l2=1e-3, epochs=20, random_state=0).fit(x, y)
    assert model.classes_.tolist() == np.unique(y).tolist()
    assert model.predict(x).dtype == y.dtype and (model.predict(x) == y).all()


def test_rows_of_mixed_lists_are_numbers_and_strings():
    x = [[0.0, "red"], [1.0, "red"], [0.0, "blue"], [1.0, "blue"]] * 5
    y = ["stop", "stop", "go", "go"] * 5
    model = KerakitClassifier("logistic", l2=1e-3, epochs=50, random_state=0).fit(x, y)
    assert [feature.kind for feature in model.data_spec_.features] == ["numeric", "categorical"]
    assert model.score(x, y) == 1.0


def test_a_linear_builder_agrees_with_scikit_learn(regressor):
    model, x, y = regressor
    noisy = y + np.random.default_rng(5).normal(size=60)
    expected = LinearRegression().fit(x, noisy).predict(x)
    predicted = clone(model).set_params(validation_fraction=0).fit(x, noisy).predict(x)
    np.testing.assert_allclose(predicted, expected, atol=1e-4)
    assert model.score(x, y) > 0.999 and model.n_features_in_ == 2


@pytest.mark.parametrize("kind", first(2, ["regression", "balanced", "classes"]))
def test_a_weight_counts_as_repetition(kind):
    """Rows of weight 0, 1, 2 and 3, beside the same rows as often."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 3))
    score = x @ [1.0, -2.0, 0.5] + rng.normal(size=40)
    counts = rng.integers(0, 4, 40)
    options = {"epochs": 300, "validation_fraction": 0, "random_state": 0}
    if kind == "regression":
        model, y = KerakitRegressor("linear", **options), score
        reference = LinearRegression()
    else:
        balanced = "balanced" if kind == "balanced" else None
        model = KerakitClassifier("logistic", l2=0.01, class_weight=balanced, **options)
        # The penalty of C on n rows, in units of the standardised columns, is close to this.
        y, reference = score > 0.7, LogisticRegression(C=50 / counts.sum(), class_weight=balanced)
    answer = "predict" if kind == "regression" else "predict_proba"
    weighted = getattr(clone(model).fit(x, y, sample_weight=counts), answer)(x)
    repeated = getattr(clone(model).fit(x.repeat(counts, 0), y.repeat(counts)), answer)(x)
    np.testing.assert_allclose(weighted, repeated, atol=2e-5)
    expected = getattr(reference.fit(x, y, sample_weight=counts), answer)(x)
    np.testing.assert_allclose(weighted, expected, atol=1e-3 if kind == "regression" else 0.05)
    unweighted = getattr(clone(model).fit(x, y), answer)(x)
    assert np.abs(unweighted - weighted).max() > 0.01


@pytest.mark.slow
def test_a_seed_repeats_a_fit_to_the_bit_and_leaves_other_random_numbers_alone():
    x, y = load_iris(return_X_y=True)
    model = KerakitClassifier(hidden=(8,), epochs=3, random_state=7)
    random.seed(1), np.random.seed(1)
    first = model.fit(x, y).predict_proba(x)
    drawn = random.random(), np.random.random()
    random.seed(1), np.random.seed(1)
    assert drawn == (random.random(), np.random.random())
    np.testing.assert_array_equal(model.fit(x, y).predict_proba(x), first)
    other = model.set_params(random_state=8).fit(x, y).predict_proba(x)
    assert np.abs(other - first).max() > 1e-3


def test_a_fitted_model_is_pickled_and_copied(classifier, frame):
    expected = classifier.predict_proba(frame)
    for other in (pickle.loads(pickle.dumps(classifier)), copy.deepcopy(classifier)):
        np.testing.assert_array_equal(other.predict_proba(frame), expected)
        assert other.get_params() == classifier.get_params()
    assert not hasattr(clone(classifier), "model_")


def test_several_targets_quantiles_and_columns():
    x = np.random.default_rng(3).normal(size=(50, 2))
    y = np.stack([x[:, 0], 100 * x[:, 1]], axis=1)
    model = KerakitRegressor("linear", epochs=200, random_state=0).fit(x, y)
    assert model.predict(x).shape == (50, 2) and model.score(x, y) > 0.99
    levels = KerakitRegressor("linear", epochs=5, quantiles=(0.1, 0.5, 0.9), random_state=0)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        assert levels.fit(x, y[:, :1]).predict(x).shape == (50,)
    features = {"features": x.astype("float32")}
    middle = levels.model_.predict(features, verbose=0)[:, 1]
    np.testing.assert_allclose(levels.predict(x), middle, rtol=1e-5)


def test_few_rows_a_rare_class_and_a_constant_target():
    x = np.arange(18.0).reshape(9, 2)
    rare = KerakitClassifier(hidden=(4,), epochs=2).fit(x, ["a"] * 4 + ["b"] * 4 + ["c"])
    assert rare.classes_.tolist() == ["a", "b", "c"]
    constant = KerakitRegressor("linear", epochs=50, random_state=0).fit(x, np.full(9, 7.0))
    np.testing.assert_allclose(constant.predict(x), 7.0, atol=0.1)


def own(spec, units=4):
    inputs = keras.Input(spec.features[0].shape, name="features")
    hidden = keras.layers.Dense(units, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(hidden))


def sequential(spec):
    shape = spec.features[0].shape
    return keras.Sequential([keras.Input(shape, name="features"), keras.layers.Dense(1)])


@pytest.mark.slow
@pytest.mark.filterwarnings("error:The structure of")
def test_a_builder_of_your_own(regressor):
    _, x, y = regressor
    assert KerakitRegressor(sequential, epochs=1).fit(x, y).predict(x).shape == (60,)
    model = KerakitRegressor(own, units=6, epochs=2, random_state=0).fit(x, y)
    assert model.model_.layers[1].units == 6 and model.predict(x).shape == (60,)
    with pytest.raises(ValueError, match="builder own has"):
        KerakitRegressor(own, hidden=(3,)).fit(x, y)


@pytest.mark.process
@pytest.mark.export
def test_an_export_answers_as_the_estimator_does(classifier, frame, tmp_path):
    path = classifier.export(tmp_path / "model", verify=False)
    assert path == (tmp_path / "model" / "1").resolve()
    columns = {
        "age": frame.age.to_numpy("float32"),
        "city": frame.city.astype(object).where(frame.city.notna(), "").to_numpy(object),
        "member": frame.member.to_numpy("float32"),
        "code": frame.code.astype(str).to_numpy(object),
    }
    served = kk.load_served(path)(columns)
    assert served["label"].tolist() == classifier.predict(frame).tolist()
    np.testing.assert_allclose(served["probabilities"], classifier.predict_proba(frame), atol=1e-6)


@pytest.mark.slow
def test_dates_of_frames_and_of_objects_are_learned():
    pandas = pytest.importorskip("pandas")
    days = pandas.date_range("2023-01-01", periods=210)
    effects = np.array([0.0, 1.0, 5.0, 2.0, 2.0, 9.0, -3.0])
    y = effects[days.day_of_week]
    x = pandas.DataFrame({"day": days})
    model = KerakitRegressor(builder="linear", epochs=1).fit(x, y)
    assert model.score(x, y) > 0.999
    texts = pandas.DataFrame({"day": days.strftime("%d.%m.%Y")})
    np.testing.assert_array_equal(model.predict(texts), model.predict(x))
    doubtful = pandas.DataFrame({"day": [f"0{1 + i % 9}/0{1 + i % 8}/2023" for i in range(210)]})
    with pytest.warns(UserWarning, match="X, column 'day': no value tells whether the day"):
        KerakitRegressor(builder="linear", epochs=1).fit(doubtful, y)
    objects = KerakitRegressor(builder="linear", epochs=1).fit(x.to_numpy(dtype=object), y)
    assert objects.score(x.to_numpy(dtype=object), y) > 0.999
