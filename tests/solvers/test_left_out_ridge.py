"""Ridge regression on kernels: every row is left out as if it had not been there."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from kerakit.solvers.left_out_ridge import left_out_fit, left_out_fits


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 1.0, (12, 30))  # more columns than rows, not centred
    return (
        x,
        x[:, :2] @ [[1.0, 2.0], [-1.0, 0.5]] + rng.normal(size=(12, 2)),
        rng.uniform(0.5, 2, 12),
    )


@pytest.mark.parametrize("penalty", [0.01, 1.0, 300.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_row_is_predicted_as_without_it(rows, penalty, weighted):
    x, y, weight = rows
    weight = weight if weighted else np.ones(len(x))
    (fit,) = left_out_fits(x @ x.T, y, weight, [penalty])
    again = left_out_fit(x @ x.T, y, weight, penalty)
    whole = Ridge(penalty).fit(x, y, weight)
    for found in (fit, again):
        np.testing.assert_allclose(x.T @ found.coefficients, whole.coef_.T, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found.intercept, whole.intercept_, rtol=1e-6)
    for row in range(len(x)):
        others = np.arange(len(x)) != row
        without = Ridge(penalty).fit(x[others], y[others], weight[others])
        expected = without.predict(x[row : row + 1])[0]
        np.testing.assert_allclose(fit.left_out[row], expected, rtol=1e-5)
        np.testing.assert_allclose(again.left_out[row], expected, rtol=1e-5)
