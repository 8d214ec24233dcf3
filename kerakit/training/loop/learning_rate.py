"""The learning rate of a run: measured, by a schedule, or set by a callback."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import OUTPUT
from kerakit.keras_compat import watched_assign
from kerakit.presets.settings import Settings, mark_running
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.tasks import Task
    from kerakit.training.options import FitOptions
    from kerakit.training.rows.arrays import Arrays

__all__ = [
    "RateOfRun",
    "begin_again",
    "measured_learning_rate",
    "rates_of_run",
    "safe_learning_rate",
]


_CURVATURES = {"linear": 2.0, "sigmoid": 0.25, "logistic": 0.25, "softmax": 0.5}


def rates_of_run(
    model: keras.Model, settings: Settings, options: FitOptions, steps: int
) -> np.ndarray | None:
    """Return the learning rate of every step of a run, or `None` where no schedule changes it.

    The highest rate is the one that the optimizer holds. It is the schedule's own unless the
    user, or a callback in an earlier run, set another.

    Args:
        model: `keras.Model`, compiled.
        settings: `Settings` of the model.
        options: `FitOptions`. A `LearningRateScheduler` among the callbacks sets the rate of
            every epoch, so that no schedule is followed.
        steps: int. Steps of the run.
    """
    schedule, held = settings.schedule, float(model.optimizer.learning_rate)
    kind = type(schedule).__name__
    by_epoch = any(isinstance(c, keras.callbacks.LearningRateScheduler) for c in options.callbacks)
    if held == 0.0 and not (settings.measured or by_epoch):
        warn(
            "The learning rate of the optimizer is 0, with which training changes nothing. "
            "kk.compile(model) gives it the rate of a preset; model.optimizer.learning_rate = "
            "0.001 sets one."
        )
    if schedule is None:
        return None
    rates, own = schedule.simulate(steps), float(np.float32(schedule.learning_rate))
    if np.ptp(rates) == 0:
        return None
    if by_epoch:
        warn(
            "The callback LearningRateScheduler sets the learning rate of every epoch, so that "
            f"{kind} is not used. kk.compile(model, schedule='constant') says the same, without "
            "this warning."
        )
        return None
    if held == own:
        return rates
    if options.verbose != 0:
        line = f"{kind}: from the optimizer's learning rate of {held:.3g} (compiled: {own:.3g})"
        print(line, flush=True)
    return rates * (held / own)


def begin_again(model: keras.Model) -> None:
    """Give a model, whose run goes on from a checkpoint, the rate with which that run began.

    In the process that trained it, the model still has the rate that a callback set.
    """
    rate = model.optimizer.learning_rate
    first, last = getattr(model, "kerakit_rates", (None, None))
    if isinstance(rate, keras.Variable) and first is not None and float(rate) == last:
        rate.assign(first)


class RateOfRun:
    """The learning rate while a run trains: by its schedule, until a callback sets it.

    A rate that a callback set holds from there on, as in Keras. A schedule ends at a low rate,
    often at 0. After the run the optimizer holds the highest rate of the schedule again, so that
    it trains on. A run that failed or was interrupted leaves the rate that it began with.

    Args:
        model: `keras.Model`, compiled.
        follows: bool. Whether a schedule changes the rate.

    Attributes:
        scheduled: `tf.Variable` of dtype bool. Whether the steps follow the schedule. It is part
            of the state that a run is resumed from.
    """

    def __init__(self, model: keras.Model, follows: bool) -> None:
        rate = model.optimizer.learning_rate
        self.model, self.optimizer, self.initial = model, model.optimizer, float(rate)
        self.variable = rate if isinstance(rate, keras.Variable) else None
        self.scheduled = tf.Variable(follows, trainable=False)
        self._is_news = False

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Let callbacks set the rate inside the block."""
        if self.variable is None:
            yield
            return
        mark_running(self.optimizer, bool(self.scheduled))
        try:
            with watched_assign(self.variable, self._set_by_callback):
                yield
        except BaseException:
            self.variable.assign(self.initial)
            raise
        finally:
            mark_running(self.optimizer, False)

    def report(self, epoch: int) -> None:
        """Warn once that a callback set the rate, after the epoch of this index."""
        if not self._is_news:
            return
        self._is_news = False
        warn(
            f"A callback set the learning rate in epoch {epoch + 1} ({float(self.variable):.3g}). "
            "It holds, and the schedule has ended. kk.compile(model, schedule='constant') leaves "
            "the learning rate to callbacks from the first epoch on."
        )

    def end(self) -> None:
        """Give the optimizer the rate with which it trains on, if no callback set another."""
        if self.variable is None:
            return
        self.model.kerakit_rates = self.initial, float(self.variable)
        if self.scheduled:
            mark_running(self.optimizer, False)
            type(self.variable).assign(self.variable, self.initial)  # not as a callback would

    def _set_by_callback(self):
        if self.scheduled:
            self.scheduled.assign(False)
            self._is_news = True
            mark_running(self.optimizer, False)


def measured_learning_rate(
    trainer: keras.Model,
    train: Arrays,
    task: Task,
    prepare: Callable[..., Any] | None = None,
) -> float:
    """Return the safe learning rate of a model whose only trained layer is `output`.

    Args:
        trainer: `keras.Model` that trains.
        train: `Arrays`. The training rows.
        task: `Task` of the data.
        prepare: function `(batch, step, training) -> batch` that raw images go through, or
            `None`.
    """
    output = trainer.get_layer(OUTPUT)
    values = train.values
    if prepare is not None:
        values, *_ = prepare((values, train.target), 0, False)
        values = keras.Model(trainer.input, output.input)(values, training=False)
        values = tf.reshape(values, (len(train), -1))
    elif not tf.is_tensor(values):
        values = values[0]
    l2 = float(output.kernel_regularizer.l2) if output.kernel_regularizer else 0.0
    outputs = output.units if task.answer in ("numbers", "labels") else 1
    weight = None if train.weight is None else train.weight.numpy()
    return safe_learning_rate(values.numpy(), task.head, outputs, l2, weight)


def safe_learning_rate(
    values: np.ndarray,
    head: Literal["linear", "sigmoid", "logistic", "softmax"],
    outputs: int,
    l2: float = 0.0,
    weight: np.ndarray | None = None,
) -> float:
    """Return one over the largest curvature of a linear model's loss.

    Steps of this length never overshoot (Nesterov 2004, Introductory Lectures on Convex
    Optimization, section 1.2.3). The curvature is that of the second-moment matrix of the
    rows, with a 1 for the bias, times the bound of the loss's second derivative: 2 for a
    squared error, 1/4 for a logistic loss, 1/2 for a softmax.

    Args:
        values: array of shape `(n, width)`. The input of the last layer.
        head: str. The `head` of a `Task`.
        outputs: int. Numbers or labels whose errors the loss averages; 1 for one label.
        l2: float. The penalty's factor.
        weight: array of shape `(n,)`, or `None`. Sample weights.

    Example:

    >>> safe_learning_rate(np.array([[1.0], [-1.0]]), "linear", outputs=1)  # moments: identity
    0.5
    """
    values = np.asarray(values, "float64")
    rows = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    weighted = rows if weight is None else rows * np.asarray(weight, "float64")[:, None]
    largest = np.linalg.eigvalsh(weighted.T @ rows / len(rows))[-1]
    bound = _CURVATURES[head] / outputs
    return float(1.0 / (bound * largest + 2.0 * l2))
