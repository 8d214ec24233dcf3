"""What a trained model answers with: in fewer operations, and calibrated where it was."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import (
    SCALE,
    UNSCALE,
    Calibration,
    Intervals,
    Probabilities,
    SetRule,
    Spread,
    calibration_of,
    quantiles_of,
    split_model,
)
from kerakit.builders.contract.calibration import FAR, LARGEST, SMALLEST
from kerakit.builders.folded import folded
from kerakit.builders.parts import in_float32

__all__ = ["Answering", "answering", "columns_of", "in_set", "scale_of"]

FEW_CLASSES = 32  # up to which each label is compared with each


@dataclasses.dataclass(frozen=True)
class Answering:
    """A model for answers alone.

    Attributes:
        model: `keras.Model`. It takes what the trained model takes. It answers with the same
            probabilities, or with numbers on whose last axis `levels` are.
        levels: tuple of floats, or `None`. The levels of the numbers on the last axis of its
            answer: those of a quantile regressor, or the lower end, prediction and upper end of
            calibrated intervals.
        calibration: `Calibration`, or `None`.
    """

    model: keras.Model
    levels: tuple[float, ...] | None
    calibration: Calibration | None

    @property
    def sets(self) -> SetRule | None:
        """The rule of the sets of labels, or `None`."""
        made = None if self.calibration is None else self.calibration.probabilities
        return None if made is None else made.sets


def answering(model: keras.Model, owner: str) -> Answering:
    """Return the model that answers in place of a trained one; see `folded` and `Calibration`.

    Args:
        model: `keras.Model`.
        owner: str. The function that the user called, for errors.

    Raises:
        ArgumentError: when the model has other weights than were calibrated.
    """
    found = calibration_of(model, owner)
    if found is None:
        return Answering(folded(model), quantiles_of(model), None)
    return Answering(_calibrated(folded(model), found), found.levels or None, found)


def columns_of(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Return the parts of a model whose network reads one row of numbers for each row.

    Returns:
        `(preprocess, network)`, between which are columns of shape `(batch, columns)`; `None` for
        any other model.
    """
    preprocess, network = split_model(model)
    if preprocess is None:
        return None
    between = preprocess.output
    if not isinstance(between, keras.KerasTensor) or len(between.shape) != 2:
        return None
    return preprocess, network


@in_float32()
def scale_of(model: keras.Model) -> keras.Model:
    """Return the model of the scales of a forecaster's windows, in the unit of the target.

    Args:
        model: `keras.Model`, built by `sequence_forecaster`.

    Returns:
        `keras.Model`: what the forecaster takes in, scales of shape `(batch, 1)` or
        `(batch, 1, channels)` out.
    """
    preprocess, network = split_model(model)
    return keras.Model(model.input, _scale(preprocess(model.input), network), name="scales")


def _scale(read, network):
    names = [tensor.name for tensor in network.inputs]
    unit = network.get_layer(UNSCALE).scale
    scale = ops.cast(read[names.index(SCALE)], "float32") * _constant(unit)
    rank = len(network.output.shape) - (quantiles_of(network) is not None)
    return scale[..., 0] if rank == 2 else scale


@in_float32()
def _calibrated(model, calibration):
    """The model whose answers are calibrated; the numbers of the calibration are constants."""
    intervals = calibration.intervals
    parts, columns = columns_of(model), None
    if intervals is not None and intervals.scaled:
        preprocess, network = split_model(model)
        read = preprocess(model.input)
        columns, answer = _scale(read, network), network(read)
    elif parts is None:
        answer = model.output
    else:
        preprocess, network = parts
        columns = preprocess(model.input)
        answer = network(columns)
    answer = ops.cast(answer, "float32")
    if intervals is not None:
        answer = _intervals(answer, columns, intervals)
    else:
        answer = _probabilities(answer, calibration.probabilities)
    return keras.Model(model.input, answer, name=model.name)


def _probabilities(p: keras.KerasTensor, made: Probabilities) -> keras.KerasTensor:
    """As `Probabilities.of`."""
    if made.knots is not None and made.values is not None:
        knots, values = made.knots, made.values
        low, width = knots[:, :-1], np.diff(knots, axis=1)
        share = ops.clip((ops.expand_dims(p, -1) - _constant(low)) / _constant(width), 0.0, 1.0)
        p = _constant(values[:, 0]) + ops.sum(share * _constant(np.diff(values, axis=1)), axis=-1)
        return p if made.independent else p / ops.sum(p, axis=-1, keepdims=True)
    power = float(1 / made.temperature)
    scores = power * ops.log(ops.maximum(p, SMALLEST))
    if made.independent:
        return ops.sigmoid(scores - power * ops.log(ops.maximum(1.0 - p, SMALLEST)))
    return ops.softmax(scores, axis=-1)


def _intervals(answer: keras.KerasTensor, columns, made: Intervals) -> keras.KerasTensor:
    """As `Intervals.of`."""
    widths = _constant(made.widths)
    if made.column is not None:
        middle = answer[..., made.column]
        if made.least is not None:
            below = ops.maximum(middle - answer[:, 0], made.least) * widths
            above = ops.maximum(answer[:, -1] - middle, made.least) * widths
            return ops.stack([middle - below, middle, middle + above], axis=-1)
        widths = widths * columns if made.scaled else widths
        low, high = answer[..., 0] - widths, answer[..., -1] + widths
        low, high = ops.minimum(low, middle), ops.maximum(high, middle)
        return ops.stack([low, middle, high], axis=-1)
    single = made.widths.shape == (1,)
    if single:
        answer = ops.reshape(answer, (-1, 1))
    half = ops.zeros_like(answer) + widths
    if made.scaled:
        half = half * columns
    if made.spread is not None:
        half = half * _spread(answer, columns, made.spread)
    found = ops.stack([answer - half, answer, answer + half], axis=-1)
    return found[:, 0] if single else found


def _spread(predictions: keras.KerasTensor, columns, made: Spread) -> keras.KerasTensor:
    """As `Spread.of`."""
    low, width = made.knots[:, :-1], np.diff(made.knots, axis=1)
    pieces = ops.expand_dims(predictions, -1) - _constant(low)
    pieces = ops.clip(pieces / _constant(width), 0.0, 1.0)
    count = low.shape[1]
    log = ops.sum(pieces * _constant(made.kernel[:, :count]), axis=-1) + _constant(made.bias)
    if made.columns:
        kernel = _constant(made.kernel[:, count:].T)
        log = log + ops.matmul(ops.clip(columns, -FAR, FAR), kernel)
    return ops.exp(ops.clip(log, -LARGEST, LARGEST))


def in_set(probabilities: keras.KerasTensor, rule: SetRule) -> keras.KerasTensor:
    """Return whether each label is in the set of a row, as `SetRule.of` does, in a graph.

    Args:
        probabilities: tensor of shape `(batch, classes)`.
        rule: `SetRule`.
    """
    classes = probabilities.shape[-1]
    if classes is None or classes > FEW_CLASSES:
        order = ops.argsort(-probabilities, axis=-1)
        places = ops.argsort(order, axis=-1)
        ordered = ops.take_along_axis(probabilities, order, axis=-1)
        before = ops.take_along_axis(ops.cumsum(ordered, axis=-1) - ordered, places, axis=-1)
        places = ops.cast(places, "float32")
    else:  # fewer operations than sorting, for one row
        other, own = ops.expand_dims(probabilities, 1), ops.expand_dims(probabilities, 2)
        earlier = np.tril(np.ones((classes, classes), bool), -1)
        first = ops.logical_or(other > own, ops.logical_and(ops.equal(other, own), earlier))
        first = ops.cast(first, "float32")
        before, places = ops.sum(first * other, axis=-1), ops.sum(first, axis=-1)
    late = ops.maximum(places + float(1 - rule.free), 0.0)
    return before + rule.penalty * late <= max(rule.threshold, 0.0)


def _constant(values):
    return ops.convert_to_tensor(np.asarray(values, "float32"))
