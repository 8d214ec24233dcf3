"""The penalty that is chosen on other rows, beside scikit-learn's regressions."""

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error

from kerakit.solvers.least_squares import Moments
from kerakit.solvers.logistic_rows import LogisticRows
from kerakit.solvers.penalty import FRACTIONS, best_logistic_penalty, best_ridge_penalty

FOLDS = 3


def rows(n=60, columns=8):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, columns)).astype("float32")
    return x, x[:, 0] + rng.normal(size=n), np.arange(n) % FOLDS


def lowest(x, y, fold, error):
    """The penalty with the lowest sum of errors over the folds, of all that may be chosen."""
    unit = np.mean([x[fold != each].var(axis=0).mean() for each in range(FOLDS)])
    candidates = [fraction * unit for fraction in FRACTIONS]
    sums = [
        sum(
            error(x[fold != each], y[fold != each], x[fold == each], y[fold == each], l2)
            for each in range(FOLDS)
        )
        for l2 in candidates
    ]
    return candidates[int(np.argmin(sums))]


def test_of_a_ridge_regression():
    def error(x, y, x_other, y_other, l2):
        ridge = Ridge(l2 * len(x)).fit(x.astype("float64"), y)
        return mean_squared_error(y_other, ridge.predict(x_other)) * len(x_other)

    def moments(there):
        found = Moments((x.mean(axis=0), np.zeros(1)))
        found.add(x[there], y[there, None])
        return found

    x, y, fold = rows()
    pairs = [(moments(fold != each), moments(fold == each)) for each in range(FOLDS)]
    wanted = lowest(x, y, fold, error)
    assert FRACTIONS[-1] < wanted < FRACTIONS[0]
    np.testing.assert_allclose(best_ridge_penalty(pairs), wanted, rtol=1e-3)


def test_of_a_logistic_regression():
    def error(x, y, x_other, y_other, l2):
        logistic = LogisticRegression(C=1 / (2 * l2 * len(x)), tol=1e-9).fit(x, y)
        return log_loss(y_other, logistic.predict_proba(x_other)) * len(x_other)

    x, y, fold = rows()
    ids = (y > 0).astype(int)
    ones = np.ones(len(x))

    def part(there):
        return LogisticRows(x[there], ids[there, None].astype("float64"), ones[there])

    pairs = [(part(fold != each), part(fold == each)) for each in range(FOLDS)]
    wanted = lowest(x, ids, fold, error)
    assert FRACTIONS[-1] < wanted < FRACTIONS[0]
    np.testing.assert_allclose(best_logistic_penalty(pairs, 1), wanted, rtol=1e-3)
