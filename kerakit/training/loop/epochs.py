"""One epoch in one compiled call (rows in memory), or in a few (rows that stream).

Plain `keras.Model.fit` crosses from Python to TensorFlow once per batch, which for a
small network costs many times the arithmetic. Here the loop over the batches is in the
graph, around the model's own `train_step`, so that losses, metrics and optimizers are
those of Keras.
"""

import contextlib
import math

import keras
import numpy as np
import tensorflow as tf

from kerakit.keras_compat import layers_of
from kerakit.training.speed.recurrent import recurrent_layers

__all__ = ["InMemoryEpochs", "StreamedEpochs", "row_order"]

# XLA compiles for about 0.6 s longer and then takes a quarter to two thirds of the time of a
# step, less gained the larger the matrices; beyond the second limit it can lose to oneDNN.
# Measured by tests/benchmarks/compiled_epochs.py.
XLA_STEPS = 4_000
XLA_PRODUCT = 256 * 384 * 32  # elements of the largest kernel times rows of a batch
STEPS_PER_CALL = 32
VALIDATION_ROWS = 16_384  # rows that are validated at a time, which bounds the memory


def row_order(rows, steps, seed, epoch):
    """Return the rows of every batch of an epoch: int32 array of shape `(steps, batch)`.

    The order depends on the seed and the epoch alone, so that a resumed run sees what the
    uninterrupted one would have. Batches are of equal size; where they do not divide the
    rows, the first rows of the order fill the last batch.

    Example:

    >>> order = row_order(rows=5, steps=2, seed=0, epoch=3)
    >>> order.shape, sorted(set(order.ravel().tolist()))
    ((2, 3), [0, 1, 2, 3, 4])
    """
    order = np.random.default_rng((seed, epoch)).permutation(rows).astype("int32")
    batch = math.ceil(rows / steps)
    return np.resize(order, steps * batch).reshape(steps, batch)


class _Epochs:
    """What both kinds share: steps, the learning-rate curve, and the logs."""

    def __init__(self, trainer, rows, batch_size, seed, rates, prepare=None, xla=False):
        self.trainer, self.prepare = trainer, prepare
        self.rows = rows
        self.steps = math.ceil(rows / batch_size)
        self.seed = seed
        self.rates = None if rates is None else tf.constant(rates, "float32")
        self._names = []
        # What to compute within; callbacks run outside, so that a model is saved as it is.
        self.computed = contextlib.nullcontext
        self._step = trainer.train_step
        if xla:  # the step alone: pixels are gathered and augmented by kernels XLA lacks
            self._step = tf.function(trainer.train_step, autograph=False, jit_compile=True)

    def _train_on(self, batch, step):
        if self.prepare is not None:
            batch = self.prepare(batch, step, True)
        if self.rates is not None:
            self.trainer.optimizer.learning_rate.assign(tf.gather(self.rates, step))
        return self._step(batch)

    def _test_on(self, batch):
        if self.prepare is not None:
            batch = self.prepare(batch, 0, False)
        return self.trainer.test_step(batch)

    def _reset(self):
        for metric in self.trainer.metrics:
            metric.reset_state()

    def _stacked(self, logs):
        """The logs as one tensor, which is fetched at once."""
        self._names = list(logs)
        return tf.stack([tf.cast(value, "float32") for value in logs.values()])

    def _logs(self, stacked):
        values = stacked.numpy().tolist()
        return dict(zip(self._names, values, strict=True))


class InMemoryEpochs(_Epochs):
    """A whole epoch, with its validation, in one compiled call.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        train, validation: `Arrays` or `LazyRows`; `validation` may be `None`.
        batch_size: int. Batches have at most so many rows.
        epochs: int. How many epochs are planned at most.
        seed: int. Seed of the order of the rows.
        rates: float array of shape `(epochs * steps,)` or `None`. The learning rate of every
            step.
        prepare: function `(batch, step, training) -> batch`, or `None`. What raw rows go
            through before the network, in the graph; see `preprocess_stage`.
        xla: bool. Whether XLA compiles the step, with `prepare`; without, a rule decides.
    """

    def __init__(
        self, trainer, train, validation, batch_size, epochs, seed, rates, prepare=None, xla=False
    ):
        super().__init__(trainer, len(train), batch_size, seed, rates, prepare, xla)
        self.train, self.validation = train, validation
        # Raw rows take more memory once they are prepared: no more of them than in training.
        self.part = VALIDATION_ROWS if prepare is None else batch_size
        self.compiled = prepare is None and _pays_to_compile(
            trainer, self.steps * epochs, batch_size
        )
        self._run = tf.function(self._epoch, autograph=False, jit_compile=self.compiled)

    def __call__(self, epoch, callbacks):
        """Train one epoch; return its logs as a dict of floats."""
        order = row_order(self.rows, self.steps, self.seed, epoch)
        callbacks.on_train_batch_begin(0)
        first = tf.constant(epoch * self.steps, "int32")
        with self.computed():
            logs = self._logs(self._run(tf.constant(order), first))
        callbacks.on_train_batch_end(self.steps - 1, logs)
        return logs

    def validate(self):
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
        # be traced without them: what ends counting leaves zeros for what comes.
        def body(step):
            self._train_on(self.train.take(tf.gather(order, step)), first + step)
            return (step + 1,)

        tf.while_loop(
            lambda step: step < self.steps,
            body,
            (tf.constant(0),),
            parallel_iterations=1,
            maximum_iterations=self.steps,
        )
        logs = dict(self.trainer.get_metrics_result())
        self._reset()
        if self.validation is not None:
            logs.update(self._validated())
            self._reset()
        return self._stacked(logs)

    def _validated(self):
        """The logs of the validation rows: whole parts in a loop, then what remains."""
        rows = len(self.validation)
        parts, rest = divmod(rows, self.part)

        def body(part):
            own = part * self.part + tf.range(self.part)
            self._test_on(self.validation.take(own))
            return (part + 1,)

        if parts:
            tf.while_loop(
                lambda part: part < parts,
                body,
                (tf.constant(0),),
                parallel_iterations=1,
                maximum_iterations=parts,
            )
        if rest:
            self._test_on(self.validation.take(tf.range(rows - rest, rows)))
        logs = self.trainer.get_metrics_result()
        return {f"val_{name}": value for name, value in logs.items()}


class StreamedEpochs(_Epochs):
    """An epoch over a `tf.data` pipeline, some tens of batches to a compiled call.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        batches: function from an epoch's number to a `tf.data.Dataset` of its training batches.
        validation: `tf.data.Dataset` of batches, or `None`.
        rows, batch_size, seed, rates, prepare, xla: as in `InMemoryEpochs`.
    """

    def __init__(
        self,
        trainer,
        batches,
        validation,
        rows,
        batch_size,
        seed,
        rates,
        prepare=None,
        xla=False,
    ):
        super().__init__(trainer, rows, batch_size, seed, rates, prepare, xla)
        self.batches, self.validation = batches, validation
        self._run = tf.function(self._several, autograph=False, reduce_retracing=True)
        self._test = tf.function(self._test_on, autograph=False, reduce_retracing=True)

    def __call__(self, epoch, callbacks):
        """Train one epoch; return its logs as a dict of floats."""
        self._reset()
        iterator = iter(self.batches(epoch).prefetch(2))
        done, logs = 0, {}
        while done < self.steps:
            count = min(STEPS_PER_CALL, self.steps - done)
            callbacks.on_train_batch_begin(done)
            first = tf.constant(epoch * self.steps + done, "int32")
            with self.computed():
                logs = self._logs(self._run(iterator, tf.constant(count), first))
            done += count
            callbacks.on_train_batch_end(done - 1, logs)
        if self.validation is not None:
            with self.computed():
                logs.update(self.validate())
        return logs

    def validate(self):
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


def _pays_to_compile(trainer, steps, batch_size):
    """Whether XLA saves more than its compilation costs: many steps of a small network.

    A rule rather than a race, so that the same call gives the same weights every time.
    """
    if steps < XLA_STEPS or tf.config.list_physical_devices("GPU"):
        return False
    if any(tensor.dtype == "string" for tensor in trainer.inputs):
        return False
    layers = layers_of(trainer, include_self=False)
    if any(isinstance(layer, keras.layers.Embedding) for layer in layers):
        return False
    if any(len(weight.shape) > 2 for weight in trainer.weights) or recurrent_layers(trainer):
        return False  # convolutions take six times as long with XLA, and loops are measured
    kernels = [math.prod(weight.shape) for weight in trainer.trainable_weights]
    return max(kernels, default=0) * batch_size <= XLA_PRODUCT
