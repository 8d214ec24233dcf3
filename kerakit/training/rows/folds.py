"""Folds of the rows: each member of a network leaves one out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from kerakit.training.rows.arrays import Arrays

__all__ = ["fold_of_rows", "joined", "member_order", "rows_left_out", "rows_of_members"]


def fold_of_rows(
    target: np.ndarray, folds: int, seed: int, classes: bool, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return the fold of each row, an int32 array of shape `(n,)`.

    Folds have the same size but for one row, and the same share of each class but for one row of
    it. A group of rows is in one fold.

    Args:
        target: array of shape `(n,)` or `(n, targets)`. Class ids where `classes` is set.
        folds: int. How many folds there are.
        seed: int. The same seed draws the same folds.
        classes: bool. Whether the target is a class id.
        groups: int array of shape `(n,)`, or `None`.

    Example:

    >>> np.bincount(fold_of_rows(np.array([0, 1] * 6), folds=3, seed=0, classes=True)).tolist()
    [4, 4, 4]
    """
    random = np.random.default_rng((seed, 0x_F01D))
    if groups is not None:
        names, of_row = np.unique(groups, return_inverse=True)
        sizes = np.bincount(of_row)
        order = random.permutation(len(names))
        order = order[np.argsort(-sizes[order], kind="stable")]  # the largest first
        filled, fold_of_group = np.zeros(folds), np.zeros(len(names), "int32")
        for group in order:
            fold_of_group[group] = fold = int(np.argmin(filled))
            filled[fold] += sizes[group]
        return fold_of_group[of_row]
    order = random.permutation(len(target))
    if classes:
        order = order[np.argsort(np.asarray(target)[order], kind="stable")]
    fold = np.empty(len(target), "int32")
    fold[order] = np.arange(len(target)) % folds
    return fold


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
