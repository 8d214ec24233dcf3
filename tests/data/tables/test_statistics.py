"""Statistics of the training rows."""

import numpy as np
import pytest

from kerakit.data.tables.statistics import describe_feature, describe_target, is_constant

NAN = np.nan


def test_numbers_with_a_missing_one():
    feature = describe_feature("a", np.array([1, 2, NAN, 3, 6], np.float32), "A")
    assert (feature.mean, feature.variance) == (3.0, 3.5)  # (4 + 1 + 0 + 9) / 4
    assert (feature.minimum, feature.maximum, feature.missing) == (1.0, 6.0, 1)
    assert (feature.name, feature.column, feature.dtype, feature.shape) == ("a", "A", "float32", ())


def test_quantiles_are_65_points_or_fewer_where_values_repeat():
    many = describe_feature("a", np.arange(129, dtype=np.float32)).quantiles
    assert many == tuple(2.0 * k for k in range(65))
    few = describe_feature("a", np.array([0] * 90 + [1] * 10, np.float32)).quantiles
    assert few[0] == 0 and few[-1] == 1
    assert list(few) == sorted(set(few))


def test_values_take_the_places_of_repeated_quantiles():
    """Nine tenths are 0: plain quantiles have seven others, and here all of a hundred count."""
    values = np.array([0.0] * 900 + list(range(1, 101)), np.float32)
    edges = describe_feature("a", values).quantiles
    assert len(edges) == 65 and edges[0] == 0 and edges[-1] == 100
    assert np.diff(edges)[1:].max() <= 4
    few = describe_feature("a", np.array([0] * 97 + [1, 2, 3], np.float32)).quantiles
    assert {0.0, 1.0, 2.0, 3.0} <= set(few)


@pytest.mark.parametrize("rows", [1, 2, 3, 64, 66, 1000, 54_321])
def test_quantiles_are_those_of_numpy(rows):
    random = np.random.default_rng(rows)
    values = random.normal(size=rows).astype(np.float32) * 10.0 ** random.integers(-30, 30, rows)
    values = np.append(values, np.nan).astype(np.float32)
    expected = np.unique(np.quantile(values[:-1].astype(np.float64), np.linspace(0, 1, 65)))
    assert describe_feature("a", values).quantiles == tuple(expected.tolist())


def test_vocabulary_is_ranked_by_count_then_alphabet_and_keeps_the_missing():
    words = np.array(["b", "", "a", "c", "c", "", "b", "c"], object)
    feature = describe_feature("a", words)
    assert feature.vocabulary == ("c", "", "b", "a")
    assert (feature.missing, feature.kind, feature.dtype) == (2, "categorical", "string")


def test_vectors_have_a_tuple_of_each_statistic():
    feature = describe_feature("features", np.array([[1, 0], [3, NAN]], np.float32))
    assert feature.shape == (2,)
    assert (feature.mean, feature.variance, feature.missing) == ((2.0, 0.0), (1.0, 0.0), (0, 1))
    assert feature.quantiles[1] == (0.0,)


def test_a_column_without_values_has_zeros_and_no_nan():
    feature = describe_feature("a", np.array([NAN, NAN], np.float32))
    assert (feature.mean, feature.variance, feature.missing) == (0.0, 0.0, 2)
    assert feature.quantiles == ()


def test_what_is_constant():
    def constant(*values):
        kind = object if isinstance(values[0], str) else np.float32
        return is_constant(describe_feature("a", np.array(values, kind)))

    assert constant(2, 2) and constant("x", "x") and constant(NAN, NAN)
    assert not constant(2, 3) and not constant("x", "") and not constant(2, NAN)


def test_target_mean_and_variance():
    assert describe_target(np.array([1, 3], np.float32)) == ((2.0,), (1.0,))
    assert describe_target(np.array([[1, 0], [3, 4]], np.float32)) == ((2.0, 2.0), (1.0, 4.0))
