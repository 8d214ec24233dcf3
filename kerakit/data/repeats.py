"""Rows that must not be torn apart by a split: repeats of one text, and groups."""

import numpy as np

from kerakit.data.split import split_off
from kerakit.errors import DataError

__all__ = ["split_units", "units_of"]


def units_of(repeats, alone=None, groups=None):
    """Return the unit of each row; the rows of a unit belong on one side of a split.

    Args:
        repeats: int array of shape `(n,)`. Rows of one number are repeats of each other.
        alone: bool array of shape `(n,)`, or `None`. Rows that are no repeats all the same.
        groups: int array of shape `(n,)`, or `None`. Rows of one number are one group;
            groups that share a repeat become one unit.

    Returns:
        int array of shape `(n,)`, numbers from 0.

    Example:

    >>> units_of(np.array([5, 7, 5, 9])).tolist()
    [0, 1, 0, 2]
    >>> units_of(np.array([5, 7, 5, 9]), groups=np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    units = np.unique(repeats, return_inverse=True)[1]
    if alone is not None and alone.any():
        units[alone] = units.max() + 1 + np.arange(alone.sum())
        units = np.unique(units, return_inverse=True)[1]
    if groups is None:
        return units
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    groups = np.unique(groups, return_inverse=True)[1]
    nodes = units.max() + groups.max() + 2
    edges = (np.ones(len(units)), (units, units.max() + 1 + groups))
    joined = connected_components(coo_array(edges, shape=(nodes, nodes)), directed=False)[1]
    return np.unique(joined[units], return_inverse=True)[1]


def split_units(units, share, seed, classes=None, name="the data"):
    """Split whole units off at random, as `split_off` does single rows.

    Args:
        units: int array of shape `(n,)`.
        share: float in `(0.0, 1.0)`. Which share of the units goes into the part.
        seed: int or sequence of ints.
        classes: int array of shape `(n,)`, or `None`. Class ids of the rows: the part gets
            its proportion of the units of each. A unit counts as of the rarest of its rows.
        name: str. What is split, for an error.

    Returns:
        `(rest, part)`: two int arrays of row indices, each in ascending order.

    Raises:
        DataError: when all rows are one unit.

    Example:

    >>> rest, part = split_units(np.array([0, 1, 2, 0, 3]), 0.25, seed=1)
    >>> len(rest) + len(part), (0 in part) == (3 in part)
    (5, True)
    """
    # The number of a unit is its rank, so that the units left by an earlier split do as well.
    units = np.unique(units, return_inverse=True)[1]
    count = units.max() + 1
    if count < 2:
        raise DataError(
            f"{name}: the {len(units)} rows left to split are all the same. Expected different "
            "ones. Use more rows or a smaller test_size, or pass validation_size=0."
        )
    if classes is not None:
        rarest_first = np.argsort(np.bincount(classes)[classes], kind="stable")
        first = np.unique(units[rarest_first], return_index=True)[1]
        classes = classes[rarest_first[first]]
    part = split_off(count, share, seed=seed, classes=classes, name=name)[1]
    inside = np.isin(units, part)
    return np.flatnonzero(~inside), np.flatnonzero(inside)
