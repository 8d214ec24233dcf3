"""How a model trains fastest on this machine: measured on its own steps, before it trains."""

import contextlib
import dataclasses
import math
import statistics
import time

import keras
import tensorflow as tf
from numpy.linalg import norm

from kerakit.keras_compat import layers_of
from kerakit.training.loop.trainer import precision_of
from kerakit.training.machine import cpu_words, machine
from kerakit.training.speed.batch_norm import fused_batch_norm
from kerakit.training.speed.cache import key_of, recall, remember
from kerakit.training.speed.recurrent import (
    UNROLLED_STEPS,
    fusable,
    recurrent_kernel,
    recurrent_layers,
)

__all__ = [
    "Choice",
    "Outcome",
    "Trial",
    "candidates",
    "choose",
    "computed_as",
    "estimated_seconds",
    "pays_to_measure",
]

MARGIN = 0.95  # another way must take less than this share of float32's time
AGREEMENT = 0.1  # and its mean loss of the trial may differ from float32's by this share
# What a step moves must be moved alike in one precision: each kernel's change may differ by
# this share. A gradient of the wrong weights, which the loss does not show, is off by its size.
MOVEMENT = 0.3
STEPS = 2  # in a row from the same state; the loss of the second shows the first's update
SHARE = 0.04  # of the training that measuring may take
# Estimates for the decision to measure, not for the choice: multiply-adds in a second of CPU
# time (45e9 for a ResNet-20, 53e9 for a small VGG, by tests/benchmarks/image_training.py on
# two cores with AVX-512) and on a GPU, and seconds to trace a layer's step, both ways.
CPU_RATE, GPU_RATE, TRACE = 50e9, 5e12, 0.04
LOOP = 2e-4  # seconds of a step through time of a recurrent layer, forward and back
_KERNELS = {"loop": "", "fused": "the fused LSTM", "unrolled": "unrolled steps"}


@dataclasses.dataclass(frozen=True)
class Choice:
    """One way to compute a training step.

    Attributes:
        precision: str. `"float32"` or `"mixed_bfloat16"`.
        xla: bool. Whether XLA compiles the step.
        kernel: str. How recurrent layers compute: `"loop"`, `"fused"` or `"unrolled"`.

    Example:

    >>> str(Choice(kernel="fused")), Choice.parse("float32 with XLA and unrolled steps")
    ('float32 with the fused LSTM', Choice(precision='float32', xla=True, kernel='unrolled'))
    """

    precision: str = "float32"
    xla: bool = False
    kernel: str = "loop"

    def __str__(self):
        extras = ["XLA"] * self.xla + [_KERNELS[self.kernel]] * (self.kernel != "loop")
        return self.precision + (" with " if extras else "") + " and ".join(extras)

    @classmethod
    def parse(cls, text):
        """Return the choice that `str` wrote."""
        precision, _, extras = text.partition(" with ")
        extras = extras.split(" and ")
        kernel = next((name for name, said in _KERNELS.items() if said and said in extras), "loop")
        return cls(precision, "XLA" in extras, kernel)


@dataclasses.dataclass(frozen=True)
class Trial:
    """What is tried: real steps of the real model.

    Attributes:
        model: `keras.Model`, compiled.
        runner: `Runner`, which knows the batches, and makes trainers.
        rate: float or `None`. The learning rate of the first step, where it is not the
            optimizer's own.
        seconds: float. What the whole training is estimated to take.
    """

    model: keras.Model
    runner: object
    rate: float | None
    seconds: float


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a trial of one choice found.

    Attributes:
        seconds: float. Of a step, the median.
        loss: float. The mean of the trial.
        moves: list of arrays. How far each kernel was from its start, in the end.
    """

    seconds: float
    loss: float
    moves: list


@contextlib.contextmanager
def computed_as(model, choice, images=False):
    """Compute the layers of a model by a `Choice` while the block runs, XLA apart.

    Args:
        model: `keras.Model`.
        choice: `Choice`.
        images: bool. Whether layers without weights change their precision too.
    """
    with (
        precision_of(model, choice.precision, images),
        fused_batch_norm(model),
        recurrent_kernel(model, choice.kernel),
    ):
        yield


def candidates(model=None, precision="auto", steps=None):
    """Return the choices worth a trial on this machine, float32 as Keras computes it first.

    bfloat16 needs hardware for it: AMX or AVX512-BF16, or a GPU of compute capability 8 or
    higher; elsewhere it is emulated. XLA is tried on GPUs; on CPUs it takes six times as
    long for convolutions, and is tried for recurrent layers alone. Those are tried fused and
    unrolled as well, but not in bfloat16, whose steps are too small to gain by it; on a GPU
    Keras has cuDNN for them.

    Args:
        model: `keras.Model`, or `None` for one without recurrent layers.
        precision: str. Defaults to `"auto"`: whichever is faster.
        steps: int or `None`. Steps of the sequences, where all have as many.
    """
    gpus = tf.config.list_physical_devices("GPU")
    recurrent = [] if model is None else recurrent_layers(model)
    if recurrent:
        first = Choice("float32" if precision == "auto" else precision)
        if gpus:
            return [first]
        fused = first.precision == "float32" and any(map(fusable, recurrent))
        kernels = ["loop"] + ["fused"] * fused
        if steps is not None and steps <= UNROLLED_STEPS:
            kernels.append("unrolled")
        found = [dataclasses.replace(first, kernel=kernel) for kernel in kernels]
        if steps is None:
            return found  # XLA would compile again for every length
        # XLA has no kernel for what TensorFlow has fused.
        return found + [dataclasses.replace(c, xla=True) for c in found if c.kernel != "fused"]
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        half = all(detail.get("compute_capability", (0, 0)) >= (8, 0) for detail in details)
    else:
        half = bool({"amx_bf16", "avx512_bf16"} & cpu_words("flags"))
    precisions = ("float32", "mixed_bfloat16") if half else ("float32",)
    return [Choice(p, xla) for xla in ((False, True) if gpus else (False,)) for p in precisions]


def estimated_seconds(model, rows, batch_size=1, length=1):
    """Estimate the time to train on so many rows, from the multiply-adds of the layers.

    Args:
        model: `keras.Model`.
        rows: int. All rows of all epochs.
        batch_size: int. Rows of a step.
        length: int. Steps of a sequence. Defaults to 1: they are none.
    """
    work = 0
    for layer in layers_of(model, include_self=False):
        for weight in getattr(layer, "trainable_weights", []):
            if isinstance(layer, keras.Model) or len(weight.shape) < 2:
                continue
            places = _places(layer) if len(weight.shape) == 4 else length
            work += math.prod(weight.shape) * places
    rate = GPU_RATE if tf.config.list_physical_devices("GPU") else CPU_RATE
    loops = len(recurrent_layers(model)) * LOOP * length * rows / batch_size
    return 3 * work * rows / rate + loops  # forward, and back to weights and inputs


def _places(layer):
    """How many pixels a convolution computes; 1 for one that is inside a layer of its own."""
    try:
        return math.prod(size or 1 for size in layer.output.shape[1:-1])
    except (AttributeError, ValueError):
        return 1


def pays_to_measure(model, choices, batch_size, seconds, steps):
    """Whether a trial takes no more than `SHARE` of a training of `seconds` and `steps`."""
    layers = sum(1 for _ in layers_of(model, include_self=False))
    each = TRACE * layers + 2 * STEPS * seconds / max(steps, 1)
    return len(choices) > 1 and len(choices) * each <= SHARE * seconds


def choose(trial, choices, key=None):
    """Return `(choice, reason)`: the fastest that trains as float32 does.

    Every choice trains the same batches from the same state, in turns; what counts is the
    median step, in CPU time on CPUs (others may use the machine) and else in time passed.
    Weights, optimizer, random seeds and metrics are then as they were, to the bit.

    Args:
        trial: `Trial`.
        choices: list of `Choice`, float32 first.
        key: dict of JSON values that the result depends on beside the model and the machine;
            it is remembered under all of these. `None` neither asks nor remembers.
    """
    name = None if key is None else key_of(machine=machine(), **key)
    before = None if name is None else recall(name)
    if before and before.get("choice") in map(str, choices):
        return Choice.parse(before["choice"]), f"{before.get('reason')}; measured before"
    found = _measured(trial, choices)
    times = {choice: outcome.seconds for choice, outcome in found.items()}
    near = [choice for choice in found if _trains_alike(choice, choices[0], found)] or choices[:1]
    best = min(near, key=times.get)
    if times[best] >= MARGIN * times[choices[0]]:
        best = choices[0]
    reason = _reason(best, choices, times, near)
    if name is not None:
        remember(name, {"choice": str(best), "reason": reason})
    return best, reason


def _measured(trial, choices):
    """The `Outcome` of each choice that runs, a dict."""
    trainer = trial.runner.trainer()
    batches = trial.runner.first_batches(STEPS)
    state = [*trainer.variables, *trial.model.optimizer.variables]
    held = [variable.numpy() for variable in state]

    def restore():
        for variable, value in zip(state, held, strict=True):
            variable.assign(value)

    def begin():
        restore()
        if trial.rate is not None:
            trial.model.optimizer.learning_rate.assign(trial.rate)

    kernels = [v for v in trainer.trainable_variables if len(v.shape) > 1]
    at_rest = [kernel.numpy() for kernel in kernels]
    runs, times, found, spent = {}, {}, {}, time.perf_counter()
    try:
        for choice in choices:
            begin()
            try:
                runs[choice] = _traced(trial, choice, batches)
            except (tf.errors.OpError, ValueError, TypeError):
                if choice == choices[0]:
                    raise  # training itself would fail as well
        spent = time.perf_counter() - spent
        budget, turn = SHARE * trial.seconds, 0
        while turn < 2 or (turn < 6 and spent < budget):
            start = time.perf_counter()
            for choice, run in runs.items():
                begin()
                loss, seconds = run()
                times.setdefault(choice, []).extend(seconds)
                if choice not in found:
                    pairs = zip(kernels, at_rest, strict=True)
                    found[choice] = loss, [kernel.numpy() - value for kernel, value in pairs]
            spent += time.perf_counter() - start
            turn += 1
    finally:
        restore()
    return {c: Outcome(statistics.median(times[c]), *found[c]) for c in found}


def _traced(trial, choice, batches):
    """A function that trains `STEPS` steps of a choice: `() -> (mean loss, seconds of each)`."""
    with computed_as(trial.model, choice, trial.runner.images):
        trainer = trial.runner.trainer()
        inner = trainer.train_step
        if choice.xla:
            inner = tf.function(inner, autograph=False, jit_compile=True)

        @tf.function(autograph=False)
        def step(batch, number):
            if trial.runner.prepare is not None:
                batch = trial.runner.prepare(batch, number, True)
            return inner(batch)["loss"]

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


def _trains_alike(choice, first, found):
    """Whether a choice trains as float32 does; what is not finite never does."""
    outcome, reference = found[choice], found[first]
    if not abs(outcome.loss - reference.loss) <= AGREEMENT * abs(reference.loss) + 0.01:
        return False
    if choice.precision != first.precision:
        return True  # Adam moves by the sign of a gradient, which rounding decides near zero
    pairs = zip(outcome.moves, reference.moves, strict=True)
    return all(norm(a - b) <= MOVEMENT * norm(b) for a, b in pairs)


def _reason(best, choices, times, near):
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
        elif choice not in near:
            words.append(f"{choice} does not train the same")
        else:
            words.append(f"{choice} takes {times[choice] / times[first]:.2g} times its {kind}")
    return ", ".join(words)
