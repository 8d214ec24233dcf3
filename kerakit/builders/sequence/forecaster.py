"""`sequence_forecaster`: from the last steps of a series to the next ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras
from keras import ops

from kerakit.builders.contract import (
    LINEAR_LEVELS,
    LINEAR_WINDOW,
    SCALE,
    UNSCALE,
    quantile_layer_name,
)
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.builders.sequence.encoders.encoder import ENCODERS, EncoderOptions, Positions
from kerakit.builders.sequence.forecast_networks import encoder_correction, segment_correction
from kerakit.builders.sequence.window_preprocessing import WINDOW, window_preprocess, window_shape
from kerakit.checks import check, check_choice, check_float, check_int, check_levels
from kerakit.data.data import Data
from kerakit.data.spec import Spec

__all__ = ["ForecastEncoder", "sequence_forecaster"]

FORECAST_ENCODERS = ("auto", "segment", *ENCODERS)
ForecastEncoder = Literal["auto", "segment", "lstm", "gru", "rnn", "conv", "transformer"]

_SEGMENTS = 28  # of a window


@searched(units=Choice(32, 64, 128), layers=Choice(1, 2), dropout=Range(0.0, 0.5))
def sequence_forecaster(
    inputs: Data | Spec | tuple[int] | tuple[int, int],
    *,
    horizon: int | None = None,
    encoder: ForecastEncoder = "auto",
    units: int = 64,
    layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    attention: bool = False,
    heads: int = 4,
    positions: Positions = "sinusoidal",
    segment: int | None = None,
    l2: float = 0.0,
    quantiles: Sequence[float] | None = None,
) -> keras.Model:
    """Build a forecaster of time series: SegRNN, LSTM, GRU, RNN, convolutional or transformer.

    It forecasts the next `horizon` steps of a series at once. The window goes through two
    paths. The linear path maps every step of the window to every step of the horizon (each
    channel by itself, with weights that the channels share; Zeng et al. 2023,
    arXiv:2205.13504). The encoder corrects the linear forecast; its last layer starts at zero.
    The encoder reads the window in segments, and the last layer sees the encoding of every
    segment (Lin et al. 2023, arXiv:2308.11200; Nie et al. 2023, arXiv:2211.14730): a recurrent
    encoder that reads 28 segments instead of 168 steps remembers more and computes less.

    `encoder="segment"` is SegRNN (Lin et al. 2023): a GRU reads each channel by itself in a few
    long segments, and one more step of it for each segment of the horizon gives the forecast. It
    takes less than half of the time of an LSTM.

    Covariates of the window are read with it. Those that are known for the horizon, and what each
    of several series has once, meet the state of SegRNN in its last step; the summaries of the
    other encoders in a small network that the steps of the horizon share (Das et al. 2023, TiDE,
    arXiv:2304.08424). The linear path maps all covariates to the horizon as well.

    Each window is normalised inside the model: its last value is subtracted, and the result is
    divided by the window's standard deviation. The forecast is in the units of the series, so
    that a shift or scaling of the window shifts or scales the forecast.

    Args:
        inputs: `Data` or `Spec` of a forecast, or a shape `(window,)` or `(window, channels)`.
        horizon: int in [1, inf). Steps to forecast. Needed with a plain shape.
        encoder: str. `"segment"`, or an encoder as in `sequence_classifier`. Defaults to
            `"auto"`: `"segment"` for several series, `"lstm"` for one.
        units, layers, bidirectional, dropout, recurrent_dropout, attention, heads, positions: of
            the encoder, as in `sequence_classifier`. With `attention` the last layer sees a mean
            of the segments with learned weights. SegRNN has neither `bidirectional` nor
            `attention`. Default to one layer with 64 units.
        segment: int in [1, window]. Steps per segment. The steps of a segment are embedded in
            `units` numbers, unless it is a single step. Defaults to `None`: a 28th of the
            window, but at least 1; for SegRNN a season of four steps or more of which the window
            has two, else an eighth of the window.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for the linear path, if it
            is trained. `kk.fit` solves it beforehand as a ridge regression, whose penalty it
            chooses, and does not train it. Defaults to `0.0`.
        quantiles: sequence of 3, 5, ... levels in (0, 1), in increasing order. The model forecasts
            these quantiles of each step instead of its mean; the middle one is the forecast. The
            linear path is the same for all levels, and each level adds a number to it, which
            `kk.fit` solves: the quantile of the line's errors, in proportion to the scale of the
            window. The encoder corrects each level by itself. The levels of a step are sorted, so
            that they never cross (Chernozhukov et al. 2010, doi:10.3982/ECTA7880). Defaults to
            `None`.

    Returns:
        `keras.Model`; raw windows of shape `(batch, window)` or `(batch, window, channels)`
        in, NaN where a value is missing (in a dict by the feature's name for a `Spec`, with its
        further features beside it, such as `time` or `future`); forecasts of shape `(batch,
        horizon)` or `(batch, horizon, channels)` out, for quantiles with a last axis of `levels`.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of a forecast.

    Example:

    >>> model = sequence_forecaster((168,), horizon=24, units=8)
    >>> model.output_shape, model.count_params()
    ((None, 24), 10056)
    >>> sequence_forecaster((168,), horizon=24, units=8, quantiles=(0.1, 0.5, 0.9)).output_shape
    (None, 24, 3)
    """
    owner = "sequence_forecaster"
    inputs = spec_or_shape(owner, inputs, WINDOW)
    shape = window_shape(owner, inputs, horizon)
    check_choice(owner, "encoder", encoder, FORECAST_ENCODERS)
    if encoder == "auto":
        encoder = "lstm" if shape.id is None else "segment"
    for name, value in {"bidirectional": bidirectional, "attention": attention}.items():
        fits = encoder != "segment" or not value
        check(fits, owner, name, "left out with encoder='segment', which has none", value)
    options = EncoderOptions(
        owner=owner,
        encoder="gru" if encoder == "segment" else encoder,
        units=units,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        attention=attention,
        heads=heads,
        positions=positions,
    )
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    if quantiles is not None:
        quantiles = check_levels(owner, "quantiles", quantiles, odd=True)
    if segment is None:
        segment = _usual_segment(encoder, shape)
    check_int(owner, "segment", segment, minimum=1, maximum=shape.window)
    by_name, preprocess = window_preprocess(shape, plain=not isinstance(inputs, Spec))
    network_in = [
        keras.Input(tensor.shape[1:], name=name)
        for tensor, name in zip(preprocess.outputs, shape.names, strict=True)
    ]
    read = dict(zip(shape.names, network_in, strict=True))
    level, scale = read["level"], read[SCALE]
    linear = _linear_path(read, shape, l2)
    of_network = segment_correction if encoder == "segment" else encoder_correction
    correction = of_network(read, shape, segment, options, len(quantiles or ()))
    apart = None
    if quantiles is not None:  # (batch, horizon, levels, channels)
        apart = _levels_apart(scale[:, 0], shape, len(quantiles))
        level, linear, scale = (tensor[:, :, None] for tensor in (level, linear, scale))
    # The level is the first term. Keras takes a second term with one number per row for a bias
    # and adds it along the wrong axis if a batch has as many rows as the horizon has steps.
    answer = level + (linear + correction) * scale
    answer = answer if apart is None else answer + apart
    answer = keras.layers.Rescaling(
        shape.std.tolist(), shape.mean.tolist(), dtype="float32", name=UNSCALE
    )(answer)
    if quantiles is not None:
        answer = answer[..., 0] if not shape.several else ops.transpose(answer, (0, 1, 3, 2))
        answer = ops.sort(answer, axis=-1)
        name = quantile_layer_name(quantiles)
        answer = keras.layers.Identity(dtype="float32", name=name)(answer)
    elif not shape.several:
        answer = keras.layers.Reshape((shape.horizon,), dtype="float32", name="forecast")(answer)
    return assemble(by_name, preprocess, network_in, answer, owner, inputs)


def _usual_segment(encoder, shape):
    """Steps per segment: a 28th of the window; of SegRNN a season, or an eighth of the window."""
    if encoder != "segment":
        return max(1, shape.window // _SEGMENTS)
    if 4 <= shape.season <= shape.window // 2:
        return shape.season
    return max(1, shape.window // 8)


def _levels_apart(scale, shape, levels):
    """What each level adds to the line: a tensor of shape `(batch, horizon, levels, channels)`."""
    return keras.layers.EinsumDense(
        "bc,hlc->bhlc",
        (shape.horizon, levels, shape.channels),
        kernel_initializer="zeros",
        dtype="float32",
        name=LINEAR_LEVELS,
    )(scale)


def _linear_path(read, shape, l2):
    """Every step of the horizon as a weighted sum of the window's and of the covariates.

    Channel by channel, with weights that the channels share; where there are covariates, each of
    several channels has its own.
    """
    by_channel = ops.transpose(read["values"][..., : shape.channels], (0, 2, 1))
    penalty = keras.regularizers.L2(l2) if l2 else None
    usual = {"kernel_regularizer": penalty, "dtype": "float32", "name": LINEAR_WINDOW}
    known = [
        keras.layers.Flatten(name=f"{name}.flat")(read[name])
        for name in ("covariates", "future")
        if name in read
    ]
    if known:
        each = [ops.repeat(part[:, None, :], shape.channels, axis=1) for part in known]
        by_channel = ops.concatenate([by_channel, *each], axis=-1)
    if known and shape.channels > 1:
        layer = keras.layers.EinsumDense(
            "bcw,cwh->bch",
            (shape.channels, shape.horizon),
            bias_axes="ch",
            kernel_initializer="zeros",
            **usual,
        )
    else:
        layer = keras.layers.Dense(shape.horizon, kernel_initializer="zeros", **usual)
    return ops.transpose(layer(by_channel), (0, 2, 1))
