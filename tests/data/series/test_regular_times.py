"""The times of a series: order, gaps, steps, seasons, and the calendar."""

import datetime

import numpy as np
import pandas as pd
import pytest

from kerakit.data import load_series
from kerakit.errors import DataError

SIZES = {"window": 2, "horizon": 1, "test_size": 4, "validation_size": 4}


def text(times, values=None):
    """CSV of times and of values, by default 0, 1, 2, ..."""
    values = range(len(times)) if values is None else values
    return "when,load\n" + "".join(f"{t},{v}\n" for t, v in zip(times, values, strict=True))


def hours(count=20):
    start = datetime.datetime(2024, 3, 1)
    return [str(start + datetime.timedelta(hours=hour)) for hour in range(count)]


def load(write, times, **options):
    return load_series(write(text(times)), **SIZES | options)


def targets(data, split="train"):
    return np.asarray(data.table(split).target)[:, 0].tolist()


@pytest.mark.parametrize(
    "frequency, season, seconds",
    [
        ("10min", 144, 600),
        ("15min", 96, 900),
        ("30min", 48, 1800),
        ("h", 24, 3600),
        ("D", 7, 86_400),
        ("7D", 52, 604_800),
        ("MS", 12, 30.4 * 86_400),
        ("ME", 12, 30.4 * 86_400),
        ("QS", 4, 3 * 30.4 * 86_400),
        ("QE", 4, 3 * 30.4 * 86_400),
        ("YS", 1, 12 * 30.4 * 86_400),
        ("28D", 1, 28 * 86_400),
        ("7min", 1, 420),
        ("250ms", 1, 0.25),
    ],
)
def test_the_season_follows_the_step(write, frequency, season, seconds):
    times = pd.date_range("1999-12-31" if frequency == "7D" else "2000-01-01", None, 30, frequency)
    series = load(write, times).spec.series
    assert (series.season, series.step) == (season, pytest.approx(seconds))


def test_the_season_given_wins(write):
    assert load(write, hours(), season=5).spec.series.season == 5


def test_years_and_months_are_read_as_they_are_written(write):
    years = load(write, range(1990, 2010), time="when")
    assert years.spec.series.step == pytest.approx(12 * 30.4 * 86_400)
    months = [f"{year}-{month:02d}" for year in (1949, 1950) for month in range(1, 13)]
    data = load(write, months, calendar="year")
    assert data.spec.series.season == 12
    # The first window is January and February 1949.
    (first,) = [int(t) for t in data.table("train").features["time"][:1]]
    assert first == datetime.datetime(1949, 2, 1, tzinfo=datetime.UTC).timestamp()
    days = load(write, [f"202402{day:02d}" for day in range(1, 30)], time="when")
    assert days.spec.series.season == 7


def test_the_time_of_a_window_is_that_of_its_last_step_in_utc(write):
    times = [f"2024-03-01T{hour:02d}:30:00+02:00" for hour in range(20)]
    data = load(write, times, calendar=("day", "year", "day"))
    assert data.spec.series.calendar == ("day", "year")
    _, time = data.spec.features
    assert (time.name, time.kind, time.dtype, time.shape, time.column, time.mean) == (
        "time",
        "numeric",
        "int64",
        (),
        "when",
        None,
    )
    # Steps 0 and 1: the window ends at 01:30 in a zone two hours ahead of UTC.
    last = datetime.datetime(2024, 2, 29, 23, 30, tzinfo=datetime.UTC).timestamp()
    found = data.table("train").features["time"]
    assert found.dtype == np.int64 and found[:2].tolist() == [last, last + 3600]
    # Test targets are steps 16 to 19, of windows that end at steps 15 to 18.
    assert data.table("test").features["time"].tolist() == [last + 3600 * s for s in range(14, 18)]
    features, target = next(iter(data.test))
    assert features["time"].dtype == "int64" and features["time"].shape == ()


def test_seconds_since_1970(write):
    times = [1_700_000_000 + 1800 * row for row in range(20)]
    data = load(write, times, time="when", value="load", calendar="day")
    assert data.spec.series.season == 48
    assert data.table("train").features["time"][0] == 1_700_001_800
    with pytest.raises(DataError, match="1700000000000 cannot be seconds since 1970"):
        load(write, [1000 * time for time in times], time="when")


def test_times_out_of_order_are_refused_with_both(write):
    times = hours()
    times[5], times[6] = times[6], times[5]
    with pytest.raises(DataError) as caught:
        load(write, times)
    assert "line 8, column 'when': '2024-03-01 05:00:00' comes after '2024-03-01 06:00:00'" in str(
        caught.value
    )


def test_a_time_twice_is_refused(write):
    times = hours()
    times[6] = times[5]
    with pytest.raises(DataError, match="line 8, .*'2024-03-01 05:00:00' is the time of the row"):
        load(write, times)


def test_gaps_are_refused_or_filled_or_ignored(write):
    times = hours(23)
    del times[15], times[7:9]
    with pytest.raises(DataError) as caught:
        load(write, times)
    message = str(caught.value)
    assert "line 9, column 'when': '2024-03-01 06:00:00' is followed by '2024-03-01 09:00:00'" in (
        message
    )
    assert (
        "2 row(s) are missing there, and 3 in 2 gap(s) in all" in message
        and "gaps='fill'" in message
    )

    with pytest.warns(UserWarning, match=r"3 of 23 .*for up to 2 .*\(from 2024-03-01 07:00:00\)"):
        filled = load(write, times, gaps="fill", calendar="day")
    whole = filled.table("train").features["window"].series
    # The rows that are there are counted on: hours 7, 8 and 15 have none.
    expected = np.insert(np.arange(20.0), [7, 7, 13], np.nan)
    np.testing.assert_array_equal(whole, expected)
    start = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC).timestamp()
    # The window of hours 7 and 8 is empty; that of hours 6 and 7 has its target missing.
    ends = [(time - start) / 3600 for time in filled.table("train").features["time"]]
    assert ends == [1, 2, 3, 4, 5, 9, 10, 11, 12, 13]

    ignored = load(write, times, gaps="ignore")
    assert targets(ignored) == list(range(2, 12))


def test_a_gap_behind_the_first_row_is_filled(write):
    times = hours(22)
    del times[1:3]
    with pytest.warns(UserWarning, match=r"2 of 22 .*for up to 2 .*\(from 2024-03-01 01:00:00\)"):
        data = load(write, times, gaps="fill")
    series = data.table("train").features["window"].series
    np.testing.assert_array_equal(series[:5], [0, np.nan, np.nan, 1, 2])


def test_missing_months_are_filled_on_their_day(write):
    times = [str(day.date()) for day in pd.date_range("2023-01-31", periods=24, freq="ME")]
    del times[1]
    with pytest.warns(UserWarning, match="from 2023-02-28"):
        data = load(write, times, gaps="fill")
    assert data.spec.series.season == 12


def test_missing_months_are_filled_by_the_clock_of_their_zone():
    times = pd.date_range("2023-01-01", periods=24, freq="MS", tz="Europe/Berlin")
    frame = pd.DataFrame({"when": times, "load": np.arange(24.0)}).drop(index=[2])
    with pytest.warns(UserWarning, match="from 2023-02-28 23:00:00"):  # in UTC
        data = load_series(frame, gaps="fill", calendar="year", **SIZES)
    ends = data.table("train").features["time"]
    # Targets are steps 2 to 15 but for the missing step 2: windows end at steps 2 to 14.
    assert ends.tolist() == [time.timestamp() for time in times[2:15]]


def test_a_time_between_the_steps_is_refused(write):
    times = hours()
    times[6] = "2024-03-01 06:07:00"
    with pytest.raises(
        DataError, match=r"line 8, .*'2024-03-01 06:07:00' is not a whole number of"
    ):
        load(write, times, gaps="fill")
    assert len(targets(load(write, times, gaps="ignore"))) == 10


def test_one_wrong_date_does_not_fill_the_memory(write):
    times = hours()
    times[-1] = "9999-01-01 00:00:00"
    with pytest.raises(DataError, match="line 21, .*would add"):
        load(write, times, gaps="fill")


@pytest.mark.parametrize("frequency, season", [("D", 7), ("MS", 12), ("h", 24)])
def test_summer_time_is_no_gap(frequency, season):
    # 300 hours from here on hold the night of 29 October, in which clocks are set back.
    start = {"D": "2023-01-01", "MS": "2000-01-01", "h": "2023-10-25"}[frequency]
    times = pd.date_range(start, periods=300, freq=frequency, tz="Europe/Berlin")
    frame = pd.DataFrame({"when": times, "load": np.arange(300.0)})
    assert load_series(frame, **SIZES).spec.series.season == season


@pytest.mark.parametrize(
    "row, written, message",
    [
        (3, "01/03/2024", "line 5, column 'when': '01/03/2024' is not a time.*Expected ISO dates"),
        (3, "", "line 5, column 'when': the time is missing"),
        (3, "2024-03-01T03:00:00+01:00", "line 5, .*has a zone, and '2024-03-01 00:00:00' of"),
    ],
)
def test_a_bad_time_is_named(write, row, written, message):
    times = hours(40)
    times[row] = written
    with pytest.raises(DataError, match=message):
        load(write, times)
