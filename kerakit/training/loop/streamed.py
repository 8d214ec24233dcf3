"""An epoch over a `tf.data` pipeline, in compiled calls of about a second."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs
from kerakit.training.loop.fetched import fetched
from kerakit.training.loop.hooks import Hooks
from kerakit.training.progress import show_validation, waiting

__all__ = ["StreamedEpochs"]


class StreamedEpochs(Epochs):
    """An epoch over a `tf.data` pipeline, in compiled calls of as many batches as take a second.

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
        self._validation_batches: int | None = None
        self._run = fetched(self._several, reduce_retracing=True)
        self._run_test_step = fetched(self._one_test_step, reduce_retracing=True)

    def _at_once(self, epoch, progress):
        self._reset()
        iterator = self._iterator(epoch)

        def train(begin, end):
            return self._run(iterator, *self._counted(epoch, begin, end - begin))

        logs = self._train_in_calls(train, progress)
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

    def _validation_logs(self, progress):
        self._reset()
        logs, pace, number = {}, self.validation_pace, 0
        for number, step in enumerate(self._validation_steps(), 1):
            with self.computed(), waiting(progress, pace.is_long(1)):
                logs = pace.timed(lambda *_, step=step: step(), number - 1, number)
            count = self._validation_batches
            show_validation(progress, None if count is None else number / count)
        self._validation_batches = number  # of a generator it is known after the first pass
        self._reset()
        return logs

    def _validation_steps(self):
        for batch in self.validation:
            yield functools.partial(self._run_test_step, batch)

    def _one_test_step(self, batch):
        self._test_on(batch)
        return self._results()
