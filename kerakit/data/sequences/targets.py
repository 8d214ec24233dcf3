"""The number that each of some sequences is to be predicted by."""

from __future__ import annotations

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.sequences.read import Sequences
from kerakit.errors import DataError

__all__ = ["target_numbers"]


def target_numbers(source: Sequences) -> np.ndarray:
    """Return the labels of sequences as a float32 array of shape `(n,)`.

    Args:
        source: `Sequences`.

    Raises:
        DataError: when a label is no finite number; the message has its location.
    """
    numbers = np.empty(len(source), "float64")
    for row, label in enumerate(source.labels):
        try:
            numbers[row] = float(label)
        except ValueError:
            numbers[row] = np.nan
        with np.errstate(over="ignore"):
            finite = np.isfinite(np.float32(numbers[row]))
        if not finite:
            raise DataError(
                f"{source.location(row)}: the target is {short_repr(label)}. Expected a finite "
                "number. Correct it, remove the sequence, or leave task='regression' out to "
                "predict labels."
            )
    return numbers.astype("float32")
