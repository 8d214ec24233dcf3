"""An epoch over a `tf.data` pipeline, some tens of batches to a compiled call."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs

__all__ = ["StreamedEpochs"]

STEPS_PER_CALL = 32


class StreamedEpochs(Epochs):
    """An epoch over a `tf.data` pipeline, in compiled calls of `STEPS_PER_CALL` batches.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        batches: function from the index of an epoch to a `tf.data.Dataset` of its batches.
        validation: `tf.data.Dataset` of batches, or `None`.
        xla: bool. Whether XLA compiles the step, without `prepare`. Defaults to `False`.
    """

    def __init__(
        self,
        trainer: keras.Model,
        plan: EpochPlan,
        batches: Callable[[int], tf.data.Dataset],
        validation: tf.data.Dataset | None,
        xla: bool = False,
    ) -> None:
        super().__init__(trainer, plan, xla)
        self.batches, self.validation = batches, validation
        self._run = tf.function(self._several, autograph=False, reduce_retracing=True)
        self._test = tf.function(self._test_on, autograph=False, reduce_retracing=True)

    def __call__(self, epoch: int, callbacks: keras.callbacks.CallbackList) -> dict[str, float]:
        """Train one epoch; return its logs."""
        self._reset()
        iterator = iter(self.batches(epoch).prefetch(2))
        steps, done, logs = self.plan.steps, 0, {}
        while done < steps:
            count = min(STEPS_PER_CALL, steps - done)
            callbacks.on_train_batch_begin(done)
            first = tf.constant(epoch * steps + done, "int32")
            with self.computed():
                logs = self._logs(self._run(iterator, tf.constant(count), first))
            done += count
            callbacks.on_train_batch_end(done - 1, logs)
        if self.validation is not None:
            with self.computed():
                logs.update(self.validate())
        return logs

    def validate(self) -> dict[str, float]:
        """Return the logs of the validation rows for the weights as they are."""
        if self.validation is None:
            return {}
        self._reset()
        for batch in self.validation:
            result = self._test(batch)
        logs = {f"val_{name}": float(value) for name, value in result.items()}
        self._reset()
        return logs

    def _several(self, iterator, count, first):
        def body(step):
            self._train_on(next(iterator), first + step)
            return (step + 1,)

        tf.while_loop(lambda step: step < count, body, (tf.constant(0),), parallel_iterations=1)
        return self._stacked(dict(self.trainer.get_metrics_result()))
