"""Kernel ridge regression of rows in folds, each of which is predicted without itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

__all__ = ["FoldedFit", "Kernel", "best_kernel", "solve_folds", "squared_distances"]

# What is tried: two kernels, widths as multiples of the median distance of two rows (a usual guess:
# Caputo et al. 2002), and variances of the noise from a thousandth of that of the function to twice
# as much. tests/benchmarks/tabular_choices.py prints what the kernel is worth ("no kernel").
WIDTHS = (0.5, 1.0, 2.0, 4.0)
NOISES = (0.001, 0.01, 0.1, 0.5, 2.0)
CHOICE_ROWS = 600  # by which the kernel is chosen, at most: a decomposition of more takes seconds
MEDIAN_ROWS = 300


@dataclasses.dataclass(frozen=True)
class Kernel:
    """How alike two rows are: `exp(-square * d ** 2 - linear * d)` of their distance d.

    A Gaussian kernel has `linear` 0, an exponential one (of Ornstein and Uhlenbeck) `square` 0
    (Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, chapter 4).

    Attributes:
        square, linear: floats in [0, inf).
        noise: float in (0, inf). The variance of the noise of a target of weight 1, as a multiple
            of that of the function: the penalty of ridge regression.
    """

    square: float
    linear: float
    noise: float

    def of(self, squares: np.ndarray) -> np.ndarray:
        """Return the kernel of squared distances, in the same array."""
        if self.linear:
            root = np.sqrt(squares)
            root *= -self.linear
            squares *= -self.square
            squares += root
        else:
            squares *= -self.square
        return np.exp(squares, out=squares)


@dataclasses.dataclass(frozen=True)
class FoldedFit:
    """The solutions for all folds, each from the rows outside of it.

    Attributes:
        coefficients: float array of shape `(folds, n, outputs)`. Those of the rows of a fold are 0
            in its own solution.
        left_out: float array of shape `(n, outputs)`. Each row as the solution for its fold
            predicts it.
    """

    coefficients: np.ndarray
    left_out: np.ndarray


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared distances of rows: `(n, columns)` and `(m, columns)` give `(n, m)`.

    Example:

    >>> squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[25.0, 1.0]]
    """
    squares = a @ b.T
    squares *= -2
    squares += (a * a).sum(axis=1)[:, None]
    squares += (b * b).sum(axis=1)
    return np.maximum(squares, 0, out=squares)


def best_kernel(
    x: np.ndarray,
    fold: np.ndarray,
    weight: np.ndarray,
    y: np.ndarray,
    loss: Callable[[np.ndarray, np.ndarray], float],
    seed: int,
) -> Kernel | None:
    """Return the kernel with the lowest loss of rows that are predicted without their fold.

    Args:
        x: float array of shape `(n, columns)`.
        fold: int array of shape `(n,)`.
        weight: float array of shape `(n,)`, above 0, with a mean of 1.
        y: float array of shape `(n, outputs)`, with a mean of 0.
        loss: function of predictions of some rows and of the numbers of these rows.
        seed: int. Of the rows that are tried, where there are many.

    Returns:
        `Kernel`, or `None` where most rows are alike or no loss is finite.
    """
    rows = np.arange(len(x))
    if len(x) > CHOICE_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(x), CHOICE_ROWS, replace=False))
    squares = squared_distances(x[rows], x[rows])
    some = squares[:MEDIAN_ROWS, :MEDIAN_ROWS]
    median = float(np.sqrt(np.median(some[np.triu_indices(len(some), 1)])))
    if not median > 0:
        return None
    lowest, best = np.inf, None
    # Matrices of so few rows take as long with several threads, which wait for each other and take
    # up to four times the CPU.
    with threadpool_limits(1, user_api="blas"):
        for width in WIDTHS:
            for square, linear in ((0.5 / (width * median) ** 2, 0.0), (0.0, 1 / (width * median))):
                matrix = Kernel(square, linear, 1.0).of(squares.copy())
                for noise, predicted in _left_out(matrix, fold[rows], weight[rows], y[rows]):
                    reached = loss(predicted, rows)
                    if reached < lowest:
                        lowest, best = reached, Kernel(square, linear, noise)
    return best


def _left_out(matrix, fold, weight, y):
    """For each noise, each row by the solution without its fold.

    With the inverse G of `matrix + noise / weight`, the errors of the rows B of a fold are
    `inverse(G[B, B]) @ (G @ y)[B]`; one decomposition gives G for every noise.
    """
    root = np.sqrt(weight)
    values, vectors = np.linalg.eigh(root[:, None] * matrix * root)
    vectors *= root[:, None]
    projected = vectors.T @ y
    folds = [np.flatnonzero(fold == number) for number in np.unique(fold)]
    for noise in NOISES:
        inverse = 1 / (np.maximum(values, 0) + noise)
        alpha, predicted = vectors @ (inverse[:, None] * projected), y.copy()
        for rows in folds:
            block = (vectors[rows] * inverse) @ vectors[rows].T
            predicted[rows] -= np.linalg.solve(block, alpha[rows])
        yield noise, predicted


def solve_folds(
    kernel: Kernel, x: np.ndarray, fold: np.ndarray, weight: np.ndarray, y: np.ndarray
) -> FoldedFit:
    """Solve kernel ridge regression for every fold, from one inverse of the matrix of all rows.

    It predicts a row z as `sum(kernel(z, x[i]) * coefficients[i])`, the mean of a Gaussian process
    (Rasmussen & Williams 2006, equation 2.25; chapter 5.4.2 for the rows left out). It takes
    `8 * n ** 2` bytes.

    Args:
        kernel: `Kernel`.
        x, fold, weight, y: as in `best_kernel`. Folds are 0, 1, ...
    """
    from scipy.linalg import lapack

    order = np.argsort(fold, kind="stable")
    x, y, weight = x[order], y[order], weight[order]
    matrix = kernel.of(squared_distances(x, x))
    matrix[np.diag_indices(len(x))] += kernel.noise / weight
    # LAPACK reads columns: the transpose of a symmetric matrix is itself.
    factor, _ = lapack.dpotrf(matrix.T, lower=1, overwrite_a=1)
    alpha, _ = lapack.dpotrs(factor, y, lower=1)
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    counts = np.bincount(fold)
    ends = np.cumsum(counts)
    coefficients, left_out = np.empty((len(counts), *y.shape)), np.empty_like(y)
    for number, (begin, end) in enumerate(zip(ends - counts, ends, strict=True)):
        lower = np.tril(inverse[begin:end, begin:end])
        block = lower + np.tril(lower, -1).T
        error = np.linalg.solve(block, alpha[begin:end])
        left_out[order[begin:end]] = y[begin:end] - error
        found = np.zeros_like(y)
        found[:begin] = alpha[:begin] - inverse[begin:end, :begin].T @ error
        found[end:] = alpha[end:] - inverse[end:, begin:end] @ error
        coefficients[number, order] = found
    return FoldedFit(coefficients, left_out)
