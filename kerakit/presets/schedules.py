"""Learning rates over the steps of a training run, as curves that can be looked at.

A schedule is a small frozen object; `simulate(steps)` gives the whole curve without
training. `fit` follows that curve step by step, so that what was simulated is what runs.
"""

import abc
import dataclasses

import numpy as np

from kerakit.checks import check_choice, check_float, check_int
from kerakit.errors import ArgumentError

__all__ = [
    "SCHEDULES",
    "ConstantSchedule",
    "CosineSchedule",
    "OneCycleSchedule",
    "Schedule",
    "StepSchedule",
    "get_schedule",
]


@dataclasses.dataclass(frozen=True)
class Schedule(abc.ABC):
    """Base of the schedules.

    Attributes:
        learning_rate: float in (0, inf). The highest rate of the curve.
    """

    learning_rate: float = 1e-3

    def __post_init__(self):
        check_float(type(self).__name__, "learning_rate", self.learning_rate, "(0.0, inf)")

    def simulate(self, steps):
        """Return the rate of every step: float array of shape `(steps,)`."""
        steps = check_int(f"{type(self).__name__}.simulate", "steps", steps, minimum=1)
        return self.learning_rate * self._factors(steps)

    @abc.abstractmethod
    def _factors(self, steps):
        """The share of `learning_rate` at every step, in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class ConstantSchedule(Schedule):
    """The same rate throughout.

    Example:

    >>> ConstantSchedule(0.1).simulate(3)
    array([0.1, 0.1, 0.1])
    """

    def _factors(self, steps):
        return np.ones(steps)


@dataclasses.dataclass(frozen=True)
class CosineSchedule(Schedule):
    """A linear warm-up, then half a cosine down (Loshchilov & Hutter 2017, arXiv:1608.03983).

    Attributes:
        warmup: float in [0, 1). Share of the steps that the rate takes to rise linearly;
            the first step has the first part of the rise, not zero. Defaults to `0.05`.
        final: float in [0, 1]. Share of the rate at the last step. Defaults to `0.0`.

    Example:

    >>> CosineSchedule(1.0, warmup=0.4).simulate(5).round(3).tolist()
    [0.5, 1.0, 0.75, 0.25, 0.0]
    """

    warmup: float = 0.05
    final: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        check_float("CosineSchedule", "warmup", self.warmup, "[0.0, 1.0)")
        check_float("CosineSchedule", "final", self.final, "[0.0, 1.0]")

    def _factors(self, steps):
        rise = int(self.warmup * steps)
        up = np.arange(1, rise + 1) / max(rise, 1)
        fall = np.arange(1, steps - rise + 1) / max(steps - rise, 1)
        down = self.final + (1 - self.final) * (1 + np.cos(np.pi * fall)) / 2
        return np.concatenate([up, down])


@dataclasses.dataclass(frozen=True)
class OneCycleSchedule(Schedule):
    """Up, then far down (Smith & Topin 2018, arXiv:1708.07120), in two half cosines.

    Attributes:
        rise: float in (0, 1). Share of the steps before the peak. Defaults to `0.3`.
        start: float in [0, 1]. Share of the rate at the first step. Defaults to `0.04`.
        final: float in [0, 1]. Share of the rate at the last step. Defaults to `0.0001`.

    Example:

    >>> OneCycleSchedule(1.0, rise=0.5, start=0.0, final=0.0).simulate(5).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    rise: float = 0.3
    start: float = 0.04
    final: float = 0.0001

    def __post_init__(self):
        super().__post_init__()
        check_float("OneCycleSchedule", "rise", self.rise, "(0.0, 1.0)")
        check_float("OneCycleSchedule", "start", self.start, "[0.0, 1.0]")
        check_float("OneCycleSchedule", "final", self.final, "[0.0, 1.0]")

    def _factors(self, steps):
        place = np.arange(steps) / max(steps - 1, 1)
        up = self.start + (1 - self.start) * (1 - np.cos(np.pi * place / self.rise)) / 2
        along = np.clip((place - self.rise) / (1 - self.rise), 0, 1)
        down = self.final + (1 - self.final) * (1 + np.cos(np.pi * along)) / 2
        return np.where(place < self.rise, up, down)


@dataclasses.dataclass(frozen=True)
class StepSchedule(Schedule):
    """The rate falls by a factor at fixed places, as in He et al. 2016 (arXiv:1512.03385).

    Attributes:
        at: tuple of floats in (0, 1), increasing. Shares of the steps after which the rate
            falls. Defaults to `(0.5, 0.75)`.
        factor: float in (0, 1). What the rate is multiplied by. Defaults to `0.1`.

    Example:

    >>> StepSchedule(1.0, at=(0.5,)).simulate(4)
    array([1. , 1. , 0.1, 0.1])
    """

    at: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        check_float("StepSchedule", "factor", self.factor, "(0.0, 1.0)")
        for place in self.at:
            check_float("StepSchedule", "at", place, "(0.0, 1.0)")

    def _factors(self, steps):
        place = np.arange(steps) / steps
        falls = sum((place >= at).astype(int) for at in self.at) if self.at else np.zeros(steps)
        return self.factor**falls


SCHEDULES = {
    "constant": ConstantSchedule,
    "cosine": CosineSchedule,
    "one_cycle": OneCycleSchedule,
    "step": StepSchedule,
}


def get_schedule(schedule, learning_rate):
    """Return the `Schedule` that a name, or a schedule of the caller, stands for.

    Args:
        schedule: str, a key of `SCHEDULES`, or a `Schedule`, which is returned as it is.
        learning_rate: float in (0, inf). The highest rate, for a name.

    Raises:
        ArgumentError: when the name is unknown.
    """
    if isinstance(schedule, Schedule):
        return schedule
    if not isinstance(schedule, str):
        raise ArgumentError(
            "The 'schedule' parameter of compile must be the name of a schedule or a Schedule. "
            f"Got {schedule!r} instead."
        )
    check_choice("compile", "schedule", schedule, SCHEDULES)
    return SCHEDULES[schedule](learning_rate)
