"""How large a network for a table is: one rule, by the numbers of rows and columns."""

from __future__ import annotations

import dataclasses

from kerakit.data.spec import Spec

__all__ = [
    "BRANCHING",
    "SMALL",
    "Sizes",
    "kernel_rows",
    "rows_of_members",
    "sizes_for",
    "tree_count",
]

SMALL, LARGE = 6_000, 100_000  # rows: 8 members below the first, 4 below the second, else 1
FEWEST = 2  # rows that each member leaves out, at least
FEW = 500  # rows: 16 bins below
VALUES = 100_000_000  # of all rows together: members train on rows in memory
MANY_COLUMNS = 200  # numeric columns from which on bins only add noise
BINNED = 1_000  # bins of all columns together, at most; and steps
STEPS = 16  # of a column, from `SMALL` rows on
BRANCHING = 1_000  # rows: below, all branches of a level of a tree ask the same question
TREES, MORE_TREES = 100, 150  # of a member: below `SMALL` rows, and from there on
DEPTH, DEEPER = 4, 6  # of a tree: below `BRANCHING` rows, and from there on
TREE_VALUES = 1_000_000  # that the answers of all trees hold, at most: 4 MB
KERNEL_ROWS = 5_000  # at most: `kk.fit` inverts a matrix of as many rows and columns
KERNEL_VALUES = 1_000_000  # that a kernel holds, at most: 8 MB


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of a network for a table.

    Attributes:
        members: int. How many members there are; 1 for a network alone.
        hidden: tuple of ints. Units of the hidden layers.
        dropout: float.
        bins: int. Quantile bins of a numeric column.
        steps: int. Steps of a numeric column, which members read.
        narrow_dropout: float or `None`. Dropout of the second, narrow network of members; `None`
            for members with one network.
    """

    members: int
    hidden: tuple[int, ...]
    dropout: float
    bins: int
    narrow_dropout: float | None = None
    steps: int = 0


def sizes_for(
    inputs: object,
    classes: bool,
    members: int | str = "auto",
    hidden_given: bool = False,
    groups: int | None = None,
) -> Sizes:
    """Return the sizes of a network that its user did not choose.

    Below 100,000 rows there are members: 8 below 6,000 rows, else 4, each with a network of 128-128
    and one of 64-64 units. From 6,000 rows on, the second one also reads steps, and both have 64-64
    units where they predict numbers. Rows of more than 100,000,000 values together get a network
    alone. So does a plain width, which tells no number of rows, and a user who gives the hidden
    layers. See `kernel_rows` for the kernel of members, and `tree_count` for their trees.

    Args:
        inputs: `Spec`, or a plain width.
        classes: bool. Whether the network is a classifier.
        members: int, or `"auto"`.
        hidden_given: bool. Whether the user gave the hidden layers. Defaults to `False`.
        groups: int or `None`. How many groups the rows have, if any: each member leaves out at
            least one of them. Defaults to `None`.

    Example:

    >>> sizes_for(11, classes=False)
    Sizes(members=1, hidden=(256, 256), dropout=0.1, bins=32, narrow_dropout=None, steps=0)
    >>> sizes_for(11, classes=False, members=8)
    Sizes(members=8, hidden=(128, 128), dropout=0.1, bins=16, narrow_dropout=0.15, steps=0)
    """
    rows, columns = rows_of_members(inputs), _numeric_columns(inputs)
    bins = 16 if rows is None or rows < FEW else 32 if rows < SMALL else 64
    most = 0 if columns > MANY_COLUMNS else max(2, BINNED // max(columns, 1))
    bins, steps = min(bins, most), min(STEPS, most) if SMALL <= (rows or 0) < LARGE else 0
    fits = rows is None or rows * columns * (bins + 1) <= VALUES
    if members == "auto":
        members = 1
        if not hidden_given and rows is not None and rows < LARGE and fits:
            parts = rows // FEWEST if groups is None else min(rows // FEWEST, groups)
            members = max(1, min(8 if rows < SMALL else 4, parts))
    if members == 1:
        return Sizes(1, (128, 128), 0.3, 16) if classes else Sizes(1, (256, 256), 0.1, 32)
    if hidden_given:
        return Sizes(members, (128, 128), 0.1, bins)
    # Numbers of many rows train for more epochs than classes: 128-128 would take too long.
    hidden = (64, 64) if steps and not classes else (128, 128)
    return Sizes(members, hidden, 0.1, bins, 0.05 if steps else 0.15, steps)


def kernel_rows(inputs: object, columns: int, outputs: int) -> int:
    """Return how many rows the kernel of members holds: all of them, or 0 for no kernel.

    Args:
        inputs: `Spec`, or a plain width.
        columns: int. How many columns the distance of two rows is of.
        outputs: int. How many numbers each row adds to.
    """
    rows = rows_of_members(inputs) or 0
    few = rows <= KERNEL_ROWS and rows * (columns + outputs) <= KERNEL_VALUES
    return rows if few and columns else 0


def tree_count(inputs: object, members: int, columns: int, scores: int) -> tuple[int, int]:
    """Return how many boosted trees a member has, and their depth; 0 trees for none.

    Args:
        inputs: `Spec`, or a plain width.
        members: int. How many members there are.
        columns: int. How many columns the trees ask for.
        scores: int. How many numbers a tree answers with.
    """
    rows = rows_of_members(inputs)
    if rows is None or rows >= LARGE or not columns:
        return 0, 0
    trees, depth = TREES if rows < SMALL else MORE_TREES, DEPTH if rows < BRANCHING else DEEPER
    return min(trees, TREE_VALUES // (members * scores << depth)), depth


def rows_of_members(inputs: object) -> int | None:
    """Return how many training and validation rows there are; `None` where that is unknown.

    Args:
        inputs: `Spec`, or a plain width.
    """
    if not isinstance(inputs, Spec) or not inputs.sizes:
        return None
    return inputs.sizes.get("train", 0) + inputs.sizes.get("validation", 0)


def _numeric_columns(inputs):
    """How many numbers a row has."""
    if not isinstance(inputs, Spec):
        return 1
    numeric = [feature for feature in inputs.features if feature.kind == "numeric"]
    return sum(feature.shape[0] if feature.shape else 1 for feature in numeric)
