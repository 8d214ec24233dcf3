"""Kernel ridge regression of folds, beside Gaussian processes of scikit-learn."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Matern

from kerakit.solvers.kernel_ridge import (
    CHOICE_ROWS,
    Kernel,
    best_kernel,
    solve_folds,
    squared_distances,
)

LENGTH, NOISE = 1.7, 0.2
# Matern's kernel of 1 / 2 is the exponential one.
KERNELS = {
    "gaussian": (Kernel(0.5 / LENGTH**2, 0.0, NOISE), RBF(LENGTH)),
    "exponential": (Kernel(0.0, 1 / LENGTH, NOISE), Matern(LENGTH, nu=0.5)),
    "product": (Kernel(0.5 / LENGTH**2, 1 / LENGTH, NOISE), RBF(LENGTH) * Matern(LENGTH, nu=0.5)),
}


def rows(seed=0, n=40):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    y = np.stack([np.sin(2 * x[:, 0]) + x[:, 1], x[:, 2] ** 2], axis=1)
    weight = rng.choice([0.5, 1.0, 2.0], n)
    return x, rng.permutation(n) % 4, weight, y


@pytest.mark.parametrize("name", KERNELS)
def test_each_fold_is_predicted_as_by_a_gaussian_process_of_the_other_rows(name):
    (kernel, theirs), (x, fold, weight, y) = KERNELS[name], rows()
    fit = solve_folds(kernel, x, fold, weight, y)
    new = np.random.default_rng(1).normal(size=(5, 3))
    for number in range(4):
        there = fold != number
        process = GaussianProcessRegressor(theirs, alpha=NOISE / weight[there], optimizer=None)
        process.fit(x[there], y[there])
        np.testing.assert_allclose(fit.left_out[~there], process.predict(x[~there]), atol=1e-9)
        ours = kernel.of(squared_distances(new, x)) @ fit.coefficients[number]
        np.testing.assert_allclose(ours, process.predict(new), atol=1e-9)
        assert not fit.coefficients[number][~there].any()


def test_the_kernel_that_is_chosen_has_the_lowest_loss_of_rows_left_out():
    x, fold, weight, y = rows()
    y = y - np.average(y, axis=0, weights=weight)
    tried = []

    def loss(predicted, numbers):
        tried.append(np.average((predicted - y[numbers]) ** 2, axis=0, weights=weight).mean())
        return tried[-1]

    kernel = best_kernel(x, fold, weight, y, loss, 0)
    again = solve_folds(kernel, x, fold, weight, y).left_out
    assert len(tried) == 40 and loss(again, np.arange(40)) == pytest.approx(min(tried))


def test_it_is_chosen_by_some_of_many_rows():
    x, fold, weight, y = rows(n=CHOICE_ROWS + 100)
    counted = []

    def loss(predicted, numbers):
        counted.append(len(numbers))
        return float(((predicted - y[numbers]) ** 2).mean())

    assert best_kernel(x, fold, weight, y, loss, 0) == best_kernel(x, fold, weight, y, loss, 0)
    assert set(counted) == {CHOICE_ROWS}


def test_rows_that_are_alike_have_no_kernel():
    x, fold, weight, y = rows()
    x = np.repeat(x[:1], len(x), axis=0)
    assert best_kernel(x, fold, weight, y, lambda *_: 1.0, 0) is None
