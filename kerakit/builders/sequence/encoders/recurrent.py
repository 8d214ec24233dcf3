"""Recurrent encoders: LSTM, GRU and the plain recurrent network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import ops

from kerakit.builders.sequence.encoders.masks import attended, last_step, reversed_steps

if TYPE_CHECKING:
    from kerakit.builders.sequence.encoders.encoder import EncoderOptions

__all__ = ["recurrent_steps", "recurrent_summary"]

_LAYERS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "rnn": keras.layers.SimpleRNN,
}


def recurrent_steps(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode every step with the steps before it; bidirectional also with those after it.

    Padding is at the end only, so that it cannot change the steps before it, and the backward
    direction begins at the last step of each sequence. So no layer needs a mask, and every
    kernel may be used.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, 0.0 for padding; `None` without padding.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`, twice the units if bidirectional.
    """
    for number in range(1, options.layers + 1):
        values = _joined(_directions(values, mask, options, number))
    return values


def recurrent_summary(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode whole sequences: the last state of each direction, or a mean by attention.

    Returns:
        Tensor of shape `(batch, units)`, twice the units if bidirectional.
    """
    for number in range(1, options.layers + 1):
        directions = _directions(values, mask, options, number)
        values = _joined(directions)
    if options.attention:
        return attended(values, mask, "summary")
    ends = [last_step(directions[0], mask)]
    ends += [backward[:, 0] for backward in directions[1:]]  # it ends at the first step
    return _joined(ends)


def _directions(values, mask, options, number):
    if options.dropout:
        values = keras.layers.Dropout(options.dropout, name=f"dropout_{number}")(values)

    def layer(suffix):
        # Orthogonal recurrent kernels and a forget bias of 1 are Keras' own defaults.
        return _LAYERS[options.encoder](
            options.units,
            return_sequences=True,
            recurrent_dropout=options.recurrent_dropout,
            name=f"{options.encoder}_{number}{suffix}",
        )

    directions = [layer("")(values)]
    if options.bidirectional:
        back = layer("_back")(reversed_steps(values, mask))
        directions.append(reversed_steps(back, mask))
    return directions


def _joined(parts):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
