"""Batches of sentences whose padded size is bounded."""

import numpy as np
import pytest

from kerakit.data.tagged.spans import sentence_lengths, spans


def test_lengths_are_counted_before_the_padding():
    assert sentence_lengths(np.array([[0, 3, -1], [2, -1, -1], [-1, -1, -1]])).tolist() == [2, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_spans_cover_the_rows_in_order_and_are_bounded(seed):
    rng = np.random.default_rng(seed)
    lengths = np.minimum(rng.geometric(0.05, 200), 150)
    lengths[rng.integers(200)] = 999
    found = list(spans(lengths, 300))
    assert [row for part in found for row in range(part.start, part.stop)] == list(range(200))
    for part in found:
        rows, longest = part.stop - part.start, lengths[part].max()
        assert rows == 1 or rows * longest <= 300
        # One row more would not fit: no batch is smaller than it must be.
        more = lengths[part.start : part.stop + 1]
        assert part.stop == 200 or (rows + 1) * more.max() > 300


def test_no_sentence_and_empty_sentences():
    assert list(spans([])) == []
    assert list(spans([0, 0, 0], 1)) == [slice(0, 3)]
