"""The lines of the members of a network for tables: ridge or logistic regression."""

from __future__ import annotations

import functools
import operator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import LinearPath, network_of
from kerakit.builders.tables.members.powers import EXPONENTS
from kerakit.data.tasks import TASKS
from kerakit.solvers.least_squares import Moments, mean_squared_error, solve_least_squares
from kerakit.solvers.logistic_rows import LogisticRows
from kerakit.solvers.newton import solve_newton
from kerakit.solvers.penalty import best_logistic_penalty, best_ridge_penalty
from kerakit.training.linear_path.roots import Root, better

__all__ = ["TablePath", "rows_of"]

ROWS = 8192  # whose columns are taken at a time
ROOTS = {1: "targets", 2: "square roots"}  # by exponent
MANY = 6_000  # rows: one fold is then enough to choose the penalty of a logistic regression


def rows_of(runner: Any, columns: keras.KerasTensor) -> np.ndarray:
    """Return what the training rows are at a tensor of the network: `(n, width)` float32.

    Args:
        runner: `Runner` of a table, whose rows fit in memory.
        columns: tensor of shape `(batch, width)` of the network of `runner.model`.
    """
    values = runner.arrays("train").values
    until = keras.Model(network_of(runner.model).input, columns)
    found = []
    for start in range(0, len(runner.arrays("train")), ROWS):
        part = operator.itemgetter(slice(start, start + ROWS))
        # Not by `predict`: TensorFlow would warn of "retracing" after five models.
        found.append(np.asarray(until(tf.nest.map_structure(part, values))))
    return np.concatenate(found)


class TablePath:
    """The layer `linear.table`: the line of each member, of all rows but those of its fold.

    All lines have one penalty. It is the one with the lowest loss of all rows, each of which is
    predicted by the line that was not fitted to it; of many rows of classes, those of one fold.
    Lines of numbers may predict roots of them; then the layers `root` and `power` take the powers
    of all scores.

    Args:
        linear: `LinearPath` of the network.
        runner: `Runner` of a table, whose rows fit in memory.
    """

    def __init__(self, linear: LinearPath, runner: Any) -> None:
        (self.layer,), self.powers = linear.layers, linear.powers
        self.spec, self.fold = runner.data.spec, runner.fold
        rows, self.x = runner.arrays("train"), rows_of(runner, self.layer.input)
        self.target = rows.target.numpy()
        ones = np.ones(len(self.x))
        self.weight = ones if rows.weight is None else rows.weight.numpy().astype("float64")

    def solve(self) -> str:
        """Set the weights of the layers; return a line about them."""
        numbers = TASKS[self.spec.task].answer == "numbers"
        l2, loss, lines, roots = self._numbers() if numbers else (*self._logistic(), "")
        for weight, values in zip(self.layer.weights, zip(*lines, strict=True), strict=True):
            whole = np.stack(values).astype("float32")
            weight.assign(np.broadcast_to(whole, weight.shape))  # one line for all quantiles
        name, measure = ("ridge", "mean squared error") if numbers else ("logistic", "log loss")
        of_numbers = " (standardised)" if numbers else ""
        return (
            f"linear path: {name} regression{roots} on {self.x.shape[1]:,} columns, "
            f"l2 = {l2:.3g}, {measure} of rows left out {loss:.4g}{of_numbers}"
        )

    def _numbers(self):
        """The penalty, the loss of rows left out, the kernel and bias of each line, and words.

        Each target is predicted by itself or by a root of it, whose line has a lower error.
        """
        mean, variance = np.array(self.spec.target.mean), np.array(self.spec.target.variance)
        std = np.sqrt(variance)
        y = (self.target.reshape(len(self.x), -1) - mean) / std
        l2, loss, lines = self._ridge(y)
        if not self.powers:
            return l2, loss, lines, ""
        predicted = self._predicted(lines)
        chosen = [
            self._root(y[:, column], zero, predicted[:, column])
            for column, zero in enumerate(-mean / std)
        ]
        self._set_powers([root for root, _ in chosen])
        exponents = [root.exponent for root, _ in chosen]
        if set(exponents) == {1}:
            return l2, loss, lines, ""
        l2, _, lines = self._ridge(np.stack([root.scores for root, _ in chosen], axis=1))
        loss = float(np.mean([error for _, error in chosen]))
        words = " and ".join(ROOTS[each] for each in sorted(set(exponents)))
        return l2, loss, lines, f" of {words}"

    def _root(self, y, zero, predicted):
        """The `Root` of a target that is predicted, and its error on rows left out."""
        found = {1: Root(1, y).unbiased(predicted, y, self.weight)}
        for exponent in EXPONENTS[1:]:
            root = Root.of(y, zero, exponent, self.weight)
            if root is not None:
                _, _, lines = self._ridge(root.scores[:, None])
                found[exponent] = root.unbiased(self._predicted(lines)[:, 0], y, self.weight)
        return found[better({exponent: error for exponent, (_, error) in found.items()})]

    def _predicted(self, lines):
        """Scores of shape `(n, targets)`: each row by the line that was not fitted to it."""
        scores = np.empty((len(self.x), len(lines[0][1])))
        for (kernel, bias), there in zip(lines, self._left_out(), strict=True):
            scores[there] = self.x[there] @ kernel + bias
        return scores

    def _set_powers(self, roots):
        """Set the weights of the layers that make targets of the scores."""
        root, power = self.powers
        root.bias.assign([each.move for each in roots])
        power.bias.assign([each.offset for each in roots])
        power.kernel.assign(
            [[each.scale * (each.exponent == exponent) for exponent in EXPONENTS] for each in roots]
        )

    def _ridge(self, y):
        """The penalty, the loss of rows left out, and the kernel and bias of each line."""
        shift, folds = (self.x.mean(axis=0, dtype="float64"), y.mean(axis=0)), []
        for there in self._left_out():
            moments = Moments(shift)
            moments.add(self.x[there], y[there], self.weight[there])
            folds.append(moments)
        whole = functools.reduce(operator.add, folds)
        pairs = [(whole - fold, fold) for fold in folds]
        l2 = best_ridge_penalty(pairs)
        lines = [solve_least_squares(rows, l2 * rows.rows * y.shape[1]) for rows, _ in pairs]
        errors = [
            mean_squared_error(fold, line) * fold.total
            for (_, fold), line in zip(pairs, lines, strict=True)
        ]
        return l2, sum(errors) / whole.total, lines

    def _logistic(self):
        """As `_ridge`, of classes or labels."""
        scores, y = self.layer.kernel.shape[-1], self.target
        if scores == 1 or y.ndim == 2:
            y = y.reshape(len(y), -1).astype("float64")
        rows = LogisticRows(self.x, y, self.weight)
        pairs = [(rows.take(~there), rows.take(there)) for there in self._left_out()]
        l2 = best_logistic_penalty(pairs[:1] if len(self.x) >= MANY else pairs, scores)
        lines = [solve_newton(fitted, scores, l2) for fitted, _ in pairs]
        losses = [
            line.mean_log_loss(fold) * fold.weight.sum()
            for (_, fold), line in zip(pairs, lines, strict=True)
        ]
        loss = sum(losses) / self.weight.sum()
        return l2, loss, [(line.kernel, line.bias) for line in lines]

    def _left_out(self):
        """For each member, which rows are in its fold."""
        return [self.fold == member for member in range(self.layer.kernel.shape[0])]
