"""Numbers and classes as least squares predict them, and what the predictions are worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerakit.data.spec import Spec
from kerakit.data.tasks import TASKS

__all__ = ["ScoredTargets", "scored_targets", "scores_of_shares"]

# Of classes, whose indicators are predicted: the scores are the logarithms of their shares plus a
# multiple of how much more is predicted.
GAINS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0)


@dataclasses.dataclass(frozen=True)
class ScoredTargets:
    """The targets of rows, as scores are compared with them.

    Attributes:
        head: `"linear"`, `"logistic"` for the one score of two classes, or `"softmax"`.
        values: float array of shape `(n, scores)`: standardised numbers, or indicators of classes.
        weight: float array of shape `(n,)`.
        means: float array of shape `(scores,)`. The means of the values of all rows.
    """

    head: str
    values: np.ndarray
    weight: np.ndarray
    means: np.ndarray

    @property
    def base(self) -> np.ndarray:
        """The scores of the means, an array of shape `(scores,)`."""
        if self.head == "linear":
            return self.means
        return scores_of_shares(self.means, len(self.weight), self.head == "logistic")

    @property
    def measure(self) -> str:
        """The name of the loss."""
        return "mean squared error" if self.head == "linear" else "log loss"

    def take(self, rows: np.ndarray) -> ScoredTargets:
        """Return the targets of some rows, beside the means of all."""
        return dataclasses.replace(self, values=self.values[rows], weight=self.weight[rows])

    def best_gain(self, predicted: np.ndarray) -> tuple[float, float]:
        """Return by what predictions are multiplied for the lowest loss, and that loss."""
        gains = GAINS
        if self.head != "softmax":  # the score of two classes is a difference of two
            gains = (1.0,) if self.head == "linear" else tuple(2 * gain for gain in GAINS)
        losses = [self.cautious_loss(self.base + gain * (predicted - self.means)) for gain in gains]
        return gains[int(np.argmin(losses))], min(losses)

    def cautious_loss(self, scores: np.ndarray) -> float:
        """Return the mean loss of scores, as if one of n + 2 rows had another label (Platt 1999).

        Rows that are all labelled rightly do not prove that no row ever is labelled wrongly.
        """
        return self.loss(scores, 1 / (len(scores) + 2))

    def loss(self, scores: np.ndarray, wrong: float = 0.0) -> float:
        """Return the mean loss of scores: squared error, or log loss.

        Args:
            scores: float array of shape `(n, scores)`.
            wrong: float in [0, 1). The share of rows that may have another label than they have.
        """
        if self.head == "linear":
            losses = ((scores - self.values) ** 2).mean(axis=1)
            return float(np.average(losses, weights=self.weight))
        values = self.values
        if self.head == "logistic":
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
            values = np.concatenate([1 - values, values], axis=1)
        share = wrong / (values.shape[1] - 1)
        scores = scores - scores.max(axis=1, keepdims=True)
        surprises = np.log(np.exp(scores).sum(axis=1, keepdims=True)) - scores
        losses = ((share + (1 - wrong - share) * values) * surprises).sum(axis=1)
        return float(np.average(losses, weights=self.weight))

    def errors(self, scores: np.ndarray) -> int:
        """Return how many rows of a weight have another label than the one of the highest score."""
        if self.head == "linear":
            return 0
        if self.head == "logistic":
            wrong = (scores > 0) != (self.values > 0.5)
        else:
            wrong = scores.argmax(axis=1) != self.values.argmax(axis=1)
        return int((wrong.reshape(-1) & (self.weight > 0)).sum())


def scores_of_shares(shares: np.ndarray, rows: int, independent: bool) -> np.ndarray:
    """Return the scores that answer every row with the shares of the classes.

    Args:
        shares: float array of shape `(scores,)`, each in [0, 1].
        rows: int. How many rows there are: a class without one has half of one.
        independent: bool. Whether each score has a logistic function of its own, or all a softmax.

    Example:

    >>> scores_of_shares(np.array([0.5, 0.0]), 4, independent=True).round(3).tolist()
    [0.0, -1.946]
    """
    least = 0.5 / rows
    shares = np.clip(shares, least, 1 - least)
    return np.log(shares) - (np.log1p(-shares) if independent else 0.0)


def scored_targets(spec: Spec, parts: Sequence[Any]) -> ScoredTargets:
    """Return the targets of the rows of some splits, one behind the other.

    Args:
        spec: `Spec` of rows with numbers, or with one label each.
        parts: sequence of `Arrays`.
    """
    target = np.concatenate([part.target.numpy() for part in parts])
    weight = np.concatenate(
        [np.ones(len(p)) if p.weight is None else p.weight.numpy().reshape(-1) for p in parts]
    ).astype("float64")
    head = TASKS[spec.task].head
    if head == "linear":
        mean, variance = np.array(spec.target.mean), np.array(spec.target.variance)
        std = np.sqrt(np.where(variance > 0, variance, 1.0))
        values = (target.reshape(len(target), -1) - mean) / std
    elif head == "logistic":
        values = target.reshape(-1, 1).astype("float64")
    else:
        values = np.eye(len(spec.classes))[target.astype(int)]
    return ScoredTargets(head, values, weight, np.average(values, axis=0, weights=weight))
