"""The wrong tags that a tagger predicted with the highest confidence, with their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerakit.evaluation.errors.confident_errors import percent
from kerakit.evaluation.errors.texts import shorten

__all__ = ["WrongSentences"]

SENTENCES = 8
TOKENS = 5  # wrong tags that are shown of a sentence
CONTEXT = 6  # tokens on each side of a wrong tag that are shown


class WrongSentences:
    """Keep the sentences whose wrong tags were predicted with the highest confidence.

    Args:
        classes: sequence of str. The tags.
        limit: int in `[1, inf)`. How many sentences to keep. Defaults to 8.
    """

    def __init__(self, classes: Sequence[str], limit: int = SENTENCES) -> None:
        self.classes, self.limit = classes, limit
        self._kept, self._rows_seen = [], 0

    def add(self, sentences: Sequence[Sequence[str]], y: np.ndarray, p: np.ndarray) -> None:
        """Add a batch of sentences.

        Args:
            sentences: list of lists of str.
            y: int array of shape `(tokens,)`: the true tags of all sentences, concatenated.
            p: array of shape `(tokens, classes)`. Probabilities.
        """
        start = 0
        for row, tokens in enumerate(sentences, self._rows_seen):
            true, predicted = y[start : start + len(tokens)], p[start : start + len(tokens)]
            start += len(tokens)
            label = predicted.argmax(axis=1) if len(predicted) else true
            wrong = np.flatnonzero(label != true)
            if len(wrong):
                confidence = predicted.max(axis=1)
                highest = float(confidence[wrong].max())
                self._kept.append((-highest, row, tokens, true, label, confidence))
        self._kept.sort(key=lambda entry: entry[:2])
        del self._kept[self.limit :]
        self._rows_seen += len(sentences)

    def rows(self) -> tuple[dict[str, Any], ...]:
        """Return the wrong tags of the sentences that were kept, highest confidence first.

        Returns:
            tuple of dicts of `row` (int, of the test split), `text` (str: the token and its
            context), `token`, `true`, `predicted` and `confidence` (str); at most five of a
            sentence.
        """
        found = []
        for _, row, tokens, true, label, confidence in self._kept:
            for index in np.flatnonzero(label != true)[:TOKENS].tolist():
                begin, end = max(0, index - CONTEXT), index + CONTEXT + 1
                text = "… " * (begin > 0) + " ".join(tokens[begin:end])
                found.append(
                    {
                        "row": row,
                        "text": shorten(text + " …" * (end < len(tokens))),
                        "token": shorten(tokens[index], 60),
                        "true": str(self.classes[true[index]]),
                        "predicted": str(self.classes[label[index]]),
                        "confidence": percent(float(confidence[index])),
                    }
                )
        return tuple(found)
