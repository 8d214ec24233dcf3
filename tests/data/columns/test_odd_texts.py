"""Numbers with marks, and texts among numbers: what is said about them."""

import pyarrow as pa
import pytest

from kerakit.data.columns.column import read_column
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.columns.odd_texts import find_odd_texts

CURES = {
    "Pass decimal=','.": ["10,25", "11,5", "12"],
    "Pass thousands=','.": ["10,250", "1,000.5", "900"],
    "Pass decimal=',' and thousands='.'.": ["1.234,56", "12,5"],
    "Pass decimal=',' and thousands=' '.": ["1 234,56", "12,5"],
    'Pass thousands="\'".': ["1'234.5", "1"],
    "Remove 'kg' from the cells.": ["10.25 kg", "9 kg", "11kg"],
    "Remove '%' from the cells.": ["12.5%", "3 %"],
    "Remove '°C' from the cells.": ["12 °C", "-3 °C"],
    "Remove '€' from the cells.": ["5 €", "7 €"],
    "Remove 'EUR' from the cells.": ["EUR 10", "EUR 12"],
    "Remove '$' from the cells, and pass thousands=','.": ["$10,250", "$1,250", "$900"],
    "If such a text stands for a missing value, add it to na_values=.": ["1", "2", "oops"],
}


@pytest.mark.parametrize("cure", CURES)
def test_the_cure(cure):
    assert find_odd_texts(read_column(pa.array(CURES[cure]), typed=False)).cure == cure


@pytest.mark.parametrize(
    "texts",
    [
        ["1", "2.5", "-"],
        ["2020-01-01", "2020-02-01"],
        ["10:25", "11:30"],
        ["192.168.1.1", "1.2.3"],
        ["A12", "B13"],
        ["12a", "13b", "14c"],
        ["10-20", "20-30"],
        ["1", "red", "green"],
        ["555-1234", "555-1235"],
    ],
)
def test_numbers_and_words_and_codes_are_no_matter(texts):
    assert find_odd_texts(read_column(pa.array(texts), typed=False)) is None


def test_the_sentence_names_the_texts_and_their_count():
    found = find_odd_texts(read_column(pa.array(["x", "3", "y", "x", *"123456"]), typed=False))
    assert found.row == 0
    assert found.sentence == "'x' is not a number (nor is 'y'), though 7 of 10 values are."
    found = find_odd_texts(read_column(pa.array(["3", "4 kg", "5 kg"]), typed=False))
    assert (found.row, found.sentence) == (
        1,
        "'4 kg' is a number with a mark, as are 2 of 3 values.",
    )


def test_a_wrong_decimal_is_named_too():
    column = read_column(pa.array(["1.5", "2.5"]), typed=False, format=NumberFormat(","))
    assert find_odd_texts(column).cure == "Pass decimal='.'."


def test_many_words_are_looked_at_once():
    words = [f"{n} word" if n % 2 else f"word {n}" for n in range(20_000)]
    assert find_odd_texts(read_column(pa.array(words), typed=False)).cure == (
        "Remove 'word' from the cells."
    )
