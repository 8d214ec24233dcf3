"""Reading one column."""

import datetime
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kerakit.data.columns.column import Numbers, Texts, number_text, read_column
from kerakit.errors import DataError


def test_text_file_columns_are_stripped_and_markers_are_missing():
    column = read_column(pa.array([" a", "?", "", " NA ", "a", "b"]), typed=False)
    assert column.strings().tolist() == ["a", "", "", "", "a", "b"]
    assert column.missing().tolist() == [False, True, True, True, False, False]


def test_given_markers_add_to_the_usual_ones_as_in_pandas():
    cells = ["a", "-999", "NA", "nan", "b", "-"]
    column = read_column(pa.array(cells), na_values=("-999",), typed=False)
    frame = pd.read_csv(io.StringIO("\n".join(["x", *cells])), na_values=["-999"])
    assert column.missing().tolist() == frame["x"].isna().tolist()
    assert column.strings().tolist() == ["a", "", "", "", "b", "-"]


@pytest.mark.parametrize("na_values", [(), ("",)])
def test_no_markers_leave_the_empty_cell(na_values):
    column = read_column(pa.array(["NA", "", "None", "?"]), na_values, typed=False)
    assert column.strings().tolist() == ["NA", "", "None", "?"]
    numbers = read_column(pa.array(["1", "-"]), na_values, typed=False)
    assert numbers.odd.tolist()[:2] == [False, True]


def test_a_source_with_types_has_the_given_markers_alone():
    column = read_column(pa.array(["NA", "lost", None]), na_values=("lost",))
    assert column.strings().tolist() == ["NA", "", ""]


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3.0), ("+3", 3.0), ("-.5", -0.5), ("5.", 5.0), ("1e3", 1000.0), ("inf", np.inf)],
)
def test_texts_that_are_numbers(text, number):
    column = read_column(pa.array([text, "x"]), typed=False)
    assert column.numbers()[0] == number
    assert column.odd.tolist()[:2] == [False, True]


@pytest.mark.parametrize("text", ["0x10", "1_000", "1,5", "2020-01-01", "1e", "--1", "."])
def test_texts_that_are_no_numbers(text):
    assert read_column(pa.array([text]), typed=False).odd.tolist()[0]


def test_typed_strings_stay_as_they_are():
    column = read_column(pa.array([" a", None, "NA"]))
    assert column.strings().tolist() == [" a", "", "NA"]


def test_nulls_of_numbers_are_nan_and_booleans_are_0_and_1():
    np.testing.assert_array_equal(read_column(pa.array([1, None])).values, [1, np.nan])
    truth = read_column(pa.array([True, False, None]))
    np.testing.assert_array_equal(truth.values, [1, 0, np.nan])
    assert truth.texts().strings().tolist() == ["True", "False", ""]


def test_a_dictionary_of_numbers_is_a_category():
    column = read_column(pa.array([3, 1, 3]).dictionary_encode())
    assert isinstance(column, Texts)
    assert column.strings().tolist() == ["3", "1", "3"]


def test_several_chunks_are_one_column():
    assert read_column(pa.chunked_array([["a"], ["b", "a"]])).strings().tolist() == ["a", "b", "a"]


def test_times_of_day_are_refused_by_name():
    times = pa.array([43200], pa.time32("s"))
    with pytest.raises(DataError, match=r"shop.csv, column 'at' holds values of type time32"):
        read_column(times, origin="shop.csv, column 'at'")


@pytest.mark.parametrize(
    "values",
    [
        pa.array(np.array(["2020-02-29T23:30", "NaT"], "datetime64[ns]")),
        pa.array([datetime.datetime(2020, 2, 29, 23, 30), None]),
        pa.array([datetime.datetime(2020, 3, 1, 5), None], pa.timestamp("ms", "Asia/Tokyo")),
    ],
)
def test_dates_and_times_are_iso_8601_in_utc(values):
    column = read_column(values)
    hour = "05:00:00" if "Tokyo" in str(values.type) else "23:30:00"
    day = "2020-03-01" if "Tokyo" in str(values.type) else "2020-02-29"
    assert column.is_date and column.strings().tolist() == [f"{day}T{hour}", ""]
    assert column.missing().tolist() == [False, True]


@pytest.mark.parametrize(
    "values, wanted",
    [
        (pa.array([datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]), "0001-01-01 9999-12-31"),
        (pa.array([-1], pa.timestamp("ns")), "1969-12-31T23:59:59"),
        (pa.array([datetime.datetime(2024, 5, 3)]), "2024-05-03"),
    ],
)
def test_dates_of_all_years_are_read(values, wanted):
    assert read_column(values).strings().tolist() == wanted.split()


def test_numbers_are_written_as_short_as_they_can_be():
    values = [3.0, np.float32(0.1), 0.1, -2.5, float("nan"), 1e20]
    assert [number_text(v) for v in values] == ["3", "0.1", "0.1", "-2.5", "", str(10**20)]
    assert Numbers(np.array([10.0, 2.0])).texts().strings().tolist() == ["10", "2"]
