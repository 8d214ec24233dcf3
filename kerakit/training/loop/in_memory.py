"""An epoch of rows in memory, with its validation, in one compiled call."""

from __future__ import annotations

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs, row_order
from kerakit.training.rows.arrays import Arrays, LazyRows
from kerakit.training.speed.xla import pays_to_compile

__all__ = ["InMemoryEpochs"]

VALIDATION_ROWS = 16_384  # rows that are validated at a time, which bounds the memory


class InMemoryEpochs(Epochs):
    """A whole epoch, with its validation, in one compiled call.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        train, validation: `Arrays` or `LazyRows`; `validation` may be `None`.
        xla: bool. Whether XLA compiles the step, without `prepare`. Where there is no
            `prepare`, a rule decides on XLA for the whole epoch. Defaults to `False`.
    """

    def __init__(
        self,
        trainer: keras.Model,
        plan: EpochPlan,
        train: Arrays | LazyRows,
        validation: Arrays | LazyRows | None,
        xla: bool = False,
    ) -> None:
        super().__init__(trainer, plan, xla)
        self.train, self.validation = train, validation
        # Raw rows take more memory once they are prepared: no more of them than in training.
        self.validation_rows = VALIDATION_ROWS if plan.prepare is None else plan.batch_size
        self.compiled = plan.prepare is None and pays_to_compile(
            trainer, plan.steps * plan.epochs, plan.batch_size
        )
        self._run = tf.function(self._epoch, autograph=False, jit_compile=self.compiled)

    def __call__(self, epoch: int, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """Train one epoch; return its logs."""
        plan = self.plan
        order = row_order(plan.rows, plan.steps, plan.seed, epoch)
        callbacks.on_train_batch_begin(0)
        first = tf.constant(epoch * plan.steps, "int32")
        with self.computed():
            logs = self._logs(self._run(tf.constant(order), first))
        callbacks.on_train_batch_end(plan.steps - 1, logs)
        return logs

    def validate(self) -> dict[str, float]:
        """Return the logs of the validation rows for the weights as they are."""
        if self.validation is None:
            return {}

        @tf.function(autograph=False)
        def run():
            logs = self._validated()
            self._reset()
            return self._stacked(logs)

        return self._logs(run())

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
        logs = dict(self.trainer.get_metrics_result())
        self._reset()
        if self.validation is not None:
            logs.update(self._validated())
            self._reset()
        return self._stacked(logs)

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
        logs = self.trainer.get_metrics_result()
        return {f"val_{name}": value for name, value in logs.items()}
