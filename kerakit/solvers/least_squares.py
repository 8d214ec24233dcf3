"""Least squares and ridge regression from the moments of rows, of which one pass is enough."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

__all__ = [
    "SMALLEST_SINGULAR_VALUE",
    "Moments",
    "independent_directions",
    "mean_squared_error",
    "refined",
    "solve_least_squares",
]

# Directions whose singular value is below this fraction of the largest one hold little but the
# rounding of float32 features (6e-8, and more of a column whose mean is far from 0). Their weights
# are 0, as in a solution of minimum norm; else they would be so large that the rounding of a
# request would change its answer.
SMALLEST_SINGULAR_VALUE = 1e-5
# The accuracy of a solution from moments falls with the square of the singular values. Where
# one is below this fraction, a second pass over the rows makes up for it.
REFINED_BELOW = 1e-3


class Moments:
    """Weighted sums of products of rows, from which least squares are solved.

    The sums are of differences from the first rows' means, so that columns with a large mean
    keep their digits.

    Args:
        shift: pair of float arrays of shapes `(columns,)` and `(targets,)`: what is subtracted
            from the rows. Defaults to `None`: the means of the rows that are added first.

    Attributes:
        rows: int. The rows that were added.
    """

    def __init__(self, shift: tuple[np.ndarray, np.ndarray] | None = None) -> None:
        self.shift, self.rows = shift, 0
        self._sums: np.ndarray | None = None

    def add(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> None:
        """Add rows.

        Args:
            x: array of shape `(n, columns)`.
            y: array of shape `(n, targets)`.
            weight: array of shape `(n,)`, or `None`. Weights of the rows.
        """
        x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
        if self.shift is None:
            self.shift = x.mean(0), y.mean(0)
        both = np.concatenate([x - self.shift[0], y - self.shift[1], np.ones((len(x), 1))], 1)
        weighted = both if weight is None else both * np.asarray(weight, "float64")[:, None]
        sums = weighted.T @ both
        self._sums = sums if self._sums is None else self._sums + sums
        self.rows += len(x)

    def __add__(self, other: Moments) -> Moments:
        """The moments of both sets of rows, which have the same shift."""
        both = Moments(self.shift)
        both.rows, both._sums = self.rows + other.rows, self._sums + other._sums
        return both

    def __sub__(self, other: Moments) -> Moments:
        """The moments of these rows without those of the other ones."""
        rest = Moments(self.shift)
        rest.rows, rest._sums = self.rows - other.rows, self._sums - other._sums
        return rest

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return float(self._sums[-1, -1])

    @property
    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """The weighted means of the columns and of the targets."""
        (x, y), columns = self.shift, len(self.shift[0])
        offset = self._sums[-1, :-1] / self.total
        return x + offset[:columns], y + offset[columns:]

    @property
    def centred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`(X'X, X'Y, Y'Y)` of the rows without their weighted means."""
        offset, columns = self._sums[-1, :-1], len(self.shift[0])
        sums = self._sums[:-1, :-1] - np.outer(offset, offset) / self.total
        x, y = slice(0, columns), slice(columns, None)
        return sums[x, x], sums[x, y], sums[y, y]


def solve_least_squares(moments: Moments, alpha: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the kernel and the bias with the lowest sum of squared errors plus the penalty.

    The penalty is `alpha * sum(kernel ** 2)`, as that of scikit-learn's `Ridge`; the bias is
    free of it. Columns that depend on others share the weight between them: of all solutions,
    that of minimum norm in columns of equal standard deviation.

    Args:
        moments: `Moments` of the rows.
        alpha: float in [0, inf). Defaults to `0.0`: ordinary least squares.

    Returns:
        Tuple of float arrays, kernel of shape `(columns, targets)` and bias of shape
        `(targets,)`.

    Example:

    >>> moments = Moments()
    >>> moments.add(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]))
    >>> kernel, bias = solve_least_squares(moments)
    >>> kernel.round(6).tolist(), bias.round(6).tolist()
    ([[2.0]], [1.0])
    """
    gram, cross, _ = moments.centred
    kernel = _inverse(gram, alpha, _spread(moments))[0](cross)
    return kernel, _bias(moments, kernel)


def refined(
    moments: Moments,
    solution: tuple[np.ndarray, np.ndarray],
    rows: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    alpha: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a solution with the digits that ill-conditioned columns cost it.

    One step of iterative refinement: the errors of the solution are summed over the rows
    themselves, and solved for in turn. Well-conditioned columns need no second pass.

    Args:
        moments: `Moments` of the rows.
        solution: what `solve_least_squares` returned for `moments` and `alpha`.
        rows: iterable of `(x, y, weight)`, as `Moments.add` takes them.
        alpha: float in [0, inf). As in `solve_least_squares`.

    Reference:
        Björck: Iterative Refinement of Linear Least Squares Solutions, BIT 7, 1967.
    """
    gram, _, _ = moments.centred
    inverse, smallest = _inverse(gram, alpha, _spread(moments))
    if smallest > REFINED_BELOW:
        return solution
    kernel = solution[0]
    mean_x, mean_y = moments.means
    gradient = -alpha * kernel
    for x, y, weight in rows:
        x = np.asarray(x, "float64") - mean_x
        error = np.asarray(y, "float64") - mean_y - x @ kernel
        gradient += x.T @ (error if weight is None else error * np.asarray(weight)[:, None])
    kernel = kernel + inverse(gradient)
    return kernel, _bias(moments, kernel)


def mean_squared_error(moments: Moments, solution: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the weighted mean of the squared errors of rows, over their targets too."""
    kernel, bias = solution
    gram, cross, squares = moments.centred
    mean_x, mean_y = moments.means
    varied = np.trace(kernel.T @ gram @ kernel) - 2 * np.sum(kernel * cross) + np.trace(squares)
    constant = np.mean((mean_y - mean_x @ kernel - bias) ** 2)
    return float(varied / (moments.total * len(bias)) + constant)


def independent_directions(matrix: np.ndarray) -> np.ndarray | None:
    """Return orthonormal directions in which columns vary, or `None` where all of them do.

    Args:
        matrix: array of shape `(columns, columns)`. The correlations of the columns, 0 for
            those that are constant.

    Returns:
        array of shape `(columns, directions)`, or `None`: no direction is left out.
    """
    if _cholesky(matrix)[1] > REFINED_BELOW**2:
        return None
    values, vectors = np.linalg.eigh(matrix)
    kept = values > SMALLEST_SINGULAR_VALUE**2 * values[-1]
    return None if kept.all() else vectors[:, kept]


def _cholesky(matrix):
    """The lower Cholesky factor, and an estimate of the reciprocal condition number."""
    from scipy.linalg import lapack

    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None, 0.0
    condition, _ = lapack.dpocon(factor, np.abs(matrix).sum(axis=0).max(), uplo="L")
    return factor, float(condition)


def _bias(moments, kernel):
    mean_x, mean_y = moments.means
    return mean_y - mean_x @ kernel


def _spread(moments):
    """Where a column varies by more than the rounding of its mean to float32."""
    gram, _, _ = moments.centred
    mean_x, _ = moments.means
    variance = np.diag(gram) / moments.total
    return variance > 1e-13 * np.maximum(mean_x**2, 1e-30)


def _inverse(gram, alpha, varies):
    """Multiplication by the pseudo-inverse of `gram + alpha`; the smallest singular value kept.

    The singular values are those of columns that were divided by their lengths, as a fraction
    of the largest one.
    """
    width = len(gram)
    if not varies.any():
        return lambda right: np.zeros((width, right.shape[1])), 1.0
    chosen = np.flatnonzero(varies)
    matrix = gram[np.ix_(chosen, chosen)] + alpha * np.eye(len(chosen))
    length = np.sqrt(np.diag(matrix))
    scaled = matrix / length / length[:, None]
    factor, condition = _cholesky(scaled)
    if condition > REFINED_BELOW**2:  # the usual case, for a tenth of the time
        from scipy.linalg import cho_solve

        def divide(right):
            product = np.zeros((width, right.shape[1]))
            product[chosen] = cho_solve((factor, True), right[chosen] / length[:, None])
            product[chosen] /= length[:, None]
            return product

        return divide, float(np.sqrt(condition))
    values, vectors = np.linalg.eigh(scaled)
    limit = max(SMALLEST_SINGULAR_VALUE**2, 1e-15 * len(values))
    kept = values > limit * values[-1]
    values, vectors = values[kept], vectors[:, kept]

    def multiply(right):
        product = np.zeros((width, right.shape[1]))
        scaled = vectors.T @ (right[chosen] / length[:, None])
        product[chosen] = (vectors @ (scaled / values[:, None])) / length[:, None]
        return product

    return multiply, float(np.sqrt(values[0] / values[-1]))
