"""The groups of rows that stay together: those of `groups=` of the loaders."""

from __future__ import annotations

import numpy as np

from kerakit.data.data import Data

__all__ = ["joined_groups"]


def joined_groups(data: Data) -> np.ndarray | None:
    """Return the group of each training row, and behind them of each validation row.

    Where one of the two splits has no groups, each of its rows is a group of its own.

    Returns:
        int array of shape `(n,)`; `None` where no split has groups.
    """
    tables = {split: data.table(split) for split in ("train", "validation")}
    groups = {split: None if table is None else table.groups for split, table in tables.items()}
    known = [ids for ids in groups.values() if ids is not None and len(ids)]
    if not known:
        return None
    alone = max(ids.max() for ids in known) + 1
    return np.concatenate(
        [
            np.arange(data.spec.sizes.get(split, 0)) + alone if ids is None else ids
            for split, ids in groups.items()
        ]
    )
