"""Compile presets and learning-rate schedules."""

from kerakit.presets.compile import compile, default_preset
from kerakit.presets.losses import SmoothedCrossentropy
from kerakit.presets.preset import Preset
from kerakit.presets.schedules import (
    SCHEDULES,
    ConstantSchedule,
    CosineSchedule,
    OneCycleSchedule,
    Schedule,
    StepSchedule,
)
from kerakit.presets.settings import Settings, settings_of
from kerakit.presets.table import PRESETS

__all__ = [
    "PRESETS",
    "SCHEDULES",
    "ConstantSchedule",
    "CosineSchedule",
    "OneCycleSchedule",
    "Preset",
    "Schedule",
    "Settings",
    "SmoothedCrossentropy",
    "StepSchedule",
    "compile",
    "default_preset",
    "settings_of",
]
