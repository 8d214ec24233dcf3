"""The kernel ridge regression of members."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.builders.tables.members.kernel import FURTHEST
from kerakit.solvers.kernel_ridge import best_kernel, solve_folds
from kerakit.status import status
from kerakit.training.linear_path.tables import rows_of
from kerakit.training.members.solved import SolvedPart
from kerakit.training.members.targets import ScoreTargets, score_targets

__all__ = ["fit_kernel"]

# Of scores of classes, whose regression predicts how much above its share a class is. A score of
# two classes is a difference of two such scores.
GAINS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)


def fit_kernel(runner: Any) -> SolvedPart | None:
    """Solve the kernel ridge regression of a network with members.

    Each member has the solution of all rows but those of its fold. The kernel is the one with the
    lowest loss of rows left out. Of numbers it predicts what the lines predict; of classes, their
    indicators (a regularized least-squares classifier: Rifkin, Yeo & Poggio 2003). The scores are
    then the logarithms of the shares of classes, plus a multiple of these predictions.

    Args:
        runner: `Runner` of a network that has the layers of a kernel.

    Returns:
        `SolvedPart`, or `None` where the kernel has fewer units than there are rows, or most rows
        are alike.
    """
    layers, targets = runner.members.kernel, score_targets(runner)
    there, capacity = targets.there, layers.rows.kernel.shape[-1]
    if len(there) > capacity:  # rows that the model was not built for
        return None
    with status("Solving the kernel ridge regression"):
        x = rows_of(runner, runner.members.line.input)[there].astype("float64")
        x, y = np.clip(x, -FURTHEST, FURTHEST), (targets.values - targets.means)[there]

        def loss(predicted, rows):
            return _best_gain(targets, predicted, there[rows])[1]

        weight, fold = targets.weight[there], runner.fold[there]
        kernel = best_kernel(x, fold, weight, y, loss, runner.plan.seed)
        if kernel is None:
            return None
        fit = solve_folds(kernel, x, fold, weight, y)
    gain, _ = _best_gain(targets, fit.left_out, there)
    base = targets.base
    scores = np.tile(base, (len(targets.values), 1))
    scores[there] += gain * fit.left_out
    coefficients = np.zeros((capacity, *layers.scores.kernel.shape[1:]))
    coefficients[: len(there)] = gain * fit.coefficients.transpose(1, 0, 2)
    held, squares = np.zeros((x.shape[1], capacity)), np.zeros(capacity)
    held[:, : len(there)], squares[: len(there)] = -2 * x.T, (x * x).sum(axis=1)
    weights = {
        layers.rows: [held, squares],
        layers.exponent: [np.array([[-kernel.square], [-kernel.linear]])],
        layers.scores: [coefficients, np.tile(base, (len(fit.coefficients), 1))],
    }
    return SolvedPart(weights, scores)


def _best_gain(targets: ScoreTargets, predicted, rows):
    """What predictions are multiplied by, for the lowest loss of some rows, and that loss."""
    if targets.head == "linear":
        gains = [1.0]
    else:
        gains = [2 * gain for gain in GAINS] if targets.head == "sigmoid" else GAINS
    losses = [targets.loss(targets.base + gain * predicted, rows) for gain in gains]
    return gains[int(np.argmin(losses))], min(losses)
