"""Numbers in text: separators as pandas has them, and markers of a missing number."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kerakit.data.columns.column import read_column
from kerakit.data.columns.missing import NUMBER_NA_VALUES
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.options import Options
from kerakit.errors import ArgumentError

TEXTS = {
    (",", None): ["10,25", "-3,5", "7", "+1e3", ",5", "5,"],
    (",", "."): ["1.234,5", "12.345.678", "10,25", "-1.000"],
    (".", ","): ["1,234.5", "12,345,678", "999", "1,000.0"],
    (".", "'"): ["1'234.5", "12'345'678"],
    (",", " "): ["1 234,5", "12 345 678"],
}


@pytest.mark.parametrize("form", TEXTS)
def test_numbers_are_those_of_pandas(form):
    decimal, thousands = form
    texts = TEXTS[form]
    file = io.StringIO("x\n" + "\n".join(f"{text}" for text in texts))
    pandas = pd.read_csv(file, sep="|", decimal=decimal, thousands=thousands)["x"]
    found = NumberFormat(decimal, thousands).parse(pa.array(texts))
    np.testing.assert_array_equal(found, pandas.astype(float))


@pytest.mark.parametrize(
    ("form", "text"),
    [((".", ","), "10,25"), ((",", "."), "10.25"), ((",", None), "10.25"), ((".", ","), "1,2345")],
)
def test_a_separator_in_a_wrong_place_is_no_number(form, text):
    """pandas reads "10,25" as 1025 with thousands=",", which is silently wrong."""
    assert np.isnan(NumberFormat(*form).parse(pa.array([text])))[0]


def test_spaces_of_any_kind_and_the_minus_sign_of_typesetters():
    texts = pa.array(["1\u00a0234", "1\u202f234", "\u22125", "12,34,567"])
    np.testing.assert_array_equal(
        NumberFormat(".", " ").parse(texts)[:3],
        [1234.0, 1234.0, -5.0],
    )
    assert NumberFormat(".", ",").parse(texts)[3] == 1234567.0  # twelve lakh ...


@pytest.mark.parametrize("marker", ["-", "--", ".", "N/A", "#N/A", "NULL", "none", "?", "Missing"])
def test_a_marker_among_numbers_is_missing(marker):
    column = read_column(pa.array(["1.5", marker, "2", marker.join("  ")]), typed=False)
    np.testing.assert_array_equal(column.numbers(), [1.5, np.nan, 2.0, np.nan])
    assert column.written[1] == marker and not column.odd.any()


def test_the_markers_of_pandas_are_missing_among_numbers():
    pandas = pd._libs.parsers.STR_NA_VALUES  # the list in the documentation of `read_csv`
    column = read_column(pa.array(["1", *sorted(pandas)]), typed=False)
    np.testing.assert_array_equal(column.missing(), [False] + [True] * len(pandas))


def test_a_marker_among_words_may_be_a_value():
    for words in (["-", "+", "-"], ["none", "some"], ["-", "missing"], ["1", "-", "red"]):
        column = read_column(pa.array(words), typed=False)
        assert column.strings().tolist() == words


def test_given_markers_add_to_those_of_numbers():
    column = read_column(pa.array(["1", "-", "lost", "n.a."]), na_values=("lost",), typed=False)
    np.testing.assert_array_equal(column.numbers(), [1, np.nan, np.nan, np.nan])
    assert not column.odd.any()


def test_sources_with_types_have_no_markers():
    assert read_column(pa.array(["1", "-"])).strings().tolist() == ["1", "-"]
    assert len(set(NUMBER_NA_VALUES)) == len(NUMBER_NA_VALUES)


@pytest.mark.parametrize(
    ("decimal", "thousands", "words"),
    [
        (",,", None, "'decimal' parameter of load_csv must be one character .* Got ',,'"),
        ("5", None, "'decimal'"),
        (".", "-", "'thousands'"),
        (".", 3, "'thousands'"),
        (",", ",", "'decimal' and 'thousands' parameters of load_csv must differ"),
    ],
)
def test_wrong_separators(decimal, thousands, words):
    with pytest.raises(ArgumentError, match=words):
        Options("load_csv", decimal=decimal, thousands=thousands)
