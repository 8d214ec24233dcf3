"""An epoch of rows in memory, with its validation, in compiled calls or in single steps."""

from __future__ import annotations

import functools
import math
import time

import keras
import tensorflow as tf

from kerakit.training.loop.epochs import EpochPlan, Epochs
from kerakit.training.loop.fetched import fetched
from kerakit.training.loop.hooks import Hooks
from kerakit.training.loop.pace import CALL_SECONDS, Pace
from kerakit.training.rows.arrays import Arrays, LazyRows
from kerakit.training.rows.tokens import TokenRows
from kerakit.training.speed.xla import pays_to_compile

__all__ = ["InMemoryEpochs"]

VALIDATION_ROWS = 16_384  # rows that are validated at a time, which bounds the memory


class InMemoryEpochs(Epochs):
    """A whole epoch, with its validation, in one compiled call; or in single steps.

    An epoch that takes longer than about a second is cut into calls of as many steps as take that
    long, between which progress is shown and Ctrl-C is heeded. The results are the same.

    Args:
        trainer: `keras.Model`, compiled, its optimizer built.
        plan: `EpochPlan`.
        train, validation: `Arrays`, `LazyRows` or `TokenRows`; `validation` may be `None`.
        hooks: `Hooks` of the callbacks.
        xla: bool. Whether XLA compiles the step, without `prepare`. Where there is no
            `prepare`, a rule decides on XLA for the whole epoch. Defaults to `False`.
    """

    def __init__(
        self,
        trainer: keras.Model,
        plan: EpochPlan,
        train: Arrays | LazyRows | TokenRows,
        validation: Arrays | LazyRows | TokenRows | None,
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
        self.chunks = math.ceil(len(validation) / self.validation_rows) if validation else 0
        if self._validates_within:
            self.validation_pace = Pace(compiled=True)  # by the first steps of the epoch
        self._whole = _span(0, plan.steps, 0, self.chunks)
        self._run = fetched(self._part, jit_compile=self.compiled)
        self._run_step = fetched(self._one_step, jit_compile=self.compiled)
        self._run_validation = fetched(self._validated)
        self._run_test_step = fetched(self._one_test_step)

    def _at_once(self, epoch, progress):
        steps = self.plan.steps
        order, first = tf.constant(self._order(epoch)), tf.constant(epoch * steps, "int32")
        if self._seconds() <= CALL_SECONDS:
            for callback in progress:
                callback.on_train_batch_begin(0)
            with self.computed():
                logs = self._timed_whole(order, first)
            for callback in progress:
                callback.on_train_batch_end(steps - 1, logs)
            return logs

        def train(begin, end):
            logs = self._run(order, first, _span(begin, end, 0, 0))
            return {name: value for name, value in logs.items() if not name.startswith("val_")}

        def validate(begin, end):
            return self._run(order, first, _span(steps, steps, begin, end))

        logs = self._train_in_calls(train, progress)
        if self._validates_within:
            validated = self._validate_in_calls(validate, self.chunks, progress)
            logs = validated | logs  # the program gives all names, in this order
        return logs

    def _paces(self):
        """The paces of the calls of an epoch, with how many steps they have."""
        paces = {self.pace: self.plan.steps}
        if self._validates_within:
            paces[self.validation_pace] = self.chunks
        return paces

    def _seconds(self):
        """The time of an epoch; infinite where it is unknown."""
        return sum(
            math.inf if pace.seconds is None else pace.seconds * steps
            for pace, steps in self._paces().items()
        )

    def _timed_whole(self, order, first):
        """The logs of an epoch in one call; the paces follow its time."""
        start = time.perf_counter()
        logs = self._run(order, first, self._whole)
        ratio = (time.perf_counter() - start) / self._seconds()
        for pace in self._paces():
            pace.seconds *= ratio
        return logs

    def _order(self, epoch):
        return self.plan.order(epoch)

    def _steps_of(self, epoch):
        first = epoch * self.plan.steps
        for number, rows in enumerate(self._order(epoch), first):
            step = tf.constant(number, "int32")
            yield functools.partial(self._run_step, tf.constant(rows), step)

    def _one_step(self, rows, step):
        self._train_on(self.train.take(rows), step)
        return self._results()

    def _validation_logs(self, progress):
        def validate(begin, end):
            return self._run_validation(_span(begin, end))

        return self._validate_in_calls(validate, self.chunks, progress)

    def _validation_steps(self):
        rows, size = len(self.validation), self.plan.batch_size
        for start in range(0, rows, size):
            yield functools.partial(self._run_test_step, tf.range(start, min(start + size, rows)))

    def _one_test_step(self, rows):
        self._test_on(self.validation.take(rows))
        return self._results()

    def _part(self, order, first, span):
        """Train some steps of an epoch, and then count some chunks of its validation rows.

        One program for all spans: the bits of an epoch do not depend on how it was cut.
        """
        begin, end, begin_chunk, end_chunk = tf.unstack(span)

        # Keras makes the metrics' variables in the first step, so that a reset before it would
        # be traced without them: a reset after counting leaves zeros for the next count.
        def body(step):
            self._train_on(self.train.take(tf.gather(order, step)), first + step)
            return (step + 1,)

        tf.while_loop(lambda step: step < end, body, (begin,), parallel_iterations=1)
        logs = self._results()
        if not self._validates_within:
            self._if((begin < end) & (end == self.plan.steps), self._reset)
            return logs
        zeros = {name: tf.zeros((), value.dtype) for name, value in logs.items()}

        def counted():
            self._if(begin_chunk == 0, self._reset, always=self.chunks == 1)
            return self._counted(begin_chunk, end_chunk)

        counted = tf.cond(begin_chunk < end_chunk, counted, lambda: zeros)
        return logs | {f"val_{name}": value for name, value in counted.items()}

    def _validated(self, span):
        """The logs of a call that only counts chunks of the validation rows."""
        return self._counted(*tf.unstack(span))

    def _counted(self, begin, end):
        """The logs of the chunks of validation rows up to `end`: full ones, and then the rest."""
        rows, size = len(self.validation), self.validation_rows
        full, rest = divmod(rows, size)

        def body(chunk):
            self._test_on(self.validation.take(chunk * size + tf.range(size)))
            return (chunk + 1,)

        def count_rest():
            self._test_on(self.validation.take(tf.range(rows - rest, rows)))

        if full:
            last = tf.minimum(end, full)
            tf.while_loop(lambda chunk: chunk < last, body, (begin,), parallel_iterations=1)
        if rest:
            self._if(end == self.chunks, count_rest, always=not full)
        logs = self._results()
        self._if(end == self.chunks, self._reset, always=self.chunks == 1)
        return logs

    @staticmethod
    def _if(condition, function, always=False):
        """Call a function of the graph where a bool tensor is true, which it may always be."""

        def called():
            function()
            return True

        if always:
            function()
        else:
            tf.cond(condition, called, lambda: False)


def _span(*numbers):
    return tf.constant(numbers, "int32")
