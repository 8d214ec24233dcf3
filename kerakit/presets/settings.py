"""`Settings`: what `compile` decided beyond what Keras keeps, and how a saved model knows it again.

A saved model keeps the name of its optimizer. `compile` writes the settings into this name, as a
quantile regressor states its levels in the name of a layer.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import keras

from kerakit.presets.preset import Preset
from kerakit.presets.schedules import SCHEDULES, Schedule
from kerakit.presets.table import FULL_BATCH, PRESETS

__all__ = [
    "UNDECAYED",
    "Settings",
    "adopt_settings",
    "assumed_settings",
    "keep_settings",
    "mark_running",
    "optimizer_name",
    "settings_of",
]

# Only kernels are decayed, against overfitting (no bias decay, He et al. 2019,
# arXiv:1812.01187, section 3.1). Keras asks by TensorFlow's names, such as gamma:0.
UNDECAYED = r"(^|/)(bias|gamma|beta)(:\d+)?$"
_BETWEEN, _RUNNING, _MEASURED, _KERAS, _OWN = "--", "--running", "measured", "keras", "own_"
_NAME = re.compile(
    r"kerakit--(?P<preset>.+)--(?P<schedule>[^-].*)--batch_(?P<batch>all|\d+)"
    r"--patience_(?P<patience>\d+)--steps_(?P<steps>\d+)(?P<running>--running)?"
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What `compile` decided beyond what Keras keeps; `fit` follows it.

    Attributes:
        preset: `Preset`, with the values that were changed.
        schedule: `Schedule`, or `None` where the learning rate is measured, or is that of an
            optimizer or of a Keras schedule of the user's own.
        optimizer: the optimizer that they were decided for; `None` before they are kept. They
            are void for another one, which Keras' own `compile` gave.
    """

    preset: Preset
    schedule: Schedule | None
    optimizer: Any = dataclasses.field(default=None, compare=False, repr=False)

    @property
    def measured(self) -> bool:
        """Whether `fit` measures the learning rate from the curvature of the loss."""
        return self.schedule is None and self.preset.learning_rate is None


def keep_settings(model: keras.Model, settings: Settings) -> None:
    """Keep the settings with a compiled model, as long as it has the same optimizer."""
    model.kerakit_settings = dataclasses.replace(settings, optimizer=model.optimizer)


def settings_of(model: keras.Model) -> Settings:
    """Return the `Settings` of a model.

    Those of a loaded model are read from the name of its optimizer. For a model that only Keras
    compiled they are the preset `"adam"` and the optimizer's own learning rate.
    """
    kept = getattr(model, "kerakit_settings", None)
    if kept is not None and kept.optimizer is model.optimizer:
        return kept
    return _parsed(model) or Settings(PRESETS["adam"], None)


def assumed_settings(model: keras.Model) -> str | None:
    """Return a line about what `fit` assumes for a model, or `None` where it knows its settings."""
    kept = getattr(model, "kerakit_settings", None)
    if kept is not None and kept.optimizer is model.optimizer:
        return None
    preset = settings_of(model).preset
    found = _match(model)
    if found is None:
        return (
            f"kk.compile did not compile this model: fit assumes batches of {preset.batch_size} "
            f"rows, a patience of {preset.patience} epochs and the optimizer's own learning rate."
        )
    if found["schedule"].startswith(_OWN):
        return (
            f"The schedule {found['schedule'].removeprefix(_OWN)} was not saved with the model: "
            "fit keeps the learning rate constant. kk.compile(model, schedule=...) gives it one."
        )
    return None


def adopt_settings(model: keras.Model) -> None:
    """Give a loaded model what Keras did not save, and the highest rate of its schedule.

    Keras does not save which variables have no weight decay. A file that a callback wrote while
    a schedule ran has the rate of that moment.
    """
    kept = getattr(model, "kerakit_settings", None)
    settings = _parsed(model)
    if settings is None or (kept is not None and kept.optimizer is model.optimizer):
        return
    optimizer = _inner(model.optimizer)
    if optimizer.name.endswith(_RUNNING):
        mark_running(optimizer, False)
        optimizer.learning_rate = settings.schedule.learning_rate
    optimizer.exclude_from_weight_decay(var_names=[UNDECAYED])
    keep_settings(model, settings)


def mark_running(optimizer: keras.optimizers.Optimizer, running: bool) -> None:
    """Say in the name of an optimizer that its rate is one of a running schedule, or no more."""
    optimizer = _inner(optimizer)
    name = optimizer.name.removesuffix(_RUNNING)
    if _NAME.fullmatch(name):
        optimizer.name = name + _RUNNING * running


def optimizer_name(settings: Settings) -> str:
    """Return the name of the optimizer that `compile` makes, which states the settings.

    Example:

    >>> optimizer_name(Settings(PRESETS["adam"], SCHEDULES["constant"](0.01)))
    'kerakit--adam--constant_0.01--batch_32--patience_50--steps_1'
    """
    preset, schedule = settings.preset, settings.schedule
    parts = [
        "kerakit",
        re.sub(r"[^A-Za-z0-9_.]", "_", preset.name),
        _schedule_name(preset, schedule),
        f"batch_{'all' if preset.batch_size is None else preset.batch_size}",
        f"patience_{preset.patience}",
        f"steps_{preset.min_steps}",
    ]
    return _BETWEEN.join(parts)


def _schedule_name(preset, schedule):
    if schedule is None:
        return _MEASURED if preset.learning_rate is None else _KERAS
    names = {kind: name for name, kind in SCHEDULES.items()}
    if type(schedule) not in names:
        return f"{_OWN}{type(schedule).__name__}"
    values = []
    for value in dataclasses.astuple(schedule):
        values += value if isinstance(value, (tuple, list)) else [value]
    return "_".join([names[type(schedule)], *(repr(float(value)) for value in values)])


def _match(model):
    return _NAME.fullmatch(getattr(_inner(model.optimizer), "name", None) or "")


def _inner(optimizer):
    """The optimizer itself, which Keras wraps under the policy `mixed_float16`."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _parsed(model):
    """The settings in the name of a model's optimizer, or `None`."""
    found = _match(model)
    if found is None:
        return None
    schedule, measured = _parsed_schedule(found["schedule"]), found["schedule"] == _MEASURED
    preset = PRESETS.get(found["preset"]) or Preset(name=found["preset"])
    if measured:
        preset = dataclasses.replace(FULL_BATCH, name=preset.name, loss=preset.loss)
    preset = dataclasses.replace(
        preset,
        batch_size=None if found["batch"] == "all" else int(found["batch"]),
        patience=int(found["patience"]),
        min_steps=int(found["steps"]),
    )
    return Settings(preset, schedule)


def _parsed_schedule(text):
    name = next((name for name in SCHEDULES if text.startswith(f"{name}_")), None)
    if name is None:
        return None
    values = [float(part) for part in text.removeprefix(f"{name}_").split("_")]
    if name == "step":
        return SCHEDULES[name](values[0], tuple(values[1:-1]), values[-1])
    return SCHEDULES[name](*values)
