"""The misclassified test rows with the highest confidence, found batch by batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["ConfidentErrors", "WrongPrediction", "percent"]

LIMIT = 10


@dataclasses.dataclass(frozen=True)
class WrongPrediction:
    """One test row that was misclassified.

    Attributes:
        row: int. Index of the row in the test split, from 0.
        true, predicted: int. Class ids.
        confidence: float. Probability of the predicted class.
        example: the row for a reader of the report: an image (scaled for display), a text or a
            series.
    """

    row: int
    true: int
    predicted: int
    confidence: float
    example: Any


class ConfidentErrors:
    """Keep the wrong predictions with the highest confidence, and no other row.

    Args:
        example: function of `(column, row)` that returns what to keep of a row of a batch.
        limit: int in `[1, inf)`. How many to keep. Defaults to 10.

    Example:

    >>> kept = ConfidentErrors(lambda texts, row: texts[row], limit=1)
    >>> kept.add(["one", "two"], [0, 0], [[0.4, 0.6], [0.1, 0.9]])
    >>> [(error.row, error.example) for error in kept.errors]
    [(1, 'two')]
    """

    def __init__(self, example: Callable[[Any, int], Any], limit: int = LIMIT) -> None:
        self.example, self.limit = example, limit
        self.errors: list[WrongPrediction] = []
        self._rows_seen = 0

    def add(self, column: Any, y: ArrayLike, p: ArrayLike) -> None:
        """Add a batch.

        Args:
            column: n rows of the only feature.
            y: int array of shape `(n,)`. True class ids.
            p: array of shape `(n, classes)`. Probabilities.
        """
        y, p = np.asarray(y), np.asarray(p)
        label, confidence = p.argmax(axis=1), p.max(axis=1)
        wrong = np.flatnonzero(label != y)
        wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][: self.limit]
        if len(self.errors) == self.limit:
            wrong = wrong[confidence[wrong] > self.errors[-1].confidence]
        self.errors += [
            WrongPrediction(
                row=int(self._rows_seen + i),
                true=int(y[i]),
                predicted=int(label[i]),
                confidence=float(confidence[i]),
                example=self.example(column, i),
            )
            for i in wrong
        ]
        self.errors.sort(key=lambda error: (-error.confidence, error.row))
        del self.errors[self.limit :]
        self._rows_seen += len(y)


def percent(confidence: float) -> str:
    """Return a probability in percent, never rounded up to 100 %.

    Example:

    >>> percent(0.75), percent(0.9996)
    ('75.0 %', 'over 99.9 %')
    """
    if 0.9995 <= confidence < 1:
        return "over 99.9 %"
    return f"{100 * confidence:.1f} %"
