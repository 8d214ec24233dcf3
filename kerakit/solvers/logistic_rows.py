"""The rows of a logistic or softmax regression, its weights, and its log loss."""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["ROWS", "LogisticRows", "Solution", "log_losses"]

ROWS = 8192  # rows that are in memory as float64 at a time


@dataclasses.dataclass(frozen=True)
class LogisticRows:
    """Rows of a classification.

    Attributes:
        x: float array of shape `(n, columns)`.
        y: int array of shape `(n,)` of class ids for a softmax, or float array of shape
            `(n, labels)` of zeros and ones, where each label has a regression of its own.
        weight: float array of shape `(n,)`.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray

    def take(self, index: np.ndarray) -> LogisticRows:
        """Return the rows at an index."""
        return LogisticRows(self.x[index], self.y[index], self.weight[index])

    def __add__(self, other: LogisticRows) -> LogisticRows:
        """Both sets of rows."""
        pairs = ((self.x, other.x), (self.y, other.y), (self.weight, other.weight))
        return LogisticRows(*map(np.concatenate, pairs))


@dataclasses.dataclass(frozen=True)
class Solution:
    """The weights of a logistic or softmax regression.

    Attributes:
        kernel: float array of shape `(columns, scores)`.
        bias: float array of shape `(scores,)`.
        converged: bool. Whether the loss has a minimum, and these weights are there.
    """

    kernel: np.ndarray
    bias: np.ndarray
    converged: bool = True

    def mean_log_loss(self, rows: LogisticRows) -> float:
        """Return the weighted mean log loss of rows, over their labels too."""
        total = 0.0
        for start in range(0, len(rows.x), ROWS):
            part = rows.take(slice(start, start + ROWS))
            scores = np.asarray(part.x, "float64") @ self.kernel + self.bias
            total += part.weight @ log_losses(scores, part.y)[0]
        scale = 1 if rows.y.ndim == 1 else rows.y.shape[1]
        return float(total / (rows.weight.sum() * scale))


def log_losses(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `(log loss of each row, its derivative by each score, probability of each score)`.

    Args:
        scores: float array of shape `(n, scores)`.
        y: as in `LogisticRows`.
    """
    if y.ndim == 2:
        p = 0.5 * (1 + np.tanh(scores / 2))
        return np.sum(np.logaddexp(0, scores) - y * scores, axis=1), p - y, p
    top = scores.max(axis=1, keepdims=True)
    exponentials = np.exp(scores - top)
    total = exponentials.sum(axis=1, keepdims=True)
    p = exponentials / total
    index = np.arange(len(scores)), y
    errors = p.copy()
    errors[index] -= 1
    return (np.log(total) + top)[:, 0] - scores[index], errors, p
