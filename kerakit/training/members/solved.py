"""The parts that stand beside the networks of members: they are solved after the last epoch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

__all__ = ["SolvedPart", "empty"]


@dataclasses.dataclass(frozen=True)
class SolvedPart:
    """A part of each member, fitted to all rows but those of its fold.

    Attributes:
        weights: dict from each layer that is to hold it to the values of the layer's weights.
        scores: float array of shape `(n, scores)`: of each row by the member that left it out.
    """

    weights: dict[Any, list[np.ndarray]]
    scores: np.ndarray

    def keep(self, share: float) -> None:
        """Give the layers their weights; where the share is 0, all are 0, training rows too."""
        if not share:
            empty(self.weights)
            return
        for layer, values in self.weights.items():
            for weight, value in zip(layer.weights, values, strict=True):
                weight.assign(value)


def empty(layers: Iterable[Any]) -> None:
    """Set all weights of layers to 0."""
    for layer in layers:
        for weight in layer.weights:
            weight.assign(np.zeros(weight.shape))
