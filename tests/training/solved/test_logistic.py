"""Logistic classifiers are solved: they give the probabilities of scikit-learn."""

import numpy as np
import pytest
from marks import first
from sklearn.linear_model import LogisticRegression
from training_cases import fitted_rows, solved

import kerakit as kk

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 3))
NOISE = RNG.logistic(size=(500, 2))


def standardised_rows(data):
    """As `fitted_rows`, with the matrix standardised by the training rows alone."""
    columns, x, target = fitted_rows(data)
    train = x[: data.spec.sizes["train"]]
    return columns, (x - train.mean(0)) / train.std(0), target


def reference(rows, l2):
    c = 1 / (2 * rows * l2) if l2 else np.inf
    return LogisticRegression(C=c, tol=1e-10, max_iter=1000, solver="newton-cholesky")


@pytest.mark.training
@pytest.mark.parametrize("name", first(1, ["iris", "breast_cancer", "wine"]))
def test_it_is_that_of_scikit_learn(name):
    data = kk.load_builtin(name)
    columns, z, y = standardised_rows(data)
    model = kk.logistic_classifier(data, l2=1 / (2 * len(y)))
    history = solved(model, data)
    exact = reference(len(y), 1 / (2 * len(y))).fit(z, y).predict_proba(z)
    np.testing.assert_allclose(model.predict(columns, verbose=0), exact, atol=1e-6)
    assert f"solved on {len(y)} rows" in history.solved and history.epoch == [0]


@pytest.mark.training
def test_sample_and_class_weights_multiply_the_rows():
    y = np.where(X @ [1, -1, 2] + NOISE[:, 0] > 0, "yes", "no")
    weight = RNG.uniform(0, 3, 500).astype("float32")
    data = kk.load_arrays(X, y, sample_weight=weight, validation_size=0)
    model = kk.logistic_classifier(data)
    solved(model, data, class_weight={"yes": 5.0, "no": 1.0})
    columns, z, target = standardised_rows(data)
    rows = data.table("train").weight * np.where(target == 1, 5, 1)
    exact = reference(len(z), 0).fit(z, target, rows).predict_proba(z)
    np.testing.assert_allclose(model.predict(columns, verbose=0), exact, atol=1e-6)


@pytest.mark.training
def test_every_label_of_several_has_a_regression():
    labels = (X @ [[1, 0], [-1, 2], [0, 1]] + NOISE > 0).astype("int32")
    data = kk.load_arrays(X, labels, task="multilabel", validation_size=0)
    model = kk.logistic_classifier(data, l2=0.01)
    solved(model, data)
    columns, z, target = standardised_rows(data)
    answers = model.predict(columns, verbose=0)
    for label in range(2):  # the loss is a mean over two labels, the penalty is not
        exact = reference(len(z), 0.02).fit(z, target[:, label]).predict_proba(z)
        np.testing.assert_allclose(answers[:, label], exact[:, 1], atol=1e-6)


@pytest.mark.training
def test_where_a_plane_separates_the_classes_it_says_so_and_chooses_a_penalty():
    y = np.where(X[:, 0] > 0.2, "high", "low")
    data = kk.load_arrays(X, y)
    model = kk.logistic_classifier(data)
    with pytest.warns(UserWarning, match="no minimum without a penalty.*l2='auto'"):
        history = solved(model, data)
    assert "l2 = " in history.solved
    assert np.isfinite(model.get_weights()[-1]).all()
    assert history.history["val_accuracy"][0] > 0.95


@pytest.mark.slow
@pytest.mark.training
def test_auto_is_near_the_best_penalty_for_other_rows():
    """150 rows of 40 columns, of which one counts."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 40))
    y = np.where(x[:, 0] + rng.logistic(size=2000) > 0, "yes", "no")
    split = {"validation_size": 0, "test": (x[150:], y[150:])}
    data = kk.load_arrays(x[:150], y[:150], **split)
    table, losses = data.table("test"), {}
    for l2 in ("auto", 1e-5, 1e-1):
        model = kk.logistic_classifier(data, l2=l2)
        solved(model, data)
        p = model.predict(table.features, verbose=0)
        losses[l2] = -np.mean(np.log(p[np.arange(len(p)), table.target]))
    assert losses["auto"] < 1.02 * losses[1e-1] < losses[1e-5]


@pytest.mark.slow
@pytest.mark.training
def test_rows_that_do_not_fit_in_memory_descend_and_say_so(breast_cancer, capsys):
    model = kk.logistic_classifier(breast_cancer)
    history = solved(model, breast_cancer, epochs=2, cache_mb=0, verbose=2)
    assert len(history.epoch) == 2 and history.solved == ""
    assert "do not fit in cache_mb: trained by gradient descent" in capsys.readouterr().out
