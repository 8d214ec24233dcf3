"""An epoch over a `tf.data` pipeline, some tens of batches to a compiled call."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs
from kerakit.training.loop.fetched import fetched
from kerakit.training.loop.hooks import Hooks

__all__ = ["StreamedEpochs"]

STEPS_PER_CALL = 32


class StreamedEpochs(Epochs):
    """An epoch over a `tf.data` pipeline, in compiled calls of `STEPS_PER_CALL` batches.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        batches: function from the index of an epoch to a `tf.data.Dataset` of its batches.
        validation: `tf.data.Dataset` of batches, or `None`.
        hooks: `Hooks` of the callbacks.
        xla: bool. Whether XLA compiles the step, without `prepare`. Defaults to `False`.
    """

    def __init__(
        self,
        trainer: keras.Model,
        plan: EpochPlan,
        batches: Callable[[int], tf.data.Dataset],
        validation: tf.data.Dataset | None,
        hooks: Hooks,
        xla: bool = False,
    ) -> None:
        super().__init__(trainer, plan, hooks, xla)
        self.batches, self.validation = batches, validation
        self.has_validation = validation is not None
        self._run = fetched(self._several, reduce_retracing=True)
        self._run_test_step = fetched(self._one_test_step, reduce_retracing=True)

    def _at_once(self, epoch, progress):
        self._reset()
        iterator = self._iterator(epoch)
        steps, done, logs = self.plan.steps, 0, {}
        while done < steps:
            count = min(STEPS_PER_CALL, steps - done)
            for callback in progress:
                callback.on_train_batch_begin(done)
            with self.computed():
                logs = self._run(iterator, *self._counted(epoch, done, count))
            done += count
            for callback in progress:
                callback.on_train_batch_end(done - 1, logs)
        self._reset()
        return logs

    def _steps_of(self, epoch):
        iterator = self._iterator(epoch)
        for step in range(self.plan.steps):
            yield functools.partial(self._run, iterator, *self._counted(epoch, step, 1))

    def _iterator(self, epoch):
        return iter(self.batches(epoch).prefetch(2))

    def _counted(self, epoch, done, count):
        """How many steps to take, and the number of the first of them in the whole run."""
        first = epoch * self.plan.steps + done
        return tf.constant(count), tf.constant(first, "int32")

    def _several(self, iterator, count, first):
        def body(step):
            self._train_on(next(iterator), first + step)
            return (step + 1,)

        tf.while_loop(lambda step: step < count, body, (tf.constant(0),), parallel_iterations=1)
        return self._results()

    def _validation_logs(self):
        self._reset()
        logs = {}
        for step in self._validation_steps():
            logs = step()
        self._reset()
        return logs

    def _validation_steps(self):
        for batch in self.validation:
            yield functools.partial(self._run_test_step, batch)

    def _one_test_step(self, batch):
        self._test_on(batch)
        return self._results()
