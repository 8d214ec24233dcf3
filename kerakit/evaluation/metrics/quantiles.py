"""How good predicted quantiles are, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["LevelErrors"]


class LevelErrors:
    """Sum the pinball loss of each level, and how many true values are not above it.

    Args:
        levels: sequence of floats in (0, 1).

    Reference:
        Koenker & Bassett: Regression Quantiles, Econometrica 46, 1978; as a proper score: Gneiting
        & Raftery 2007, doi:10.1198/016214506000001437, section 6.1.

    Example:

    >>> errors = LevelErrors((0.1, 0.5))
    >>> errors.add([2.0, 0.0], [[1.0, 1.0], [1.0, 1.0]])
    >>> errors.per_level()  # (0.1 * 1 + 0.9 * 1) / 2, and (0.5 * 1 + 0.5 * 1) / 2
    {'0.1': {'pinball': 0.5, 'below': 0.5}, '0.5': {'pinball': 0.5, 'below': 0.5}}
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = tuple(float(level) for level in levels)
        self.count, self.loss, self.below = 0, np.zeros(()), np.zeros(())

    def add(self, y: ArrayLike, p: ArrayLike, channels: int = 1) -> None:
        """Add a batch.

        Args:
            y: array of shape `(n, ...)`. True values; those of several channels on the last axis.
            p: array of shape `(n, ..., levels)`. The quantiles.
            channels: int. Defaults to `1`.
        """
        y = np.asarray(y, np.float64).reshape(-1, channels, 1)
        p = np.asarray(p, np.float64).reshape(-1, channels, len(self.levels))
        error, levels = y - p, np.array(self.levels)
        self.count += len(y)
        self.loss = self.loss + np.maximum(levels * error, (levels - 1) * error).sum(axis=0)
        self.below = self.below + (y <= p).sum(axis=0)

    def mean(self) -> list[float]:
        """Return the mean of the losses of all levels, for each channel."""
        return (self.loss / self.count).mean(axis=-1).tolist()

    def per_level(self) -> dict[str, dict[str, float]]:
        """Return the metrics of each level.

        Returns:
            dict from the level, as text, to `"pinball"`, the mean loss in the unit of the target
            (of one channel only: a mean of several units means nothing), and `"below"`, the
            fraction of true values that are not above the quantile. That is close to the level
            where the quantiles hold.
        """
        loss, below = self.loss / self.count, (self.below / self.count).mean(axis=0)
        found = {}
        for index, level in enumerate(self.levels):
            values = {"pinball": float(loss[0, index])} if len(loss) == 1 else {}
            found[repr(level)] = {**values, "below": float(below[index])}
        return found
