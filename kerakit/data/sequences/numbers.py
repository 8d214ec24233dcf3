"""The numbers of one sequence, as words of a text file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerakit.checks import short_repr
from kerakit.errors import DataError

__all__ = ["read_numbers"]


def read_numbers(words: Sequence[str], location: str) -> np.ndarray:
    """Return words as a float64 array of shape `(steps,)`; `?` and `NaN` are missing values.

    Args:
        words: sequence of strings.
        location: str. Where they are, for an error, such as `"train.ts, line 18"`.

    Raises:
        DataError: when a word is not a number; the message has its step, counted from 1.

    Example:

    >>> read_numbers(["1", "?", "2.5"], "line 1").tolist()
    [1.0, nan, 2.5]
    """
    words = ["nan" if word.strip() == "?" else word for word in words]
    try:
        return np.array(words, np.float64)
    except ValueError:
        pass
    for step, word in enumerate(words, 1):
        try:
            float(word)
        except ValueError:
            raise DataError(
                f"{location}, step {step}: {short_repr(word)} is not a number. Write a missing "
                "value as ? or NaN."
            ) from None
    raise AssertionError("unreachable: NumPy reads what float() reads")
