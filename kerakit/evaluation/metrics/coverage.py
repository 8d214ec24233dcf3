"""How often intervals and sets have the true value, and how large they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["interval_metrics", "set_metrics"]


def interval_metrics(y: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> dict[str, float]:
    """Compute coverage and mean width of prediction intervals.

    Args:
        y, lower, upper: arrays of shape `(n,)`, in the target's unit.

    Returns:
        dict of floats: `"coverage"`, the fraction of rows with `lower <= y <= upper`, in
        `[0, 1]`, and `"interval_width"`, the mean of `upper - lower`.

    Example:

    >>> interval_metrics([1.0, 2.0], [0.0, 3.0], [2.0, 5.0])
    {'coverage': 0.5, 'interval_width': 2.0}
    """
    y, lower, upper = (np.asarray(value, np.float64) for value in (y, lower, upper))
    return {
        "coverage": float(np.mean((lower <= y) & (y <= upper))),
        "interval_width": float(np.mean(upper - lower)),
    }


def set_metrics(y: ArrayLike, inside: ArrayLike) -> dict[str, float]:
    """Compute coverage and mean size of sets of labels.

    Args:
        y: int array of shape `(n,)`. Class ids.
        inside: bool array of shape `(n, classes)`. Whether each label is in the set of a row.

    Returns:
        dict of floats: `"coverage"`, the fraction of rows whose true label is in the set, in
        `[0, 1]`, and `"set_size"`, the mean number of labels in a set.

    Example:

    >>> set_metrics([0, 1], [[True, True, False], [True, False, False]])
    {'coverage': 0.5, 'set_size': 1.5}
    """
    y, inside = np.asarray(y, np.int64), np.asarray(inside, bool)
    return {
        "coverage": float(np.mean(inside[np.arange(len(y)), y])),
        "set_size": float(np.mean(inside.sum(axis=1))),
    }
