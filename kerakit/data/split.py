"""Random splits: by class, by group, with repeats together; and the one loop that draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from kerakit.errors import DataError

__all__ = ["SPLITS", "split_off", "split_rows", "split_units", "units_of"]

SPLITS = ("train", "validation", "test")

# Draws of whole groups before an error says that a class has no rows left to train on.
_DRAWS = 100


class SplitOptions(Protocol):
    """The options of a loader that `split_rows` reads."""

    @property
    def test_size(self) -> float: ...
    @property
    def validation_size(self) -> float: ...
    @property
    def seed(self) -> int: ...


def split_rows(
    rows: Mapping[str, np.ndarray],
    options: SplitOptions,
    *,
    name: str,
    classes: np.ndarray | None = None,
    units: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    adjust: Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
) -> dict[str, np.ndarray]:
    """Draw the test rows and the validation rows that the user did not give.

    Both are drawn from the training rows, first the test rows. The validation rows are a
    fraction of the rows that remain.

    Args:
        rows: dict from split to int array of rows. It has `"train"`, and `"validation"` and
            `"test"` where the user gave them.
        options: object with `test_size`, `validation_size` (0 for none) and `seed`.
        name: str. The name of the data, for an error.
        classes: int array, or `None`. The class id of each training row: each split gets its
            proportion of every class.
        units: int array, or `None`. The unit of each training row (see `units_of`); a split
            gets whole units, and its size is counted in units.
        groups: int array, or `None`. The group of each training row; a split gets whole
            groups, and its size is counted in rows.
        adjust: function of `(split, training rows, drawn rows)` that returns both row arrays,
            changed where it must; or `None`.

    Returns:
        dict from split to int array of rows, in the order of `SPLITS`.

    Raises:
        DataError: when there are too few rows, units, groups, or rows of a class.
    """
    rows = dict(rows)
    for stage, split in enumerate(("test", "validation")):
        fraction = getattr(options, f"{split}_size")
        if split in rows or not fraction:
            continue
        train, seed = rows["train"], (options.seed, stage)
        ids = None if classes is None else classes[train]
        if units is not None:
            rest, drawn = split_units(units[train], fraction, seed, ids, name)
        else:
            among = None if groups is None else groups[train]
            rest, drawn = split_off(len(train), fraction, seed, ids, among, name)
        rest, drawn = train[rest], train[drawn]
        if adjust is not None:
            rest, drawn = adjust(split, rest, drawn)
        rows["train"], rows[split] = rest, drawn
    return {split: rows[split] for split in SPLITS if split in rows}


def split_off(
    count: int,
    fraction: float,
    seed: int | Sequence[int],
    classes: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    name: str = "the data",
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a seeded random fraction of `count` rows.

    With `classes`, each class gets its proportion of the drawn rows (by largest remainders)
    and keeps at least one row behind. With `groups`, whole groups are drawn until the number
    of rows is as near to the fraction as these groups allow; of up to 100 draws the first is
    taken that leaves no class without rows behind.

    Args:
        count: int. How many rows there are.
        fraction: float in `(0.0, 1.0)`. The fraction to draw; at least one row is drawn.
        seed: int or sequence of ints. The same seed draws the same rows.
        classes: int array of shape `(count,)`, or `None`. Class ids from 0.
        groups: int array of shape `(count,)`, or `None`. The group of each row.
        name: str. The name of the data, for an error.

    Returns:
        `(rest, drawn)`: two int arrays of row indices, each in ascending order.

    Raises:
        DataError: when there are too few rows, groups, or rows of a class.

    Example:

    >>> rest, drawn = split_off(10, 0.2, seed=0)
    >>> len(rest), len(drawn)
    (8, 2)
    """
    if count < 2:
        raise DataError(f"{name}: {count} row(s) cannot be split; at least 2 are needed.")
    size = min(max(1, round(count * fraction)), count - 1)
    random = np.random.default_rng(seed)
    if groups is not None:
        drawn = _whole_groups(random, size, groups, classes, name)
    elif classes is not None:
        drawn = _by_class(random, size, classes)
    else:
        drawn = random.permutation(count)[:size]
    inside = np.zeros(count, bool)
    inside[drawn] = True
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def split_units(
    units: np.ndarray,
    fraction: float,
    seed: int | Sequence[int],
    classes: np.ndarray | None = None,
    name: str = "the data",
) -> tuple[np.ndarray, np.ndarray]:
    """Draw whole units at random, as `split_off` draws single rows.

    Args:
        units: int array of shape `(n,)`. The unit of each row.
        fraction: float in `(0.0, 1.0)`. The fraction of the units to draw.
        seed: int or sequence of ints.
        classes: int array of shape `(n,)`, or `None`. Class ids of the rows: each class gets
            its proportion of the drawn units. A unit counts as of the rarest of its classes.
        name: str. The name of the data, for an error.

    Returns:
        `(rest, drawn)`: two int arrays of row indices, each in ascending order.

    Raises:
        DataError: when all rows are one unit.

    Example:

    >>> rest, drawn = split_units(np.array([0, 1, 2, 0, 3]), 0.25, seed=1)
    >>> len(rest) + len(drawn), (0 in drawn) == (3 in drawn)
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
    drawn = split_off(count, fraction, seed=seed, classes=classes, name=name)[1]
    inside = np.isin(units, drawn)
    return np.flatnonzero(~inside), np.flatnonzero(inside)


def units_of(
    repeats: np.ndarray, alone: np.ndarray | None = None, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return the unit of each row; the rows of a unit belong into one split.

    Args:
        repeats: int array of shape `(n,)`. Rows of one number are repeats of each other.
        alone: bool array of shape `(n,)`, or `None`. Rows that are no repeats all the same.
        groups: int array of shape `(n,)`, or `None`. Rows of one number are one group;
            groups that have a repeat in common become one unit.

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


def _by_class(random, size, classes):
    """Indices of `size` rows with the proportions of the classes."""
    counts = np.bincount(classes)
    quota = counts * (size / len(classes))
    maximum = np.maximum(counts - 1, 0)
    take = np.minimum(np.floor(quota).astype(int), maximum)
    size = min(size, maximum.sum())
    while take.sum() < size:
        for index in np.argsort(take - quota, kind="stable"):
            if take.sum() < size and take[index] < maximum[index]:
                take[index] += 1
    order = random.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    ends = np.cumsum(counts)
    drawn = [order[end - n : end - n + k] for end, n, k in zip(ends, counts, take, strict=True)]
    return np.concatenate(drawn)


def _whole_groups(random, size, groups, classes, name):
    """Indices of the rows of whole groups, of about `size` rows in all."""
    groups = np.unique(groups, return_inverse=True)[1]
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
        "are in one group or a few. Use another groups=, or pass test= and validation= yourself."
    )
