"""The one epoch of a solved model: its best weights, and what Keras would have logged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kerakit.builders.contract import LinearHead, network_of
from kerakit.solvers.least_squares import Moments, refined, solve_least_squares
from kerakit.solvers.logistic_rows import LogisticRows, Solution
from kerakit.solvers.newton import solve_newton
from kerakit.status import status
from kerakit.training.held_out import predicted
from kerakit.training.solved.penalty import FOLDS, best_logistic_penalty, best_ridge_penalty
from kerakit.warn import warn

__all__ = ["SolvedEpoch"]

ONE_THREAD_SIZE = 10_000_000  # numbers, up to which several threads would wait for each other


class SolvedEpoch:
    """Sets the weights of a linear model to the lowest loss of the training and validation rows.

    Called like an epoch that trains. The model is solved twice where there are validation rows:
    on the training rows, for the logs (so that the validation loss is that of rows that were
    not fitted), and then on all of them.

    Args:
        trainer: `keras.Model`, compiled: it computes the logs.
        head: `LinearHead` of the model.
        runner: `Runner`.

    Attributes:
        line: str. What was solved, once it is.
        computed: function that makes a context manager; a solution needs none.
    """

    def __init__(self, trainer: keras.Model, head: LinearHead, runner: Any) -> None:
        self.trainer, self.head, self.runner = trainer, head, runner
        self.line = ""
        self.computed = contextlib.nullcontext
        network = network_of(runner.model)
        self._features = keras.Model(network.input, head.output.input)

    def __call__(self, epoch: int, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """Solve the model; return the logs of its training and validation rows."""
        callbacks.on_train_batch_begin(0)
        with _solving(self):
            solve = _LeastSquares if self.head.kind == "linear" else _Logistic
            solution = solve(self)
            solution.choose_penalty()
            self._assign(*solution.solved("train"))
            logs = self._logs("train")
        callbacks.on_train_batch_end(0, logs)
        if self.has_validation:
            logs |= self._validated(callbacks)
            network = network_of(self.runner.model)
            self.runner.held_out = predicted(network, self.runner.batches("validation"))
            with _solving(self):
                self._assign(*solution.solved("train", "validation"))
        self.line = solution.line()
        for callback in callbacks.callbacks:
            if isinstance(callback, keras.callbacks.History):
                callback.solved = self.line  # an attribute is in the checkpoint, and resumes
        return logs

    def end(self) -> None:
        """Do nothing: the weights are there after the one epoch."""

    def _validated(self, callbacks):
        """The logs of the validation rows, which callbacks see as one batch."""
        callbacks.on_test_begin()
        callbacks.on_test_batch_begin(0)
        logs = self._logs("validation")
        callbacks.on_test_batch_end(0, logs)
        callbacks.on_test_end(logs)
        return {f"val_{name}": value for name, value in logs.items()}

    @property
    def has_validation(self) -> bool:
        """Whether there are validation rows."""
        return bool(self.runner.data.spec.sizes.get("validation"))

    def rows(self, split: str) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield `(features of the last layer, target, weight)` of a split, batch by batch."""
        for values, target, *weight in self.runner.batches(split):
            x = self._features(values, training=False).numpy()
            yield x, target.numpy(), weight[0].numpy() if weight else None

    def _assign(self, kernel, bias):
        self.head.output.kernel.assign(kernel.astype("float32"))
        self.head.output.bias.assign(bias.astype("float32"))

    def _logs(self, split):
        """The loss and the metrics of a split, by Keras."""
        trainer = self.trainer
        trainer.reset_metrics()
        for batch in self.runner.batches(split):
            trainer.test_step(batch)
        logs = {name: float(value) for name, value in trainer.get_metrics_result().items()}
        trainer.reset_metrics()
        return logs


class _LeastSquares:
    """Least squares, and ridge regression with a penalty."""

    def __init__(self, epoch: SolvedEpoch) -> None:
        self.epoch, self.head = epoch, epoch.head
        self.l2, self.count = epoch.head.l2, 0
        self.moments: dict[str, Moments] = {}
        self.folds: list[Moments] = []
        folds = FOLDS if epoch.head.auto and not epoch.has_validation else 1
        shift = None
        for split in ("train", "validation") if epoch.has_validation else ("train",):
            rng = np.random.default_rng(epoch.runner.options.seed)
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
            if self.epoch.has_validation:
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
        for x, y, weight in self.epoch.rows(split):
            yield x, (np.asarray(y, "float64").reshape(len(x), -1) - mean) / std, weight


class _Logistic:
    """Logistic, softmax and multilabel regression."""

    def __init__(self, epoch: SolvedEpoch) -> None:
        self.epoch, self.head = epoch, epoch.head
        self.l2, self.count = epoch.head.l2, 0
        self.before: Solution | None = None  # where the next solution begins
        splits = ("train", "validation") if epoch.has_validation else ("train",)
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
        if self.epoch.has_validation:
            pairs = [(train, self.rows["validation"])]
        else:
            rng = np.random.default_rng(self.epoch.runner.options.seed)
            fold = rng.permutation(len(train.x)) % FOLDS
            folds = range(min(FOLDS, len(train.x)) if len(train.x) > 1 else 0)
            pairs = [(train.take(fold != number), train.take(fold == number)) for number in folds]
        return best_logistic_penalty(pairs, self.head.output.units) if pairs else 0.0

    def _rows(self, split):
        x, y, weight = zip(*self.epoch.rows(split), strict=True)
        y = np.concatenate(y)
        if self.head.kind == "softmax":
            y = y.astype("int64")
        else:
            y = y.reshape(len(y), -1).astype("float64")
        ones = weight[0] is None
        weight = np.ones(len(y)) if ones else np.concatenate(weight).astype("float64")
        return LogisticRows(np.concatenate(x), y, weight)


@contextlib.contextmanager
def _solving(epoch):
    """A status, and one thread for a small problem."""
    from threadpoolctl import threadpool_limits

    size = epoch.runner.plan.rows * epoch.head.output.kernel.shape[0]
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
