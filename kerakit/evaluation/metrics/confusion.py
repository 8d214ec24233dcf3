"""How each class fares, and which classes are taken for which: numbers, no pictures."""

import numpy as np

__all__ = ["MAX_PAIRS", "most_confused", "per_class"]

MAX_PAIRS = 10


def per_class(y, label, classes):
    """Return precision, recall and F1 of each class.

    Args:
        y, label: int arrays of shape `(n,)`. True and predicted class ids.
        classes: sequence of str.

    Returns:
        dict from class to a dict of `"precision"` (the share of the rows said to be of the
        class that are), `"recall"` (the share of its rows that were found), `"f1"` (their
        harmonic mean), each in `[0, 1]` or `None` where it is undefined (never predicted,
        no row, neither), and `"support"`, the number of its rows. In the order of
        `classes`.

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
            "precision": _share(right[i], predicted[i]),
            "recall": _share(right[i], support[i]),
            "f1": _share(2 * right[i], predicted[i] + support[i]),
            "support": int(support[i]),
        }
        for i, name in enumerate(classes)
    }


def most_confused(y, label, classes, limit=MAX_PAIRS):
    """Return the pairs of classes that are mixed up most often.

    Args:
        y, label, classes: As in `per_class`.
        limit: int in `[1, inf)`. How many pairs at most. Defaults to 10.

    Returns:
        list of dicts of `"true"` and `"predicted"` (str), `"count"` (int, at least 1) and
        `"share"`, of the rows of the true class, in `(0, 1]`. Most rows first, then the
        larger share, then the order of the classes.

    Example:

    >>> most_confused([0, 0, 1], [0, 1, 1], ["cat", "dog"])
    [{'true': 'cat', 'predicted': 'dog', 'count': 1, 'share': 0.5}]
    """
    y, label = np.asarray(y, np.int64), np.asarray(label, np.int64)
    wrong = np.stack([y, label], axis=1)[y != label]
    pairs, counts = np.unique(wrong, axis=0, return_counts=True)
    true, predicted = pairs.T
    shares = counts / np.bincount(y, minlength=len(classes))[true]
    best = np.lexsort((predicted, true, -shares, -counts))[:limit]
    return [
        {
            "true": str(classes[true[i]]),
            "predicted": str(classes[predicted[i]]),
            "count": int(counts[i]),
            "share": float(shares[i]),
        }
        for i in best
    ]


def _share(part, whole):
    return float(part / whole) if whole else None
