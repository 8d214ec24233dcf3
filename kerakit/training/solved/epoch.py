"""The one epoch of a solved model: its best weights, and what Keras would have logged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, Protocol

import keras
import numpy as np

__all__ = ["Solution", "SolvedEpoch"]


class Solution(Protocol):
    """What `SolvedEpoch` needs of a model that is solved.

    Attributes:
        line: str. What was solved.
        held_out: array, or `None`. The answers to some rows by weights that were not fitted to
            them.
        held_out_splits: tuple of str. The splits of these rows.
    """

    @property
    def line(self) -> str: ...

    @property
    def held_out(self) -> np.ndarray | None: ...

    @property
    def held_out_splits(self) -> tuple[str, ...]: ...

    def solve(self, *splits: str) -> None:
        """Set the weights by the rows of some splits."""

    def batches(self, split: str) -> Iterable[tuple[Any, ...]]:
        """Return the rows of a split, as the trainer takes them, batch by batch."""


class SolvedEpoch:
    """Sets the weights of a model to the best for the training and validation rows.

    Called like an epoch that trains. The model is solved twice where there are validation rows:
    on the training rows, for the logs (so that the validation loss is that of rows that were
    not fitted), and then on all of them.

    Args:
        trainer: `keras.Model`, compiled: it computes the logs.
        solution: `Solution`.
        runner: `Runner`.

    Attributes:
        line: str. What was solved, once it is.
        computed: function that makes a context manager; a solution needs none.
    """

    def __init__(self, trainer: keras.Model, solution: Solution, runner: Any) -> None:
        self.trainer, self.solution, self.runner = trainer, solution, runner
        self.line = ""
        self.computed = contextlib.nullcontext

    def __call__(self, epoch: int, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """Solve the model; return the logs of its training and validation rows."""
        solution = self.solution
        callbacks.on_train_batch_begin(0)
        solution.solve("train")
        logs = self._logs("train")
        callbacks.on_train_batch_end(0, logs)
        if self.runner.data.spec.sizes.get("validation"):
            logs |= self._validated(callbacks)
            solution.solve("train", "validation")
        self.runner.held_out = solution.held_out
        self.runner.held_out_splits = solution.held_out_splits
        self.line = solution.line
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

    def _logs(self, split):
        """The loss and the metrics of a split, by Keras."""
        trainer = self.trainer
        trainer.reset_metrics()
        for batch in self.solution.batches(split):
            trainer.test_step(batch)
        logs = {name: float(value) for name, value in trainer.get_metrics_result().items()}
        trainer.reset_metrics()
        return logs
