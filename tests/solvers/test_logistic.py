"""Logistic regressions: classes without rows, weights of rows, and the log loss."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from kerakit.solvers.logistic import (
    ABSENT,
    fit_each,
    fit_logistic,
    fit_sparse_logistic,
    fit_weights,
    mean_log_loss,
    probabilities,
)


@pytest.fixture(scope="module")
def rows():
    """Rows of three classes: values, class ids, weights."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 4))
    ids = (x @ rng.normal(size=(4, 3)) + rng.normal(size=(90, 3))).argmax(1)
    return x, ids, rng.uniform(0.5, 2, 90)


def test_classes_without_a_row_are_never_the_answer():
    x = np.random.default_rng(0).normal(size=(30, 3))
    ids = (x[:, 0] > 0).astype(int) * 2  # of classes 0 to 3 there are 0 and 2
    weights, bias = fit_weights(x, ids, 4)
    exact = LogisticRegression(C=1.0).fit(x, ids)
    scores = x @ weights + bias
    np.testing.assert_allclose(scores[:, 2] - scores[:, 0], exact.decision_function(x), atol=1e-6)
    assert (scores[:, [1, 3]] == ABSENT).all() and set(scores.argmax(1)) == {0, 2}
    for only, classes in ((0, 2), (1, 2), (0, 3), (2, 3)):
        weights, bias = fit_weights(x, np.full(30, only), classes)
        scores = np.zeros((1, 2)) if classes == 2 else bias[None]
        if classes == 2:
            scores[0, 1] = bias[0]
        assert not weights.any() and scores.argmax() == only


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_weights_are_those_of_scikit_learn(rows, c):
    x, ids, weight = rows
    exact = LogisticRegression(C=c, max_iter=1000).fit(x, ids, weight)
    weights, bias = fit_weights(x, ids, 3, c, weight)
    np.testing.assert_allclose(x @ weights + bias, exact.decision_function(x), atol=1e-6)
    assert c == fit_logistic(x, ids, c=c).C


def test_a_single_class_is_its_own_answer(rows):
    x = rows[0]
    model = fit_logistic(x, np.full(90, 2))
    assert model == 2
    assert probabilities(model, x, 4).tolist() == [[0.0, 0.0, 1.0, 0.0]] * 90


@pytest.mark.parametrize("classes", [2, 3])
def test_a_regression_per_class_is_the_same_as_bare_weights(rows, classes):
    x, ids, _ = rows
    ids, x = ids % classes, scipy.sparse.csr_matrix(x)
    model = fit_sparse_logistic(x, ids, 1.0)
    numbers = np.arange(classes) if classes > 2 else [1]
    weights, bias = fit_each(x, ids[:, None] == numbers, 1.0)
    scores = model.decision_function(x).reshape(90, -1)
    np.testing.assert_allclose(x @ weights + bias, scores, atol=1e-2)
    found = probabilities(model, x, classes + 1)
    np.testing.assert_allclose(found.sum(1), 1)
    assert not found[:, classes].any()  # a class without a row


def test_the_log_loss_is_that_of_scikit_learn(rows):
    x, ids, weight = rows
    scores = x[:, :3]
    expected = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    found = mean_log_loss(scores, ids, weight)
    assert found == pytest.approx(log_loss(ids, expected, sample_weight=weight))
    two = mean_log_loss(scores[:, :1], ids % 2)
    p = 1 / (1 + np.exp(-scores[:, 0]))
    assert two == pytest.approx(log_loss(ids % 2, p))
    assert np.isfinite(mean_log_loss(1e4 * scores, ids))


def test_the_log_loss_of_several_labels_is_the_mean_over_rows_and_labels():
    scores = np.array([[0.3, -2.0], [1.5, 0.0], [-0.7, 4.0]])
    flags, weight = np.array([[1, 0], [0, 1], [1, 1]]), np.array([1.0, 2.0, 5.0])
    each = np.log1p(np.exp(np.where(flags > 0, -scores, scores)))
    assert mean_log_loss(scores, flags) == pytest.approx(each.mean())
    expected = (each * weight[:, None]).sum() / (2 * weight.sum())
    assert mean_log_loss(scores, flags, weight) == pytest.approx(expected)
