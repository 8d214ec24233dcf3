"""The fastest way to train a model on this machine, measured on the model's own steps."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.linalg import norm

from kerakit.status import telling
from kerakit.training.speed.cache import key_of, machine, recall, remember
from kerakit.training.speed.candidates import Choice, computed_as
from kerakit.training.speed.cost import MAX_TRIAL_FRACTION, TRIAL_STEPS

__all__ = ["Outcome", "Trial", "choose", "measure", "traced_run"]

MAX_TIME_RATIO = 0.95  # another choice must take less than this fraction of float32's time
LOSS_TOLERANCE = 0.1  # and its mean loss may differ from float32's by this fraction
# In one precision all kernels must be changed alike: each kernel's change may differ by this
# fraction. A wrong gradient, which the loss does not show, is off by its own size.
UPDATE_TOLERANCE = 0.3


@dataclasses.dataclass(frozen=True)
class Trial:
    """The model and the steps that a trial times.

    Attributes:
        model: `keras.Model`, compiled.
        runner: `Runner`, which knows the batches, and makes trainers.
        rate: float or `None`. The learning rate of the first step, where it is not the
            optimizer's own.
        seconds: float. The estimated time of the whole training.
    """

    model: keras.Model
    runner: Any
    rate: float | None
    seconds: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The measurements of one choice.

    Attributes:
        seconds: float. The median time of a step.
        loss: float. The mean loss of the trial.
        updates: list of arrays. The total change of each kernel.
    """

    seconds: float
    loss: float
    updates: list[np.ndarray]


@telling("Measuring which way to compute a step is fastest")
def choose(
    trial: Trial, choices: Sequence[Choice], key: dict[str, Any] | None = None
) -> tuple[Choice, str]:
    """Return `(choice, reason)`: the fastest choice that trains as float32 does.

    Every choice trains the same batches from the same state, in turns. Its time is that of the
    median step: CPU time on CPUs, which others may use as well, and else wall time. Weights,
    optimizer, random seeds and metrics are afterwards as they were, to the bit.

    Args:
        trial: `Trial`.
        choices: list of `Choice`, float32 first.
        key: dict of JSON values that the result depends on beside the machine; the result is
            remembered under them. `None` neither looks up nor remembers. Defaults to `None`.
    """
    name = None if key is None else key_of(machine=machine(), **key)
    earlier = None if name is None else recall(name)
    if earlier and earlier.get("choice") in map(str, choices):
        return Choice.parse(earlier["choice"]), f"{earlier.get('reason')}; measured before"
    outcomes = measure(trial, choices)
    times = {choice: outcome.seconds for choice, outcome in outcomes.items()}
    alike = [c for c in outcomes if _trains_alike(c, choices[0], outcomes)] or choices[:1]
    best = min(alike, key=times.get)
    if times[best] >= MAX_TIME_RATIO * times[choices[0]]:
        best = choices[0]
    reason = _reason(best, choices, times, alike)
    if name is not None:
        remember(name, {"choice": str(best), "reason": reason})
    return best, reason


def measure(trial: Trial, choices: Sequence[Choice]) -> dict[Choice, Outcome]:
    """Return the `Outcome` of each choice that can run."""
    trainer = trial.runner.trainer()
    batches = trial.runner.first_batches(TRIAL_STEPS)
    state = [*trainer.variables, *trial.model.optimizer.variables]
    initial = [variable.numpy() for variable in state]

    def restore():
        for variable, value in zip(state, initial, strict=True):
            variable.assign(value)

    def begin():
        restore()
        if trial.rate is not None:
            trial.model.optimizer.learning_rate.assign(trial.rate)

    kernels = [v for v in trainer.trainable_variables if len(v.shape) > 1]
    initial_kernels = [kernel.numpy() for kernel in kernels]
    runs, times, first_turn, spent = {}, {}, {}, time.perf_counter()
    try:
        for choice in choices:
            begin()
            try:
                runs[choice] = traced_run(trial, choice, batches)
            except (tf.errors.OpError, ValueError, TypeError):
                if choice == choices[0]:
                    raise  # training itself would fail as well
        spent = time.perf_counter() - spent
        budget, turn = MAX_TRIAL_FRACTION * trial.seconds, 0
        while turn < 2 or (turn < 6 and spent < budget):
            start = time.perf_counter()
            for choice, run in runs.items():
                begin()
                loss, seconds = run()
                times.setdefault(choice, []).extend(seconds)
                if choice not in first_turn:
                    pairs = zip(kernels, initial_kernels, strict=True)
                    first_turn[choice] = loss, [kernel.numpy() - value for kernel, value in pairs]
            spent += time.perf_counter() - start
            turn += 1
    finally:
        restore()
    return {c: Outcome(statistics.median(times[c]), *first_turn[c]) for c in first_turn}


def traced_run(trial: Trial, choice: Choice, batches: Sequence[Any]):
    """Trace the steps of a choice; return the function `() -> (mean loss, seconds of each)`."""
    with computed_as(trial.model, choice, trial.runner.images):
        trainer, prepare = trial.runner.trainer(), trial.runner.plan.prepare
        inner = trainer.train_step
        if choice.xla:
            inner = tf.function(inner, autograph=False, jit_compile=True)

        @tf.function(autograph=False)
        def one_step(batch, number):
            if prepare is not None:
                batch = prepare(batch, number, True)
            return inner(batch)["loss"]

        step = _by_shape(one_step)
        float(step(batches[0], tf.constant(0)))  # traces and compiles

    gpu = bool(tf.config.list_physical_devices("GPU"))
    clock = time.perf_counter if gpu else time.process_time

    def run():
        for metric in trainer.metrics:
            metric.reset_state()
        seconds = []
        for number, batch in enumerate(batches):
            start = clock()
            loss = float(step(batch, tf.constant(number)))
            seconds.append(clock() - start)
        return loss, seconds

    return run


def _by_shape(function):
    """A `tf.function` of a batch and a number, traced once for each shape.

    TensorFlow counts no calls of a concrete function. It would take the functions of the choices,
    one after the other, for one that is traced again and again, and warn of that.
    """
    traced = {}

    def call(batch, number):
        shapes = tuple(tuple(tensor.shape) for tensor in tf.nest.flatten(batch))
        if shapes not in traced:
            traced[shapes] = function.get_concrete_function(batch, number)
        return traced[shapes](batch, number)

    return call


def _trains_alike(choice, first, outcomes):
    """Whether a choice trains as float32 does; losses that are not finite never do."""
    outcome, reference = outcomes[choice], outcomes[first]
    if not abs(outcome.loss - reference.loss) <= LOSS_TOLERANCE * abs(reference.loss) + 0.01:
        return False
    if choice.precision != first.precision:
        return True  # Adam moves by the sign of a gradient, which rounding decides near zero
    pairs = zip(outcome.updates, reference.updates, strict=True)
    return all(norm(a - b) <= UPDATE_TOLERANCE * norm(b) for a, b in pairs)


def _reason(best, choices, times, alike):
    kind = "time" if tf.config.list_physical_devices("GPU") else "CPU time"
    first = choices[0]
    if best != first:
        ratio = times[first] / times[best]
        return (
            f"{first} takes {ratio:.2g} times its {kind} per step "
            f"({1e3 * times[first]:.3g} against {1e3 * times[best]:.3g} ms)"
        )
    words = []
    for choice in choices[1:]:
        if choice not in times:
            words.append(f"{choice} does not run")
        elif choice not in alike:
            words.append(f"{choice} does not train the same")
        else:
            words.append(f"{choice} takes {times[choice] / times[first]:.2g} times its {kind}")
    return ", ".join(words)
