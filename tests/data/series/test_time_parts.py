"""Times that stand in several columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kerakit.data import load_series
from kerakit.data.series.times.time_parts import joined_times
from kerakit.errors import DataError

HOURS = pd.date_range("2023-12-30 22:00", periods=60, freq="h")


def joined(typed=False, **columns):
    columns = {name: pa.array(values) for name, values in columns.items()}
    times = joined_times(columns, list(columns), typed, lambda row: f"row {row}")
    return [str(time) for time in times.to_pandas()]


def test_a_date_and_a_time_of_day():
    expected = ["2023-12-31 23:05:00", "2024-01-01 00:00:30"]
    assert joined(Date=["12/31/2023", "01/01/2024"], Time=["23:05", "00:00:30"]) == expected
    assert joined(Time=["11:05 PM", "12:00:30 a.m."], Date=["2023-12-31", "2024-01-01"]) == expected
    assert joined(Date=["31.12.2023"], hour=["24"]) == ["2024-01-01 00:00:00"]
    import datetime

    dates, clocks = [datetime.date(2023, 12, 31)], [datetime.time(7, 30)]
    assert joined(True, day_of=dates, clock=clocks) == ["2023-12-31 07:30:00"]


def test_year_month_day_and_hour():
    found = joined(Year=["2024", "2024"], MONTH=["2", "3"], day=["29", "1"], hour=["23", "0"])
    assert found == ["2024-02-29 23:00:00", "2024-03-01 00:00:00"]
    assert joined(True, yr=[2024], mnth=[5]) == ["2024-05-01 00:00:00"]


def test_a_file_of_dates_and_times_goes_on_in_time(tmp_path):
    parts = {"Date": HOURS.strftime("%d/%m/%Y"), "Time": HOURS.strftime("%H:%M")}
    table = pd.DataFrame({**parts, "load": np.arange(60.0)})
    table.to_csv(tmp_path / "load.csv", index=False)
    data = load_series(tmp_path / "load.csv", time=["Date", "Time"], window=4, horizon=2)
    series = data.spec.series
    assert (series.step, series.season, series.time) == (3600.0, 24, "Date Time")
    assert series.time_parts == ("Date", "Time") and data.spec.target.names == ("load",)
    with pytest.raises(DataError, match="line 3.*pass both as time="):
        load_series(tmp_path / "load.csv", window=4, horizon=2)


def test_a_forecast_has_the_whole_time():
    import kerakit as kk

    parts = {"year": HOURS.year, "month": HOURS.month, "day": HOURS.day, "hour": HOURS.hour}
    table = pd.DataFrame({**parts, "load": np.arange(60.0)})
    data = load_series(table, value="load", time=list(parts), window=4, horizon=2)
    answer = kk.predict(kk.sequence_forecaster(data, units=2), table)
    ahead = pd.date_range(HOURS[-1], periods=3, freq="h")[1:]
    assert answer["year month day hour"].tolist() == list(ahead)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"year": ["2023"], "month": ["13"]}, "row 0, column 'month': the month is 13. .*1 to 12"),
        ({"year": ["2023"], "month": ["2"], "day": ["30"]}, "'day': 2023-02 has no day 30"),
        ({"Date": ["2023-01-01"] * 2, "Time": ["7:00", "25:00"]}, "row 1, column 'Time': '25:00'"),
        ({"Date": ["2023-01-01"], "kind": ["a"]}, "names the columns 'Date', 'kind'. Expected one"),
        ({"month": ["1"], "day": ["2"]}, "Expected one column of dates and one of times"),
        ({"Date": ["2023-01-01"], "hour": ["1.5"]}, "the hour is 1.5. Expected a whole number"),
    ],
)
def test_parts_that_make_no_time(columns, message):
    with pytest.raises(DataError, match=message):
        joined(**columns)
