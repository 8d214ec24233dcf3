"""Column names as names of model inputs."""

from __future__ import annotations

import difflib
import keyword
import re
import unicodedata
from collections.abc import Iterable

from kerakit.errors import DataError

__all__ = ["identifiers", "near_match", "nearest"]

# `b64` marks binary values in a REST request. `self` and Python's keywords cannot be names of
# arguments when a signature is called. The others are layers that every model has.
_RESERVED = {"b64", "self", "preprocess", "network", "postprocess"}


def identifiers(columns: Iterable[str], source: str = "the data") -> dict[str, str]:
    """Map column names to names that a model input can have.

    A name that is an identifier (`[A-Za-z][A-Za-z0-9_]*`) is kept. In any other name accents
    are dropped, and each run of characters that are no letters or digits becomes one
    underscore. `column_` is put before a name that is then empty, begins with a digit, or has
    a meaning in Python, Keras or TensorFlow Serving.

    Args:
        columns: sequence of strings. The names in the source.
        source: str. The name of the data, for the error. Defaults to `"the data"`.

    Returns:
        dict from column name to identifier, in the order of `columns`.

    Raises:
        DataError: when two columns get the same identifier, or two that differ only in
            upper and lower case: TensorFlow takes these for one tensor name.

    Example:

    >>> identifiers(["fixed acidity", "pH", "2nd", "class"])
    {'fixed acidity': 'fixed_acidity', 'pH': 'pH', '2nd': 'column_2nd', 'class': 'column_class'}
    """
    mapped = {column: _identifier(column, number) for number, column in enumerate(columns, 1)}
    taken = {}
    for column, name in mapped.items():
        other = taken.setdefault(name.lower(), column)
        if other != column:
            raise DataError(
                f"{source}: the columns {other!r} and {column!r} would both become the model "
                f"input {name!r} (upper and lower case count as the same). Rename one of them, "
                f"or leave it out with exclude=({column!r},)."
            )
    return mapped


def near_match(name: object, names: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the name closest to `name`, or an empty string.

    Example:

    >>> near_match("qualty", ["alcohol", "quality"])
    " Did you mean 'quality'?"
    """
    near = nearest(name, names)
    return f" Did you mean {near!r}?" if near is not None else ""


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Return the name in `names` that is closest to `name`, or `None` where none is close."""
    by_lower = {str(known).lower(): known for known in names}
    near = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def _identifier(column, number):
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", column):
        plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
        name = re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_") or str(number)
    else:
        name = column
    usable = name[0].isalpha() and not keyword.iskeyword(name) and name.lower() not in _RESERVED
    return name if usable else f"column_{name}"
