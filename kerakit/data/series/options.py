"""The options of a series to forecast, checked in one place."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any

from kerakit.checks import check, check_choice, check_int
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.options import check_text, names
from kerakit.data.series.times.regular_times import GAPS

__all__ = ["CALENDAR", "SeriesOptions"]

CALENDAR = ("day", "week", "year")

# A window of two seasons and at least four horizons is enough to tell a season from a trend.
# The user should set window and horizon by the purpose of the forecast.
_SEASONS, _HORIZONS = 2, 4


@dataclasses.dataclass(frozen=True)
class SeriesOptions:
    """The options of a series to forecast; `load_series` documents each.

    Attributes:
        owner: str. The function that the user called, for errors.

    Raises:
        ArgumentError: when an option has a value that it cannot have.
    """

    owner: str
    window: int | None = None
    horizon: int | None = None
    stride: int = 1
    calendar: tuple[str, ...] = ()
    season: int | None = None
    gaps: str = "auto"
    test_size: float | int = 0.2
    validation_size: float | int = 0.2
    na_values: tuple[str, ...] | None = None
    decimal: str = "."
    thousands: str | None = None
    separator: str | None = None
    quote: str | None = '"'
    encoding: str = "utf-8"
    unit: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        owner = self.owner
        for name in ("window", "horizon", "stride", "season"):
            value = getattr(self, name)
            if value is not None or name == "stride":
                self._settle(name, check_int(owner, name, value, minimum=1))
        calendar = tuple(dict.fromkeys(names(owner, "calendar", self.calendar)))
        for cycle in calendar:
            check_choice(owner, "calendar", cycle, CALENDAR)
        self._settle("calendar", calendar)
        check_choice(owner, "gaps", self.gaps, GAPS)
        self._settle("test_size", _size(owner, "test_size", self.test_size))
        size = _size(owner, "validation_size", self.validation_size, zero=True)
        self._settle("validation_size", size)
        self._settle("seed", check_int(owner, "seed", self.seed, minimum=0))
        if self.na_values is not None:
            self._settle("na_values", names(owner, "na_values", self.na_values))
        NumberFormat.checked(owner, self.decimal, self.thousands)
        check_text(owner, self.separator, self.quote, self.encoding)
        ok = self.unit is None or isinstance(self.unit, str)
        check(ok, owner, "unit", "a str or None", self.unit)

    @property
    def number_format(self) -> NumberFormat:
        """The `NumberFormat` of numbers in text files."""
        return NumberFormat(self.decimal, self.thousands)

    @property
    def text(self) -> dict[str, Any]:
        """The keyword arguments of `read_table_file` about text files."""
        names = ("separator", "quote", "encoding", "decimal")
        return {name: getattr(self, name) for name in names}

    def lengths(self, season: int) -> tuple[int, int]:
        """Return `(window, horizon)`: those that the user chose, or defaults for a season.

        Example:

        >>> SeriesOptions("load_series").lengths(season=24)
        (96, 24)
        """
        horizon = season if self.horizon is None else self.horizon
        if self.window is not None:
            return self.window, horizon
        return max(_SEASONS * season, _HORIZONS * horizon), horizon

    def _settle(self, name, value):
        object.__setattr__(self, name, value)


def _size(owner, name, value, zero=False):
    """A fraction of the steps, as a float, or a number of steps, as an int."""
    minimum = 0 if zero else 1
    expected = f"a float in the range (0.0, 1.0), or an int in the range [{minimum}, inf)"
    ok = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    check(ok, owner, name, expected, value)
    if isinstance(value, numbers.Integral) or (zero and value == 0):
        check(value >= minimum, owner, name, expected, value)
        return int(value)
    check(0 < value < 1, owner, name, expected, value)
    return float(value)
