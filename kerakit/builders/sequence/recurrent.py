"""Recurrent encoders: LSTM, GRU and the plain recurrent network."""

import keras
from keras import ops

from kerakit.builders.sequence.masks import attended, last_step, reversed_steps

__all__ = ["recurrent_steps", "recurrent_summary"]

_LAYERS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "rnn": keras.layers.SimpleRNN,
}


def recurrent_steps(values, mask, options):
    """Encode every step in the light of those before it, and of those behind it if asked.

    A sequence is never padded at its start: what comes behind the end of one cannot change its
    steps, and the way back begins at each sequence's own end. So no layer needs a mask, and
    every kernel may be used.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, or `None` where all steps are there.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`, twice the units if bidirectional.
    """
    for number in range(1, options.layers + 1):
        values = _joined(_both_ways(values, mask, options, number))
    return values


def recurrent_summary(values, mask, options):
    """Encode whole sequences: the last state of each direction, or what is attended to.

    Returns:
        Tensor of shape `(batch, units)`, twice the units if bidirectional.
    """
    for number in range(1, options.layers + 1):
        ways = _both_ways(values, mask, options, number)
        values = _joined(ways)
    if options.attention:
        return attended(values, mask, "summary")
    ends = [last_step(ways[0], mask)]
    ends += [way[:, 0] for way in ways[1:]]  # the way back ends at the first step
    return _joined(ends)


def _both_ways(values, mask, options, number):
    if options.dropout:
        values = keras.layers.Dropout(options.dropout, name=f"dropout_{number}")(values)

    def layer(way):
        # Orthogonal recurrent kernels and a forget bias of 1 are Keras' own defaults.
        return _LAYERS[options.encoder](
            options.units,
            return_sequences=True,
            recurrent_dropout=options.recurrent_dropout,
            name=f"{options.encoder}_{number}{way}",
        )

    ways = [layer("")(values)]
    if options.bidirectional:
        back = layer("_back")(reversed_steps(values, mask))
        ways.append(reversed_steps(back, mask))
    return ways


def _joined(parts):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
