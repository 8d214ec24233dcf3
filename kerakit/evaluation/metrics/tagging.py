"""Test metrics of a tagger, computed from tokens that are added batch by batch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["TagScores"]


class TagScores:
    """Collect the true and the predicted tag of every token, and compute metrics from them.

    Args:
        classes: int. Number of tags.
    """

    def __init__(self, classes: int) -> None:
        self.classes, self.tokens = classes, 0
        self._y, self._label, self._known, self._right = [], [], [], []
        self._lengths: list[np.ndarray] = []
        self._loss = 0.0

    def add(self, y: np.ndarray, p: np.ndarray, known: np.ndarray, lengths: np.ndarray) -> None:
        """Add a batch of sentences, whose tokens are concatenated.

        Args:
            y: int array of shape `(tokens,)`. True tags.
            p: array of shape `(tokens, classes)`. Probabilities.
            known: bool array of shape `(tokens,)`. Whether the training split has the word.
            lengths: int array of shape `(sentences,)`. Tokens of each sentence.
        """
        label = p.argmax(axis=1) if len(p) else np.zeros(0, int)
        of_true = p[np.arange(len(y)), y] / p.sum(axis=1)
        # Bounded as in scikit-learn: a tag of probability 0 costs 36 nats, not infinity.
        self._loss -= float(np.log(np.maximum(of_true, np.finfo(np.float64).eps)).sum())
        self._y.append(y.astype(np.int32))
        self._label.append(label.astype(np.int32))
        self._known.append(known)
        self._lengths.append(lengths)
        wrong = np.concatenate([[0], np.cumsum(label != y)])
        ends = np.cumsum(lengths)
        self._right.append((wrong[ends] == wrong[ends - lengths])[lengths > 0])
        self.tokens += len(y)

    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the true and the predicted tags, two int arrays of shape `(tokens,)`."""
        return np.concatenate(self._y), np.concatenate(self._label)

    def sentences(self, classes: Sequence[str]) -> tuple[list[list[str]], list[list[str]]]:
        """Return the true and the predicted tags of each sentence, two lists of lists of str.

        Args:
            classes: sequence of str. The tags.
        """
        ends = np.cumsum(np.concatenate(self._lengths))[:-1]
        names = np.array(classes, object)
        y, label = ([p.tolist() for p in np.split(names[ids], ends)] for ids in self.labels())
        return y, label

    def known_fraction(self) -> float:
        """Return the fraction of tokens whose word the training split has."""
        return float(np.mean(np.concatenate(self._known)))

    def metrics(self) -> dict[str, float | None]:
        """Compute the metrics over all tokens.

        Returns:
            dict of floats in `[0, 1]` (`log_loss`: `[0, inf)`): `"accuracy"`, and
            `"accuracy_known"` and `"accuracy_unknown"`, of the words that the training split
            has or lacks (`None` where there is none); `"sentence_accuracy"`, the fraction of
            sentences without a wrong tag; `"balanced_accuracy"`, the mean recall of the true
            tags; `"f1"`, the macro average over the true and the predicted tags;
            `"log_loss"` per token, in nats.
        """
        from sklearn import metrics

        y, label = self.labels()
        right, known = label == y, np.concatenate(self._known)
        recall = [np.mean(right[y == tag]) for tag in np.unique(y)]
        return {
            "accuracy": _mean(right),
            "accuracy_known": _mean(right[known]),
            "accuracy_unknown": _mean(right[~known]),
            "sentence_accuracy": _mean(np.concatenate(self._right)),
            "balanced_accuracy": _mean(recall),
            "f1": float(metrics.f1_score(y, label, average="macro", zero_division=0)),
            "log_loss": self._loss / self.tokens,
        }


def _mean(values):
    mean = float(np.mean(values)) if len(values) else math.nan
    return mean if math.isfinite(mean) else None
