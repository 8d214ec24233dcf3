"""Errors of several series, by hand."""

import dataclasses

import numpy as np
import pytest

from kerakit.data import load_series
from kerakit.data.spec import Feature, Series, Spec, Target
from kerakit.evaluation.metrics.several_series import (
    SeriesErrors,
    naive_scales,
    series_deviations,
    series_ids,
)

SPEC = Spec(
    "forecast",
    (Feature("window", "sequence"), Feature("store", "categorical", "string", column="store")),
    Target(("sales",), None, (0.0,), (100.0,)),
    series=Series(4, 2, id=("store",), ids=("a", "b", "c"), variances=((4.0,), (100.0,), (0.0,))),
)


def test_deviations_are_those_of_the_series():
    found = series_deviations(np.array(["b", "a", "c", "new"], object), SPEC)
    np.testing.assert_array_equal(found[:, 0], [10, 2, np.nan, np.nan])
    assert series_ids({"store": np.array([b"b", b"a"])}, SPEC).tolist() == ["b", "a"]


def test_each_series_counts_alike_and_each_window_in_its_own_deviations():
    errors = SeriesErrors(SPEC)
    zeros = np.zeros((3, 2))
    errors.add(np.array(["a", "a", "b"], object), zeros, np.array([[2, 2], [2, 6], [10.0, 30]]))
    errors.add(np.array(["new"], object), zeros[:1], np.array([[5.0, 5.0]]))
    scales = {"a": np.array([3.0]), "b": np.array([40.0])}
    found = errors.metrics(scales)
    # MASE: of `a` (2 + 2 + 2 + 6) / 4 / 3 = 1, of `b` 20 / 40.
    assert found["mase"] == pytest.approx((1 + 0.5) / 2)
    # In deviations: 1, 1, 1, 3 and 1, 3.
    assert found["mae_standardised"] == pytest.approx(10 / 6)
    assert found["mse_standardised"] == pytest.approx((1 + 1 + 1 + 9 + 1 + 9) / 6)
    assert errors.rmse_by_step() == pytest.approx([1.0, np.sqrt((1 + 9 + 9) / 3)])
    each = errors.per_series(scales)
    assert each["a"] == {"windows": 2, "rmse": pytest.approx(12**0.5), "mae": 3.0, "mase": 1.0}
    assert each["new"] == {"windows": 1, "rmse": 5.0, "mae": 5.0, "mase": None}


def test_each_channel_has_a_mase_of_its_own():
    two = dataclasses.replace(
        SPEC,
        target=Target(("sales", "visits")),
        series=Series(4, 1, id=("store",), ids=("a", "b"), variances=((1.0, 1.0),) * 2),
    )
    errors = SeriesErrors(two)
    answer = np.array([[[2.0, 30.0]], [[6.0, 10.0]]])
    errors.add(np.array(["a", "b"], object), np.zeros((2, 1, 2)), answer)
    scales = {"a": np.array([2.0, 10.0]), "b": np.array([2.0, np.nan])}
    assert errors.mase_by_channel(scales) == [(1 + 3) / 2, 3.0]
    assert errors.mase_by_channel({}) == [None, None]


def test_without_a_known_series_there_is_no_metric_without_a_unit():
    errors = SeriesErrors(SPEC)
    errors.add(np.array(["new"], object), np.zeros((1, 2)), np.ones((1, 2)))
    assert set(errors.metrics({}).values()) == {None} and errors.rmse_by_step() == []


def test_the_scale_of_mase_is_that_of_each_series():
    import pandas as pd

    days = pd.date_range("2024-01-01", periods=40)
    parts = [
        pd.DataFrame({"day": days, "store": name, "sales": step * np.arange(40.0)})
        for name, step in (("a", 1), ("b", 5))
    ]
    data = load_series(pd.concat(parts), id="store", value="sales", window=4, horizon=2, season=3)
    assert {id: scale.tolist() for id, scale in naive_scales(data).items()} == {"a": [3], "b": [15]}
