"""Which group of origins a test window is in, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from evaluation_cases import forecast_data

import kerakit as kk
from kerakit.data.data import Data
from kerakit.errors import ArgumentError
from kerakit.evaluation.metrics.origins import check_origins, find_origins


def dated(start="2024-01-01", steps=60, **options):
    times = pd.date_range(start, periods=steps, freq="D")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"day": times, "load": rng.normal(size=steps)})
    return kk.load_series(frame, window=4, horizon=2, **options)


def stores():
    """Three stores; the last one has six test windows, the others eleven."""
    days, rng = pd.date_range("2024-01-01", periods=60), np.random.default_rng(0)
    tables = [
        pd.DataFrame({"day": days[:steps], "store": name, "sales": rng.normal(size=steps)})
        for name, steps in (("a", 60), ("b", 60), ("c", 55))
    ]
    return kk.load_series(pd.concat(tables), value="sales", id="store", window=4, horizon=2)


def test_groups_are_of_equal_size_and_in_the_order_of_time():
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    found = find_origins(data, 4)  # 19 windows
    assert np.bincount(found.groups).tolist() == [5, 5, 5, 4]
    assert (np.diff(found.groups) >= 0).all() and found.count == 4
    assert found.spacing == 1 and found.begins == (None,) * 4
    shuffled = data.table("test").take(np.random.default_rng(0).permutation(19))
    other = find_origins(Data(data.table("train"), None, shuffled, data.spec), 4)
    np.testing.assert_array_equal(
        other.groups, found.groups[np.argsort(np.argsort(shuffled.target.starts))]
    )
    for count in range(1, 20):
        sizes = np.bincount(find_origins(data, count).groups)
        assert len(sizes) == count and np.ptp(sizes) <= 1 and sizes.sum() == 19


def test_a_stream_is_counted():
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    stream = Data(data.train, data.validation, data.test, data.spec)
    np.testing.assert_array_equal(find_origins(stream, 4).groups, find_origins(data, 4).groups)
    assert find_origins(stream, 4).spacing is None


def test_times_are_those_of_the_first_steps_that_are_forecast():
    data = dated()
    # The last 12 of 60 days are tested: windows end a step before, forecasts begin on day 48.
    first = find_origins(data, 2)
    assert first.begins == (("2024-02-18", "2024-02-23"), ("2024-02-24", "2024-02-28"))
    hours = pd.DataFrame(
        {"at": pd.date_range("2024-01-01", periods=60, freq="h"), "load": np.arange(60.0) % 7}
    )
    data = kk.load_series(hours, window=4, horizon=2)
    assert find_origins(data, 1).begins == (("2024-01-03 00:00", "2024-01-03 10:00"),)


def test_the_windows_of_each_series_are_cut_by_themselves():
    data = stores()
    found, ids = find_origins(data, 2), data.table("test").features["store"]
    counts = {name: np.bincount(found.groups[ids == name]).tolist() for name in "abc"}
    assert counts == {"a": [6, 5], "b": [6, 5], "c": [3, 3]}
    assert found.begins[0][0] == "2024-02-18" and found.begins[1][1] == "2024-02-28"
    assert check_origins("evaluate", 11, data) == 11  # of the longest series
    with pytest.raises(ArgumentError, match=r"range \[1, 11\].*of the longest series\. Got 12"):
        check_origins("evaluate", 12, data)
    stream = Data(data.train, data.validation, data.test, data.spec)
    np.testing.assert_array_equal(find_origins(stream, 2).groups, found.groups)


@pytest.mark.parametrize("origins", [0, -3, 1.5, "4", True, None, float("nan"), 10**30])
def test_other_than_whole_numbers_of_windows_are_refused(origins):
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    with pytest.raises(ArgumentError, match="'origins' parameter of evaluate must be an int in"):
        check_origins("evaluate", origins, data)


def test_other_tasks_and_too_few_windows_are_refused(make):
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    with pytest.raises(ArgumentError, match=r"range \[1, 19\], at most the number of test windows"):
        check_origins("evaluate", 20, data)
    with pytest.raises(ArgumentError, match="is for forecasts.*Got the task 'regression'"):
        check_origins("evaluate", 2, make.data())
