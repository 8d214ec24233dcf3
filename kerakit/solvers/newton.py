"""Logistic and softmax regression, solved to the last digits by Newton's method."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Literal

import numpy as np

from kerakit.solvers.least_squares import independent_directions
from kerakit.solvers.logistic import ABSENT
from kerakit.solvers.logistic_rows import ROWS, LogisticRows, Solution, log_losses

__all__ = ["solve_newton"]

MAX_STEPS = 30  # of Newton's method; a loss that has a minimum takes fewer than 15
# Twice the distance of the loss from its minimum, at which Newton's method ends: its last step
# squares the error that is left.
TOLERANCE = 1e-16
DAMPING = 1e-12  # of a Hessian with ones on its diagonal: that of a softmax is singular
MAX_WEIGHTS = 800  # beyond, the Hessian would take longer than the steps of L-BFGS
MAX_KEPT = 10_000_000  # numbers of rows that are kept as float64
MAX_COLUMNS = 4_000  # of which a square matrix is made
MAX_GRADIENT_STEPS = 1_000  # of L-BFGS


def solve_newton(
    rows: LogisticRows, classes: int, l2: float, start: Solution | None = None
) -> Solution:
    """Return the weights with the lowest log loss plus penalty.

    The loss is `sum(weight * log loss) / (n * labels) + l2 * sum(kernel ** 2)`, as Keras
    computes it; a softmax counts as one label. The biases are free of the penalty. Up to
    `MAX_WEIGHTS` weights are solved by Newton's method, more of them by L-BFGS.

    Args:
        rows: `LogisticRows`, with one row at least.
        classes: int. The number of classes or labels.
        l2: float in [0, inf).
        start: `Solution` to begin at, such as that of a similar penalty. Defaults to `None`.

    Returns:
        `Solution`. It has not converged where `l2` is 0 and a plane separates classes: then
        larger weights always have a lower loss. A class without rows gets a score that is
        never the highest.

    Reference:
        Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, 2nd edition,
        section 4.4.1.
    """
    if rows.y.ndim == 1:
        there = np.flatnonzero(np.bincount(rows.y, rows.weight, minlength=classes))
        y = np.searchsorted(there, rows.y) if len(there) < classes else rows.y
        rows = dataclasses.replace(rows, y=np.minimum(y, len(there) - 1))
        problem, scores = _Problem(rows, "softmax", len(there), l2), classes
    else:
        counted = rows.y[rows.weight > 0]
        always = counted.min(axis=0) > 0
        there = np.flatnonzero(~always & (counted.max(axis=0) > 0))
        y = rows.y[:, there]
        problem = _Problem(dataclasses.replace(rows, y=y), "sigmoid", classes, l2)
        scores = classes
    kernel, bias = np.zeros((rows.x.shape[1], scores)), np.full(scores, ABSENT)
    if rows.y.ndim == 2:
        bias[always] = -ABSENT
    elif len(there) == 1:
        bias[there] = 0.0
        return Solution(kernel, bias)
    if not len(there):
        return Solution(kernel, bias)
    weights = np.zeros((problem.width, len(there)))
    if start is not None:
        weights = problem.standardised(start.kernel[:, there], start.bias[there])
    solve = _newton if weights.size <= MAX_WEIGHTS else _gradient
    weights, converged = solve(problem, weights)
    kernel[:, there], bias[there] = problem.raw(weights)
    return Solution(kernel, bias, converged)


class _Problem:
    """The loss, its gradient and its Hessian, on columns of mean 0 and standard deviation 1."""

    def __init__(
        self, rows: LogisticRows, kind: Literal["softmax", "sigmoid"], outputs: int, l2: float
    ) -> None:
        self.rows, self.kind = rows, kind
        self.divisor = len(rows.x) * (1 if kind == "softmax" else outputs)
        total = rows.weight.sum()
        self.mean = sum(w @ x for x, _, w in self._raw_parts()) / total
        variance = sum(w @ (x - self.mean) ** 2 for x, _, w in self._raw_parts()) / total
        varies = variance > 1e-13 * np.maximum(self.mean**2, 1e-30)
        self.scale = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
        # Some columns may depend on others: then the columns are the standardised ones times
        # `basis`.
        self.basis = self._independent(total)
        self.width = (len(self.mean) if self.basis is None else self.basis.shape[1]) + 1
        self.penalty = np.zeros((self.width, self.width))
        penalty = np.diag(l2 * self.scale**2)
        if self.basis is not None:
            penalty = self.basis.T @ penalty @ self.basis
        self.penalty[:-1, :-1] = penalty
        # Rows that are standardised once, where these take little memory.
        self.kept = list(self._computed_parts()) if rows.x.size <= MAX_KEPT else None

    def raw(self, weights):
        if self.kind == "softmax":  # the answer is the same; these weights have the least norm
            weights = weights - weights.mean(axis=1, keepdims=True)
        kernel = weights[:-1] if self.basis is None else self.basis @ weights[:-1]
        kernel = kernel * self.scale[:, None]
        return kernel, weights[-1] - self.mean @ kernel

    def standardised(self, kernel, bias):
        divisor = np.where(self.scale > 0, self.scale, np.inf)[:, None]
        weights = kernel / divisor
        weights = weights if self.basis is None else self.basis.T @ weights
        return np.concatenate([weights, (bias + self.mean @ kernel)[None]])

    def loss(self, weights):
        total = sum(w @ log_losses(x @ weights, y)[0] for x, y, w in self._parts())
        return total / self.divisor + np.sum(weights * (self.penalty @ weights))

    def gradient(self, weights):
        """The loss and its gradient."""
        loss, slope = 0.0, 2 * self.penalty @ weights
        for x, y, w in self._parts():
            losses, errors, _ = log_losses(x @ weights, y)
            loss += w @ losses / self.divisor
            slope += x.T @ (errors * w[:, None]) / self.divisor
        return loss + np.sum(weights * (self.penalty @ weights)), slope

    def bound(self):
        """The Cholesky factor of an upper bound of the Hessian of one score."""
        if self.width > MAX_COLUMNS:
            return np.eye(self.width)
        curvature = 0.5 if self.kind == "softmax" else 0.25
        matrix = sum((x * w[:, None]).T @ x for x, _, w in self._parts())
        matrix = curvature / self.divisor * matrix + 2 * self.penalty
        return np.linalg.cholesky(
            matrix + 1e-9 * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
        )

    def separates(self, weights):
        """Whether every row has the highest score for its own class."""
        for x, y, _ in self._parts():
            scores = x @ weights
            right = scores.argmax(axis=1) == y if y.ndim == 1 else (scores > 0) == (y > 0)
            if not right.all():
                return False
        return True

    def hessian(self, weights):
        """The gradient, and the Hessian: one matrix for each sigmoid, one for a softmax."""
        width, outputs = weights.shape
        pairs = outputs if self.kind == "softmax" else 1
        matrix = np.zeros((outputs, pairs, width, width))
        slope = 2 * self.penalty @ weights
        for x, y, w in self._parts():
            _, errors, p = log_losses(x @ weights, y)
            slope += x.T @ (errors * w[:, None]) / self.divisor
            w = w / self.divisor
            for one in range(outputs):
                for two in range(one, outputs) if self.kind == "softmax" else [one]:
                    of_rows = w * p[:, one] * ((one == two) - p[:, two])
                    part = (x * of_rows[:, None]).T @ x
                    if self.kind == "sigmoid":
                        matrix[one, 0] += part
                        continue
                    matrix[one, two] += part
                    if one != two:
                        matrix[two, one] += part
        for one in range(outputs):
            matrix[one, one if self.kind == "softmax" else 0] += 2 * self.penalty
        if self.kind == "softmax":
            size = width * outputs
            return slope, [matrix.transpose(0, 2, 1, 3).reshape(size, size)]
        return slope, list(matrix[:, 0])

    def _independent(self, total):
        """Orthogonal directions in which the standardised columns vary, or `None` for all."""
        width = len(self.mean)
        if width > MAX_COLUMNS:
            return None
        parts = (((x - self.mean) * self.scale, w) for x, _, w in self._raw_parts())
        return independent_directions(sum((x * w[:, None]).T @ x for x, w in parts) / total)

    def _raw_parts(self):
        rows = self.rows
        for start in range(0, len(rows.x), ROWS):
            part = slice(start, start + ROWS)
            yield np.asarray(rows.x[part], "float64"), rows.y[part], rows.weight[part]

    def _parts(self):
        return self._computed_parts() if self.kept is None else self.kept

    def _computed_parts(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """`(x, y, weight)` of some rows; the last column of x is 1."""
        for x, y, w in self._raw_parts():
            x = (x - self.mean) * self.scale
            x = x if self.basis is None else x @ self.basis
            yield np.concatenate([x, np.ones((len(x), 1))], axis=1), y, w


def _newton(problem, weights):
    """Newton's method, with a line search while it is far from the minimum."""
    loss = problem.loss(weights)
    for _ in range(MAX_STEPS):
        slope, matrices = problem.hessian(weights)
        if len(matrices) > 1:
            steps = [_solved(m, s) for m, s in zip(matrices, slope.T, strict=True)]
            step = np.stack(steps, axis=1)
        else:
            step = _solved(matrices[0], slope.T.ravel()).reshape(slope.T.shape).T
        decrement = float(np.sum(slope * step))
        if decrement <= TOLERANCE:
            return weights - step, True
        size = 1.0
        while decrement > 1e-9 and size > 1e-6:
            if problem.loss(weights - size * step) <= loss - 1e-4 * size * decrement:
                break
            size /= 2
        weights = weights - size * step
        loss = problem.loss(weights)
    return weights, False


def _solved(matrix, right):
    """The solution for a matrix that may be singular, such as that of a softmax."""
    length = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / length / length[:, None] + DAMPING * np.eye(len(matrix))
    try:
        return np.linalg.solve(scaled, right / length) / length
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(scaled, right / length)[0] / length


def _gradient(problem, weights):
    """L-BFGS, for more weights than a Hessian has room for.

    Its variables are scaled by an upper bound of the Hessian, the same for all scores (Böhning
    1992, doi:10.1007/BF00048682), so that it takes tens of steps and not hundreds.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import minimize

    factor = problem.bound()

    def raw(flat):
        return solve_triangular(factor, flat.reshape(weights.shape), lower=True, trans="T")

    def loss(flat):
        value, slope = problem.gradient(raw(flat))
        return value, solve_triangular(factor, slope, lower=True).ravel()

    limits = {"maxiter": MAX_GRADIENT_STEPS, "ftol": 0.0, "gtol": 1e-10, "maxcor": 20}
    start = (factor.T @ weights).ravel()
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=limits)
    weights = raw(found.x)
    return weights, bool(problem.penalty.any()) or not problem.separates(weights)
