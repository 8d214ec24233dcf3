"""`find_learning_rate`: the range test, a few hundred steps of a growing learning rate."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kerakit.builders.contract import LinearPath, linear_path_of
from kerakit.checks import check, check_float, check_int
from kerakit.errors import ArgumentError, TrainingError
from kerakit.training.learning_rate_range import LearningRateRange, learning_rate_range

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerakit.data.data import Data
    from kerakit.training.runner import Runner

__all__ = ["find_learning_rate"]

DIVERGED = 4.0  # the test ends where the mean loss is so many times the lowest one
STREAMED_EPOCHS = 4  # orders of the rows of a small stream, of which each is a pipeline of its own
MEMORY = 0.9  # of that mean: it is one of about ten steps


def find_learning_rate(
    model: keras.Model,
    data: Data,
    *,
    min_rate: float = 1e-7,
    max_rate: float = 10.0,
    steps: int = 300,
    batch_size: int | None = None,
    class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
    augment: Literal["none", "light", "standard", "strong"] | None = None,
    seed: int = 0,
    cache_mb: int = 512,
) -> LearningRateRange:
    """Test a range of learning rates, and suggest one for this model and these data.

    The model takes a few hundred steps, in one compiled call, while the learning rate grows from
    `min_rate` to `max_rate` by the same factor each step (Smith 2017, arXiv:1506.01186, section
    3.3). Where the loss falls, the rate is useful; where it rises, the rate is too high, and the
    test ends soon after. Weights, optimizer and random seeds are afterwards as they were before.

    Args:
        model: `keras.Model`, compiled by `kk.compile` or by Keras. Its optimizer is tested with
            a fresh state, and without its schedule.
        data: `Data`. Only training rows are used.
        min_rate: float in (0, inf). The first learning rate. Defaults to `1e-7`.
        max_rate: float in (min_rate, inf). The last learning rate. Defaults to `10.0`.
        steps: int in [20, 10000]. How many rates are tested. Defaults to `300`.
        batch_size, class_weight, augment, seed, cache_mb: as in `fit`.

    Returns:
        `LearningRateRange`: the losses, the suggestions `valley` and `steepest`, and
        `plot(path)`. The suggestion is for the highest rate of the run's schedule:
        `kk.compile(model, learning_rate=found.valley)`.

    Raises:
        ArgumentError: when a value is out of its range, or the model is not compiled, or `fit`
            solves the model and takes no steps.
        DataError: when the model takes other columns.
        TrainingError: when the loss is not finite from the beginning.

    Example:

    >>> import keras
    >>> import kerakit as kk
    >>> keras.utils.set_random_seed(0)
    >>> data = kk.load_builtin("diabetes")
    >>> model = kk.mlp_regressor(data, hidden=(16,))
    >>> kk.compile(model)
    >>> found = kk.find_learning_rate(model, data)
    >>> 1e-5 < found.valley < 0.1
    True
    """
    from kerakit.training.linear_path.solve import solve_linear_path
    from kerakit.training.members.steps import grow_steps
    from kerakit.training.options import FitOptions
    from kerakit.training.runner import Runner

    owner = "find_learning_rate"
    min_rate = check_float(owner, "min_rate", min_rate, "(0.0, inf)")
    max_rate = check_float(owner, "max_rate", max_rate, "(0.0, inf)")
    check(max_rate > min_rate, owner, "max_rate", f"above min_rate, {min_rate:g}", max_rate)
    steps = check_int(owner, "steps", steps, minimum=20, maximum=10_000)
    options = FitOptions(
        owner=owner,
        epochs=1,
        batch_size=batch_size,
        class_weight=class_weight,
        augment=augment,
        precision="float32",
        verbose=0,
        seed=seed,
        cache_mb=cache_mb,
    )
    options.check(model, data)
    runner = Runner(model, data, options)
    _refuse_solved(runner)
    rates = np.geomspace(min_rate, max_rate, steps)
    with _as_before(model):
        grow_steps(runner)
        solve_linear_path(runner)
        _refuse_solved(runner)  # "auto" may need no network
        losses = _tested(runner, rates)
    if not len(losses) or not np.isfinite(losses[0]):
        raise TrainingError(
            "The loss of find_learning_rate is not finite at the first step. Look for extreme "
            "values in the data, or lower min_rate."
        )
    losses = losses[np.isfinite(losses)]
    return learning_rate_range(rates[: len(losses)], losses, steps)


def _refuse_solved(runner):
    """Refuse a model of which `fit` trains nothing."""
    if isinstance(runner.solved, LinearPath):
        raise ArgumentError(
            "find_learning_rate needs a model that takes steps. fit solves this model, as every "
            "model with encoder='rocket', and trains no network. Build it with another encoder=, "
            "such as 'conv', to train one."
        )
    if runner.solved is not None:
        raise ArgumentError(
            "find_learning_rate needs a model that takes steps. fit solves this linear model, "
            "which has no learning rate. Compile it with the preset 'sgd', 'momentum' or 'adam' "
            "to train it step by step."
        )


@contextlib.contextmanager
def _as_before(model) -> Iterator[None]:
    """Give a model its weights, its optimizer and all random states back after the block.

    Inside the block the model has a fresh optimizer with the same settings.
    """
    variables = [(variable, variable.numpy()) for variable in model.variables]
    path = linear_path_of(model)
    layers = () if path is None else (*path.layers, path.blend)
    trainable = [(layer, layer.trainable) for layer in layers if layer is not None]
    optimizer, states = model.optimizer, (random.getstate(), np.random.get_state())
    model.optimizer = _fresh(optimizer)
    try:
        yield
    finally:
        model.optimizer = optimizer
        for layer, value in trainable:
            layer.trainable = value
        for variable, value in variables:
            variable.assign(value)
        random.setstate(states[0])
        np.random.set_state(states[1])


def _fresh(optimizer):
    """An optimizer with the same settings but for the learning rate, which is a variable."""
    fresh = type(optimizer).from_config({**optimizer.get_config(), "learning_rate": 1e-3})
    # Keras keeps the variables that are not decayed beside the configuration.
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if pattern is not None:
        fresh.exclude_from_weight_decay(var_names=[pattern.pattern])
    return fresh


def _tested(runner: Runner, rates: np.ndarray) -> np.ndarray:
    """The loss before each step, until it diverges."""
    import tensorflow as tf

    from kerakit.keras_compat import loss_tracker

    trainer, plan, steps = runner.trainer(), runner.plan, len(rates)
    next_batch = _batches(runner, steps)
    tracker, schedule = loss_tracker(trainer), tf.constant(rates, "float32")

    @tf.function(autograph=False)
    def run():
        def body(step, losses, mean, lowest):
            trainer.optimizer.learning_rate.assign(schedule[step])
            batch = next_batch(step)
            if plan.prepare is not None:
                batch = plan.prepare(batch, step, True)
            tracker.reset_state()
            trainer.train_step(batch)
            loss = tf.cast(tracker.result(), "float32")
            mean = MEMORY * mean + (1 - MEMORY) * loss
            now = mean / (1 - MEMORY ** tf.cast(step + 1, "float32"))
            return step + 1, losses.write(step, loss), mean, tf.minimum(lowest, now)

        def goes_on(step, losses, mean, lowest):
            now = mean / (1 - MEMORY ** tf.cast(tf.maximum(step, 1), "float32"))
            falls = tf.math.is_finite(now) & (now <= DIVERGED * tf.abs(lowest))
            return (step < steps) & ((step == 0) | falls)

        start = (tf.constant(0), tf.TensorArray("float32", steps), 0.0, math.inf)
        done, losses, *_ = tf.while_loop(goes_on, body, start, parallel_iterations=1)
        return losses.stack()[:done]

    # TensorFlow counts the calls of a function by its line, and would warn of "retracing" after
    # five models. It does not count those of a concrete function.
    return run.get_concrete_function()().numpy().astype("float64")


def _batches(runner, steps):
    """A function from the index of a step to its batch, in graphs: epoch after epoch."""
    import tensorflow as tf

    from kerakit.training.rows.stream import streamed_batches

    plan = runner.plan
    epochs = range(math.ceil(steps / plan.steps))
    if runner.fits:
        train = runner.arrays("train")
        orders = [runner.order(epoch) for epoch in epochs]
        order = tf.constant(np.concatenate(orders)[:steps])
        return lambda step: train.take(tf.gather(order, step))
    batches, _ = streamed_batches(
        runner.data, runner.preprocess, plan.batch_size, plan.seed, runner.weights
    )
    joined: tf.data.Dataset = batches(0)
    for epoch in epochs[1:STREAMED_EPOCHS]:
        joined = joined.concatenate(batches(epoch))
    iterator = iter(joined.repeat().prefetch(2))
    return lambda step: next(iterator)
