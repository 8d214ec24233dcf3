"""Times after a series, in the type and the spelling of its column."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kerakit.data.series.times.later_column import later_column
from kerakit.data.series.times.regular_times import regular_positions
from kerakit.data.series.times.time_column import read_times


def later(values, count=2, gaps="ignore", typed=False):
    column = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values)
    times = read_times(column, typed, "t", str)
    step, _ = regular_positions(times, gaps, str)
    return later_column(column, times, step, count, on_grid=gaps == "fill")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2016-07-01", "2016-07-02"], ["2016-07-03", "2016-07-04"]),
        (["2016-07-01 13:00", "2016-07-01 13:30"], ["2016-07-01 14:00", "2016-07-01 14:30"]),
        (["2016-07-01T23:00:00Z", "2016-07-02T00:00:00Z"], ["2016-07-02T01:00:00Z"]),
        (["2020-01-31T05:00:30+02:00", "2020-02-01T05:00:30+02:00"], ["2020-02-02T05:00:30+02:00"]),
        (["2019-11-30", "2019-12-31", "2020-01-31"], ["2020-02-29", "2020-03-31"]),
        (["2019-07", "2019-10"], ["2020-01", "2020-04"]),
        ([2018, 2019], [2020, 2021]),
        ([20191230, 20191231], [20200101, 20200102]),
        (["20191230", "20191231"], ["20200101"]),
        ([1577836800.5, 1577836801.0], [1577836801.5]),
        ([datetime.date(2020, 2, 28), datetime.date(2020, 2, 29)], [datetime.date(2020, 3, 1)]),
        # Irregular, and therefore unknown.
        (["2020-01-01", "2020-01-02", "2020-01-05"], None),
    ],
)
def test_times_go_on_as_they_are_written(values, expected):
    found = later(values, len(expected or [1]))
    assert expected == (None if found is None else found.to_pylist())


def test_days_without_weekends_go_on_from_monday_to_friday():
    days = pd.bdate_range("2024-02-01", "2024-02-29").drop("2024-02-19")  # a holiday
    column = pa.array(days.strftime("%Y-%m-%d").tolist())
    expected = pd.bdate_range("2024-03-01", periods=4).strftime("%Y-%m-%d").tolist()
    assert later(column, 4).to_pylist() == expected


@pytest.mark.parametrize(
    ("start", "freq", "zone"),
    [
        ("2024-03-29 12:00", "D", "Europe/Oslo"),  # summer time begins on 31 March
        ("2024-03-30 20:00", "h", "Europe/Oslo"),
        ("2024-10-26 23:00", "h", "Europe/Oslo"),
        ("2023-12-31", "MS", "America/New_York"),
        ("2024-01-31", "ME", None),
        ("2024-01-01", "W-MON", None),
        ("2024-01-01", "15min", None),
    ],
)
def test_pandas_goes_on_the_same_way(start, freq, zone):
    times = pd.date_range(start, periods=12, freq=freq, tz=zone)
    found = later(pa.array(times[:6]), 6, gaps="fill", typed=True)
    assert found.type == pa.array(times).type
    assert pd.DatetimeIndex(found.to_pandas()).tolist() == times[6:].tolist()


def test_the_type_of_a_column_stays():
    days = np.array(["2020-01-01", "2020-01-02"], "datetime64[ms]")
    for kind in (pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ns")):
        assert later(pa.array(days).cast(kind), typed=True).type == kind
    words = pa.array(["2020-01-01", "2020-01-02"]).dictionary_encode()
    assert later(words).to_pylist() == ["2020-01-03", "2020-01-04"]
