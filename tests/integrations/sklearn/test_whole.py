"""Rows that are whole texts, images or sequences, and rows with several labels."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from marks import needs
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

import kerakit as kk
from kerakit.integrations.sklearn import KerakitClassifier, KerakitRegressor
from kerakit.integrations.sklearn.advice import advice_for_estimators
from kerakit.integrations.sklearn.whole import kind_of_rows

GOOD = ["a really good film", "what a good day", "good, good!", "nice and good"]
BAD = ["a really bad film", "what a bad day", "bad, bad!", "not nice and bad"]
TEXTS, LABELS = (GOOD + BAD) * 4, (["pos"] * 4 + ["neg"] * 4) * 4
FORMS = {
    "list": list,
    "array": np.array,
    "objects": lambda texts: np.array(texts, object),
    "Series": pd.Series,
    "string dtype": lambda texts: pd.Series(texts, dtype="string"),
    "polars": pl.Series,
    "one column": lambda texts: pd.DataFrame({"text": texts}),
}


@pytest.fixture(scope="module")
@needs("training")
def of_texts():
    return KerakitClassifier("text", epochs=1, units=4, random_state=0).fit(TEXTS, LABELS)


@pytest.mark.slow
@pytest.mark.training
def test_texts_are_taken_as_a_pipeline_takes_them(of_texts):
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    new = ["Good!", "a bad idea", "", None]
    assert of_texts.classes_.tolist() == pipeline.classes_.tolist() == ["neg", "pos"]
    assert of_texts.score(TEXTS, LABELS) == pipeline.score(TEXTS, LABELS) == 1.0
    assert of_texts.predict(new)[:2].tolist() == ["pos", "neg"]
    expected = of_texts.predict_proba(new)
    for form in FORMS.values():
        np.testing.assert_array_equal(of_texts.predict_proba(form(new[:3])), expected[:3])
    np.testing.assert_array_equal(of_texts.predict_proba(pd.Series(new)), expected)
    assert not hasattr(of_texts, "n_features_in_")
    spec = of_texts.data_spec_
    assert (spec.features[0].kind, spec.task, spec.class_counts) == ("text", "binary", (14, 15))
    served = kk.predict(of_texts.model_, new, spec)
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_texts_are_told_from_columns(form):
    builders = KerakitClassifier.builders
    assert kind_of_rows(FORMS[form](TEXTS), builders["text"], builders, "it") == "text"
    x = np.zeros((4, 6))
    assert kind_of_rows(x, builders["mlp"], builders, "it") is None
    assert kind_of_rows(x, builders["sequence"], builders, "it") == "sequence"
    assert kind_of_rows(x.reshape(4, 3, 2), builders["cnn"], builders, "it") == "image"
    assert kind_of_rows(x.reshape(4, 3, 2), builders["sequence"], builders, "it") == "sequence"
    assert kind_of_rows(x.reshape(4, 3, 2, 1), len, builders, "it") == "image"
    assert kind_of_rows(pd.DataFrame({"a": TEXTS}), builders["mlp"], builders, "it") is None


@pytest.mark.parametrize(
    ("estimator", "x", "message"),
    [
        (KerakitClassifier(), TEXTS[:4], "mlp_classifier takes columns.*pass builder='text'"),
        (KerakitRegressor(), TEXTS[:4], "mlp_regressor takes columns.*Got one string for each row"),
        (KerakitClassifier("text"), np.zeros((4, 2)), r"one string for each row.*shape \(4, 2\)"),
        (KerakitClassifier("text"), [1, 2, 3, 4], "takes one string for each row"),
        (KerakitClassifier("cnn"), np.zeros((4, 2)), "cnn_classifier takes images"),
        (KerakitClassifier(), np.zeros((4, 8, 8, 1)), "Got ndarray .*pass builder='cnn'"),
        (KerakitClassifier("cnn"), np.full((4, 8, 8, 1), 999), r"Expected pixels in \[0, 255\]"),
        (KerakitClassifier("text"), ["...", "!"] * 2, "no training text has a word"),
        (KerakitClassifier("text"), TEXTS[:3], "inconsistent numbers of samples"),
    ],
)
def test_rows_of_another_kind_are_one_line(estimator, x, message):
    with pytest.raises(ValueError, match=message) as error:
        estimator.fit(x, [0, 1, 0, 1])
    assert len(str(error.value)) < 500


def test_advice_is_about_the_estimator():
    frame = pd.DataFrame({"a b": range(4), "a_b": range(4)})
    with pytest.raises(ValueError, match="Rename one of them, or drop it from X.$"):
        KerakitClassifier().fit(frame, [0, 1, 0, 1])
    lists = pd.DataFrame({"a": [[1], [2], [1], [2]]})
    with pytest.raises(ValueError, match="Convert the column, or drop it from X.$"):
        KerakitRegressor().fit(lists, [0, 1, 0, 1])
    told = r"Correct it, or add it to na_values=. Or pass column_types={'a': 'categorical'}."
    match = "replace it with None. Or give the column the type category"
    with pytest.raises(kk.DataError, match=match), advice_for_estimators():
        raise kk.DataError(told)


@pytest.fixture(scope="module")
def several():
    """60 rows of which two of three labels follow from the signs of the columns."""
    x = np.random.default_rng(0).normal(size=(60, 3))
    return x, np.stack([x[:, 0] > 0, x[:, 1] > 0, np.arange(60) % 7 == 0], axis=1).astype(int)


@pytest.mark.slow
@pytest.mark.training
def test_several_labels_a_row(several):
    x, y = several
    reference = MLPClassifier((16,), max_iter=5, random_state=0).fit(x, y)
    model = KerakitClassifier(hidden=(16,), epochs=40, learning_rate=0.05, random_state=0).fit(x, y)
    for one in (reference, model):
        assert one.classes_.tolist() == [0, 1, 2]
        assert one.predict(x).shape == one.predict_proba(x).shape == (60, 3)
        assert one.predict(x).dtype == y.dtype
    assert (model.predict(x)[:, :2] == y[:, :2]).mean() > 0.9
    np.testing.assert_array_equal(model.predict(x), model.predict_proba(x) >= 0.5)
    assert model.data_spec_.task == "multilabel" and 0 < model.score(x, y) <= 1
    names = pd.DataFrame(y.astype(bool), columns=["left", "up", "odd"])
    named = KerakitClassifier("logistic", l2=0.01, random_state=0).fit(x, names)
    assert named.data_spec_.classes == ("left", "up", "odd") and named.predict(x).dtype == bool
    served = kk.predict(named.model_, x, named.data_spec_)["labels"]
    np.testing.assert_array_equal(served != "", named.predict(x))


def test_labels_that_are_no_flags_are_refused(several):
    x, y = several
    with pytest.raises(ValueError, match="a value .*2.*Expected 0 or 1 for each label"):
        KerakitClassifier().fit(x, y * 2)
    with pytest.raises(ValueError, match="'class_weight' .*for one label a row.*3 columns"):
        KerakitClassifier(class_weight="balanced").fit(x, y)
    with pytest.raises(ValueError, match="should be a 1d array"):
        KerakitClassifier().fit(x, y * 0.5)


@pytest.mark.slow
def test_texts_in_folds():
    model = KerakitClassifier("text", epochs=2, units=8, random_state=0)
    assert cross_val_score(model, TEXTS, LABELS, cv=2).tolist() == [1.0, 1.0]


@pytest.mark.slow
def test_images_and_sequences():
    rng, y = np.random.default_rng(0), np.arange(40) % 2
    images = rng.integers(0, 90, (40, 8, 8, 1)).astype("uint8")
    images[y == 1, :4] += 120
    model = KerakitClassifier("cnn", epochs=8, random_state=0).fit(images, y)
    assert model.score(images, y) > 0.9 and model.data_spec_.features[0].shape == (8, 8, 1)
    with pytest.raises(ValueError, match=r"must have the shape \(n, 8, 8, 1\)"):
        model.predict(images[:, :4])
    series = rng.normal(size=(40, 20, 2)) + 2 * y[:, None, None]
    for x in (series, series[..., 0], [rows[: 12 + i % 5] for i, rows in enumerate(series)]):
        model = KerakitClassifier("sequence", epochs=4, random_state=0).fit(x, y)
        assert model.score(x, y) > 0.9
    assert model.predict(series[:3, :15]).tolist() == [0, 1, 0]
