"""The networks of members, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import NARROW, OUTPUT, REPEAT
from kerakit.builders.parts import in_float32
from kerakit.builders.tables.options import ACTIVATION

__all__ = ["member_network", "narrow_network"]

# Of the narrow network. Its inputs are scaled by weights that it learns, so that columns without
# use fade (RealMLP: Holzmüller et al. 2024, arXiv:2407.04491, section 3). Adam changes a weight by
# about the learning rate whatever its size: a weight that starts at 1 / s and is multiplied by s
# learns s times as fast.
NARROW_HIDDEN, NARROW_ACTIVATION = (64, 64), "silu"
BIN_SCALE = 0.25  # bins are many, and all of a column's are nearly alike
# With steps, it is to follow jumps of the answer: steps and bins have their full size.
STEPS_ACTIVATION, STEPS_SCALE = "selu", 1.0
SCALE_SPEED = 6.0
RATE_AT_WIDTH = 128  # inputs at which the first kernel learns as fast as the others


def member_network(
    values: keras.KerasTensor,
    members: int,
    scores: int,
    *,
    hidden: Sequence[int],
    activation: str | None = None,
    dropout: float = 0.0,
    l2: float = 0.0,
    centres: np.ndarray | None = None,
) -> keras.KerasTensor:
    """Build the network that every member has, each with weights of its own.

    It starts at zero: before training, the scores are those of the lines.

    Args:
        values: tensor of shape `(batch, width)`.
        members, scores: ints. How many networks there are, and how many numbers each returns.
        hidden: sequence of ints. Units of the hidden layers.
        activation, dropout, l2: as in `mlp_regressor`.
        centres: float array of shape `(width,)`, which is subtracted from the values, or `None`.

    Returns:
        Tensor of shape `(batch, members, scores)`.
    """
    # A product of matrices for each member: one for all would transpose the kernel at each call.
    values = keras.layers.RepeatVector(members, name=REPEAT)(values)
    if centres is not None and np.any(centres):
        values = keras.layers.Rescaling(1.0, (-centres).tolist(), name="centre")(values)
    layers = _Layers("", members, activation or ACTIVATION, dropout, l2)
    return layers.scores(layers.hidden(values, hidden), scores)


def narrow_network(
    values: keras.KerasTensor,
    members: int,
    scores: int,
    *,
    bins: np.ndarray,
    steps: keras.KerasTensor | None = None,
    activation: str | None = None,
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.KerasTensor:
    """Build the second network of every member, which is narrow and learns to scale its inputs.

    Args:
        values, members, scores, activation, dropout, l2: as in `member_network`.
        bins: bool array of shape `(width,)`. Which of the values are bins.
        steps: tensor of shape `(batch, steps)`, which it reads behind the values, or `None`.

    Returns:
        Tensor of shape `(batch, members, scores)`.
    """
    scale, usual = BIN_SCALE, NARROW_ACTIVATION
    if steps is not None:
        values = ops.concatenate([values, steps], axis=-1)
        bins = np.append(bins, np.ones(steps.shape[-1], bool))
        scale, usual = STEPS_SCALE, STEPS_ACTIVATION
    width = values.shape[-1]
    speed = math.sqrt(RATE_AT_WIDTH / width)
    factors = np.where(bins, scale, 1.0) * SCALE_SPEED * speed
    values = keras.layers.Rescaling(factors.tolist(), name=f"{NARROW}rescale")(values)
    values = keras.layers.EinsumDense(
        "bi,mi->bmi",
        (members, width),
        kernel_initializer=keras.initializers.Constant(1 / SCALE_SPEED),
        name=f"{NARROW}scale",
    )(values)
    layers = _Layers(NARROW, members, activation or usual, dropout, l2)
    return layers.scores(layers.hidden(values, NARROW_HIDDEN, speed), scores)


class _Layers:
    """Makes the layers of a network of members, whose names begin with a prefix."""

    def __init__(self, prefix, members, activation, dropout, l2):
        self.prefix, self.members = prefix, members
        self.activation, self.dropout = activation, dropout
        self.penalty = keras.regularizers.L2(l2) if l2 else None

    def hidden(self, values, units, speed=1.0):
        """Hidden layers; the first one reads values that are multiplied by `speed`."""
        for number, width in enumerate(units, 1):
            # Not an initializer that counts inputs: it would count the members as well.
            std = 1 / (math.sqrt(values.shape[-1]) * speed)
            normal = keras.initializers.RandomNormal(stddev=std)
            values, speed = self._dense(values, width, f"dense_{number}", normal), 1.0
            values = self._activated(values, number)
            if self.dropout:
                name = f"{self.prefix}dropout_{number}"
                values = keras.layers.Dropout(self.dropout, name=name)(values)
        return values

    def _activated(self, values, number):
        name = f"{self.prefix}activate_{number}"
        if self.activation not in ("silu", "swish"):
            return keras.layers.Activation(self.activation, name=name)(values)
        # TensorFlow's own function registers a gradient at each trace, which is never freed.
        gate = keras.layers.Activation("sigmoid", name=name)(values)
        return keras.layers.Multiply(name=f"{self.prefix}multiply_{number}")([values, gate])

    @in_float32()
    def scores(self, values, units):
        return self._dense(values, units, OUTPUT, "zeros")

    def _dense(self, values, units, name, initializer):
        return keras.layers.EinsumDense(
            "bmi,mio->bmo",
            (self.members, units),
            bias_axes="mo",
            kernel_initializer=initializer,
            kernel_regularizer=self.penalty,
            name=self.prefix + name,
        )(values)
