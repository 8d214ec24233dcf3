"""Whether XLA saves time on an epoch of rows in memory: a rule with two measured limits."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from kerakit.keras_compat import layers_of
from kerakit.training.speed.recurrent import recurrent_layers

__all__ = ["pays_to_compile"]

# XLA compiles for about 0.6 s longer. A step then takes a quarter to two thirds of the time; the
# larger the matrices, the less is gained. Beyond the second limit XLA can lose to oneDNN.
# Measured by tests/benchmarks/compiled_epochs.py.
MIN_STEPS = 4_000
MAX_PRODUCT = 256 * 384 * 32  # elements of the largest kernel times rows of a batch


def pays_to_compile(trainer: keras.Model, steps: int, batch_size: int) -> bool:
    """Return whether XLA saves more than its compilation costs: many steps of a small network.

    It is a rule rather than a measurement, so that the same call always gives the same weights.

    Args:
        trainer: `keras.Model` that trains.
        steps: int. The steps of all epochs.
        batch_size: int. Rows of a step.
    """
    if steps < MIN_STEPS or tf.config.list_physical_devices("GPU"):
        return False
    if any(tensor.dtype == "string" for tensor in trainer.inputs):
        return False
    layers = layers_of(trainer, include_self=False)
    if any(isinstance(layer, keras.layers.Embedding) for layer in layers):
        return False
    if any(len(weight.shape) > 2 for weight in trainer.weights) or recurrent_layers(trainer):
        return False  # convolutions take six times as long with XLA, and loops are measured
    kernels = [math.prod(weight.shape) for weight in trainer.trainable_weights]
    return max(kernels, default=0) * batch_size <= MAX_PRODUCT
