"""Sequences of unequal length as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kerakit.data.spec import Feature

__all__ = ["has_free_length", "stacked"]


def has_free_length(feature: Feature) -> bool:
    """Return whether a `Feature` is a sequence of numbers of any length."""
    return (
        feature.kind == "sequence" and feature.dtype == "float32" and feature.shape[:1] == (None,)
    )


def stacked(values: Sequence[Any] | np.ndarray, feature: Feature) -> np.ndarray:
    """Return sequences of any lengths as one array, padded with NaN at the end.

    Args:
        values: list of sequences, each an array or list of shape `(steps,)` or
            `(steps, channels)`, or one array of them.
        feature: `Feature` of free length.

    Returns:
        float32 array of shape `(n, longest)` or `(n, longest, channels)`, where `longest` is
        at least 1.

    Raises:
        ValueError: when a row is not a sequence of numbers, or has another number of
            channels.

    Example:

    >>> from kerakit.data.spec import Feature
    >>> stacked([[1, 2], [3]], Feature("x", "sequence", shape=(None,))).tolist()
    [[1.0, 2.0], [3.0, nan]]
    """
    if isinstance(values, np.ndarray) and values.dtype != object and values.shape[1:2] != (0,):
        return values.astype("float32", copy=False)
    channels = tuple(feature.shape[1:])
    rows = [np.asarray(row, "float32") for row in values]
    rows = [row.reshape(0, *channels) if not row.size else row for row in rows]
    for index, row in enumerate(rows):
        if row.ndim != len(channels) + 1 or row.shape[1:] != channels:
            raise ValueError(
                f"row {index} has the shape {row.shape}, expected "
                f"({', '.join(map(str, ('steps', *channels)))}{',' * (not channels)})"
            )
    longest = max(1, max(map(len, rows), default=1))
    column = np.full((len(rows), longest, *channels), np.nan, "float32")
    for index, row in enumerate(rows):
        column[index, : len(row)] = row
    return column
