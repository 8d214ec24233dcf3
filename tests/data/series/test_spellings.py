"""Times as downloads have them: other spellings, the newest row first, a few days missing."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.errors import DataError

SIZES = {"window": 5, "horizon": 1, "test_size": 0.2, "validation_size": 0.2}
DAYS = pd.date_range("2023-11-06", periods=60, freq="B")  # Monday to Friday


def write(tmp_path, times, values=None, name="prices.csv"):
    path = tmp_path / name
    values = np.arange(len(times)) if values is None else values
    rows = [f'"{time}",{value}' for time, value in zip(times, values, strict=True)]
    path.write_text("Date,Price\n" + "\n".join(rows) + "\n")
    return path


def whole(data):
    return data.table("train").features["window"].series


def ends(data, split="train"):
    return pd.to_datetime(data.table(split).features["time"], unit="s")


@pytest.mark.parametrize(
    "form", ["%m/%d/%Y", "%d.%m.%Y", "%b %d, %Y", "%d-%b-%Y", "%m/%d/%Y 16:00"], ids=str
)
def test_dates_in_other_spellings_are_read(tmp_path, form):
    path = write(tmp_path, DAYS.strftime(form))
    data = kk.load_series(path, gaps="ignore", calendar="week", **SIZES)
    assert data.spec.series.season == 5  # Monday to Friday
    expected = DAYS[4 : 4 + len(ends(data))]
    np.testing.assert_array_equal(ends(data).normalize(), expected)


def test_the_order_of_the_rows_tells_the_day_from_the_month(tmp_path):
    """From 2 January to 12 February no day is above 12 in rows of one month each."""
    times = pd.date_range("2010-01-02", periods=40, freq="MS")
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        data = kk.load_series(write(tmp_path, times.strftime(form)), calendar="year", **SIZES)
        assert data.spec.series.season == 12
        np.testing.assert_array_equal(ends(data), times[4 : 4 + len(ends(data))])


def test_dates_that_tell_nothing_are_warned_of(tmp_path):
    times = ["01/02/2023", "03/04/2023", "05/06/2023"] * 1 + ["07/08/2023", "09/10/2023"]
    with pytest.warns(UserWarning, match="day or the month comes first in '01/02/2023'"):
        data = kk.load_series(
            write(tmp_path, times),
            gaps="ignore",
            window=1,
            horizon=1,
            test_size=1,
            validation_size=0,
        )
    assert data.spec.sizes["train"] == 3


def test_the_newest_row_may_come_first(tmp_path):
    path = write(tmp_path, DAYS[::-1].strftime("%m/%d/%Y"), np.arange(60)[::-1])
    with pytest.warns(UserWarning, match="prices.csv: the newest row comes first"):
        data = kk.load_series(path, gaps="ignore", **SIZES)
    np.testing.assert_array_equal(whole(data), np.arange(60.0))
    frame = pd.DataFrame({"day": DAYS[::-1], "price": np.arange(60)[::-1]})
    with pytest.warns(UserWarning, match="newest row comes first"):
        again = kk.load_series(frame, gaps="ignore", **SIZES)
    np.testing.assert_array_equal(whole(again), np.arange(60.0))


def test_errors_name_the_line_of_a_row_that_was_turned_round(tmp_path):
    days = pd.date_range("2023-01-01", periods=30).delete(20)[::-1]
    path = write(tmp_path, days.strftime("%Y-%m-%d"))
    with pytest.raises(DataError) as caught:
        kk.load_series(path, **SIZES)
    message = str(caught.value)
    assert "line 10, " in message and "'2023-01-20' is followed by '2023-01-22'" in message


def test_one_step_in_a_hundred_may_be_missing(tmp_path):
    days = pd.date_range("2020-01-01", periods=400)
    few, many = days.delete([50, 51, 200]), days.delete([50, 51, 200, 300, 350])
    path = write(tmp_path, few.strftime("%Y-%m-%d"))
    with pytest.warns(UserWarning) as warned:
        data = kk.load_series(path, **SIZES)
    assert "3 of 400 steps are missing among the times of 'Date'" in str(warned[0].message)
    assert len(whole(data)) == 400 and np.isnan(whole(data)[[50, 51, 200]]).all()
    with pytest.raises(DataError, match="3 in 2 gap.*gaps='fill'"):
        kk.load_series(path, gaps="error", **SIZES)
    with pytest.raises(DataError, match="5 in 4 gap"):
        kk.load_series(write(tmp_path, many.strftime("%Y-%m-%d")), **SIZES)


@pytest.mark.training
def test_forecasts_go_on_in_the_spelling_of_the_rows(tmp_path):
    times = pd.date_range("2023-01-30", periods=60)
    path = write(tmp_path, times.strftime("%d.%m.%Y"), np.tile(np.arange(7), 9)[:60])
    data = kk.load_series(path, window=14, horizon=3)
    model = kk.sequence_forecaster(data, units=4)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    frame = pd.read_csv(path)
    found = kk.predict(model, frame)
    assert found["Date"].tolist() == ["31.03.2023", "01.04.2023", "02.04.2023"]
    pd.testing.assert_frame_equal(kk.predict(model, frame[::-1]), found)
    prices = pd.Series(frame["Price"].to_numpy(), times)
    ahead = pd.date_range("2023-03-31", periods=3)
    for given in (prices, prices[::-1], pd.Series(prices[::-1].to_numpy(), list(times[::-1]))):
        assert kk.predict(model, given).index.tolist() == ahead.tolist()
    newest_first = frame[::-1].reset_index(drop=True)
    assert kk.predict(model, newest_first).index.tolist() == [1, 2, 3]
    american = frame.assign(Date=[f"{t.month}/{t.day}/{t.year}" for t in times])
    assert kk.predict(model, american)["Date"].tolist() == ["3/31/2023", "4/1/2023", "4/2/2023"]
