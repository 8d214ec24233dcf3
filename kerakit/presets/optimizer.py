"""The optimizer of a preset, and the schedule of its learning rate."""

from __future__ import annotations

import dataclasses

import keras

from kerakit.checks import short_repr
from kerakit.errors import ArgumentError
from kerakit.presets.preset import Preset
from kerakit.presets.schedules import Schedule, get_schedule
from kerakit.presets.settings import UNDECAYED, Settings, optimizer_name

__all__ = ["KerasSchedule", "make_optimizer"]

KerasSchedule = keras.optimizers.schedules.LearningRateSchedule
_USUAL_RATE = 1e-2  # Keras' own for gradient descent, where neither preset nor user has one


def make_optimizer(
    preset: Preset,
    learning_rate: float | None,
    optimizer: str | keras.optimizers.Optimizer | None,
    schedule: str | Schedule | KerasSchedule | None,
) -> tuple[keras.optimizers.Optimizer, Settings]:
    """Return the optimizer, whose name states the settings, and the `Settings`.

    Their schedule is `None` where the optimizer has its own or the learning rate is measured.

    Args:
        preset: `Preset`, with the values that were changed.
        learning_rate, optimizer, schedule: as in `compile`.

    Raises:
        ArgumentError: when there is no such optimizer, or two of them give a learning rate.
    """
    if isinstance(optimizer, keras.optimizers.Optimizer):
        _check_one_rate(optimizer, learning_rate, schedule)
        preset = dataclasses.replace(preset, learning_rate=preset.learning_rate or _USUAL_RATE)
        return optimizer, Settings(preset, schedule and get_schedule(schedule, 1e-3))
    options = dict(preset.options) if optimizer in (None, preset.optimizer) else {}
    rate = learning_rate or preset.learning_rate
    if isinstance(schedule, KerasSchedule):
        if learning_rate is not None:
            raise ArgumentError(
                "compile takes a learning_rate or a Keras schedule that has one, not both. Got "
                f"{learning_rate!r} and {type(schedule).__name__}."
            )
        preset = dataclasses.replace(preset, learning_rate=preset.learning_rate or _USUAL_RATE)
        curve = None
    elif isinstance(schedule, Schedule):
        if learning_rate is not None:
            schedule = dataclasses.replace(schedule, learning_rate=learning_rate)
        curve = schedule
    elif rate is None and schedule is None:
        curve = None
    else:
        curve = get_schedule(schedule or preset.schedule, rate or _USUAL_RATE)
    settings = Settings(preset, curve)
    held = schedule if isinstance(schedule, KerasSchedule) else _USUAL_RATE
    config = {
        "learning_rate": curve.learning_rate if curve else held,
        "name": optimizer_name(settings),
        **options,
    }
    name = optimizer or preset.optimizer
    try:
        made = keras.optimizers.get({"class_name": name, "config": config})
    except (ValueError, TypeError) as error:
        where = "'optimizer' parameter of compile"
        if optimizer is None:
            where = f"optimizer, with its options, of the preset '{preset.name}'"
        raise ArgumentError(f"The {where} must be a Keras optimizer. Got {name!r}.") from error
    made.exclude_from_weight_decay(var_names=[UNDECAYED])
    return made, settings


def _check_one_rate(optimizer, learning_rate, schedule):
    """Refuse a rate or a schedule beside an optimizer object that has one."""
    if learning_rate is not None:
        raise ArgumentError(
            "compile takes a learning_rate or an optimizer object that has one, not both. "
            f"Got {short_repr(learning_rate)} and {optimizer.name!r}."
        )
    is_keras = isinstance(schedule, KerasSchedule)
    if is_keras or (schedule and not isinstance(optimizer.learning_rate, keras.Variable)):
        got = type(schedule).__name__ if is_keras else short_repr(schedule)
        raise ArgumentError(
            "compile takes a schedule or an optimizer object that has a Keras schedule, not both. "
            f"Got {got} and {optimizer.name!r}. A Keras schedule belongs into the optimizer; a "
            "schedule of kerakit needs an optimizer whose learning rate is a number."
        )
