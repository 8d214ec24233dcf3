"""The loss of a preset, for a model."""

from __future__ import annotations

from typing import Any

import keras

from kerakit.builders.contract import activation_of, has_several_series, quantiles_of, scale_of
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.presets.losses import PerceptronLoss, PinballLoss, StandardizedLoss
from kerakit.presets.preset import Preset

__all__ = ["preset_loss"]

HUBER_DELTA = 1.345  # 95 % efficiency on normal errors (Huber 1964; Holland & Welsch 1977)
_NUMBERS = ("mean_squared_error", "huber", "pinball")


def preset_loss(model: keras.Model, preset: Preset) -> tuple[Any, float | None]:
    """Return the loss and its weight; both divide by the standard deviation of the target.

    Args:
        model: `keras.Model`.
        preset: `Preset`.

    Raises:
        ArgumentError: when the preset does not fit the model's output.
    """
    activation, name = activation_of(model), preset.loss
    if name is None:
        name = {task.activation: task.loss for task in TASKS.values()}[activation]
    expected = {task.loss: task.activation for task in TASKS.values()}
    expected |= {**dict.fromkeys(_NUMBERS, "linear"), "perceptron": "softmax"}
    if expected.get(name, activation) != activation:
        raise ArgumentError(
            f"The '{preset.name}' preset trains a model with a {expected[name]} output. Got the "
            f"model '{model.name}' with a {activation} output. Use the preset of its task."
        )
    quantiles = quantiles_of(model)
    if (name == "pinball") != (quantiles is not None):
        raise ArgumentError(
            "The 'quantile_regression' preset and quantiles= of the builder go together. Got the "
            f"'{preset.name}' preset and the model '{model.name}', which predicts "
            f"{'no' if quantiles is None else len(quantiles)} quantiles."
        )
    std = scale_of(model)
    if name == "pinball":
        scale = float(std[0]) if len(std) == 1 else std.tolist()
        return PinballLoss(quantiles, scale, has_several_series(model)), None
    if name == "perceptron":
        return PerceptronLoss(), None
    if name not in _NUMBERS:
        return name, None
    delta = HUBER_DELTA if name == "huber" else None
    if len(std) > 1:
        return StandardizedLoss(std, delta), None
    scale = float(std[0])
    loss_weight = None if scale == 1.0 else 1 / scale**2
    return (keras.losses.Huber(delta * scale) if delta else "mean_squared_error"), loss_weight
