"""The errors that a classifier was surest of, found batch by batch."""

import dataclasses
from typing import Any

import numpy as np

__all__ = ["SurestErrors", "WrongAnswer", "percent"]

LIMIT = 10


@dataclasses.dataclass(frozen=True)
class WrongAnswer:
    """One test row that was taken for another class.

    Attributes:
        row: int. Its place in the test split, from 0.
        true, predicted: int. Class ids.
        confidence: float. Probability given to the predicted class.
        shown: what a reader looks at: an image at a size for that, a text, a series.
    """

    row: int
    true: int
    predicted: int
    confidence: float
    shown: Any


class SurestErrors:
    """Keeps the surest wrong answers of the batches that it is shown, and no other row.

    Args:
        show: function of `(column, row)` that returns what to keep of a row of a batch.
        limit: int in `[1, inf)`. How many to keep. Defaults to 10.

    Example:

    >>> errors = SurestErrors(lambda texts, row: texts[row], limit=1)
    >>> errors.add(["one", "two"], [0, 0], [[0.4, 0.6], [0.1, 0.9]])
    >>> [(error.row, error.shown) for error in errors.errors]
    [(1, 'two')]
    """

    def __init__(self, show, limit=LIMIT):
        self.show, self.limit, self.rows, self.errors = show, limit, 0, []

    def add(self, column, y, p):
        """Take note of a batch.

        Args:
            column: n rows of the only feature.
            y: int array of shape `(n,)`. True class ids.
            p: array of shape `(n, classes)`. Probabilities.
        """
        y, p = np.asarray(y), np.asarray(p)
        label, sure = p.argmax(axis=1), p.max(axis=1)
        wrong = np.flatnonzero(label != y)
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")][: self.limit]
        if len(self.errors) == self.limit:
            wrong = wrong[sure[wrong] > self.errors[-1].confidence]
        self.errors += [
            WrongAnswer(
                row=int(self.rows + i),
                true=int(y[i]),
                predicted=int(label[i]),
                confidence=float(sure[i]),
                shown=self.show(column, i),
            )
            for i in wrong
        ]
        self.errors.sort(key=lambda error: (-error.confidence, error.row))
        del self.errors[self.limit :]
        self.rows += len(y)


def percent(confidence):
    """Return a probability in percent, never rounded up to certainty: 99.96 % is not 100 %.

    Example:

    >>> percent(0.75), percent(0.9996)
    ('75.0 %', 'over 99.9 %')
    """
    if 0.9995 <= confidence < 1:
        return "over 99.9 %"
    return f"{100 * confidence:.1f} %"
