"""The penalty of a solved model: as given, or the one with the lowest loss on other rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from kerakit.solvers.least_squares import Moments, mean_squared_error, solve_least_squares
from kerakit.solvers.logistic_rows import LogisticRows, Solution
from kerakit.solvers.newton import solve_newton

__all__ = ["FOLDS", "FRACTIONS", "best_logistic_penalty", "best_ridge_penalty"]

# From a penalty that leaves next to nothing of the weights to one that hardly counts: fractions
# of the mean variance of the columns.
FRACTIONS = tuple(10.0 ** (exponent / 2) for exponent in range(2, -13, -1))
FOLDS = 5  # of the training rows, where there are no validation rows
WORSE = 3  # penalties in a row with a higher loss, after which smaller ones are not tried

State = TypeVar("State")


def best_ridge_penalty(pairs: Sequence[tuple[Moments, Moments]]) -> float:
    """Return the L2 penalty of a least-squares fit with the lowest error on other rows.

    Args:
        pairs: `(fitted, other)` `Moments`: of training and validation rows, or of the folds of a
            cross-validation.

    Returns:
        float: the factor of `sum(kernel ** 2)` in a loss that is a mean over rows and targets.
    """
    targets = pairs[0][0].centred[1].shape[1]
    unit = np.mean([np.mean(np.diag(fit.centred[0])) / fit.rows for fit, _ in pairs])

    def error(l2, fold, _):
        fitted, other = pairs[fold]
        solution = solve_least_squares(fitted, l2 * fitted.rows * targets)
        return mean_squared_error(other, solution) * other.total, None

    return _lowest(unit, len(pairs), error)


def best_logistic_penalty(
    pairs: Sequence[tuple[LogisticRows, LogisticRows]], classes: int
) -> float:
    """Return the L2 penalty of a logistic regression with the lowest log loss on other rows.

    Args:
        pairs: `(fitted, other)` `LogisticRows`, as in `best_ridge_penalty`.
        classes: int. The number of classes or labels.
    """
    unit = np.mean([np.mean(np.var(fit.x, axis=0, dtype="float64")) for fit, _ in pairs])

    def loss(l2, fold, before: Solution | None):
        fitted, other = pairs[fold]
        solution = solve_newton(fitted, classes, l2, before)
        return solution.mean_log_loss(other) * other.weight.sum(), solution

    return _lowest(unit, len(pairs), loss)


def _lowest(
    unit: float, folds: int, loss: Callable[[float, int, State | None], tuple[float, State]]
) -> float:
    """The penalty with the lowest loss over all folds, from the strongest one downwards."""
    unit = unit if unit > 0 else 1.0
    states: list[State | None] = [None] * folds
    best, lowest, worse = FRACTIONS[0] * unit, math.inf, 0
    for fraction in FRACTIONS:
        total = 0.0
        for fold in range(folds):
            value, states[fold] = loss(fraction * unit, fold, states[fold])
            total += value
        if total < lowest:
            best, lowest, worse = fraction * unit, total, 0
        else:
            worse += 1
        if worse == WORSE:
            break
    return best
