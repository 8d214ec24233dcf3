"""How long a training will take, estimated from its multiply-adds before it begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from kerakit.keras_compat import layers_of
from kerakit.training.speed.recurrent import recurrent_layers

if TYPE_CHECKING:
    from kerakit.training.speed.candidates import Choice

__all__ = ["MAX_TRIAL_FRACTION", "TRIAL_STEPS", "estimated_seconds", "pays_to_measure"]

# These estimates decide whether to measure, and not what is chosen: multiply-adds in a second of
# CPU time (45e9 for a ResNet-20, 53e9 for a small VGG, by tests/benchmarks/image_training.py on
# two cores with AVX-512) and on a GPU.
CPU_RATE, GPU_RATE = 50e9, 5e12
TRACE_SECONDS = 0.04  # to trace a layer's step, forward and back
LOOP_SECONDS = 2e-4  # of a step through time of a recurrent layer, forward and back
TRIAL_STEPS = 2  # steps of a trial in a row; the loss of the second shows the first's update
MAX_TRIAL_FRACTION = 0.04  # of the training time that a trial may take


def estimated_seconds(model: keras.Model, rows: int, batch_size: int = 1, length: int = 1) -> float:
    """Estimate the seconds that training on some rows takes.

    Args:
        model: `keras.Model`.
        rows: int. The rows of all epochs together.
        batch_size: int. Rows of a step. Defaults to `1`.
        length: int. Steps of a sequence. Defaults to `1`: rows are no sequences.
    """
    work = 0
    for layer in layers_of(model, include_self=False):
        for weight in getattr(layer, "trainable_weights", []):
            if isinstance(layer, keras.Model) or len(weight.shape) < 2:
                continue
            uses = _output_pixels(layer) if len(weight.shape) == 4 else length
            work += math.prod(weight.shape) * uses
    rate = GPU_RATE if tf.config.list_physical_devices("GPU") else CPU_RATE
    loops = len(recurrent_layers(model)) * LOOP_SECONDS * length * rows / batch_size
    return 3 * work * rows / rate + loops  # forward, and back to weights and inputs


def pays_to_measure(
    model: keras.Model, choices: Sequence[Choice], batch_size: int, seconds: float, steps: int
) -> bool:
    """Return whether a trial takes at most `MAX_TRIAL_FRACTION` of the training time.

    Args:
        model: `keras.Model`.
        choices: sequence of `Choice`. The candidates of the trial.
        batch_size: int. Rows of a step.
        seconds: float. The estimated time of the training.
        steps: int. The steps of the training.
    """
    layers = len(layers_of(model, include_self=False))
    each = TRACE_SECONDS * layers + 2 * TRIAL_STEPS * seconds / max(steps, 1)
    return len(choices) > 1 and len(choices) * each <= MAX_TRIAL_FRACTION * seconds


def _output_pixels(layer):
    """The number of pixels that a convolution computes; 1 inside a layer of its own."""
    try:
        return math.prod(size or 1 for size in layer.output.shape[1:-1])
    except (AttributeError, ValueError):
        return 1
