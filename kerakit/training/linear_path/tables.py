"""The lines of the members of a network for tables: ridge or logistic regression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerakit.builders.contract import LinearPath, network_of
from kerakit.data.tasks import TASKS
from kerakit.solvers.least_squares import Moments, mean_squared_error, solve_least_squares
from kerakit.solvers.logistic_rows import LogisticRows
from kerakit.solvers.newton import solve_newton

__all__ = ["TablePath"]

# From a penalty that leaves next to nothing of the weights to one that hardly counts: fractions
# of the mean variance of the columns.
FRACTIONS = tuple(10.0 ** (exponent / 2) for exponent in range(2, -13, -1))
WORSE = 3  # penalties in a row with a higher loss, after which smaller ones are not tried
ROWS = 8192  # that go through `preprocess` at a time

Solutions = list[tuple[np.ndarray, np.ndarray]]


class TablePath:
    """The layer `linear.table`: the line of each member, of all rows but those of its fold.

    All lines have one penalty. It is the one with the lowest loss of all rows, each of which is
    predicted by the line that was not fitted to it.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of a table, whose rows fit in memory.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        (self.layer,) = linear.layers
        self.spec, self.fold = runner.data.spec, runner.fold
        rows, network = runner.arrays("train"), network_of(runner.model)
        columns = keras.Model(network.input, self.layer.input)
        self.x = columns.predict(rows.values, batch_size=ROWS, verbose=0)
        self.target = rows.target.numpy()
        ones = np.ones(len(self.x))
        self.weight = ones if rows.weight is None else rows.weight.numpy().astype("float64")

    def solve(self) -> str:
        """Set the weights of the layer; return a line about them."""
        numbers = TASKS[self.spec.task].answer == "numbers"
        fit = self._least_squares() if numbers else self._logistic()
        unit = np.mean(np.var(self.x, axis=0, dtype="float64"))
        unit = unit if unit > 0 else 1.0
        best, lowest, worse, solutions = FRACTIONS[0] * unit, np.inf, 0, fit(FRACTIONS[0] * unit)[1]
        for fraction in FRACTIONS:
            loss, found = fit(fraction * unit)
            if loss < lowest:
                best, lowest, worse, solutions = fraction * unit, loss, 0, found
            else:
                worse += 1
            if worse == WORSE:
                break
        for weight, values in zip(self.layer.weights, zip(*solutions, strict=True), strict=True):
            whole = np.stack(values).astype("float32")
            weight.assign(np.broadcast_to(whole, weight.shape))  # one line for all quantiles
        name, measure = ("ridge", "mean squared error") if numbers else ("logistic", "log loss")
        of_numbers = " (standardised)" if numbers else ""
        return (
            f"linear path: {name} regression on {self.x.shape[1]:,} columns, l2 = {best:.3g}, "
            f"{measure} of rows left out {lowest:.4g}{of_numbers}"
        )

    @property
    def _members(self):
        return self.layer.kernel.shape[0]

    def _least_squares(self) -> Callable[[float], tuple[float, Solutions]]:
        """A function from a penalty to the loss of rows left out, and the lines."""
        mean, variance = np.array(self.spec.target.mean), np.array(self.spec.target.variance)
        y = (self.target.reshape(len(self.x), -1) - mean) / np.sqrt(variance)
        shift, folds = (self.x.mean(axis=0, dtype="float64"), y.mean(axis=0)), []
        for number in range(self._members):
            moments, there = Moments(shift), self.fold == number
            moments.add(self.x[there], y[there], self.weight[there])
            folds.append(moments)
        whole = folds[0]
        for fold in folds[1:]:
            whole = whole + fold
        others = [whole - fold for fold in folds]

        def fit(l2):
            lines = [solve_least_squares(rows, l2 * rows.rows * y.shape[1]) for rows in others]
            errors = [
                mean_squared_error(fold, line) * fold.total
                for fold, line in zip(folds, lines, strict=True)
            ]
            return sum(errors) / whole.total, lines

        return fit

    def _logistic(self) -> Callable[[float], tuple[float, Solutions]]:
        """As `_least_squares`, of classes or labels."""
        scores, y = self.layer.kernel.shape[-1], self.target
        if scores == 1 or y.ndim == 2:
            y = y.reshape(len(y), -1).astype("float64")
        rows = LogisticRows(self.x, y, self.weight)
        folds = [self.fold == number for number in range(self._members)]
        lines: list[Any] = [None] * self._members

        def fit(l2):
            loss = 0.0
            for number, there in enumerate(folds):
                lines[number] = solve_newton(rows.take(~there), scores, l2, lines[number])
                loss += lines[number].mean_log_loss(rows.take(there)) * self.weight[there].sum()
            return loss / self.weight.sum(), [(line.kernel, line.bias) for line in lines]

        return fit
