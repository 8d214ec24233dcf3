"""The networks of a forecaster, which correct its linear path."""

from __future__ import annotations

import keras
from keras import ops

from kerakit.builders.contract import OUTPUT, SCALE
from kerakit.builders.sequence.encoders.encoder import EncoderOptions, encode_steps
from kerakit.builders.sequence.encoders.masks import attended
from kerakit.builders.sequence.window_preprocessing import WindowShape

__all__ = ["encoder_correction", "segment_correction"]

_UNROLLED = 32  # segments: up to so many, steps side by side take less time than a loop
_DECODED = 16  # numbers that the summary gives to each step ahead, beside its covariates


def encoder_correction(
    read: dict[str, keras.KerasTensor],
    shape: WindowShape,
    segment: int,
    options: EncoderOptions,
    levels: int = 0,
) -> keras.KerasTensor:
    """Return what an encoder of the window adds to the linear path.

    Args:
        read: dict from a name in `shape.names` to a tensor: the network's inputs.
        shape: `WindowShape`.
        segment: int. Steps that the encoder reads as one.
        options: `EncoderOptions`.
        levels: int. The number of quantiles of each step. Defaults to `0`: one number, the mean.

    Returns:
        Tensor of shape `(batch, horizon, channels)`, or `(batch, horizon, levels, channels)`, in
        scales of the window; zeros at first.
    """
    width = shape.channels * max(levels, 1)
    steps = [read["values"]]
    steps += [read["covariates"]] if "covariates" in read else []
    steps += [read["future"][:, : shape.window]] if "future" in read else []
    summary = _joined([_encoded(_joined(steps), segment, options), *_of_series(read, shape)])
    if "future" not in read and "static" not in read:
        correction = _last(shape.horizon * width)(summary)
        return ops.reshape(correction, _answer_shape(shape, levels))
    # The summary and what is known of a step ahead meet in a network that all steps share.
    hidden = keras.layers.Dense(options.units, activation="relu", name="decoder")(summary)
    ahead = keras.layers.Dense(shape.horizon * _DECODED, name="decoder.steps")(hidden)
    ahead = ops.reshape(ahead, (-1, shape.horizon, _DECODED))
    if "future" in read:
        ahead = _joined([ahead, read["future"][:, shape.window :]])
    ahead = keras.layers.Dense(options.units, activation="relu", name="decoder.step")(ahead)
    correction = _last(width)(ahead)
    return ops.reshape(correction, _answer_shape(shape, levels)) if levels else correction


def segment_correction(
    read: dict[str, keras.KerasTensor],
    shape: WindowShape,
    segment: int,
    options: EncoderOptions,
    levels: int = 0,
) -> keras.KerasTensor:
    """Return what SegRNN adds to the linear path; arguments as in `encoder_correction`.

    Each channel is read by itself, with the same weights: its window segment by segment by a GRU.
    From its last state the segments of the horizon follow side by side, each by one more step of
    the GRU from what tells the segment: its place, its channel, and what is known of it.

    Reference:
        Lin et al.: SegRNN: Segment Recurrent Neural Network for Long-Term Time Series
        Forecasting, 2023, arXiv:2308.11200.
    """
    window, horizon, channels, units = shape.window, shape.horizon, shape.channels, options.units
    before, after = -(-window // segment), -(-horizon // segment)
    values = read["values"]
    own = ops.reshape(values, (-1, window, values.shape[-1] // channels, channels))
    own = ops.transpose(own, (0, 3, 1, 2))  # (batch, channels, window, value and its gap)
    known = [read["covariates"]] if "covariates" in read else []
    known += [read["future"][:, :window]] if "future" in read else []
    known = [ops.repeat(part[:, None], channels, axis=1) for part in known]
    steps = _joined([own, *known])
    steps = ops.pad(steps, [[0, 0], [0, 0], [before * segment - window, 0], [0, 0]])
    steps = ops.reshape(steps, (-1, before, segment * steps.shape[-1]))
    steps = keras.layers.Dense(units, activation="relu", name="segments")(steps)
    layers, states = [], []
    for number in range(1, options.layers + 1):
        if options.dropout:
            steps = keras.layers.Dropout(options.dropout, name=f"dropout_{number}")(steps)
        gru = keras.layers.GRU(
            units,
            return_sequences=True,
            recurrent_dropout=options.recurrent_dropout,
            unroll=before <= _UNROLLED,
            name=f"gru_{number}",
        )
        steps = gru(steps)
        layers.append(gru)
        states.append(steps[:, -1])  # (batch * channels, units)
    place = _counted(steps[:, -1, :1], after)
    ahead = keras.layers.Embedding(after, units, name="segments_ahead")(place)
    ahead = ops.reshape(ahead, (-1, channels, after, units))
    if channels > 1:
        place = _counted(values[:, 0, :1], channels)
        place = keras.layers.Embedding(channels, units, name="channels")(place)
        ahead = ahead + place[:, :, None]
    if "future" in read:
        future = read["future"][:, window:]
        future = ops.pad(future, [[0, 0], [0, after * segment - horizon], [0, 0]])
        future = ops.reshape(future, (-1, after, segment * future.shape[-1]))
        ahead = ahead + keras.layers.Dense(units, name="known_ahead")(future)[:, None]
    series = _of_series(read, shape)
    if series:
        ahead = ahead + keras.layers.Dense(units, name="series")(_joined(series))[:, None, None]
    ahead = ops.reshape(ahead, (-1, 1, units))
    for gru, state in zip(layers, states, strict=True):
        ahead = gru(ahead, initial_state=ops.repeat(state, after, axis=0))
    if options.dropout:
        ahead = keras.layers.Dropout(options.dropout, name="dropout_ahead")(ahead)
    ahead = _last(segment * max(levels, 1))(ahead)
    if levels:
        ahead = ops.reshape(ahead, (-1, channels, after * segment, levels))
        return ops.transpose(ahead[:, :, :horizon], (0, 2, 3, 1))
    ahead = ops.reshape(ahead, (-1, channels, after * segment))
    return ops.transpose(ahead[:, :, :horizon], (0, 2, 1))


def _answer_shape(shape, levels):
    return (-1, shape.horizon, *([levels] if levels else []), shape.channels)


def _of_series(read, shape):
    """What a window is beside its steps: a list of tensors of shape `(batch, width)`.

    Of several series it is also how large the mean of a window is in its scales: what happens to
    sales is in proportion to them.
    """
    found = [read[name] for name in ("static", "phases") if name in read]
    if shape.id is not None:
        mean = ops.mean(read["values"][..., : shape.channels], axis=1)
        mean = read["level"][:, 0] / read[SCALE][:, 0] + mean
        found.append(ops.arcsinh(mean))
    return found


def _last(width):
    """The last layer, which starts at zero."""
    return keras.layers.Dense(width, kernel_initializer="zeros", dtype="float32", name=OUTPUT)


def _counted(one, count):
    """The numbers from 0 to `count - 1` in each row, for a tensor of shape `(batch, 1)`."""
    ones = ops.repeat(ops.ones_like(one), count, axis=1)
    return ops.cast(ops.cumsum(ones, axis=1) - 1.0, "int32")


def _encoded(values, segment, options):
    """Encode the steps of the window segment by segment: tensor of shape `(batch, width)`."""
    if segment > 1:
        _, window, width = values.shape
        count = -(-window // segment)
        # The first segment may begin with zeros, which stand for the last value of the window.
        values = ops.pad(values, [[0, 0], [count * segment - window, 0], [0, 0]])
        values = ops.reshape(values, (-1, count, segment * width))
        values = keras.layers.Dense(options.units, activation="relu", name="segments")(values)
    values = encode_steps(values, None, options)
    if options.attention:
        return attended(values, None, "summary")
    return keras.layers.Flatten(name="side_by_side")(values)


def _joined(parts):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
