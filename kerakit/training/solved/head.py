"""The solution of a linear model: the lowest loss of some rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kerakit.builders.contract import LinearHead, network_of
from kerakit.solvers.least_squares import Moments, refined, solve_least_squares
from kerakit.solvers.logistic_rows import LogisticRows, Solution
from kerakit.solvers.newton import solve_newton
from kerakit.solvers.penalty import FOLDS, best_logistic_penalty, best_ridge_penalty
from kerakit.status import status
from kerakit.training.held_out import predicted
from kerakit.warn import warn

__all__ = ["HeadSolution"]

ONE_THREAD_SIZE = 10_000_000  # numbers, up to which several threads would wait for each other


class HeadSolution:
    """Least squares, or logistic, softmax or multilabel regression.

    Args:
        head: `LinearHead` of the model.
        runner: `Runner`.

    Attributes:
        held_out: array, or `None`. The answers to the validation rows, before these were solved
            with the others.
        held_out_splits: tuple of str. The splits of these rows.
    """

    held_out_splits = ("validation",)

    def __init__(self, head: LinearHead, runner: Any) -> None:
        self.head, self.runner = head, runner
        self.held_out: np.ndarray | None = None
        network = network_of(runner.model)
        self._features = keras.Model(network.input, head.output.input)
        self._solver: _LeastSquares | _Logistic | None = None

    def solve(self, *splits: str) -> None:
        """Set the weights to the lowest loss of the rows of some splits."""
        if "validation" in splits:
            self.held_out = predicted(network_of(self.runner.model), self.batches("validation"))
        with _solving(self):
            if self._solver is None:
                make = _LeastSquares if self.head.kind == "linear" else _Logistic
                self._solver = make(self)
                self._solver.choose_penalty()
            kernel, bias = self._solver.solved(*splits)
            self.head.output.kernel.assign(kernel.astype("float32"))
            self.head.output.bias.assign(bias.astype("float32"))

    @property
    def line(self) -> str:
        """What was solved."""
        return "" if self._solver is None else self._solver.line()

    def batches(self, split: str) -> Iterable[tuple[Any, ...]]:
        """Return the rows of a split, as the trainer takes them, batch by batch."""
        return self.runner.batches(split)

    @property
    def has_validation(self) -> bool:
        """Whether there are validation rows."""
        return bool(self.runner.data.spec.sizes.get("validation"))

    def rows(self, split: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield `(features of the last layer, target, weight)` of a split, batch by batch."""
        for values, target, *weight in self.runner.batches(split):
            x = self._features(values, training=False).numpy()
            yield x, target.numpy(), weight[0].numpy() if weight else None


class _LeastSquares:
    """Least squares, and ridge regression with a penalty."""

    def __init__(self, solution: HeadSolution) -> None:
        self.solution, self.head = solution, solution.head
        self.l2, self.count = solution.head.l2, 0
        self.moments: dict[str, Moments] = {}
        self.folds: list[Moments] = []
        folds = FOLDS if solution.head.auto and not solution.has_validation else 1
        shift = None
        for split in ("train", "validation") if solution.has_validation else ("train",):
            rng = np.random.default_rng(solution.runner.options.seed)
            parts: list[Moments] = []
            for x, y, weight in self._rows(split):
                shift = shift or (x.mean(0, dtype="float64"), y.mean(0))
                parts = parts or [Moments(shift) for _ in range(folds)]
                chosen = rng.integers(folds, size=len(x))
                for fold, part in enumerate(parts):
                    of = slice(None) if folds == 1 else chosen == fold
                    part.add(x[of], y[of], None if weight is None else weight[of])
            self.moments[split] = _sum(parts)
            self.folds = self.folds or parts

    def choose_penalty(self):
        if self.head.auto:
            train = self.moments["train"]
            pairs = [(train - fold, fold) for fold in self.folds if 0 < fold.rows < train.rows]
            if self.solution.has_validation:
                pairs = [(train, self.moments["validation"])]
            self.l2 = best_ridge_penalty(pairs) if pairs else 0.0

    def solved(self, *splits):
        moments = _sum([self.moments[split] for split in splits])
        self.count = moments.rows
        alpha = self.l2 * moments.rows * self.head.output.units
        solution = solve_least_squares(moments, alpha)
        rows = (row for split in splits for row in self._rows(split))
        return refined(moments, solution, rows, alpha)

    def line(self):
        name = "ridge regression" if self.l2 else "least squares"
        return _line(name, self.count, self.head, self.l2)

    def _rows(self, split):
        mean, std = (np.asarray(value, "float64") for value in (self.head.mean, self.head.std))
        for x, y, weight in self.solution.rows(split):
            yield x, (np.asarray(y, "float64").reshape(len(x), -1) - mean) / std, weight


class _Logistic:
    """Logistic, softmax and multilabel regression."""

    def __init__(self, solution: HeadSolution) -> None:
        self.solution, self.head = solution, solution.head
        self.l2, self.count = solution.head.l2, 0
        self.before: Solution | None = None  # where the next solution begins
        splits = ("train", "validation") if solution.has_validation else ("train",)
        self.rows = {split: self._rows(split) for split in splits}

    def choose_penalty(self):
        if self.head.auto:
            self.l2 = self._best_penalty()
        elif not self.l2 and not self._solve("train").converged:
            self.l2, self.before = self._best_penalty(), None
            warn(
                "The log loss has no minimum without a penalty: the columns, or one category of "
                "a column, tell classes of the training rows apart without an error, so that "
                f"larger weights are always better. The model was solved with l2={self.l2:.2g}, "
                "as l2='auto' chooses it. Build it with l2='auto', or with a number, to choose "
                "the penalty yourself."
            )

    def solved(self, *splits):
        solution = self._solve(*splits)
        return solution.kernel, solution.bias

    def line(self):
        names = {"logistic": "logistic", "softmax": "softmax", "sigmoid": "logistic"}
        return _line(f"{names[self.head.kind]} regression", self.count, self.head, self.l2)

    def _solve(self, *splits):
        rows = _sum([self.rows[split] for split in splits])
        self.count = len(rows.x)
        self.before = solve_newton(rows, self.head.output.units, self.l2, self.before)
        return self.before

    def _best_penalty(self):
        train = self.rows["train"]
        if self.solution.has_validation:
            pairs = [(train, self.rows["validation"])]
        else:
            rng = np.random.default_rng(self.solution.runner.options.seed)
            fold = rng.permutation(len(train.x)) % FOLDS
            folds = range(min(FOLDS, len(train.x)) if len(train.x) > 1 else 0)
            pairs = [(train.take(fold != number), train.take(fold == number)) for number in folds]
        return best_logistic_penalty(pairs, self.head.output.units) if pairs else 0.0

    def _rows(self, split):
        x, y, weight = zip(*self.solution.rows(split), strict=True)
        y = np.concatenate(y)
        if self.head.kind == "softmax":
            y = y.astype("int64")
        else:
            y = y.reshape(len(y), -1).astype("float64")
        ones = weight[0] is None
        weight = np.ones(len(y)) if ones else np.concatenate(weight).astype("float64")
        return LogisticRows(np.concatenate(x), y, weight)


@contextlib.contextmanager
def _solving(solution):
    """A status, and one thread for a small problem."""
    from threadpoolctl import threadpool_limits

    size = solution.runner.plan.rows * solution.head.output.kernel.shape[0]
    threads = threadpool_limits(1 if size <= ONE_THREAD_SIZE else None)
    with threads, status("Solving the linear model"):
        yield


def _sum(parts):
    """The sum of parts, of which there is one at least."""
    total, *others = parts
    for part in others:
        total = total + part
    return total


def _line(name, rows, head, l2):
    columns = head.output.kernel.shape[0]
    penalty = f", l2 = {l2:.3g}" if l2 else ""
    return f"{name}, solved on {rows:,} rows and {columns:,} columns{penalty}"
