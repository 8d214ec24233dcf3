"""Members of a network for tables: networks side by side, over a line each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
from keras import ops

from kerakit.builders.contract import BLEND, LINEAR_TABLE, MEMBERS, OUTPUT
from kerakit.builders.parts import in_float32

__all__ = ["member_layers", "member_scores"]


def member_layers(
    values: keras.KerasTensor,
    members: int,
    hidden: Sequence[int],
    activation: str = "gelu",
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.KerasTensor:
    """Build the hidden layers of members, each with weights of its own.

    Args:
        values: tensor of shape `(batch, width)`.
        members: int. How many networks there are.
        hidden: sequence of ints. Units of the hidden layers.
        activation, dropout, l2: as in `mlp_regressor`.

    Returns:
        Tensor of shape `(batch, members, units)`.
    """
    penalty = keras.regularizers.L2(l2) if l2 else None
    for number, units in enumerate(hidden, 1):
        values = keras.layers.EinsumDense(
            "bi,mio->bmo" if number == 1 else "bmi,mio->bmo",
            (members, units),
            bias_axes="mo",
            kernel_initializer=_uniform(values.shape[-1]),
            kernel_regularizer=penalty,
            name=f"dense_{number}",
        )(values)
        values = keras.layers.Activation(activation, name=f"activate_{number}")(values)
        if dropout:
            values = keras.layers.Dropout(dropout, name=f"dropout_{number}")(values)
    return values


@in_float32()
def member_scores(
    linear: keras.KerasTensor, hidden: keras.KerasTensor, members: int, scores: int, l2: float = 0.0
) -> keras.KerasTensor:
    """Return the mean of the scores of members: of each a line, and what its network adds.

    The networks start at zero: before training, the scores are those of the lines.

    Args:
        linear: tensor of shape `(batch, columns)`. The inputs of the lines.
        hidden: tensor of shape `(batch, members, units)`.
        members, scores: ints.
        l2: float. Penalty of the kernel of the networks.

    Returns:
        Tensor of shape `(batch, scores)`.
    """
    layers = keras.layers
    line = layers.EinsumDense(
        "bi,mio->bmo",
        (members, scores),
        bias_axes="mo",
        kernel_initializer="zeros",
        dtype="float32",
        name=LINEAR_TABLE,
    )(linear)
    added = layers.EinsumDense(
        "bmi,mio->bmo",
        (members, scores),
        bias_axes="mo",
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
        dtype="float32",
        name=OUTPUT,
    )(hidden)
    both = ops.stack([line, added], axis=-1)
    blend = layers.Dense(
        1, use_bias=False, kernel_initializer="ones", trainable=False, dtype="float32", name=BLEND
    )
    return layers.GlobalAveragePooling1D(dtype="float32", name=MEMBERS)(
        ops.squeeze(blend(both), axis=-1)
    )


def _uniform(width):
    """He's uniform distribution. `keras.initializers` would count the members as inputs."""
    limit = math.sqrt(6.0 / width)
    return keras.initializers.RandomUniform(-limit, limit)
