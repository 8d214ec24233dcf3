"""The values of an argument that a search tries: a `Range` of numbers, or a `Choice`.

A builder declares them beside its arguments, by `@searched(dropout=Range(0.0, 0.5), ...)`, and a
preset in `Preset.search_space`.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import numbers
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from kerakit.checks import check, check_choice

__all__ = ["Choice", "Range", "searched"]

SCALES = ("linear", "log")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True, repr=False)
class Range:
    """All numbers from `low` to `high`: ints where both are ints, else floats.

    Args:
        low: float. The lowest value.
        high: float in (low, inf). The highest value.
        scale: `"linear"`, or `"log"`: equal factors are equally likely. Defaults to `"linear"`.

    Raises:
        ArgumentError: when the values make no range.

    Example:

    >>> Range(1e-4, 1e-2, "log")
    0.0001 to 0.01, log
    """

    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        check_choice("Range", "scale", self.scale, SCALES)
        for name in ("low", "high"):
            value = getattr(self, name)
            ok = isinstance(value, numbers.Real) and not isinstance(value, bool)
            check(ok and math.isfinite(value), "Range", name, "a finite number", value)
        check(self.low < self.high, "Range", "high", f"above low, {self.low!r}", self.high)
        ok = self.scale == "linear" or self.low > 0
        check(ok, "Range", "low", "above 0 for the scale 'log'", self.low)

    @property
    def is_int(self) -> bool:
        """Whether the values are ints."""
        return all(isinstance(value, numbers.Integral) for value in (self.low, self.high))

    @property
    def ends(self) -> tuple[Any, ...]:
        """The lowest and the highest value."""
        return (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Return whether a value lies in the range."""
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high

    def middle(self) -> float:
        """Return the value in the middle, on the scale of the range.

        Example:

        >>> Range(1e-4, 1e-2, "log").middle(), Range(1, 4).middle()
        (0.001, 2)
        """
        if self.scale == "log":
            middle = float(f"{math.sqrt(self.low * self.high):.6g}")
        else:
            middle = (self.low + self.high) / 2
        return int(middle) if self.is_int else middle

    def __repr__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.scale == 'log' else ''}"


@dataclasses.dataclass(frozen=True, repr=False, init=False)
class Choice:
    """One of several values.

    Args:
        *values: the values, of any kind that JSON can write.

    Example:

    >>> Choice("none", "batch")
    'none' or 'batch'
    """

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        check(len(values) > 0, "Choice", "values", "at least one value", values)
        object.__setattr__(self, "values", values)

    @property
    def ends(self) -> tuple[Any, ...]:
        """All values."""
        return self.values

    def holds(self, value: Any) -> bool:
        """Return whether a value is one of the choices."""
        return any(type(value) is type(each) and value == each for each in self.values)

    def middle(self) -> Any:
        """Return the first value."""
        return self.values[0]

    def __repr__(self) -> str:
        *first, last = map(repr, self.values)
        return f"{', '.join(first)} or {last}" if first else last


def searched(**entries: Range | Choice) -> Callable[[Function], Function]:
    """Declare the values of arguments that a search tries.

    The function gets the attribute `search_space`: a dict from the name of an argument to a
    `Range` or a `Choice`, which holds the argument's default.

    Example:

    >>> @searched(dropout=Range(0.0, 0.5))
    ... def builder(inputs, *, dropout=0.1):
    ...     return None
    >>> builder.search_space
    {'dropout': 0 to 0.5}
    """

    def declare(function: Function) -> Function:
        parameters = inspect.signature(function).parameters
        wrong = [name for name in entries if not entries[name].holds(parameters[name].default)]
        assert not wrong, f"{function.__name__}: defaults outside the search space: {wrong}"
        function.search_space = dict(entries)  # type: ignore[attr-defined]
        return function

    return declare
