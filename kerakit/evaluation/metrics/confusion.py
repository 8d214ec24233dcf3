"""Precision, recall and F1 of each class, and the classes that are confused most often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["MAX_PAIRS", "most_confused", "per_class"]

MAX_PAIRS = 10


def per_class(
    y: ArrayLike, label: ArrayLike, classes: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Return precision, recall, F1 and support of each class.

    Args:
        y, label: int arrays of shape `(n,)`. True and predicted class ids.
        classes: sequence of str.

    Returns:
        dict from class, in the order of `classes`, to a dict of `"precision"` (the fraction of
        rows predicted as the class that have it), `"recall"` (the fraction of the rows of the
        class that are predicted as it), `"f1"` (the harmonic mean of both), each in `[0, 1]` or
        `None` where it is undefined, and `"support"` (the number of rows of the class).
        Precision is undefined where the class is never predicted, recall where it has no row,
        F1 where both is so.

    Example:

    >>> per_class([0, 0, 1], [0, 1, 1], ["cat", "dog"])["dog"]
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1}
    """
    y, label = np.asarray(y, np.int64), np.asarray(label, np.int64)
    right, support, predicted = (
        np.bincount(ids, minlength=len(classes)) for ids in (y[y == label], y, label)
    )
    return {
        str(name): {
            "precision": _fraction(right[i], predicted[i]),
            "recall": _fraction(right[i], support[i]),
            "f1": _fraction(2 * right[i], predicted[i] + support[i]),
            "support": int(support[i]),
        }
        for i, name in enumerate(classes)
    }


def most_confused(
    y: ArrayLike, label: ArrayLike, classes: Sequence[str], limit: int = MAX_PAIRS
) -> list[dict[str, Any]]:
    """Return the pairs of classes that are confused most often.

    Args:
        y, label, classes: As in `per_class`.
        limit: int in `[1, inf)`. Maximum number of pairs. Defaults to 10.

    Returns:
        list of dicts of `"true"` and `"predicted"` (str), `"count"` (int, at least 1) and
        `"share"` (the fraction of the rows of the true class, in `(0, 1]`). They are sorted by
        decreasing count, then by decreasing share, then by the order of the classes.

    Example:

    >>> most_confused([0, 0, 1], [0, 1, 1], ["cat", "dog"])
    [{'true': 'cat', 'predicted': 'dog', 'count': 1, 'share': 0.5}]
    """
    y, label = np.asarray(y, np.int64), np.asarray(label, np.int64)
    wrong = np.stack([y, label], axis=1)[y != label]
    pairs, counts = np.unique(wrong, axis=0, return_counts=True)
    true, predicted = pairs.T
    fractions = counts / np.bincount(y, minlength=len(classes))[true]
    best = np.lexsort((predicted, true, -fractions, -counts))[:limit]
    return [
        {
            "true": str(classes[true[i]]),
            "predicted": str(classes[predicted[i]]),
            "count": int(counts[i]),
            "share": float(fractions[i]),
        }
        for i in best
    ]


def _fraction(count, total):
    return float(count / total) if total else None
