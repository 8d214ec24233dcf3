"""Names and values as MLflow stores them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["entries", "key", "parameter_value"]

# https://mlflow.org/docs/latest/api_reference/rest-api.html: keys of up to 250 bytes, values of
# parameters of up to 6000 bytes. A store of files makes a file of each key, which may have 255.
_LONGEST_KEY = 240
_LONGEST_VALUE = 6000
_ODD = re.compile(r"[^\w.\- ]")


def key(*parts: str) -> str:
    """Return the key of a metric or parameter: its parts with `/` between.

    MLflow allows letters, digits, `_`, `-`, `.` and spaces. Other characters become `_`.

    Example:

    >>> key("baseline", "linear", "F1 (macro)")
    'baseline/linear/F1 _macro_'
    """
    plain = (_ODD.sub("_", part).strip() or "_" for part in map(str, parts))
    joined = "/".join("_" * len(part) if set(part) == {"."} else part for part in plain)
    return _cut(joined, _LONGEST_KEY)


def entries(values: Iterable[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """Return a dict by key. Where two keys become the same, the second has a number.

    Args:
        values: pairs of `(parts of the key, value)`.

    Example:

    >>> entries([(("a?",), 1), (("a!",), 2)])
    {'a_': 1, 'a__2': 2}
    """
    found: dict[str, Any] = {}
    for parts, value in values:
        name, number = key(*parts), 2
        while name in found:
            name, number = f"{key(*parts)}_{number}", number + 1
        found[name] = value
    return found


def parameter_value(value: Any) -> str:
    """Return the value of a parameter as text that MLflow takes; a long one ends with `...`."""
    text = str(value)
    cut = _cut(text, _LONGEST_VALUE - 3)
    return text if cut == text else cut + "..."


def _cut(text, size):
    return text.encode()[:size].decode(errors="ignore")
