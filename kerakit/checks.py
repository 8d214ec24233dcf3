"""Argument checks that say what was received, what was expected and where.

One form for every bad parameter, as in scikit-learn: *The 'dropout' parameter of
mlp_regressor must be a float in the range [0.0, 1.0). Got 1.5 instead.*
"""

import difflib
import math
import numbers
from collections.abc import Iterable

from kerakit.errors import ArgumentError

__all__ = ["check", "check_choice", "check_float", "check_int", "check_sizes"]


def check(ok, owner, name, expected, value):
    """Raise an `ArgumentError` about parameter `name` of `owner` unless `ok`."""
    if not ok:
        raise ArgumentError(
            f"The '{name}' parameter of {owner} must be {expected}. Got {value!r} instead."
        )


def check_int(owner, name, value, minimum=None, maximum=None):
    """Check that `value` is an integer within `[minimum, maximum]`; return it as `int`."""
    ok = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    ok = ok and (minimum is None or value >= minimum) and (maximum is None or value <= maximum)
    low = "(-inf" if minimum is None else f"[{minimum}"
    high = "inf)" if maximum is None else f"{maximum}]"
    check(ok, owner, name, f"an int in the range {low}, {high}", value)
    return int(value)


def check_float(owner, name, value, interval="(-inf, inf)"):
    """Check that `value` is a finite number inside `interval`; return it as `float`.

    Args:
        owner: str. The function whose parameter it is.
        name: str. The parameter.
        value: The value received.
        interval: str. A range such as `"[0.0, 1.0)"`.
    """
    low, high = (part.strip() for part in interval[1:-1].split(","))
    low, high = float(low), float(high)
    ok = isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)
    ok = ok and (value > low or (interval[0] == "[" and value == low))
    ok = ok and (value < high or (interval[-1] == "]" and value == high))
    check(ok, owner, name, f"a float in the range {interval}", value)
    return float(value)


def check_choice(owner, name, value, choices: Iterable[str]):
    """Check that `value` is one of `choices`; a near miss is named. Returns `value`."""
    choices = list(choices)
    if value not in choices:
        near = difflib.get_close_matches(str(value), map(str, choices), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArgumentError(
            f"The '{name}' parameter of {owner} must be one of "
            f"{', '.join(map(repr, choices))}. Got {value!r} instead.{hint}"
        )
    return value


def check_sizes(owner, name, value):
    """Check a sequence of positive layer sizes; return it as a tuple of ints."""
    ok = isinstance(value, Iterable) and not isinstance(value, (str, bytes))
    check(ok, owner, name, "a sequence of ints in the range [1, inf)", value)
    value = tuple(value)
    ok = all(isinstance(v, numbers.Integral) and not isinstance(v, bool) and v > 0 for v in value)
    check(ok, owner, name, "a sequence of ints in the range [1, inf)", value)
    return tuple(int(v) for v in value)
