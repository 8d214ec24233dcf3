"""NaN at the end of a series is padding."""

import numpy as np

from kerakit.serving.standalone.padding import longest, padded_to, series_lengths


def test_the_end_of_a_series():
    nan = np.nan
    column = np.float32([[1, nan, 2, nan, nan], [nan] * 5, [1, nan, nan, nan, nan]])
    assert series_lengths(column).tolist() == [3, 0, 1]
    assert longest(column).shape == (3, 3) and longest(column[1:2]).shape == (1, 1)
    two = np.stack([column, column[::-1]], axis=-1)
    assert series_lengths(two).tolist() == [3, 0, 3]
    assert series_lengths(np.zeros((2, 0))).tolist() == [0, 0]
    padded = padded_to(np.array([["a"]], object), (9, 3))
    assert padded.tolist() == [["a", "", ""]]
    assert padded_to(np.ones((1, 2, 3)), (4, 3, 2)).tolist() == [[[1] * 3] * 2 + [[0] * 3]]
