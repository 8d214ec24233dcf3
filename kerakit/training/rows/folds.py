"""Folds of the rows: each member of a network leaves one out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from kerakit.errors import DataError
from kerakit.training.rows.arrays import Arrays
from kerakit.warn import warn

if TYPE_CHECKING:
    pass

__all__ = [
    "fold_of_rows",
    "joined",
    "member_order",
    "rows_left_out",
    "rows_of_members",
]


def fold_of_rows(
    target: np.ndarray,
    folds: int,
    seed: int,
    classes: bool,
    groups: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    name: str = "the data",
) -> np.ndarray:
    """Return the fold of each row, an int32 array of shape `(n,)`.

    Folds have the same size but for one row, and the same share of each class but for one row of
    it. A group of rows is in one fold; sizes and shares are then as near to that as the groups
    allow. Each fold has rows of a weight above 0.

    Args:
        target: array of shape `(n,)` or `(n, targets)`. Class ids where `classes` is set.
        folds: int. How many folds there are.
        seed: int. The same seed draws the same folds.
        classes: bool. Whether the target is a class id.
        groups: int array of shape `(n,)`, or `None`.
        weight: float array of shape `(n,)`, or `None`. Sample weights.
        name: str. The name of the data, for an error.

    Raises:
        DataError: when there are too few groups, or too few rows of a weight above 0.

    Example:

    >>> np.bincount(fold_of_rows(np.array([0, 1] * 6), folds=3, seed=0, classes=True)).tolist()
    [4, 4, 4]
    """
    random = np.random.default_rng((seed, 0x_F01D))
    counts = np.ones(len(target), bool) if weight is None else np.asarray(weight) > 0
    if counts.sum() < folds:
        raise DataError(
            f"{name}: {counts.sum()} training and validation rows have a weight above 0, too few "
            f"for members={folds}, each of which leaves out a fold of them. Build the model with "
            "fewer members=, or give more rows a weight above 0."
        )
    if groups is not None:
        groups = np.unique(groups, return_inverse=True)[1]
        found = len(np.unique(groups[counts]))
        if found < folds:
            of_weight = "" if counts.all() else " of a weight above 0"
            raise DataError(
                f"{name}: the training and validation rows{of_weight} are in {found} group(s), "
                f"too few for members={folds}, each of which leaves out groups of its own. Build "
                f"the model with members={found}, or load the data with other groups=."
            )
        ids = np.unique(target, return_inverse=True)[1] if classes else None
        fold = _fold_of_groups(groups, ids, counts, folds, random)
        if classes:
            _warn_of_classes(ids, fold, folds, name)
        return fold
    order = random.permutation(len(target))
    if classes:
        order = order[np.argsort(np.asarray(target)[order], kind="stable")]
    order = order[np.argsort(~counts[order], kind="stable")]
    fold = np.empty(len(target), "int32")
    fold[order] = np.arange(len(target)) % folds
    return fold


def _fold_of_groups(groups, ids, counts, folds, random):
    """The fold of each row, where all rows of a group are in one fold.

    One group after the other, the largest first, comes into the fold that keeps the sum of
    squares of `rows in the fold / rows` lowest, summed over folds, over classes and over all
    rows as if they were a class more. Groups that have a row of a weight above 0 come before the
    others, so that each fold has one of them: an empty fold keeps the sum lowest.
    scikit-learn's `StratifiedGroupKFold` does alike; it takes 10 to 50 times as long (measured).
    """
    # Each row counts twice: as a row (kind 0), and as a row of its class (kinds from 1).
    kinds = [np.zeros_like(groups)] if ids is None else [np.zeros_like(groups), ids + 1]
    width = 1 if ids is None else ids.max() + 2
    keys, rows = np.unique(
        np.concatenate([groups * width + kind for kind in kinds]), return_counts=True
    )
    group, kind = np.divmod(keys, width)
    share = rows / np.bincount(kind, weights=rows)[kind]
    size = np.bincount(group, weights=share**2)
    counted = np.bincount(groups, weights=counts) > 0
    order = random.permutation(len(size))
    order = order[np.lexsort((-size[order], ~counted[order]))]
    ends = np.flatnonzero(np.diff(group)) + 1
    kinds, shares = np.split(kind, ends), np.split(share, ends)
    filled, fold = np.zeros((width, folds)), np.empty(len(size), "int32")
    for number in order.tolist():
        kind, share = kinds[number], shares[number]
        fold[number] = chosen = (share @ filled[kind]).argmin()
        filled[kind, chosen] += share
    return fold[groups]


def _warn_of_classes(ids, fold, folds, name):
    """Warn where one member leaves out all rows of a class."""
    folds_of_class = np.bincount(np.unique(ids * folds + fold) // folds)
    alone = int((folds_of_class == 1).sum())
    if alone:
        warn(
            f"{name}: {alone} of {len(folds_of_class)} classes have all their rows in groups that "
            f"one of members={folds} leaves out. That member never sees the class, and val_loss "
            "counts its answers. To train on all groups, build the model with members=1."
        )


def rows_of_members(fold: np.ndarray, folds: int) -> list[np.ndarray]:
    """Return for each member the rows that it trains on: those outside of its fold."""
    return [np.flatnonzero(fold != number).astype("int32") for number in range(folds)]


def member_order(trained: Sequence[np.ndarray], steps: int, seed: int, epoch: int) -> np.ndarray:
    """Return the rows of every batch of an epoch: int32 array of shape `(steps, members, batch)`.

    Each member has an order of its own. The order depends on the seed and the epoch alone.
    """
    random = np.random.default_rng((seed, epoch))
    batch = math.ceil(max(map(len, trained)) / steps)
    orders = [np.resize(random.permutation(rows), steps * batch) for rows in trained]
    return np.stack(orders).reshape(len(trained), steps, batch).transpose(1, 0, 2)


def rows_left_out(fold: np.ndarray, folds: int) -> np.ndarray:
    """Return the rows that each member left out: int32 of shape `(members, n)`, -1 at the end."""
    rows = [np.flatnonzero(fold == number) for number in range(folds)]
    found = np.full((folds, max(map(len, rows))), -1, "int32")
    for number, some in enumerate(rows):
        found[number, : len(some)] = some
    return found


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Return the rows of several splits as one."""
    if len(parts) == 1:
        return parts[0]
    values, target = (
        tf.nest.map_structure(lambda *each: tf.concat(each, 0), *(getattr(p, name) for p in parts))
        for name in ("values", "target")
    )
    weight = None
    if any(part.weight is not None for part in parts):
        ones = [tf.ones(len(part)) if part.weight is None else part.weight for part in parts]
        weight = tf.concat(ones, 0)
    return Arrays(values, target, weight)
