"""The bins of numbers: how high each is in the mean of the training rows."""

import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.contract import split_model
from kerakit.builders.tables.bins import bin_means


def test_the_means_of_bins_are_those_of_evenly_spread_rows():
    """Two columns of other scales and numbers of bins; the rows are all quantiles."""
    table = {"fine": np.arange(1024.0), "coarse": 5000 - 7 * (np.arange(1024) // 128)}
    data = kk.load_arrays(table, np.arange(1024.0), test=(table, np.arange(1024.0)))
    model = kk.mlp_regressor(data, members=2, bins=8)
    preprocess, _ = split_model(model)
    means = bin_means(preprocess)
    rows = data.table("train").features
    reached = np.asarray(preprocess(rows))[:, -len(means) :].mean(axis=0)
    assert len(means) == 8 + 7
    np.testing.assert_allclose(means[:8], 1 - (np.arange(8) + 0.5) / 8)
    np.testing.assert_allclose(reached[:8], means[:8], atol=0.02)
    np.testing.assert_allclose(reached[8:], means[8:], atol=0.1)


def test_edges_that_float32_cannot_tell_apart_are_no_bins():
    """One value of 1e17 makes the others the same number, of which no bin may be infinite."""
    number = np.random.default_rng(0).normal(size=200)
    number[3] = 1e17
    with pytest.warns(UserWarning, match="column 'b': a value is 1e[+]17"):
        data = kk.load_arrays(
            {"a": np.arange(200.0) % 50, "b": number}, number > 0, test=({"a": [1], "b": [2]}, [1])
        )
    preprocess, _ = split_model(kk.mlp_classifier(data, members=2))
    values = np.asarray(preprocess(data.table("train").features))
    assert np.isfinite(values).all() and np.abs(values).max() < 20
    assert values.shape[1] == 2 + 16 + 1
