"""Splitting rows off at random: plainly, by class, or by group."""

import numpy as np

from kerakit.errors import DataError

__all__ = ["split_off"]

# Draws of whole groups before a class that never stays behind is reported.
_DRAWS = 100


def split_off(count, share, seed, classes=None, groups=None, name="the data"):
    """Split a seeded random part off `count` rows.

    With `classes`, each class gets its proportion of the part (by largest remainders) and
    keeps at least one row behind. With `groups`, the rows of a group stay together, the
    part is as near to its share as the first groups drawn come, and of up to 100 draws the
    first is taken that leaves no class without rows behind.

    Args:
        count: int. How many rows there are.
        share: float in `(0.0, 1.0)`. Which share goes into the part; it gets at least one
            row.
        seed: int or sequence of ints. The same seed gives the same rows.
        classes: int array of shape `(count,)`, or `None`. Class ids from 0.
        groups: int array of shape `(count,)`, or `None`. Group ids from 0.
        name: str. What is split, for an error.

    Returns:
        `(rest, part)`: two int arrays of row indices, each in ascending order.

    Raises:
        DataError: when there are too few rows, groups, or rows of a class.

    Example:

    >>> rest, part = split_off(10, 0.2, seed=0)
    >>> len(rest), len(part)
    (8, 2)
    """
    if count < 2:
        raise DataError(f"{name}: {count} row(s) cannot be split; at least 2 are needed.")
    size = min(max(1, round(count * share)), count - 1)
    random = np.random.default_rng(seed)
    if groups is not None:
        part = _whole_groups(random, size, groups, classes, name)
    elif classes is not None:
        part = _by_class(random, size, classes)
    else:
        part = random.permutation(count)[:size]
    inside = np.zeros(count, bool)
    inside[part] = True
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def _by_class(random, size, classes):
    """Row indices of a part of `size` rows with the proportions of the classes."""
    counts = np.bincount(classes)
    quota = counts * (size / len(classes))
    most = np.maximum(counts - 1, 0)
    take = np.minimum(np.floor(quota).astype(int), most)
    size = min(size, most.sum())
    while take.sum() < size:
        for index in np.argsort(take - quota, kind="stable"):
            if take.sum() < size and take[index] < most[index]:
                take[index] += 1
    order = random.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    ends = np.cumsum(counts)
    chosen = [order[end - n : end - n + k] for end, n, k in zip(ends, counts, take, strict=True)]
    return np.concatenate(chosen)


def _whole_groups(random, size, groups, classes, name):
    """Row indices of whole groups, of about `size` rows in all."""
    counts = np.bincount(groups)
    if len(counts) < 2:
        raise DataError(
            f"{name}: the rows left to split belong to one group; two are needed for a split by "
            "group. Use more groups or a smaller test_size, or pass validation_size=0."
        )
    for _ in range(_DRAWS):
        order = random.permutation(len(counts))
        reached = np.cumsum(counts[order])[:-1]
        drawn = order[: np.argmin(np.abs(reached - size)) + 1]
        inside = np.isin(groups, drawn)
        if classes is None or len(np.unique(classes[~inside])) == len(np.unique(classes)):
            return np.flatnonzero(inside)
    raise DataError(
        f"{name}: no split by group leaves every class in the training rows: all rows of a class "
        "lie in one or few groups. Use another groups=, or pass test= and validation= yourself."
    )
