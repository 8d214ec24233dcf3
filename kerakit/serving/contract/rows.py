"""Rows of one feature, in whatever form a user has them, as one array."""

import numpy as np

__all__ = ["has_free_length", "stacked"]


def has_free_length(feature):
    """Whether a `Feature` is a sequence of numbers whose length is free."""
    return (
        feature.kind == "sequence" and feature.dtype == "float32" and feature.shape[:1] == (None,)
    )


def stacked(values, feature):
    """Return sequences of any lengths as one array, the shorter ones with NaN at their end.

    Args:
        values: list of sequences, each an array or list of shape `(steps,)` or
            `(steps, channels)`, or one array of them.
        feature: `Feature` of free length.

    Returns:
        float32 array of shape `(n, longest)` or `(n, longest, channels)`, one step at least.

    Raises:
        ValueError: when a sequence has another number of channels, or is no sequence of
            numbers.

    Example:

    >>> from kerakit.data.spec import Feature
    >>> stacked([[1, 2], [3]], Feature("x", "sequence", shape=(None,))).tolist()
    [[1.0, 2.0], [3.0, nan]]
    """
    if isinstance(values, np.ndarray) and values.dtype != object and values.shape[1:2] != (0,):
        return values.astype("float32", copy=False)
    rest = tuple(feature.shape[1:])
    rows = [np.asarray(row, "float32") for row in values]
    rows = [row.reshape(0, *rest) if not row.size else row for row in rows]
    for place, row in enumerate(rows):
        if row.ndim != len(rest) + 1 or row.shape[1:] != rest:
            raise ValueError(
                f"row {place} has the shape {row.shape}, expected "
                f"({', '.join(map(str, ('steps', *rest)))}{',' * (not rest)})"
            )
    longest = max(1, max(map(len, rows), default=1))
    column = np.full((len(rows), longest, *rest), np.nan, "float32")
    for place, row in enumerate(rows):
        column[place, : len(row)] = row
    return column
