"""Roots of targets, of which a line predicts some better than the targets themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerakit.builders.tables.members.powers import EXPONENTS

__all__ = ["Root", "better", "scores_of_targets"]

# A root is taken where the error of its line is below this fraction of that of the target itself;
# a smaller difference may be chance. tests/benchmarks/tabular_choices.py prints what roots are
# worth ("no square roots").
LOWER = 0.9
# A mean of so many standard deviations: there a root is nearly a line, and a square less its mean
# loses digits in float32.
FURTHEST = 10.0


@dataclasses.dataclass(frozen=True)
class Root:
    """A root of a target: standardised scores, and targets of such scores.

    The target is `scale * u ** exponent + offset` with `u = score + move`; a power keeps the sign
    of u.

    Attributes:
        exponent: int. 1 for the target itself.
        scores: float array of shape `(n,)`. The roots, standardised.
        move, scale, offset: floats.
    """

    exponent: int
    scores: np.ndarray
    move: float = 0.0
    scale: float = 1.0
    offset: float = 0.0

    @classmethod
    def of(cls, y: np.ndarray, zero: float, exponent: int, weight: np.ndarray) -> Root | None:
        """Take a root of a standardised target.

        Args:
            y: float array of shape `(n,)`.
            zero: float. The standardised target of zero.
            exponent: int in [1, inf).
            weight: float array of shape `(n,)`.

        Returns:
            `Root`, or `None` where a root makes no sense.

        Example:

        >>> y = np.array([0.0, 3.0, 8.0])  # with 1 more, the squares of 1, 2 and 3
        >>> root = Root.of(y, -1.0, 2, np.ones(3))
        >>> bool(np.allclose(root.targets(root.scores), y))
        True
        """
        if exponent == 1:
            return cls(1, y)
        roots = np.sign(y - zero) * np.abs(y - zero) ** (1 / exponent)
        mean = np.average(roots, weights=weight)
        std = np.sqrt(np.average((roots - mean) ** 2, weights=weight))
        if abs(zero) > FURTHEST or not std > 0:
            return None
        return cls(exponent, (roots - mean) / std, mean / std, std**exponent, zero)

    def targets(self, scores: np.ndarray) -> np.ndarray:
        """Return the standardised targets of scores of shape `(n,)`."""
        u = scores + self.move
        return self.scale * np.sign(u) * np.abs(u) ** self.exponent + self.offset

    def unbiased(self, scores: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[Root, float]:
        """Return the root whose targets of scores have the mean of those of y, and their error.

        The mean of a power is above the power of the mean (Duan 1983, doi:10.2307/2288126).

        Args:
            scores: float array of shape `(n,)`. Predictions.
            y, weight: float arrays of shape `(n,)`.

        Returns:
            Tuple of the `Root` and the mean squared error.
        """
        errors = y - self.targets(scores)
        bias = 0.0 if self.exponent == 1 else float(np.average(errors, weights=weight))
        error = float(np.average((errors - bias) ** 2, weights=weight))
        return dataclasses.replace(self, offset=self.offset + bias), error


def better(errors: dict[int, float]) -> int:
    """Return the exponent with the lowest error, or 1 where none is clearly lower.

    Example:

    >>> better({1: 1.0, 2: 0.8, 3: 0.7}), better({1: 1.0, 2: 0.93})
    (3, 1)
    """
    lowest = min(errors, key=errors.__getitem__)
    return lowest if errors[lowest] < LOWER * errors[1] else 1


def scores_of_targets(powers: Sequence[Any], y: np.ndarray) -> np.ndarray:
    """Return the scores of which the layers `root` and `power` make targets.

    Args:
        powers: the two layers, whose weights are those of roots.
        y: float array of shape `(n, targets)`. Standardised targets.
    """
    root, power = powers
    kernel, bias, move = (np.asarray(each) for each in (power.kernel, power.bias, root.bias))
    scores = np.empty_like(y)
    for column, scales in enumerate(kernel):
        exponent = EXPONENTS[int(np.argmax(np.abs(scales)))]
        powered = (y[:, column] - bias[column]) / scales[EXPONENTS.index(exponent)]
        roots = np.sign(powered) * np.abs(powered) ** (1 / exponent)
        scores[:, column] = roots - (0.0 if exponent == 1 else move[column])
    return scores
