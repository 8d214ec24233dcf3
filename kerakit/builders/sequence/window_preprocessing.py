"""The `preprocess` sub-model of forecasters: raw windows in, normalised ones out."""

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS
from kerakit.checks import check, check_int
from kerakit.data.spec import Spec
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError

__all__ = ["WindowShape", "window_preprocess", "window_shape"]

# Part of the deviation of the whole series below which that of a window does not count: a
# window that is flat by chance is not blown up.
FLAT = 0.1
_SECONDS = {"day": 86_400, "week": 604_800, "year": 31_556_952}  # a Gregorian year's mean


class WindowShape:
    """What a forecaster takes and gives.

    Attributes:
        window, horizon: ints. Steps in and out.
        channels: int.
        several: bool. Whether arrays have an axis of channels.
        mean, deviation: float arrays of shape `(channels,)`, of the training part.
        gaps: bool. Whether training windows have missing values.
        calendar: tuple of strings. Cycles whose phase is a feature.
        name: str. The input's name.
    """

    def __init__(self, window, horizon, channels, several, mean, deviation, gaps, calendar, name):
        self.window, self.horizon, self.channels = window, horizon, channels
        self.several, self.mean, self.deviation = several, mean, deviation
        self.gaps, self.calendar, self.name = gaps, calendar, name


def window_shape(owner, inputs, horizon):
    """Check the arguments of a forecaster; return its `WindowShape`.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec` of a forecast, or a shape `(window,)` or `(window, channels)`.
        horizon: int, needed with a plain shape; `None` with a `Spec`.
    """
    if isinstance(inputs, Spec):
        if inputs.task not in tasks_with(answer="forecast") or inputs.series is None:
            raise ArgumentError(
                f"{owner} takes the Spec of a forecast, such as kk.load_series makes. Got one of "
                f"task {inputs.task!r}."
            )
        check(horizon is None, owner, "horizon", "None with a Spec, which knows it", horizon)
        feature, series = inputs.features[0], inputs.series
        several = len(feature.shape) == 2
        mean, variance = np.atleast_1d(feature.mean), np.atleast_1d(feature.variance)
        deviation = np.sqrt(np.where(variance > 0, variance, 1.0))
        gaps = bool(np.any(feature.missing))
        return WindowShape(
            series.window,
            series.horizon,
            len(mean),
            several,
            mean.astype(float),
            deviation,
            gaps,
            series.calendar,
            feature.name,
        )
    ok = isinstance(inputs, (tuple, list)) and len(inputs) in (1, 2)
    check(ok, owner, "inputs", "a Spec, or a shape (window,) or (window, channels)", inputs)
    window = check_int(owner, "inputs", inputs[0], minimum=1)
    channels = check_int(owner, "inputs", inputs[1], minimum=1) if len(inputs) == 2 else 1
    check(horizon is not None, owner, "horizon", "given with a plain shape", horizon)
    horizon = check_int(owner, "horizon", horizon, minimum=1)
    several, zeros, ones = len(inputs) == 2, np.zeros(channels), np.ones(channels)
    return WindowShape(window, horizon, channels, several, zeros, ones, False, (), "window")


def window_preprocess(shape, plain=False):
    """Build the inputs of a forecaster and the `preprocess` sub-model behind them.

    Each window is taken less its last known value and over its own deviation, so that a
    shifted or stretched series is forecast as the old one was (Kim et al. 2022, RevIN,
    openreview.net/forum?id=cGDAkQo1C0p; the last value: Zeng et al. 2023, arXiv:2205.13504).
    A missing value becomes the last known one of its window; of a window without any the
    level is the mean of the series.

    Args:
        shape: `WindowShape`.
        plain: bool. Whether the model takes one array, not a dict. Defaults to `False`.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of `keras.Input`s by name (of a plain model, the
        one input itself), and the sub-model with the outputs `values` of shape `(batch,
        window, channels)` (twice the channels where training windows have gaps: 1.0 marks
        them), `level` and `scale` of shape `(batch, 1, channels)` in deviations of the series,
        and with a calendar `phases` of shape `(batch, 2 * cycles)`.
    """
    own = (shape.window, shape.channels) if shape.several else (shape.window,)
    inputs = {shape.name: keras.Input(own, name=shape.name)}
    raw = inputs[shape.name] if shape.several else inputs[shape.name][..., None]
    # Not one Normalization: that takes a deviation below 1e-7 for 1e-7, and so loses the units.
    offset, factor = (-shape.mean).tolist(), (1.0 / shape.deviation).tolist()
    values = keras.layers.Rescaling(1.0, offset, dtype="float32", name="preprocess.centre")(raw)
    values = keras.layers.Rescaling(factor, dtype="float32", name="preprocess.normalize")(values)
    known = ops.cast(ops.isfinite(values), "float32")
    values = ops.where(known > 0, values, 0.0)
    place = ops.cumsum(ops.ones_like(values), axis=1)
    latest = ops.max(place * known, axis=1, keepdims=True)
    level = ops.sum(values * ops.cast(ops.equal(place, latest), "float32"), axis=1, keepdims=True)
    centred = (values - level) * known
    count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
    mean = ops.sum(centred, axis=1, keepdims=True) / count
    variance = ops.sum(known * ops.square(centred - mean), axis=1, keepdims=True) / count
    scale = ops.sqrt(variance + FLAT**2)
    values = centred / scale
    if shape.gaps:
        values = ops.concatenate([values, 1.0 - known], axis=-1)
    outputs = [values, level, scale]
    if shape.calendar:
        inputs["time"] = keras.Input((), dtype="int64", name="time")
        outputs.append(_phases(inputs["time"], shape.calendar))
    inputs = inputs[shape.name] if plain else inputs
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _phases(time, calendar):
    """Sine and cosine of where in each cycle a time lies."""
    parts = []
    for cycle in calendar:
        seconds = _SECONDS[cycle]
        angle = ops.cast(ops.mod(time, seconds), "float32") * (2 * np.pi / seconds)
        parts += [ops.sin(angle), ops.cos(angle)]
    return ops.stack(parts, axis=-1)
