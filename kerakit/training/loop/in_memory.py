"""An epoch of rows in memory, with its validation, in one compiled call or in single steps."""

from __future__ import annotations

import functools

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs, row_order
from kerakit.training.loop.fetched import fetched
from kerakit.training.loop.hooks import Hooks
from kerakit.training.rows.arrays import Arrays, LazyRows
from kerakit.training.speed.xla import pays_to_compile

__all__ = ["InMemoryEpochs"]

VALIDATION_ROWS = 16_384  # rows that are validated at a time, which bounds the memory


class InMemoryEpochs(Epochs):
    """A whole epoch, with its validation, in one compiled call; or in single steps.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        train, validation: `Arrays` or `LazyRows`; `validation` may be `None`.
        hooks: `Hooks` of the callbacks.
        xla: bool. Whether XLA compiles the step, without `prepare`. Where there is no
            `prepare`, a rule decides on XLA for the whole epoch. Defaults to `False`.
    """

    def __init__(
        self,
        trainer: keras.Model,
        plan: EpochPlan,
        train: Arrays | LazyRows,
        validation: Arrays | LazyRows | None,
        hooks: Hooks,
        xla: bool = False,
    ) -> None:
        super().__init__(trainer, plan, hooks, xla)
        self.train, self.validation = train, validation
        self.has_validation = validation is not None
        self._validates_within = self.has_validation and not hooks.test
        # Raw rows take more memory once they are prepared: no more of them than in training.
        self.validation_rows = VALIDATION_ROWS if plan.prepare is None else plan.batch_size
        self.compiled = plan.prepare is None and pays_to_compile(
            trainer, plan.steps * plan.epochs, plan.batch_size
        )
        self._run = fetched(self._epoch, jit_compile=self.compiled)
        self._run_step = fetched(self._one_step, jit_compile=self.compiled)
        self._run_validation = fetched(self._validated)
        self._run_test_step = fetched(self._one_test_step)

    def _at_once(self, epoch, progress):
        steps = self.plan.steps
        for callback in progress:
            callback.on_train_batch_begin(0)
        order = tf.constant(self._order(epoch))
        with self.computed():
            logs = self._run(order, tf.constant(epoch * steps, "int32"))
        for callback in progress:
            callback.on_train_batch_end(steps - 1, logs)
        return logs

    def _order(self, epoch):
        return row_order(self.plan.rows, self.plan.steps, self.plan.seed, epoch)

    def _steps_of(self, epoch):
        first = epoch * self.plan.steps
        for number, rows in enumerate(self._order(epoch), first):
            step = tf.constant(number, "int32")
            yield functools.partial(self._run_step, tf.constant(rows), step)

    def _one_step(self, rows, step):
        self._train_on(self.train.take(rows), step)
        return self._results()

    def _validation_logs(self):
        return self._run_validation()

    def _validation_steps(self):
        rows, size = len(self.validation), self.plan.batch_size
        for start in range(0, rows, size):
            yield functools.partial(self._run_test_step, tf.range(start, min(start + size, rows)))

    def _one_test_step(self, rows):
        self._test_on(self.validation.take(rows))
        return self._results()

    def _epoch(self, order, first):
        # Keras makes the metrics' variables in the first step, so that a reset before it would
        # be traced without them: the reset after counting leaves zeros for the next count.
        def body(step):
            self._train_on(self.train.take(tf.gather(order, step)), first + step)
            return (step + 1,)

        steps = self.plan.steps
        tf.while_loop(
            lambda step: step < steps,
            body,
            (tf.constant(0),),
            parallel_iterations=1,
            maximum_iterations=steps,
        )
        logs = self._results()
        self._reset()
        if self._validates_within:
            logs.update({f"val_{name}": value for name, value in self._validated().items()})
        return logs

    def _validated(self):
        """The logs of the validation rows: full chunks in a loop, then the rest."""
        rows, size = len(self.validation), self.validation_rows
        chunks, rest = divmod(rows, size)

        def body(chunk):
            self._test_on(self.validation.take(chunk * size + tf.range(size)))
            return (chunk + 1,)

        if chunks:
            tf.while_loop(
                lambda chunk: chunk < chunks,
                body,
                (tf.constant(0),),
                parallel_iterations=1,
                maximum_iterations=chunks,
            )
        if rest:
            self._test_on(self.validation.take(tf.range(rows - rest, rows)))
        logs = self._results()
        self._reset()
        return logs
