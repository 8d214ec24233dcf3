"""Argument checks that say what was received, what was expected and where.

One form for every bad parameter, as in scikit-learn: *The 'dropout' parameter of
mlp_regressor must be a float in the range [0.0, 1.0). Got 1.5 instead.* Whatever a message
quotes is short: `short_repr` of a value, `shortlist` of names.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import numbers
import reprlib
from collections.abc import Iterable, Iterator
from typing import Any

from kerakit.errors import ArgumentError, DataError

__all__ = [
    "check",
    "check_choice",
    "check_float",
    "check_int",
    "check_levels",
    "check_run_numbers",
    "check_sizes",
    "naming",
    "short_repr",
    "shortlist",
]

_MAX_VALUE, _MAX_LIST = 120, 240  # characters of a value, and of a list of names


class _Repr(reprlib.Repr):
    """`reprlib`, with the whole of a short value, and arrays and tables on one line."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _MAX_VALUE
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 8

    def repr_instance(self, x: Any, level: int) -> str:
        return _cut(" ".join(super().repr_instance(x, level).split()), self.maxother)


_REPR = _Repr()


def short_repr(value: object) -> str:
    """Return the `repr` of a value on one line, cut in the middle after 120 characters.

    Example:

    >>> short_repr("wine"), short_repr(list(range(1000)))
    ("'wine'", '[0, 1, 2, 3, 4, 5, 6, 7, ...]')
    >>> len(short_repr("x" * 1000))
    120
    """
    return _cut(_REPR.repr(value), _MAX_VALUE)


def shortlist(values: Iterable[object], limit: int = 20) -> str:
    """Return the `repr`s of the first values with commas between, and how many more there are.

    Args:
        values: iterable of names or numbers.
        limit: int in `[1, inf)`. How many to name at most; fewer are named where they are long.
            Defaults to `20`.

    Example:

    >>> shortlist(["alcohol", "pH"]), shortlist(range(100), limit=3)
    ("'alcohol', 'pH'", '0, 1, 2 and 97 more')
    """
    values = list(values)
    words = [_cut(repr(value), _MAX_VALUE // 2) for value in values[:limit]]
    while len(words) > 1 and sum(map(len, words)) + 2 * len(words) > _MAX_LIST:
        words.pop()
    more = len(values) - len(words)
    return ", ".join(words) + (f" and {more:,} more" if more else "")


@contextlib.contextmanager
def naming(owner: str) -> Iterator[None]:
    """Begin every `DataError` that is raised inside with the function that the user called.

    Args:
        owner: str. The public function, such as `"load_text"`. A message that names it already
            stays as it is.

    Example:

    >>> with naming("load_text"):
    ...     raise DataError("mails.csv: no such file.")
    Traceback (most recent call last):
    ...
    kerakit.errors.DataError: load_text: mails.csv: no such file.
    """
    try:
        yield
    except DataError as error:
        if owner not in str(error):
            error.args = DataError(f"{owner}: {error}").args
        raise


def check(ok: object, owner: str, name: str, expected: str, value: object) -> None:
    """Raise an `ArgumentError` about parameter `name` of `owner` unless `ok`."""
    if not ok:
        raise ArgumentError(
            f"The '{name}' parameter of {owner} must be {expected}. Got {short_repr(value)} "
            "instead."
        )


def check_int(
    owner: str, name: str, value: Any, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Check that `value` is an integer within `[minimum, maximum]`; return it as `int`."""
    ok = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    ok = ok and (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
    low = "(-inf" if minimum is None else f"[{minimum}"
    high = "inf)" if maximum is None else f"{maximum}]"
    check(ok, owner, name, f"an int in the range {low}, {high}", value)
    return int(value)


def check_float(owner: str, name: str, value: Any, interval: str = "(-inf, inf)") -> float:
    """Check that `value` is a finite number inside `interval`; return it as `float`.

    Args:
        owner: str. The function whose parameter it is.
        name: str. The parameter.
        value: The value received.
        interval: str. A range such as `"[0.0, 1.0)"`.
    """
    low, high = (float(end) for end in interval[1:-1].split(","))
    ok = isinstance(value, numbers.Real) and not isinstance(value, bool) and _is_finite(value)
    ok = ok and (value > low or (interval[0] == "[" and value == low))
    ok = ok and (value < high or (interval[-1] == "]" and value == high))
    check(ok, owner, name, f"a float in the range {interval}", value)
    return float(value)


def check_run_numbers(
    owner: str, *, epochs: Any, batch_size: Any, seed: Any, cache_mb: Any, learning_rate: Any = None
) -> None:
    """Check the numbers that every training has.

    Functions that train check them, and recipes do before they read anything.

    Args:
        owner: str. The function whose parameters they are.
        epochs: int in [1, inf).
        batch_size: int in [1, inf), or `None`.
        seed: int in [0, inf).
        cache_mb: int in [0, inf).
        learning_rate: float in (0, inf), or `None`.

    Raises:
        ArgumentError: when a value is out of its range.
    """
    check_int(owner, "epochs", epochs, minimum=1)
    if batch_size is not None:
        check_int(owner, "batch_size", batch_size, minimum=1)
    check_int(owner, "seed", seed, minimum=0)
    check_int(owner, "cache_mb", cache_mb, minimum=0)
    if learning_rate is not None:
        check_float(owner, "learning_rate", learning_rate, "(0.0, inf)")


def check_choice(owner: str, name: str, value: Any, choices: Iterable[str]) -> Any:
    """Check that `value` is one of `choices`; a near miss is named. Return `value`."""
    choices = list(choices)
    if value not in choices:
        near = difflib.get_close_matches(str(value)[:_MAX_VALUE], map(str, choices), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(
            f"The '{name}' parameter of {owner} must be one of {shortlist(choices, 40)}. Got "
            f"{short_repr(value)} instead.{hint}"
        )
    return value


def check_sizes(owner: str, name: str, value: Any) -> tuple[int, ...]:
    """Check a sequence of layer sizes, each of at least 1; return it as a tuple of ints."""
    ok = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    check(ok, owner, name, "a sequence of ints in the range [1, inf)", value)
    value = tuple(value)
    ok = all(isinstance(v, numbers.Integral) and not isinstance(v, bool) and v > 0 for v in value)
    check(ok, owner, name, "a sequence of ints in the range [1, inf)", value)
    return tuple(int(v) for v in value)


def check_levels(owner: str, name: str, value: Any, odd: bool = False) -> tuple[float, ...]:
    """Check the levels of quantiles: numbers in (0, 1) that increase; return them as floats.

    Args:
        owner: str. The function whose parameter it is.
        name: str. The parameter.
        value: The value received.
        odd: bool. Whether there must be 3, 5, ... levels, so that one is in the middle.
            Defaults to `False`.
    """
    try:
        levels = tuple(float(level) for level in value)
    except (TypeError, ValueError, OverflowError):
        levels = ()
    ok = all(low < high for low, high in zip((0.0, *levels), (*levels, 1.0), strict=True))
    ok = ok and (len(levels) >= 3 and len(levels) % 2 == 1 if odd else len(levels) > 0)
    count = "3, 5, ... levels, the middle one for the prediction," if odd else "levels"
    expected = f"{count} that increase within the range (0.0, 1.0), such as (0.1, 0.5, 0.9)"
    check(ok, owner, name, expected, value)
    return levels


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond the range of a float
        return False


def _cut(text: str, size: int) -> str:
    """Replace the middle of a text that is longer than `size` characters by three dots."""
    if len(text) <= size:
        return text
    end = (size - 3) // 2
    return text[: size - 3 - end] + "..." + text[-end:]
