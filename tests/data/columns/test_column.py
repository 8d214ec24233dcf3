"""Reading one column."""

import numpy as np
import pyarrow as pa
import pytest

from kerakit.data.columns.column import Numbers, Texts, number_text, read_column
from kerakit.errors import DataError


def test_text_file_columns_are_stripped_and_markers_are_missing():
    column = read_column(pa.array([" a", "?", "", " NA ", "a", "b"]), typed=False)
    assert column.strings().tolist() == ["a", "", "", "", "a", "b"]
    assert column.missing().tolist() == [False, True, True, True, False, False]


def test_given_markers_replace_the_usual_ones_but_not_the_empty_cell():
    column = read_column(pa.array(["?", "-999", "", "NA"]), na_values=("-999",), typed=False)
    assert column.strings().tolist() == ["?", "", "", "NA"]


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


def test_dates_are_refused_by_name():
    dates = pa.array(np.array(["2020-01-01"], "datetime64[D]"))
    with pytest.raises(DataError, match=r"shop.csv, column 'day' holds values of type date32"):
        read_column(dates, origin="shop.csv, column 'day'")


def test_numbers_are_written_as_short_as_they_can_be():
    values = [3.0, np.float32(0.1), 0.1, -2.5, float("nan"), 1e20]
    assert [number_text(v) for v in values] == ["3", "0.1", "0.1", "-2.5", "", str(10**20)]
    assert Numbers(np.array([10.0, 2.0])).texts().strings().tolist() == ["10", "2"]
