"""Whether constants of normalisation are those of the spec; it needs NumPy only."""

import numpy as np

__all__ = ["difference", "is_constant", "moments"]


def moments(statistics):
    """Return an array of shape `(columns, 2)`: the mean and variance of each column.

    Args:
        statistics: iterable of dicts with `"mean"` and `"variance"`, numbers or sequences.
    """
    parts = [np.zeros((0, 2))]
    for values in statistics:
        mean = np.atleast_1d(np.asarray(values["mean"], np.float64))
        variance = 0.0 if values["variance"] is None else values["variance"]
        parts.append(np.stack([mean, np.broadcast_to(variance, mean.shape)], axis=1))
    return np.concatenate(parts)


def is_constant(mean, variance):
    """Whether a column has no scale but rounding; models divide by 1 there."""
    return variance <= 1e-12 * np.maximum(mean**2, 1e-12)


def difference(have, wanted):
    """Return `(what, value, wanted value)` of the first moment that differs, or `None`.

    Args:
        have, wanted: arrays of shape `(columns, 2)`, in one order, or in any: a model may
            stack its columns as it likes.
    """
    found = _first(have, wanted)
    if found is not None:
        # As float32 equal numbers are equal, so that both sides sort alike.
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
