"""Learning-rate schedules: the learning rate of every step of a training run.

A schedule is a frozen dataclass. `simulate(steps)` returns the learning rates of a whole run
without training, and `fit` uses exactly these.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import check_choice, check_float, check_int, short_repr
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    import keras

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
    """Base of the learning-rate schedules.

    Attributes:
        learning_rate: float in (0, inf). The highest learning rate. Defaults to `1e-3`.
    """

    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        check_float(type(self).__name__, "learning_rate", self.learning_rate, "(0.0, inf)")

    def simulate(self, steps: int) -> np.ndarray:
        """Return the learning rate of every step: float array of shape `(steps,)`.

        Args:
            steps: int in [1, inf). Steps of the whole run.
        """
        steps = check_int(f"{type(self).__name__}.simulate", "steps", steps, minimum=1)
        return self.learning_rate * self._factors(steps)

    def to_keras(self, steps: int) -> keras.optimizers.schedules.LearningRateSchedule | float:
        """Return the built-in Keras schedule with the learning rates of `simulate(steps)`.

        It goes into the optimizer of a model that Keras trains. Keras saves it with the model.
        It counts the steps of the optimizer, and no callback can set the rate.

        Args:
            steps: int in [1, inf). Steps of the whole run.

        Returns:
            A `keras.optimizers.schedules.LearningRateSchedule`; the number for a constant
            learning rate.

        Raises:
            ArgumentError: when Keras has no such schedule.
        """
        raise ArgumentError(
            f"{type(self).__name__}.to_keras: Keras has no built-in schedule of this form. Use "
            "CosineSchedule, StepSchedule or ConstantSchedule, or train by kerakit's fit."
        )

    @abc.abstractmethod
    def _factors(self, steps: int) -> np.ndarray:
        """The learning rate of every step as a fraction of `learning_rate`, in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class ConstantSchedule(Schedule):
    """A constant learning rate.

    Example:

    >>> ConstantSchedule(0.1).simulate(3)
    array([0.1, 0.1, 0.1])
    """

    def to_keras(self, steps):
        check_int("ConstantSchedule.to_keras", "steps", steps, minimum=1)
        return self.learning_rate

    def _factors(self, steps):
        return np.ones(steps)


@dataclasses.dataclass(frozen=True)
class CosineSchedule(Schedule):
    """A linear warm-up, then a cosine decay (Loshchilov & Hutter 2017, arXiv:1608.03983).

    Attributes:
        warmup: float in [0, 1). Fraction of the steps in which the learning rate rises linearly.
            It is above 0 from the first step on. Defaults to `0.05`.
        final: float in [0, 1]. Learning rate of the last step, as a fraction of the highest.
            Defaults to `0.0`.

    Example:

    >>> CosineSchedule(1.0, warmup=0.4).simulate(5).round(3).tolist()
    [0.5, 1.0, 0.75, 0.25, 0.0]
    """

    warmup: float = 0.05
    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_float("CosineSchedule", "warmup", self.warmup, "[0.0, 1.0)")
        check_float("CosineSchedule", "final", self.final, "[0.0, 1.0]")

    def to_keras(self, steps):
        """Return a `keras.optimizers.schedules.CosineDecay`; see `Schedule.to_keras`.

        Without a step of warm-up Keras' schedule is one step behind: its first step has the
        highest learning rate, and the final one comes after the last step.
        """
        import keras

        steps = check_int("CosineSchedule.to_keras", "steps", steps, minimum=1)
        rise = int(self.warmup * steps)
        return keras.optimizers.schedules.CosineDecay(
            self.learning_rate / max(rise, 1),
            steps - rise,
            alpha=self.final,
            warmup_target=self.learning_rate,
            warmup_steps=max(rise - 1, 0),
        )

    def _factors(self, steps):
        rise = int(self.warmup * steps)
        up = np.arange(1, rise + 1) / max(rise, 1)
        fall = np.arange(1, steps - rise + 1) / max(steps - rise, 1)
        down = self.final + (1 - self.final) * (1 + np.cos(np.pi * fall)) / 2
        return np.concatenate([up, down])


@dataclasses.dataclass(frozen=True)
class OneCycleSchedule(Schedule):
    """The one-cycle schedule (Smith & Topin 2018, arXiv:1708.07120): two half cosines, up and down.

    Attributes:
        rise: float in (0, 1). Fraction of the steps before the peak. Defaults to `0.3`.
        start: float in [0, 1]. Learning rate of the first step, as a fraction of the highest.
            Defaults to `0.04`.
        final: float in [0, 1]. Learning rate of the last step, as a fraction of the highest.
            Defaults to `0.0001`.

    Example:

    >>> OneCycleSchedule(1.0, rise=0.5, start=0.0, final=0.0).simulate(5).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    rise: float = 0.3
    start: float = 0.04
    final: float = 0.0001

    def __post_init__(self) -> None:
        super().__post_init__()
        check_float("OneCycleSchedule", "rise", self.rise, "(0.0, 1.0)")
        check_float("OneCycleSchedule", "start", self.start, "[0.0, 1.0]")
        check_float("OneCycleSchedule", "final", self.final, "[0.0, 1.0]")

    def _factors(self, steps):
        progress = np.arange(steps) / max(steps - 1, 1)
        up = self.start + (1 - self.start) * (1 - np.cos(np.pi * progress / self.rise)) / 2
        fall = np.clip((progress - self.rise) / (1 - self.rise), 0, 1)
        down = self.final + (1 - self.final) * (1 + np.cos(np.pi * fall)) / 2
        return np.where(progress < self.rise, up, down)


@dataclasses.dataclass(frozen=True)
class StepSchedule(Schedule):
    """A step decay: the learning rate falls by a factor (He et al. 2016, arXiv:1512.03385).

    Attributes:
        at: tuple of floats in (0, 1), increasing. The learning rate falls after these fractions
            of the steps. Defaults to `(0.5, 0.75)`.
        factor: float in (0, 1). Factor of each fall. Defaults to `0.1`.

    Example:

    >>> StepSchedule(1.0, at=(0.5,)).simulate(4)
    array([1. , 1. , 0.1, 0.1])
    """

    at: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_float("StepSchedule", "factor", self.factor, "(0.0, 1.0)")
        for fraction in self.at:
            check_float("StepSchedule", "at", fraction, "(0.0, 1.0)")

    def to_keras(self, steps):
        """Return a `keras.optimizers.schedules.PiecewiseConstantDecay`; see `Schedule.to_keras`."""
        import keras

        steps = check_int("StepSchedule.to_keras", "steps", steps, minimum=1)
        rates = self.simulate(steps)
        last = np.flatnonzero(np.diff(rates)).tolist()  # the last step before each fall
        values = [float(rates[step]) for step in [*last, steps - 1]]
        if not last:
            return self.learning_rate
        return keras.optimizers.schedules.PiecewiseConstantDecay(last, values)

    def _factors(self, steps):
        progress = np.arange(steps) / steps
        falls = np.zeros(steps, int)
        for fraction in self.at:
            falls += progress >= fraction
        return self.factor**falls


SCHEDULES = {
    "constant": ConstantSchedule,
    "cosine": CosineSchedule,
    "one_cycle": OneCycleSchedule,
    "step": StepSchedule,
}


def get_schedule(schedule: str | Schedule, learning_rate: float) -> Schedule:
    """Return the `Schedule` of a name; a `Schedule` is returned as it is.

    Args:
        schedule: str, a key of `SCHEDULES`, or a `Schedule`.
        learning_rate: float in (0, inf). The highest learning rate, for a name.

    Raises:
        ArgumentError: when the name is unknown.
    """
    if isinstance(schedule, Schedule):
        return schedule
    if not isinstance(schedule, str):
        raise ArgumentError(
            "The 'schedule' parameter of compile must be the name of a schedule, a Schedule or a "
            f"schedule of Keras. Got {short_repr(schedule)} instead."
        )
    check_choice("compile", "schedule", schedule, SCHEDULES)
    return SCHEDULES[schedule](learning_rate)
