"""Constants of normalisation compared with the spec. Only NumPy is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

__all__ = ["difference", "is_constant", "moments"]


def moments(statistics: Iterable[Mapping[str, Any]]) -> np.ndarray:
    """Return an array of shape `(columns, 2)`: the mean and variance of each column.

    Args:
        statistics: iterable of dicts with `"mean"` and `"variance"`, numbers or sequences.
    """
    columns = [np.zeros((0, 2))]
    for values in statistics:
        mean = np.atleast_1d(np.asarray(values["mean"], np.float64))
        variance = 0.0 if values["variance"] is None else values["variance"]
        columns.append(np.stack([mean, np.broadcast_to(variance, mean.shape)], axis=1))
    return np.concatenate(columns)


def is_constant(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return where a column is constant but for rounding; models divide by 1 there."""
    return variance <= 1e-12 * np.maximum(mean**2, 1e-12)


def difference(have: np.ndarray, wanted: np.ndarray) -> tuple[str, float, float] | None:
    """Return `(name, value, wanted value)` of the first moment that differs, or `None`.

    Args:
        have, wanted: arrays of shape `(columns, 2)`. Their order may differ: a model may
            stack its columns in another order.
    """
    found = _first(have, wanted)
    if found is not None:
        # Rounded to float32, so that both sides sort alike.
        have, wanted = (
            pairs[np.lexsort(pairs.astype(np.float32).T[::-1])] for pairs in (have, wanted)
        )
        found = _first(have, wanted)
    return found


def _first(have, wanted):
    mean, variance = wanted.T
    close = 1e-5 * np.stack([np.abs(mean) + np.sqrt(variance), variance], axis=1)
    wrong = ~(np.abs(have - wanted) <= close)
    wrong[:, 1] &= ~is_constant(mean, variance)
    if not wrong.any():
        return None
    row, column = np.argwhere(wrong)[0]
    return ("mean", "variance")[column], have[row, column], wanted[row, column]
