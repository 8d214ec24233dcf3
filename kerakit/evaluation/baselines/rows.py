"""Training rows that a baseline is fitted on: all of them, or a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.data import Data
from kerakit.evaluation.batches import split_size

if TYPE_CHECKING:
    Encode = Callable[[Mapping[str, Any]], Sequence[np.ndarray]]

__all__ = ["sample_note", "training_rows"]

_BATCH = 4096


def training_rows(
    data: Data, encode: Encode, max_rows: int
) -> tuple[list[np.ndarray], np.ndarray, bool]:
    """Read and encode the rows of the training split, or a sample drawn with the split's seed.

    Args:
        data: `Data`.
        encode: function from a batch of features, a dict from name to tensor, to a list of
            arrays of shape `(n, ...)`.
        max_rows: int in `[1, inf)`. Rows of the sample.

    Returns:
        `(blocks, target, sampled)`: a list of arrays, the targets, and whether rows were left
        out.
    """
    rng, total = np.random.default_rng(data.spec.seed), split_size(data, "train")
    table = data.table("train")
    if table is not None and total > max_rows:
        table = table.take(np.sort(rng.choice(total, max_rows, replace=False)))
    if table is not None:
        data, fraction = Data(table, None, None, data.spec), 1.0
    else:
        fraction = min(1.0, max_rows / total) if total else 1.0
    blocks, targets, count = [], [], 0
    for batch in data.batches("train", _BATCH):
        target = np.asarray(batch[1])
        chosen = rng.random(len(target)) < fraction
        blocks.append([block[chosen] for block in encode(batch[0])])
        targets.append(target[chosen])
        count += int(chosen.sum())
        if count >= max_rows:
            break
    rows = [np.concatenate(column)[:max_rows] for column in zip(*blocks, strict=True)]
    return rows, np.concatenate(targets)[:max_rows], count > max_rows


def sample_note(name: str, rows: int, total: int, seed: int) -> str:
    """Return the sentence that a baseline was fitted on a sample.

    Example:

    >>> sample_note("linear", 100, 1000, 0)
    'The linear baseline was fitted on 100 of 1,000 training rows, drawn with seed 0.'
    """
    return (
        f"The {name} baseline was fitted on {rows:,} of {total:,} training rows, drawn with "
        f"seed {seed}."
    )
