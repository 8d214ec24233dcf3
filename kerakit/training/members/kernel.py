"""The kernel ridge regression of members: it stands beside their lines and networks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from kerakit.builders.contract import MemberKernel, linear_path_of
from kerakit.builders.tables.kernel import FURTHEST
from kerakit.data.tasks import TASKS
from kerakit.solvers.kernel_ridge import best_kernel, solve_folds
from kerakit.solvers.logistic import mean_log_loss
from kerakit.status import status
from kerakit.training.linear_path.roots import scores_of_targets
from kerakit.training.linear_path.tables import rows_of

__all__ = ["KernelFit", "fit_kernel"]

# Of scores of classes, whose regression predicts how much above its share a class is.
GAINS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)


@dataclasses.dataclass(frozen=True)
class KernelFit:
    """A kernel ridge regression, solved for every fold, and the layers that are to hold it.

    Attributes:
        layers: `MemberKernel`.
        weights: dict from each of its layers to the values of the layer's weights.
        scores: float array of shape `(n, scores)`: of each row by the solution for its fold.
    """

    layers: MemberKernel
    weights: dict[Any, list[np.ndarray]]
    scores: np.ndarray

    def keep(self, share: float) -> None:
        """Give the layers their weights; all are 0, training rows too, where the share is."""
        for layer, values in self.weights.items():
            for weight, value in zip(layer.weights, values, strict=True):
                weight.assign(value if share else np.zeros_like(value))


def fit_kernel(runner: Any) -> KernelFit | None:
    """Solve the kernel ridge regression of a network with members, if it has one.

    Each member has the solution of all rows but those of its fold. The kernel is the one with the
    lowest loss of rows left out. Of numbers it predicts what the lines predict; of classes, their
    indicators (a regularized least-squares classifier: Rifkin, Yeo & Poggio 2003). The scores are
    then the logarithms of the shares of classes, plus a multiple of these predictions.

    Args:
        runner: `Runner`.

    Returns:
        `KernelFit`, or `None` where there is none, or most rows are alike.
    """
    layers = None if runner.members is None else runner.members.kernel
    if layers is None:
        return None
    rows = runner.arrays("train")
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight.numpy().astype("float64")
    there, capacity = np.flatnonzero(weight > 0), layers.rows.kernel.shape[-1]
    if len(there) > capacity:  # rows that the model was not built for
        return None
    with status("Solving the kernel ridge regression"):
        x = rows_of(runner, runner.members.line.input)[there].astype("float64")
        x = np.clip(x, -FURTHEST, FURTHEST)
        weight = weight[there] / weight[there].mean()
        answer, target = TASKS[runner.data.spec.task].answer, rows.target.numpy()[there]
        if answer == "numbers":
            targets = _Numbers(_standardised(runner, target), weight)
        else:
            targets = _Classes(target, layers.scores.bias.shape[-1], weight, answer == "labels")
        seed, fold = runner.plan.seed, runner.fold[there]
        kernel = best_kernel(x, fold, weight, targets.centred, targets.loss, seed)
        if kernel is None:
            return None
        fit = solve_folds(kernel, x, fold, weight, targets.centred)
    gain = targets.gain(fit.left_out)
    scores = np.tile(targets.base, (len(rows), 1))
    scores[there] += gain * fit.left_out
    coefficients = np.zeros((capacity, *layers.scores.kernel.shape[1:]))
    coefficients[: len(there)] = gain * fit.coefficients.transpose(1, 0, 2)
    held, squares = np.zeros((x.shape[1], capacity)), np.zeros(capacity)
    held[:, : len(there)], squares[: len(there)] = -2 * x.T, (x * x).sum(axis=1)
    bias = np.tile(targets.base, (len(fit.coefficients), 1))
    weights = {
        layers.rows: [held, squares],
        layers.exponent: [np.array([-kernel.square, -kernel.linear])],
        layers.scores: [coefficients, bias],
    }
    return KernelFit(layers, weights, scores)


def _standardised(runner, target):
    """The scores of targets: standardised, and roots where the lines predict these."""
    spec, path = runner.data.spec.target, linear_path_of(runner.model)
    mean, variance = np.array(spec.mean), np.array(spec.variance)
    target = (target.reshape(len(target), -1) - mean) / np.sqrt(variance)
    return scores_of_targets(path.powers, target) if path.powers else target


class _Numbers:
    """Numbers that are predicted by their squared error.

    Args:
        y: float array of shape `(n, targets)`.
        weight: float array of shape `(n,)`.

    Attributes:
        base: float array of shape `(targets,)`: the means.
        centred: float array of shape `(n, targets)`: differences from them.
    """

    def __init__(self, y, weight):
        self.base = np.average(y, axis=0, weights=weight)
        self.centred, self._weight = y - self.base, weight

    def loss(self, predicted, rows):
        errors = ((predicted - self.centred[rows]) ** 2).mean(axis=1)
        return float(np.average(errors, weights=self._weight[rows]))

    def gain(self, predicted):
        return 1.0


class _Classes:
    """Classes or labels, by the log loss of their scores.

    Args:
        target: array of class ids of shape `(n,)`, or of labels, 0 or 1, of shape `(n, labels)`.
        scores: int. Of a row: 1 where there are two classes.
        weight: float array of shape `(n,)`.
        labels: bool. Whether each score is a classification of its own.

    Attributes:
        base: float array of shape `(scores,)`: the scores of the shares of the classes.
        centred: float array of shape `(n, scores)`: indicators of the classes, less their shares.
    """

    def __init__(self, target, scores, weight, labels):
        self._ids, self._weight, self._labels = target.astype(int), weight, labels
        if labels or scores == 1:
            y, single = target.reshape(len(target), -1).astype("float64"), True
        else:
            y, single = np.eye(scores)[self._ids], False
        least = 0.5 / len(y)
        share = np.clip(np.average(y, axis=0, weights=weight), least, 1 - least)
        self.base = np.log(share) - np.log1p(-share) if single else np.log(share)
        self.centred = y - np.average(y, axis=0, weights=weight)
        # Of two classes, the difference of two scores.
        self._gains = [2 * gain for gain in GAINS] if single else GAINS

    def loss(self, predicted, rows):
        return min(self._losses(predicted, rows))

    def gain(self, predicted):
        return self._gains[int(np.argmin(self._losses(predicted, np.arange(len(predicted)))))]

    def _losses(self, predicted, rows):
        ids, weight = self._ids[rows], self._weight[rows]
        if self._labels:
            ids, weight = ids.reshape(-1), np.repeat(weight, predicted.shape[1])
        losses = []
        for gain in self._gains:
            scores = self.base + gain * predicted
            scores = scores.reshape(-1, 1) if self._labels else scores
            losses.append(mean_log_loss(scores, ids, weight))
        return losses
