"""What the parts that stand beside the networks of members predict, and how well."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from kerakit.builders.contract import linear_path_of
from kerakit.data.tasks import TASKS
from kerakit.solvers.logistic import mean_log_loss
from kerakit.training.linear_path.indicators import scores_of_shares
from kerakit.training.linear_path.roots import scores_of_targets

__all__ = ["ScoreTargets", "score_targets"]


@dataclasses.dataclass(frozen=True)
class ScoreTargets:
    """The targets of rows, as scores are compared with them.

    Attributes:
        head: `"linear"`, `"sigmoid"` of each score, or `"softmax"` of all.
        values: float array of shape `(n, scores)`: standardised numbers, or the roots of them that
            lines predict; labels, 0 or 1; or indicators of classes.
        weight: float array of shape `(n,)`, with a mean of 1 over `there`.
        there: int array. The rows of a weight above 0.
    """

    head: str
    values: np.ndarray
    weight: np.ndarray
    there: np.ndarray

    @property
    def means(self) -> np.ndarray:
        """The means of the values, an array of shape `(scores,)`."""
        return np.average(self.values, axis=0, weights=self.weight)

    @property
    def base(self) -> np.ndarray:
        """The scores of these means, an array of shape `(scores,)`."""
        if self.head == "linear":
            return self.means
        return scores_of_shares(self.means, len(self.there), self.head == "sigmoid")

    def loss(self, scores: np.ndarray, rows: Any = slice(None)) -> float:
        """Return the mean loss of the scores of some rows: squared error or log loss."""
        values, weight = self.values[rows], self.weight[rows]
        if self.head == "linear":
            return float(np.average(((scores - values) ** 2).mean(axis=1), weights=weight))
        if self.head == "softmax":
            return mean_log_loss(scores, values.argmax(axis=1), weight)
        return mean_log_loss(scores, values, weight)


def score_targets(runner: Any) -> ScoreTargets:
    """Return the `ScoreTargets` of the training and validation rows of members.

    Args:
        runner: `Runner`, whose lines were solved.
    """
    rows, spec = runner.arrays("train"), runner.data.spec
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight.numpy().astype("float64")
    there = np.flatnonzero(weight > 0)
    weight = weight / weight[there].mean()
    task, target = TASKS[spec.task], rows.target.numpy()
    if task.answer == "numbers":
        mean, variance = np.array(spec.target.mean), np.array(spec.target.variance)
        values = (target.reshape(len(target), -1) - mean) / np.sqrt(variance)
        path = linear_path_of(runner.model)
        values = scores_of_targets(path.powers, values) if path.powers else values
        return ScoreTargets("linear", values, weight, there)
    scores = runner.members.line.kernel.shape[-1]
    if scores == 1 or task.answer == "labels":
        values = target.reshape(len(target), -1).astype("float64")
        return ScoreTargets("sigmoid", values, weight, there)
    return ScoreTargets("softmax", np.eye(scores)[target.astype(int)], weight, there)
