"""Logistic and softmax regression: the weights of scikit-learn, and where there are none."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kerakit.solvers import newton
from kerakit.solvers.logistic_rows import LogisticRows
from kerakit.solvers.newton import solve_newton


def rows(classes, count=400):
    """Columns of different scales, and class ids that they do not decide."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 5)) * [1, 10, 0.1, 1, 1] + [0, 500, 0, 0, 1]
    scores = ((x - x.mean(0)) / x.std(0)) @ rng.normal(size=(5, classes))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(1)
    return x, y, rng.uniform(0.1, 3, count)


def probabilities(x, solution):
    scores = x @ solution.kernel + solution.bias
    p = np.exp(scores - scores.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


@pytest.mark.parametrize("large", [False, True], ids=["newton", "lbfgs"])
@pytest.mark.parametrize("c", [0.3, np.inf], ids=["penalty", "none"])
def test_a_softmax_is_that_of_scikit_learn(c, large, monkeypatch):
    monkeypatch.setattr(newton, "MAX_WEIGHTS", 0 if large else newton.MAX_WEIGHTS)
    x, y, weight = rows(3)
    exact = LogisticRegression(C=c, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    z = (x - x.mean(0)) / x.std(0)
    exact.fit(z, y, weight)
    solution = solve_newton(LogisticRows(z, y, weight), 3, 1 / (2 * len(x) * c))
    ours = probabilities(z, solution)
    np.testing.assert_allclose(ours, exact.predict_proba(z), atol=1e-7 if large else 1e-9)
    if not large and c < np.inf:  # else other weights give the same answers
        np.testing.assert_allclose(solution.kernel.T, exact.coef_, rtol=1e-6, atol=1e-7)


def test_labels_have_a_regression_each_whatever_the_scale_of_columns():
    x, y, weight = rows(2)
    targets = np.stack([y, x[:, 0] + x[:, 4] * y > 0.7], axis=1).astype("float64")
    l2 = 1e-3
    solution = solve_newton(LogisticRows(x, targets, weight), 2, l2)
    for label in range(2):
        # The mean is over rows and labels, so that the penalty of one label counts twice.
        exact = LogisticRegression(C=1 / (2 * len(x) * 2 * l2), tol=1e-12, max_iter=10_000)
        exact.set_params(solver="newton-cholesky").fit(x, targets[:, label], weight)
        p = 1 / (1 + np.exp(-(x @ solution.kernel[:, label] + solution.bias[label])))
        np.testing.assert_allclose(p, exact.predict_proba(x)[:, 1], atol=1e-8)


def test_dependent_columns_give_the_same_answers():
    x, y, weight = rows(2)
    twice = np.concatenate([x, x[:, :2] + x[:, 2:3], np.ones((len(x), 1))], axis=1)
    target = y[:, None].astype("float64")
    one = solve_newton(LogisticRows(x, target, weight), 1, 0.0)
    two = solve_newton(LogisticRows(twice.astype("float32"), target, weight), 1, 0.0)
    assert one.converged and two.converged
    ours, theirs = x @ one.kernel + one.bias, twice @ two.kernel + two.bias
    np.testing.assert_allclose(theirs, ours, atol=1e-4)  # float32 holds 500 to 3e-5


def test_classes_that_a_plane_separates_have_no_solution_without_a_penalty():
    x = np.linspace(-1, 1, 40)[:, None]
    rows = LogisticRows(x, (x > 0.1).astype("float64"), np.ones(40))
    assert not solve_newton(rows, 1, 0.0).converged
    assert solve_newton(rows, 1, 1e-4).converged
    softmax = LogisticRows(x, np.repeat([0, 1], 20), np.ones(40))
    assert not solve_newton(softmax, 2, 0.0).converged


def test_classes_without_rows_never_win():
    x, y, weight = rows(2)
    y = np.where(y == 0, 1, 3)
    solution = solve_newton(LogisticRows(x, y, weight), 5, 1e-3)
    assert set(np.argmax(x @ solution.kernel + solution.bias, axis=1)) == {1, 3}
    only = solve_newton(LogisticRows(x, np.full(len(x), 2), weight), 3, 0.0)
    assert set(np.argmax(x @ only.kernel + only.bias, axis=1)) == {2}
    labels = np.stack([np.zeros(len(x)), np.ones(len(x))], axis=1)
    always = solve_newton(LogisticRows(x, labels, weight), 2, 0.0)
    assert always.bias[0] < -5 and always.bias[1] > 5


def test_the_log_loss_is_a_weighted_mean():
    x, y, weight = rows(3)
    data = LogisticRows(x, y, weight)
    solution = solve_newton(data, 3, 1e-2)
    p = probabilities(x, solution)
    expected = np.average(-np.log(p[np.arange(len(y)), y]), weights=weight)
    assert solution.mean_log_loss(data) == pytest.approx(expected, rel=1e-9)
    half = data.take(slice(0, 200)) + data.take(slice(200, None))
    assert solution.mean_log_loss(half) == pytest.approx(expected, rel=1e-9)
