"""Least squares from moments: the solutions of NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from kerakit.solvers.least_squares import (
    Moments,
    mean_squared_error,
    refined,
    solve_least_squares,
)


def moments(x, y, weight=None, chunk=64):
    total = Moments()
    for start in range(0, len(x), chunk):
        part = slice(start, start + chunk)
        total.add(x[part], y[part], None if weight is None else weight[part])
    return total


def rows(seed=0, count=300, targets=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)) * [1, 1e3, 1e-2, 5] + [0, 1e6, 3, -2]
    y = x @ rng.normal(size=(4, targets)) / 100 + rng.normal(size=(count, targets))
    return x, y, rng.uniform(0, 3, count)


@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_solution_of_scikit_learn(targets, weighted):
    x, y, weight = rows(targets=targets)
    weight = weight if weighted else None
    kernel, bias = solve_least_squares(moments(x, y, weight))
    exact = LinearRegression().fit(x, y, weight)
    np.testing.assert_allclose(kernel.T, exact.coef_, rtol=1e-8)
    np.testing.assert_allclose(x @ kernel + bias, exact.predict(x), rtol=1e-8, atol=1e-8)


def test_a_penalty_is_that_of_ridge():
    x, y, weight = rows(targets=2)
    kernel, bias = solve_least_squares(moments(x, y, weight), 30.0)
    exact = Ridge(30.0, solver="svd").fit(x, y, weight)
    np.testing.assert_allclose(x @ kernel + bias, exact.predict(x), rtol=1e-7, atol=1e-8)


def test_columns_that_depend_on_others_share_the_weight():
    """Two equal columns and a constant one: the minimum norm is one half each, and 0."""
    a = np.linspace(-1, 1, 50)
    x = np.stack([a, a, np.full(50, 7.0), a**2], axis=1)
    kernel, bias = solve_least_squares(moments(x, (3 * a + 5 * a**2 + 1)[:, None]))
    np.testing.assert_allclose(kernel[:, 0], [1.5, 1.5, 0, 5], atol=1e-9)
    np.testing.assert_allclose(bias, 1, atol=1e-9)
    np.testing.assert_allclose(kernel[:, 0], np.linalg.pinv(x - x.mean(0)) @ (3 * a + 5 * a**2))


def test_a_second_pass_gives_ill_conditioned_columns_their_digits():
    """Nearly equal columns, whose singular values are 1 to 10,000."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 400))
    x, y = np.stack([a, a + 1e-4 * b], axis=1), (2 * a + b)[:, None]
    once = solve_least_squares(moments(x, y))
    twice = refined(moments(x, y), once, [(x, y, None)])
    exact = np.linalg.lstsq(np.column_stack([x, np.ones(400)]), y, rcond=None)[0]
    error = [np.abs(kernel - exact[:2]).max() / 1e4 for kernel, _ in (once, twice)]
    assert error[1] < 1e-11 < error[0]


def test_the_error_comes_from_moments_alone():
    x, y, weight = rows(targets=2)
    solution = solve_least_squares(moments(x[:100], y[:100]))
    total = moments(x, y, weight)
    expected = np.average(np.mean((x @ solution[0] + solution[1] - y) ** 2, 1), weights=weight)
    assert mean_squared_error(total, solution) == pytest.approx(expected, rel=1e-8)
    rest = moments(x, y) - moments(x, y)
    assert rest.rows == 0 and (moments(x, y) + moments(x, y)).rows == 600
