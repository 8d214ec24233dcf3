"""The steps of an epoch: their order, their learning rates, their hooks, and their logs.

Plain `keras.Model.fit` crosses from Python to TensorFlow once per batch, which for a
small network costs many times the arithmetic. Here the loop over the batches is in the
graph, around the model's own `train_step`, so that losses, metrics and optimizers are
those of Keras.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerakit.training.loop.hooks import Hooks, progress_of
from kerakit.training.loop.pace import Pace
from kerakit.training.progress import show_validation, waiting

__all__ = ["Ended", "EpochPlan", "Epochs", "row_order"]


BATCHES = 16  # among whose rows those of like lengths come together


def row_order(
    rows: int, steps: int, seed: int, epoch: int, lengths: np.ndarray | None = None
) -> np.ndarray:
    """Return the rows of every batch of an epoch: int32 array of shape `(steps, batch)`.

    The order depends on the seed and the epoch alone, so that a resumed run has the order of an
    uninterrupted one. Batches are of equal size; where they do not divide the rows, the first
    rows of the order fill the last batch.

    With `lengths`, the rows of 16 batches at a time are sorted by length, so that batches have
    little padding; the order of the batches is drawn.

    Args:
        rows, steps, seed, epoch: ints.
        lengths: int array of shape `(rows,)`, or `None`. Defaults to `None`.

    Example:

    >>> order = row_order(rows=5, steps=2, seed=0, epoch=3)
    >>> order.shape, sorted(set(order.ravel().tolist()))
    ((2, 3), [0, 1, 2, 3, 4])
    >>> row_order(6, 2, seed=0, epoch=0, lengths=np.array([1, 9, 2, 8, 1, 7])).tolist()
    [[5, 3, 1], [4, 0, 2]]
    """
    random = np.random.default_rng((seed, epoch))
    order = random.permutation(rows).astype("int32")
    batch = math.ceil(rows / steps)
    order = np.resize(order, steps * batch)
    if lengths is not None:
        parts = np.split(order, range(BATCHES * batch, len(order), BATCHES * batch))
        order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    order = order.reshape(steps, batch)
    return order if lengths is None else order[random.permutation(steps)]


@dataclasses.dataclass(frozen=True)
class EpochPlan:
    """How the rows of a run are divided into epochs and steps.

    Attributes:
        rows: int. Training rows.
        batch_size: int. Batches have at most so many rows.
        epochs: int. The most epochs.
        seed: int. Seed of the order of the rows.
        rates: float array of shape `(epochs * steps,)`, or `None`. The learning rate of every
            step, where it changes.
        prepare: function `(batch, step, training) -> batch`, or `None`. It takes raw rows to
            the network's input, in the graph; see `preprocess_stage`.
        lengths: int array of shape `(rows,)`, or `None`. The steps of each row, where batches of
            like lengths save time.
    """

    rows: int
    batch_size: int
    epochs: int
    seed: int
    rates: np.ndarray | None = None
    prepare: Callable[..., Any] | None = None
    lengths: np.ndarray | None = None

    def order(self, epoch: int) -> np.ndarray:
        """Return the rows of every batch of an epoch; see `row_order`."""
        return row_order(self.rows, self.steps, self.seed, epoch, self.lengths)

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return math.ceil(self.rows / self.batch_size)


@dataclasses.dataclass(frozen=True)
class Ended:
    """What was done after the last epoch.

    Attributes:
        line: str. It, in words.
        loss: float. The validation loss since then.
        answers: float32 array of shape `(rows, ...)`. Answers to all rows by weights that were not
            fitted to them.
    """

    line: str
    loss: float
    answers: np.ndarray


class Epochs(abc.ABC):
    """What epochs in memory and epochs of a stream share: steps, hooks and logs.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        hooks: `Hooks` of the callbacks.
        xla: bool. Whether XLA compiles the step, without `prepare`. Defaults to `False`.

    Attributes:
        computed: function that makes a context manager in which steps are traced and run.
            Callbacks run outside of it, so that a model is saved as it is.
        scheduled: bool tensor or `tf.Variable`. Whether steps take their learning rate from the
            plan; see `RateOfRun`.
    """

    def __init__(
        self, trainer: keras.Model, plan: EpochPlan, hooks: Hooks, xla: bool = False
    ) -> None:
        self.trainer, self.plan, self.hooks = trainer, plan, hooks
        self.rates = None if plan.rates is None else tf.constant(plan.rates, "float32")
        self.computed: Callable[[], contextlib.AbstractContextManager[Any]]
        self.computed = contextlib.nullcontext
        self.scheduled: tf.Variable | tf.Tensor = tf.constant(True)
        self.pace, self.validation_pace = Pace(), Pace()
        self._step = trainer.train_step
        if xla:  # the step alone: XLA lacks kernels to gather and to augment pixels
            self._step = tf.function(trainer.train_step, autograph=False, jit_compile=True)

    def __call__(self, epoch: int, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """Train one epoch with its validation; return its logs.

        The callbacks get the hooks of batches and of validation as Keras calls them, as far as
        any of them overrides these. The hooks of the epoch itself are the caller's.
        """
        # Keras trains one batch where a callback stopped training before the epoch.
        if self.hooks.train_batches or callbacks.model.stop_training:
            return self._by_step(epoch, callbacks) | self._validate(callbacks)
        logs = self._at_once(epoch, progress_of(callbacks))
        if self._validates_within:
            return logs
        return logs | self._validate(callbacks)

    def validate(self) -> dict[str, float]:
        """Return the logs of the validation rows for the weights as they are."""
        if not self.has_validation:
            return {}
        return {f"val_{name}": value for name, value in self._validation_logs([]).items()}

    def end(self) -> Ended | None:
        """Do what is left after the last epoch."""
        return None

    has_validation = False  # whether there are validation rows
    _validates_within = False  # whether `_at_once` validates, too

    @abc.abstractmethod
    def _at_once(self, epoch, progress):
        """Train an epoch in compiled calls of many steps; return its logs."""

    @abc.abstractmethod
    def _steps_of(self, epoch):
        """Iterate over functions that train one step of an epoch and return the logs so far."""

    @abc.abstractmethod
    def _validation_logs(self, progress):
        """The logs of all validation rows, without `val_`."""

    @abc.abstractmethod
    def _validation_steps(self):
        """Iterate over functions that count one batch of validation and return the logs so far."""

    def _train_in_calls(self, call, progress):
        """Train the steps of an epoch by `call(begin, end)`, about a second each.

        The callbacks that show progress see a call as a batch.
        """
        steps, done, logs = self.plan.steps, 0, {}
        while done < steps:
            end = done + self.pace.steps(steps - done)
            for callback in progress:
                callback.on_train_batch_begin(done)
            with self.computed(), waiting(progress, self.pace.is_long(end - done)):
                logs = self.pace.timed(call, done, end)
            done = end
            for callback in progress:
                callback.on_train_batch_end(done - 1, logs)
        return logs

    def _validate_in_calls(self, call, count, progress):
        """Count `count` batches of validation rows by `call(begin, end)`, about a second each."""
        pace, done, logs = self.validation_pace, 0, {}
        while done < count:
            show_validation(progress, done / count)
            end = done + pace.steps(count - done)
            with self.computed(), waiting(progress, pace.is_long(end - done)):
                logs = pace.timed(call, done, end)
            done = end
        return logs

    def _by_step(self, epoch, callbacks):
        """Train an epoch in single steps, each between its hooks; return the logs."""
        self._reset()
        logs, progress = {}, progress_of(callbacks)
        for number, step in enumerate(self._steps_of(epoch)):
            callbacks.on_train_batch_begin(number)
            with self.computed(), waiting(progress, self.pace.is_long(1)):
                logs = self.pace.timed(lambda *_, step=step: step(), number, number + 1)
            callbacks.on_train_batch_end(number, logs)
            if callbacks.model.stop_training:
                break
        self._reset()
        return logs

    def _validate(self, callbacks):
        """The logs of the validation rows, counted between the hooks of validation."""
        if not self.has_validation:
            return {}
        callbacks.on_test_begin()
        if self.hooks.test_batches:
            logs = self._validate_by_step(callbacks)
        else:
            logs = self._validation_logs(progress_of(callbacks))
        callbacks.on_test_end(logs)
        return {f"val_{name}": value for name, value in logs.items()}

    def _validate_by_step(self, callbacks):
        self._reset()
        logs, progress = {}, progress_of(callbacks)
        for number, step in enumerate(self._validation_steps()):
            show_validation(progress)
            callbacks.on_test_batch_begin(number)
            with self.computed():
                logs = step()
            callbacks.on_test_batch_end(number, logs)
        self._reset()
        return logs

    def _train_on(self, batch, step):
        if self.plan.prepare is not None:
            batch = self.plan.prepare(batch, step, True)
        if self.rates is not None:
            rate = self.trainer.optimizer.learning_rate
            rate.assign(tf.where(self.scheduled, tf.gather(self.rates, step), rate))
        return self._step(batch)

    def _test_on(self, batch):
        if self.plan.prepare is not None:
            batch = self.plan.prepare(batch, 0, False)
        return self.trainer.test_step(batch)

    def _results(self):
        """What the metrics of the trainer have counted so far."""
        return dict(self.trainer.get_metrics_result())

    def _reset(self):
        for metric in self.trainer.metrics:
            metric.reset_state()
