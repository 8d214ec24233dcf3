"""Ridge regression on kernel matrices, where each row is also predicted without itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

__all__ = ["LeftOutFit", "left_out_fit", "left_out_fits"]


@dataclasses.dataclass(frozen=True)
class LeftOutFit:
    """The solution for one penalty.

    A new row is predicted as `intercept + k @ coefficients`, where k is its kernel with the rows.

    Attributes:
        penalty: float.
        coefficients: float array of shape `(n, outputs)`.
        intercept: float array of shape `(outputs,)`.
        left_out: float array of shape `(n, outputs)`. Each row as the solution of the others
            predicts it.
    """

    penalty: float
    coefficients: np.ndarray
    intercept: np.ndarray
    left_out: np.ndarray


def left_out_fits(
    matrix: np.ndarray, y: np.ndarray, weight: np.ndarray, penalties: Iterable[float]
) -> Iterator[LeftOutFit]:
    """Solve `sum(weight * (y - f) ** 2) + penalty * norm(f) ** 2` for each of some penalties.

    f is an intercept without a penalty plus a function of the kernel's space. All solutions come
    from one decomposition of the matrix, and all rows are left out at no further cost.

    Args:
        matrix: float array of shape `(n, n)`. The kernel of each row with each.
        y: float array of shape `(n, outputs)`.
        weight: float array of shape `(n,)`, above 0.
        penalties: floats in (0, inf).

    Reference:
        Rifkin & Lippert: Notes on Regularized Least-Squares, MIT 2007, section 3.

    Example:

    >>> rows, y = np.array([[0.0], [1.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [4.0], [5.0]])
    >>> (fit,) = left_out_fits(rows @ rows.T, y, np.ones(4), [1e-9])
    >>> (rows.T @ fit.coefficients).round(4).tolist(), fit.intercept.round(4).tolist()
    ([[1.0286]], [1.2])
    >>> fit.left_out[3].round(4).tolist()  # the line through (0, 1), (1, 2) and (2, 4) at 4
    [6.8333]
    """
    root = np.sqrt(weight)[:, None]
    values, vectors = np.linalg.eigh(matrix * root * root.T)
    vectors = vectors * root
    for penalty in penalties:
        yield _fit((vectors / (values + penalty)) @ vectors.T, y, penalty)


def left_out_fit(
    matrix: np.ndarray, y: np.ndarray, weight: np.ndarray, penalty: float
) -> LeftOutFit:
    """As `left_out_fits`, for one penalty: an inverse takes less time than a decomposition."""
    return _fit(np.linalg.inv(matrix + np.diag(penalty / weight)), y, penalty)


def _fit(inverse, y, penalty):
    """The solution by the inverse of `matrix + penalty / weight`.

    With G that inverse without the direction of the intercept, the error of a row that is left out
    is `(G y) / diag(G)`.
    """
    sums = inverse.sum(axis=1)
    total = sums.sum()
    intercept = sums @ y / total
    coefficients = inverse @ y - sums[:, None] * intercept
    without = np.diag(inverse) - sums**2 / total
    left_out = y - coefficients / without[:, None]
    return LeftOutFit(penalty, coefficients, intercept, left_out)
