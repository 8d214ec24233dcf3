"""The `preprocess` sub-model of forecasters: raw windows in, normalised windows out."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS, SCALE
from kerakit.builders.parts import in_float32
from kerakit.builders.tables.preprocessing import tabular_preprocess
from kerakit.checks import check, check_int
from kerakit.data.spec import Feature, Spec
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError

__all__ = ["WINDOW", "WindowShape", "window_preprocess", "window_shape"]

WINDOW = "a shape (window,) or (window, channels)"  # for errors

# Added in squares to the standard deviation of a window, in standard deviations of the series, so
# that a window that is flat by chance is not scaled up.
FLAT = 0.1
# Where a series is not known: the least scale, as a part of its level; and in squared deviations
# of all series.
_UNKNOWN, _TINY = 1e-3, 1e-30
_SECONDS = {"day": 86_400, "week": 604_800, "year": 31_556_952}  # a Gregorian year's mean


@dataclasses.dataclass(frozen=True)
class WindowShape:
    """The inputs and outputs of a forecaster.

    Attributes:
        name: str. The input's name.
        window, horizon: ints. Steps in and out.
        channels: int.
        several: bool. Whether arrays have an axis of channels.
        mean, std: float arrays of shape `(channels,)`, of the training split.
        gaps: bool. Whether training windows have missing values.
        season: int. Steps after which the pattern repeats; 1 where none is known.
        calendar: tuple of str. Cycles whose phase is a feature.
        id: `Feature` or `None`. Of several series, the id.
        variances: float array of shape `(ids, channels)`. The variance of each series, by the
            order of the id's vocabulary; 0 where it is not known.
        covariates, future: `Feature` or `None`.
        static: `Spec` or `None`. The features that a series has once.
    """

    name: str
    window: int
    horizon: int
    channels: int
    several: bool
    mean: np.ndarray
    std: np.ndarray
    gaps: bool = False
    season: int = 1
    calendar: tuple[str, ...] = ()
    id: Feature | None = None
    variances: np.ndarray | None = None
    covariates: Feature | None = None
    future: Feature | None = None
    static: Spec | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what `preprocess` gives to the network, in order."""
        further = {
            "covariates": self.covariates,
            "future": self.future,
            "static": self.static,
            "phases": self.calendar or None,
        }
        return ("values", "level", SCALE, *(n for n, f in further.items() if f is not None))


def window_shape(owner: str, inputs: Spec | tuple, horizon: int | None) -> WindowShape:
    """Check the arguments of a forecaster; return its `WindowShape`.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec` of a forecast, or a shape `(window,)` or `(window, channels)`.
        horizon: int, needed with a plain shape; `None` with a `Spec`.
    """
    if isinstance(inputs, Spec):
        if inputs.task not in tasks_with(answer="forecast") or inputs.series is None:
            raise ArgumentError(
                f"{owner} takes the Data or Spec of a forecast, such as kk.load_series makes. Got "
                f"a Spec of the task {inputs.task!r}."
            )
        check(horizon is None, owner, "horizon", "None with a Spec, which knows it", horizon)
        feature, series = inputs.features[0], inputs.series
        several = len(feature.shape) == 2
        mean, variance = np.atleast_1d(feature.mean), np.atleast_1d(feature.variance)
        std = np.sqrt(np.where(variance > 0, variance, 1.0))
        by_column = {other.column: other for other in inputs.features}
        by_name = {other.name: other for other in inputs.features}
        static = tuple(by_column[column] for column in series.static)
        if series.id:
            mean = np.zeros_like(mean)  # each series has a level of its own
        return WindowShape(
            name=feature.name,
            window=series.window,
            horizon=series.horizon,
            channels=len(mean),
            several=several,
            mean=mean.astype(float),
            std=std,
            gaps=bool(np.any(feature.missing)),
            season=series.season,
            calendar=series.calendar,
            id=by_column[series.id_name] if series.id else None,
            variances=np.array(series.variances, float).reshape(-1, len(mean)),
            covariates=by_name["covariates"] if series.covariates else None,
            future=by_name["future"] if series.future else None,
            static=dataclasses.replace(inputs, features=static) if static else None,
        )
    ok = isinstance(inputs, (tuple, list)) and len(inputs) in (1, 2)
    check(ok, owner, "inputs", f"a Data, a Spec, or {WINDOW}", inputs)
    window = check_int(owner, "inputs", inputs[0], minimum=1)
    channels = check_int(owner, "inputs", inputs[1], minimum=1) if len(inputs) == 2 else 1
    check(horizon is not None, owner, "horizon", "given with a plain shape", horizon)
    horizon = check_int(owner, "horizon", horizon, minimum=1)
    return WindowShape(
        name="window",
        window=window,
        horizon=horizon,
        channels=channels,
        several=len(inputs) == 2,
        mean=np.zeros(channels),
        std=np.ones(channels),
    )


@in_float32()
def window_preprocess(
    shape: WindowShape, plain: bool = False
) -> tuple[dict[str, keras.KerasTensor] | keras.KerasTensor, keras.Model]:
    """Build the inputs of a forecaster and the `preprocess` sub-model behind them.

    Each window is normalised: its last known value is subtracted, and the result is divided by
    the window's standard deviation. So a shifted or scaled series has the same forecast, shifted
    or scaled (Kim et al. 2022, RevIN, openreview.net/forum?id=cGDAkQo1C0p; the last value: Zeng
    et al. 2023, arXiv:2205.13504). A missing value becomes the last known value of its window.
    A window without any known value has the mean of the series as its level.

    Of several series, the square of the scale is the mean of the variances of the window and of
    its series in training, which is looked up by the id: less noisy than the one, and less fixed
    than the other. A series that is not known, or was constant, has its window only.

    Args:
        shape: `WindowShape`.
        plain: bool. Whether the model takes one array, not a dict. Defaults to `False`.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of `keras.Input`s by name (of a plain model, the
        one input itself), and the sub-model with the outputs `values` of shape `(batch,
        window, channels)` (twice the channels where training windows have gaps: 1.0 marks
        them), `level` and `scale` of shape `(batch, 1, channels)` in standard deviations of the
        series, and as far as the shape has them: `covariates` of shape `(batch, window, columns)`
        and `future` of shape `(batch, window + horizon, columns)`, standardised, a missing value
        as the mean (and with more columns that mark them, where training steps miss some);
        `static` of shape `(batch, width)`, as `tabular_preprocess` makes it; and of a calendar
        `phases` of shape `(batch, 2 * cycles)`. `WindowShape.names` has their names.
    """
    size = (shape.window, shape.channels) if shape.several else (shape.window,)
    inputs = {shape.name: keras.Input(size, name=shape.name)}
    raw = inputs[shape.name] if shape.several else inputs[shape.name][..., None]
    # Not a Normalization: it takes a standard deviation below 1e-7 for 1e-7 and loses the units.
    offset, factor = (-shape.mean).tolist(), (1.0 / shape.std).tolist()
    values = keras.layers.Rescaling(1.0, offset, dtype="float32", name="preprocess.window_centre")(
        raw
    )
    values = keras.layers.Rescaling(factor, dtype="float32", name="preprocess.window_normalize")(
        values
    )
    known = ops.cast(ops.isfinite(values), "float32")
    values = ops.where(known > 0, values, 0.0)
    position = ops.cumsum(ops.ones_like(values), axis=1)
    latest = ops.max(position * known, axis=1, keepdims=True)
    level = ops.sum(
        values * ops.cast(ops.equal(position, latest), "float32"), axis=1, keepdims=True
    )
    centred = (values - level) * known
    count = ops.maximum(ops.sum(known, axis=1, keepdims=True), 1.0)
    mean = ops.sum(centred, axis=1, keepdims=True) / count
    variance = ops.sum(known * ops.square(centred - mean), axis=1, keepdims=True) / count
    squared = variance + FLAT**2
    if shape.id is not None:
        inputs[shape.id.name] = keras.Input((), dtype="string", name=shape.id.name)
        squared = _several_variance(inputs[shape.id.name], shape, level, variance)
    scale = ops.sqrt(squared)
    values = centred / scale
    if shape.gaps:
        values = ops.concatenate([values, 1.0 - known], axis=-1)
    outputs = [values, level, scale]
    for feature in (shape.covariates, shape.future):
        if feature is not None:
            inputs[feature.name] = keras.Input(feature.shape, name=feature.name)
            outputs.append(_standardised(inputs[feature.name], feature))
    if shape.static is not None:
        columns, static, _ = tabular_preprocess(shape.static, owner="sequence_forecaster")
        inputs |= columns
        outputs.append(static.outputs[0])
    if shape.calendar:
        inputs["time"] = keras.Input((), dtype="int64", name="time")
        outputs.append(_phases(inputs["time"], shape.calendar))
    inputs = inputs[shape.name] if plain else inputs
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _several_variance(id, shape, level, variance):
    """The square of the scale of windows of several series: a tensor `(batch, 1, channels)`."""
    lookup = keras.layers.StringLookup(
        vocabulary=list(shape.id.vocabulary), name=f"preprocess.lookup_{shape.id.name}"
    )
    known = np.concatenate([np.zeros((1, shape.channels)), shape.variances / shape.std**2])
    of_series = ops.take(known.astype("float32"), lookup(id), axis=0)[:, None, :]
    alone = (1.0 + FLAT**2) * variance + ops.square(_UNKNOWN * level) + _TINY
    return ops.where(of_series > 0, (variance + of_series) / 2, alone)


def _standardised(raw, feature):
    """Covariates by their training moments: a tensor `(batch, steps, columns)`."""
    raw = raw if len(feature.shape) == 2 else raw[..., None]
    mean, variance = np.atleast_1d(feature.mean), np.atleast_1d(feature.variance)
    factor = 1.0 / np.sqrt(np.where(variance > 0, variance, 1.0))
    name = f"preprocess.{feature.name}"
    values = keras.layers.Rescaling(1.0, (-mean).tolist(), dtype="float32", name=f"{name}_centre")
    scaled = keras.layers.Rescaling(factor.tolist(), dtype="float32", name=f"{name}_normalize")
    values = scaled(values(raw))
    known = ops.isfinite(values)
    values = ops.where(known, values, 0.0)
    if np.any(feature.missing):
        values = ops.concatenate([values, 1.0 - ops.cast(known, "float32")], axis=-1)
    return values


def _phases(time, calendar):
    """Sine and cosine of the phase of a time in each cycle."""
    parts = []
    for cycle in calendar:
        seconds = _SECONDS[cycle]
        angle = ops.cast(ops.mod(time, seconds), "float32") * (2 * np.pi / seconds)
        parts += [ops.sin(angle), ops.cos(angle)]
    return ops.stack(parts, axis=-1)
