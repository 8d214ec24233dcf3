"""Labelled sequences that are in memory already: a pair of sequences and labels."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import number_text
from kerakit.data.sequences.read import Sequences
from kerakit.errors import DataError

__all__ = ["is_pair", "read_pair"]


def is_pair(source: Any) -> bool:
    """Whether a source is a pair `(sequences, labels)`.

    Example:

    >>> is_pair((np.zeros((2, 9)), ["a", "b"])), is_pair("x.ts"), is_pair(np.zeros((2, 9)))
    (True, False, False)
    """
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        return False
    return all(hasattr(side, "__len__") and not isinstance(side, (str, bytes)) for side in source)


def read_pair(source: Any, name: str) -> Sequences:
    """Read a pair `(sequences, labels)`.

    Args:
        source: pair. The sequences are an array of shape `(n, steps)` or `(n, steps, channels)`,
            or a list of n arrays of shape `(steps,)` or `(steps, channels)`, of any lengths. The
            labels are n strings, numbers or truth values.
        name: str. The name of the data, for errors.

    Raises:
        DataError: when they cannot be used; the message has the sequence, counted from 0.
    """
    sequences, labels = source

    def location(row: int) -> str:
        return f"{name}, sequence {row} (counted from 0)"

    values = [_values(sequence, location(row)) for row, sequence in enumerate(sequences)]
    if len(values) != len(labels):
        raise DataError(
            f"{name}: there are {len(values):,} sequences and {len(labels):,} labels. Pass one "
            "label for each sequence."
        )
    if not values:
        raise DataError(f"{name}: there is no sequence.")
    texts = [_label(label, location(row)) for row, label in enumerate(labels)]
    return Sequences(name, values, texts, location)


def _values(sequence, where):
    try:
        array = np.asarray(sequence)
    except (ValueError, TypeError):
        array = np.empty(0, object)
    if array.dtype == object:
        try:
            array = array.astype("float64")  # None is a missing value
        except (ValueError, TypeError):
            array = np.array("")
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or 0 in array.shape:
        raise DataError(
            f"{where}: expected numbers of shape (steps,) or (steps, channels). Got "
            f"{short_repr(sequence)}, of type {type(sequence).__name__}."
        )
    return array.astype("float64")


def _label(label, where):
    """A label as a string; numbers are written as everywhere, so that 1 and 1.0 are the same."""
    if isinstance(label, (bool, np.bool_)):
        return str(bool(label))
    if isinstance(label, numbers.Real) and not np.isnan(label):
        return number_text(float(label))
    if isinstance(label, str) and label.strip():
        return label.strip()
    if label is None or label != label or isinstance(label, str):
        raise DataError(f"{where}: the label is missing. Give one, or leave the sequence out.")
    raise DataError(
        f"{where}: the label is {short_repr(label)}. Expected a string, a number or a truth value."
    )
