"""Windows of a series: where they lie, what they hold, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest

from kerakit.data import Spec, load_series
from kerakit.errors import DataError

COUNT = np.arange(20.0)


def rows(data, split, part="window"):
    """The windows of a split (or their targets) as lists; of COUNT, values are steps."""
    table = data.table(split)
    column = table.target if part == "target" else table.features[part]
    return np.asarray(column).tolist()


def spans(data, split, part="window"):
    """First and last value of each window."""
    return [(row[0], row[-1]) for row in rows(data, split, part)]


@pytest.fixture
def counted():
    """20 steps: 0-11 train, 12-15 validation, 16-19 test; windows of 4, 2 steps ahead."""
    return load_series(COUNT, window=4, horizon=2, test_size=4, validation_size=4)


def test_a_window_belongs_where_its_target_lies_and_no_target_crosses_a_border(counted):
    assert rows(counted, "train")[0] == [0, 1, 2, 3]
    assert spans(counted, "train") == [(s, s + 3) for s in range(7)]
    assert spans(counted, "train", "target") == [(s + 4, s + 5) for s in range(7)]
    assert spans(counted, "validation") == [(8, 11), (9, 12), (10, 13)]
    assert spans(counted, "validation", "target") == [(12, 13), (13, 14), (14, 15)]
    assert spans(counted, "test") == [(12, 15), (13, 16), (14, 17)]
    assert spans(counted, "test", "target") == [(16, 17), (17, 18), (18, 19)]
    assert counted.spec.sizes == {"train": 7, "validation": 3, "test": 3}
    assert counted.table("test").target.times is None


def test_targets_know_the_times_of_their_first_steps():
    days = pd.date_range("2024-03-01", periods=20)
    data = load_series(
        pd.DataFrame({"at": days, "load": COUNT}),
        window=4,
        horizon=2,
        test_size=4,
        validation_size=4,
    )
    target = data.table("test").target
    first = np.array(["2024-03-17", "2024-03-18", "2024-03-19"], "datetime64[us]")
    np.testing.assert_array_equal(target.times.astype("datetime64[us]"), first)
    np.testing.assert_array_equal(target[1:].times, target.times[1:])
    assert (
        target[2].times.shape == (1,)
        and data.table("test").take([0, 2]).target.times[1] == (target.times[2])
    )
    assert data.table("test").features["window"].times is None


def test_the_stride_is_of_training_windows_only():
    data = load_series(COUNT, window=4, horizon=2, stride=3, test_size=4, validation_size=4)
    assert spans(data, "train") == [(0, 3), (3, 6), (6, 9)]
    assert spans(data, "test") == [(12, 15), (13, 16), (14, 17)]
    assert data.spec.series.stride == 3


def test_shares_are_of_all_steps_and_then_of_the_others():
    # Of 20 steps 5 to test on, of the other 15 three to validate on.
    data = load_series(COUNT, window=2, horizon=1, test_size=0.25, validation_size=0.2)
    assert data.spec.sizes == {"train": 10, "validation": 3, "test": 5}
    assert spans(data, "test", "target") == [(s, s) for s in (15, 16, 17, 18, 19)]


@pytest.mark.parametrize("none", [0, 0.0])
def test_validation_can_be_none(none):
    data = load_series(COUNT, window=2, horizon=1, validation_size=none)
    assert data.table("validation") is None and data.spec.sizes["validation"] == 0
    assert data.spec.sizes == {"train": 14, "validation": 0, "test": 4}


def test_series_of_their_own_start_afresh():
    test, validation = 100 + np.arange(5.0), 200 + np.arange(7.0)
    data = load_series(COUNT, window=4, horizon=1, test=test, validation=validation)
    assert data.spec.sizes == {"train": 16, "validation": 3, "test": 1}
    assert rows(data, "test") == [[100, 101, 102, 103]] and rows(data, "test", "target") == [[104]]
    assert data.spec.features[0].maximum == 19


def test_statistics_are_those_of_the_training_part(counted):
    (feature,) = counted.spec.features
    assert (feature.name, feature.kind, feature.dtype, feature.shape) == (
        "window",
        "sequence",
        "float32",
        (4,),
    )
    # 0 to 11: mean 5.5, variance (12^2 - 1) / 12.
    assert (feature.mean, feature.minimum, feature.maximum) == (5.5, 0.0, 11.0)
    assert feature.variance == pytest.approx(143 / 12)
    target = counted.spec.target
    assert (target.names, target.mean, target.variance) == (
        ("value",),
        (5.5,),
        (feature.variance,),
    )


def test_what_lies_behind_the_training_part_changes_no_statistic(counted):
    other = np.concatenate([COUNT[:12], 1000 - COUNT[12:]])
    again = load_series(other, window=4, horizon=2, test_size=4, validation_size=4)
    assert again.spec.features == counted.spec.features
    assert again.spec.fingerprint != counted.spec.fingerprint


def test_several_channels():
    series = np.stack([COUNT, -COUNT], axis=1)
    data = load_series(series, window=4, horizon=2, test_size=4, validation_size=4, unit="kW")
    (feature,) = data.spec.features
    assert feature.shape == (4, 2) and feature.mean == (5.5, -5.5) == data.spec.target.mean
    assert feature.missing == (0, 0)
    assert (data.spec.target.names, data.spec.target.unit) == (("value_1", "value_2"), "kW")
    assert rows(data, "test", "target")[0] == [[16, -16], [17, -17]]
    features, target = next(iter(data.train))
    assert features["window"].shape == (4, 2) and target.shape == (2, 2)
    assert target.dtype == "float32"


def test_one_channel_is_one_channel_however_it_is_given(counted):
    column = load_series(COUNT[:, np.newaxis], window=4, horizon=2, test_size=4, validation_size=4)
    assert column.spec == counted.spec
    features, target = next(iter(column.train))
    assert features["window"].numpy().tolist() == [0, 1, 2, 3]
    assert target.numpy().tolist() == [4, 5]
    assert Spec.from_json(column.spec.to_json()) == column.spec


def test_windows_take_the_memory_of_the_series_and_no_more():
    series = np.sin(np.arange(20_000)).astype("float32")
    data = load_series(series, window=500, horizon=100)
    tables = [data.table(split) for split in ("train", "validation", "test")]
    columns = [c for table in tables for c in (table.features["window"], table.target)]
    assert all(np.shares_memory(column.series, columns[0].series) for column in columns)
    own = sum(column.nbytes - column.series.nbytes for column in columns)
    assert columns[0].series.nbytes == 80_000 and own <= 2 * 8 * 20_000


@pytest.mark.parametrize(
    "sizes, message",
    [
        ({}, r"train split has 12 steps, and 14 are needed: window=10 and horizon=4.*20 steps"),
        ({"validation_size": 0, "test_size": 3}, "test split has 3 steps, and 4 are needed: hor"),
        ({"test_size": 50}, "train split has 0 steps, and 14 are needed"),
        ({"validation_size": 0, "test": COUNT[:13]}, "test split has 13 steps, and 14 are needed"),
    ],
)
def test_a_series_too_short_is_refused_with_what_it_needs(sizes, message):
    options = {"validation_size": 4, "test_size": 4} | sizes
    with pytest.raises(DataError, match=message):
        load_series(COUNT, window=10, horizon=4, **options)


def test_one_step_more_is_enough():
    data = load_series(COUNT, window=12, horizon=4, validation_size=0, test_size=4)
    assert data.spec.sizes == {"train": 1, "validation": 0, "test": 1}


def test_missing_values_leave_windows_out_and_are_warned_of():
    series = COUNT.copy()
    series[[5, 6, 14]] = np.nan
    with pytest.warns(UserWarning) as caught:
        data = load_series(series, window=2, horizon=1, test_size=4, validation_size=4)
    (message,) = [str(warning.message) for warning in caught]
    # Targets 5, 6 and 14 are missing; the window (5, 6) with target 7 has nothing to go by.
    assert "3 of 20 values are missing, for up to 2 step(s) in a row (from step 5" in message
    assert "4 window(s)" in message
    assert caught[0].filename == __file__
    assert spans(data, "train", "target") == [(s, s) for s in (2, 3, 4, 8, 9, 10, 11)]
    assert spans(data, "validation", "target") == [(12, 12), (13, 13), (15, 15)]
    (feature,) = data.spec.features
    # 0 to 11 without 5 and 6: their sum is 66 - 11.
    assert (feature.missing, feature.mean) == (2, 5.5) and feature.mean == 55 / 10


def test_a_window_with_some_values_stays():
    series = COUNT.copy()
    series[5] = np.nan
    with pytest.warns(UserWarning, match=r"1 window\(s\)"):
        data = load_series(series, window=2, horizon=1, test_size=4, validation_size=4)
    windows = rows(data, "train")
    assert [4.0, 5.0] not in windows and np.isnan([w for w in windows if w[0] == 4]).sum() == 1


def test_a_gap_in_one_channel_leaves_out_targets_but_not_inputs():
    series = np.stack([COUNT, COUNT], axis=1)
    series[4:7, 1] = np.nan
    with pytest.warns(UserWarning, match="3 of 40 values"):
        data = load_series(series, window=2, horizon=1, test_size=4, validation_size=4)
    steps = [target[0][0] for target in rows(data, "train", "target")]
    assert steps == [2, 3, 7, 8, 9, 10, 11]
    assert data.spec.features[0].missing == (0, 3)


def test_a_split_without_a_whole_window_is_refused():
    series = COUNT.copy()
    series[16:] = np.nan
    with pytest.raises(DataError, match="all 4 windows of the test split have a missing value"):
        load_series(series, window=2, horizon=1, test_size=4, validation_size=4)


@pytest.mark.parametrize(
    "series, message",
    [
        (np.r_[np.ones(12), COUNT[12:]], "'value': the value is constant, 1, in all 12 steps"),
        (np.r_[np.full(12, np.nan), COUNT[12:]], "the value is missing in all 12 steps"),
        (np.stack([COUNT, COUNT * 0], axis=1), "'value_2': the value is constant, 0,"),
        (np.r_[COUNT[:19], np.inf], r"row 19 \(counted from 0\), column 'value': .*infinite"),
        (np.r_[COUNT[:19], 1e39], "row 19 .*beyond float32"),
        (COUNT.reshape(1, 4, 5), r"shape \(1, 4, 5\)"),
        (np.array(["a", "b"]), "expected the path of a file, a DataFrame, or an array"),
        (np.empty(0), r"shape \(0,\)"),
        (None, "Got NoneType"),
    ],
)
def test_values_that_cannot_be_used_are_refused(series, message):
    with pytest.raises(DataError, match=message):
        load_series(series, window=2, horizon=1, test_size=4, validation_size=4)


def test_an_array_has_neither_columns_nor_times():
    with pytest.raises(DataError, match="value= names a column, and an array has no column names"):
        load_series(COUNT, value="load")
    with pytest.raises(DataError, match="calendar=.* needs the times of the rows"):
        load_series(COUNT, window=2, horizon=1, calendar="day")
    with pytest.raises(DataError, match="test= has 2 channels, and series has 1"):
        load_series(COUNT, window=2, horizon=1, test=np.stack([COUNT, COUNT], axis=1))


def test_the_long_term_split_of_the_transformer_papers(test_data):
    """The first 14,400 hours of ETTh1: 8,640, 2,880 and 2,880 of them to train, ... on."""
    path = test_data / "sequences/etth1/ETTh1.csv"
    with open(path) as file:
        oil = np.array([float(line.rsplit(",", 1)[1]) for line in list(file)[1:]], "float32")
    assert len(oil) == 17_420
    hours = oil[:14_400]
    data = load_series(hours, window=168, horizon=24, test_size=2880, validation_size=2880)
    assert data.spec.sizes == {"train": 8640 - 191, "validation": 2857, "test": 2857}
    for split, begin in (("validation", 8640), ("test", 11_520)):
        windows = np.lib.stride_tricks.sliding_window_view(hours[begin : begin + 2880], 24)
        np.testing.assert_array_equal(np.asarray(data.table(split).target), windows)
        inputs = np.asarray(data.table(split).features["window"])
        np.testing.assert_array_equal(inputs[0], hours[begin - 168 : begin])
    assert data.spec.target.mean[0] == pytest.approx(hours[:8640].astype("float64").mean())


def test_the_file_holds_the_same_and_knows_its_season(test_data):
    path = test_data / "sequences/etth1/ETTh1.csv"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = load_series(path, value="OT", window=168, horizon=24, calendar=("day", "week"))
    series = data.spec.series
    assert (series.season, series.step, series.calendar) == (24, 3600.0, ("day", "week"))
    assert len(data.table("train").features["window"].series) == 17_420
    assert data.spec.feature_names == ("window", "time") and data.spec.dataset == "ETTh1.csv"
    # The first window ends at 2016-07-07 23:00, 167 hours after 2016-07-01 00:00.
    assert data.table("train").features["time"][0] == 1_467_331_200 + 167 * 3600
