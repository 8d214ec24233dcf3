"""Sentences of unequal lengths in batches whose padded size is bounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["MAX_TOKENS", "sentence_lengths", "spans"]

# Tokens of a batch with its padding. An LSTM of 128 units in both directions makes some 2,000
# floats of each: 2**14 tokens become 130 MiB.
MAX_TOKENS = 2**14


def sentence_lengths(target: np.ndarray) -> np.ndarray:
    """Return the number of tokens of each sentence: int array of shape `(n,)`.

    Args:
        target: int array of shape `(n, steps)`. The tags, and -1 after the last tag.
    """
    return np.count_nonzero(np.asarray(target) >= 0, axis=1)


def spans(lengths: np.ndarray, tokens: int = MAX_TOKENS) -> Iterator[slice]:
    """Yield slices of the sentences, in order, so that no batch has many tokens or much padding.

    Args:
        lengths: int array of shape `(n,)`. Tokens of each sentence.
        tokens: int. A batch has at most so many tokens, its padding included; a longer sentence
            is a batch of its own. Defaults to 16,384.

    Example:

    >>> [(part.start, part.stop) for part in spans([3, 4, 90, 2, 2], tokens=100)]
    [(0, 2), (2, 3), (3, 5)]
    """
    start, longest = 0, 0
    for row, length in enumerate(lengths):
        longest = max(longest, int(length))
        if row > start and longest * (row - start + 1) > tokens:
            yield slice(start, row)
            start, longest = row, int(length)
    if start < len(lengths):
        yield slice(start, len(lengths))
