"""Where a series comes from: text, Parquet, DataFrames; which columns are used."""

import datetime
import hashlib

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from kerakit.data import Spec, load_series
from kerakit.errors import ArgumentError, DataError

SIZES = {"window": 2, "horizon": 1, "test_size": 4, "validation_size": 4}
DAYS = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=day) for day in range(20)]
FRAME = pd.DataFrame({"day": DAYS, "load": np.arange(20.0), "city": ["Rome"] * 20})


def series_of(data):
    return data.table("train").features["window"].series


def test_a_frame_of_any_library_and_parquet_hold_the_same(tmp_path):
    path = tmp_path / "load.parquet"
    pa.parquet.write_table(pa.Table.from_pandas(FRAME), path)
    sources = (FRAME, pl.from_pandas(FRAME), pa.Table.from_pandas(FRAME), path)
    loaded = [load_series(source, calendar="week", **SIZES) for source in sources]
    for data in loaded:
        assert data.spec.series.season == 7 and data.spec.target.names == ("load",)
        assert data.spec.features[0].column == "load"
        np.testing.assert_array_equal(series_of(data), np.arange(20))
        assert data.table("train").features["time"][0] == 1_704_153_600  # 2024-01-02
    names = [data.spec.dataset for data in loaded]
    assert names == ["series", "series", "series", "load.parquet"]
    assert loaded[0].spec.fingerprint == loaded[1].spec.fingerprint
    assert loaded[3].spec.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_index_of_dates_is_the_time():
    indexed = FRAME.set_index("day")
    for source in (indexed, indexed["load"], indexed["load"].rename(None)):
        data = load_series(source, calendar="week", **SIZES)
        assert data.spec.series.step == 86_400
        np.testing.assert_array_equal(series_of(data), np.arange(20))
    with pytest.raises(DataError, match="row 10 .*, column 'day': .*is followed by"):
        load_series(indexed.drop(index=DAYS[10]), **SIZES)


def test_several_columns_need_to_be_named(write):
    path = write(FRAME.assign(rain=-FRAME["load"], wind=3 * FRAME["load"]).to_csv(index=False))
    with pytest.raises(DataError, match="several columns have numbers: 'load', 'rain', 'wind'.*va"):
        load_series(path, **SIZES)
    data = load_series(path, value=["rain", "load"], **SIZES)
    assert data.spec.target.names == ("rain", "load")
    np.testing.assert_array_equal(series_of(data)[3], [-3, 3])
    assert series_of(data).shape == (20, 2)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"value": "laod"}, "no column 'laod', which value= names. Did you mean 'load'"),
        ({"time": "dai"}, "no column 'dai', which time= names. Did you mean 'day'"),
        ({"value": "city"}, "line 2, column 'city': 'Rome' is not a number; 20 of 20"),
        ({"value": ["load", "load"]}, "Name each column once"),
        ({"value": "load", "time": "load"}, "Name each column once"),
        ({"time": "city"}, "line 2, column 'city': 'Rome' is not a time"),
    ],
)
def test_columns_that_cannot_be_meant(write, options, message):
    with pytest.raises(DataError, match=message):
        load_series(write(FRAME.to_csv(index=False)), **SIZES | options)


def test_a_text_among_the_values_is_named(write):
    lines = FRAME[["day", "load"]].to_csv(index=False).splitlines()
    lines[7] = lines[7].split(",")[0] + ",broken"
    path = write("\n".join(lines))
    with pytest.raises(DataError, match="line 8, column 'load': 'broken' is not a number; 1 of"):
        load_series(path, **SIZES)
    with pytest.warns(UserWarning, match="1 of 20 values are missing"):
        data = load_series(path, na_values="broken", **SIZES)
    assert np.isnan(series_of(data)[6]) and data.spec.na_values == ("broken",)


def test_na_values_adds_to_the_usual_markers(write):
    lines = FRAME[["day", "load"]].to_csv(index=False).splitlines()
    for row, cell in ((5, "broken"), (6, "-"), (7, "NA"), (8, "")):
        lines[row] = f"{lines[row].split(',')[0]},{cell}"
    path = write("\n".join(lines))
    with pytest.warns(UserWarning, match="4 of 20 values are missing"):
        data = load_series(path, na_values="broken", **SIZES)
    assert np.flatnonzero(np.isnan(series_of(data))).tolist() == [4, 5, 6, 7]
    with pytest.raises(DataError, match="'broken' is not a number; 3 of"):
        load_series(path, value="load", na_values=[], **SIZES)


def test_text_is_read_with_the_keywords_of_load_table(write):
    frame = FRAME[["day"]].assign(größe=FRAME["load"] * 1000.5)
    text = "".join(f"{d};{v:_.2f}\n".replace(".", ",").replace("_", ".") for d, v in frame.values)
    path = write(f"day;größe\n{text}".encode("latin-1"))
    written = {"separator": ";", "decimal": ",", "thousands": ".", "encoding": "latin-1"}
    data = load_series(path, value="größe", **written, **SIZES)
    there = pd.read_csv(path, sep=";", decimal=",", thousands=".", encoding="latin-1")["größe"]
    np.testing.assert_allclose(series_of(data), there.to_numpy(np.float32), rtol=1e-6)
    assert (data.spec.decimal, data.spec.thousands) == (",", ".")
    assert Spec.from_json(data.spec.to_json()) == data.spec
    with pytest.raises(DataError, match=r"line 2, column 'größe': .*decimal=',' and thousands="):
        load_series(path, value="größe", encoding="latin-1", **SIZES)
    with pytest.raises(DataError, match="no column has numbers .*Column 'größe': .*decimal=','"):
        load_series(write(f"day;note;größe\n{text.replace(';', ';x;')}"), **SIZES)


def test_a_quote_and_a_tab_of_a_series(write):
    lines = [f"|{day}|\t|{load}|" for day, load in FRAME[["day", "load"]].values]
    path = write("\n".join(["day\tload", *lines]))
    data = load_series(path, separator="\t", quote="|", **SIZES)
    np.testing.assert_array_equal(series_of(data), FRAME["load"].to_numpy(np.float32))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decimal": ",,"}, "'decimal' parameter of load_series must be one character"),
        ({"decimal": ",", "thousands": ","}, "parameters of load_series must differ"),
        ({"separator": "::"}, "'separator' parameter of load_series must be a str of one"),
        ({"quote": ""}, "'quote' parameter of load_series must be a str of one character"),
        ({"encoding": "utf-9"}, "'encoding' parameter of load_series must be the name of"),
    ],
)
def test_keywords_of_text_that_cannot_be_meant(write, options, words):
    with pytest.raises(ArgumentError, match=words):
        load_series(write(FRAME.to_csv(index=False)), **SIZES, **options)


def test_a_slip_beside_other_columns_does_not_hide_the_column(write):
    lines = FRAME.to_csv(index=False).splitlines()
    lines[7] = lines[7].replace("6.0", "6,0".replace(",", "."), 1).replace("6.0,Rome", "six,Rome")
    with pytest.raises(DataError, match="line 8, column 'load': 'six'"):
        load_series(write("\n".join(lines)), **SIZES)


def test_dates_of_another_form_are_pointed_out(write):
    frame = FRAME.assign(day=[day.strftime("day %j of %Y") for day in DAYS])
    with pytest.warns(UserWarning, match="no column has dates.*Not used: 'day', 'city'"):
        data = load_series(write(frame.to_csv(index=False)), **SIZES)
    assert data.spec.series.step is None


def test_two_columns_of_dates_need_to_be_named():
    frame = FRAME.assign(issued=FRAME["day"] - pd.Timedelta(days=1))
    with pytest.raises(DataError, match="several columns have dates: 'day', 'issued'"):
        load_series(frame, **SIZES)
    assert load_series(frame, time="issued", **SIZES).spec.series.season == 7


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "is empty"),
        ("day,load\n", "header and no rows"),
        ("112\n118\n132\n", "line 1: expected the names of the columns, found 112"),
        ("day,city\n2024-01-01,Rome\n2024-01-02,Bari\n", "'Rome' is not a number"),
        ("city,town\nRome,A\nBari,B\n", "no column has numbers to forecast"),
        ("day\n2024-01-01\n2024-01-02\n", "The only column is the time"),
    ],
)
def test_files_without_a_series(write, content, message):
    with pytest.raises(DataError, match=message) as caught:
        load_series(write(content), **SIZES)
    assert "load_series" in str(caught.value) and "load_sequences" not in str(caught.value)


def test_errors_are_short_whatever_the_file(write):
    long = "x" * 10_000
    for content, options in (
        (f"load\n1\n{long}\n", {}),
        (f"{long},load\n1,2\n", {}),
        ("load\n1\n", {"value": long}),
        ("when,load\n2024-01-01,1\n", {"value": [long, "load"]}),
        (f"when,load\n{long},1\n", {"time": "when"}),
    ):
        with pytest.raises(DataError) as caught:
            load_series(write(content), **SIZES | options)
        assert len(str(caught.value)) <= 500 and "load_series" in str(caught.value)


def test_a_missing_file_is_named_with_the_nearest(write):
    path = write("load\n1\n2\n", "airline.csv")
    with pytest.raises(DataError, match="no such file. Did you mean 'airline.csv'"):
        load_series(path.with_name("airlin.csv"))


def test_numbered_names_of_pandas_are_names(write):
    path = write(pd.DataFrame(np.arange(40.0).reshape(20, 2)).to_csv(index=False))
    assert load_series(path, value="1", **SIZES).spec.target.names == ("1",)


def test_files_of_their_own_to_test_on(write):
    train = write(FRAME.to_csv(index=False), "train.csv")
    later = FRAME.assign(day=FRAME["day"] + pd.Timedelta(days=300), load=FRAME["load"] + 50)
    test = write(later.to_csv(index=False), "test.csv")
    data = load_series(train, test=test, **SIZES)
    assert data.spec.sizes == {"train": 14, "validation": 4, "test": 18}
    assert np.asarray(data.table("test").target)[0].tolist() == [52]
    assert data.spec.fingerprint != load_series(train, **SIZES).spec.fingerprint
    hourly = later.assign(day=pd.date_range("2025", periods=20, freq="h"))
    with pytest.raises(DataError, match="test= has steps of 1 hour, and .* has steps of 1 day"):
        load_series(train, test=write(hourly.to_csv(index=False), "hourly.csv"), **SIZES)
    with pytest.raises(DataError, match="test= has no times, and .* has steps of 1 day"):
        load_series(train, test=np.arange(9.0), **SIZES)


@pytest.mark.parametrize(
    "file, steps, channel",
    [
        ("airline/airline-passengers.csv", 144, "Passengers"),
        ("sunspots/monthly-sunspots.csv", 2820, "Sunspots"),
    ],
)
def test_monthly_series(test_data, file, steps, channel):
    data = load_series(test_data / "sequences" / file, calendar="year")
    assert len(series_of(data)) == steps and data.spec.target.names == (channel,)
    assert (data.spec.series.season, data.spec.series.horizon) == (12, 12)


def test_an_index_of_periods_stands_for_their_starts():
    import pandas as pd

    from kerakit.data.series.reading.pandas_index import with_dates

    months = pd.period_range("2020-01", periods=3, freq="M", name="month")
    table = with_dates(pd.Series([1.0, 2.0, 3.0], months, name="sales"))
    assert table.month.tolist() == list(pd.date_range("2020-01", periods=3, freq="MS"))
    assert table.sales.tolist() == [1.0, 2.0, 3.0]
