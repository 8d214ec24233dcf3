"""Sequences of unequal length as one array."""

import numpy as np

from kerakit.data.spec import Feature
from kerakit.serving.contract.rows import stacked


def test_rows_of_series_are_stacked():
    one = Feature("x", "sequence", shape=(None,))
    two = Feature("x", "sequence", shape=(None, 2))
    nan = np.nan
    np.testing.assert_array_equal(stacked([[1, 2], [], [3]], one), [[1, 2], [nan] * 2, [3, nan]])
    np.testing.assert_array_equal(stacked([[[1, 2]], []], two), [[[1, 2]], [[nan, nan]]])
    assert stacked([], two).shape == (0, 1, 2) and stacked(np.zeros((3, 0)), one).shape == (3, 1)
