"""Columns of a text that become numbers while it is parsed hold what their strings would give."""

import numpy as np
import pytest

from kerakit.data.columns.column import Numbers, read_column
from kerakit.data.table_files.delimited import read_delimited
from kerakit.data.table_files.number_cells import NumberCells

NUMBERS = {
    "floats": lambda i: f"{i % 97 + 0.5}",
    "exponents": lambda i: f"-{i % 9}.e-3",
    "spaces": lambda i: f" {i}\t",
    "missing": lambda i: ("", "NA", "?", "-", " NA", "missing")[i % 6] if i % 7 == 0 else str(i),
    "plus": lambda i: f"+{i % 97}",
    "quoted": lambda i: f'"{i}"' if i % 7 else '"NA"',
    "infinite": lambda i: "inf" if i == 5 else str(i),
    "large": lambda i: str(2**60 + i),
    "beyond float32": lambda i: "1e39" if i == 5 else str(i),
}
TEXTS = {
    "words": lambda i: "ab"[i % 2],
    "late": lambda i: "oops" if i == 59_990 else str(i),
    "late marker": lambda i: "NA  " if i == 59_990 else str(i),
    "another nan": lambda i: "nan(7)" if i == 59_990 else str(i),
    "minus sign": lambda i: f"\u2212{i % 97}",
    "no value": lambda i: ("", "NA")[i % 2],
    "dates": lambda i: f"2024-01-{i % 28 + 1:02d}",
    "true and false": lambda i: ("true", "false")[i % 2],
}


def both(cell, rows=60_000, **options):
    """The column as it becomes numbers, and as its strings are read."""
    text = "".join(["x,other\n", *(f"{cell(i)},{i}\n" for i in range(rows))]).encode()
    cells = NumberCells(**options)
    quick = read_delimited(text, "t.csv", cells=cells, decimal=cells.decimal).columns["x"]
    strings = read_delimited(text, "t.csv", decimal=cells.decimal).columns["x"]
    return quick, strings


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_those_of_the_strings(kind):
    quick, strings = both(NUMBERS[kind], rows=3000, exact=("x",) * (kind == "large"))
    expected = read_column(strings, typed=False).numbers()
    assert isinstance(quick, Numbers)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(quick.values, expected.astype(quick.values.dtype))
    assert quick.values.dtype == ("float64" if kind == "large" else "float32")


@pytest.mark.many
@pytest.mark.parametrize("kind", TEXTS)
def test_other_columns_are_the_strings_of_the_file(kind):
    quick, strings = both(TEXTS[kind])
    read, expected = read_column(quick, typed=False), read_column(strings, typed=False)
    assert read.written == expected.written
    np.testing.assert_array_equal(read.codes, expected.codes)
    np.testing.assert_array_equal(read.values, expected.values)


def test_columns_that_must_be_strings_are_strings():
    quick, _ = both(str, rows=50, texts=("x",))
    assert read_column(quick, typed=False).strings()[7] == "7"
    quick, _ = both(lambda i: "" if i == 7 else f"{i}.0", rows=50, exact=("x",))
    assert (
        read_column(quick, typed=False).written[8] == "8.0"
    )  # a missing target is told as written


def test_a_marker_that_is_a_number_is_missing_with_spaces_around_it_too():
    cells = ("-9", " -9 ", "-9.0")
    quick, _ = both(lambda i: cells[i] if i < 3 else str(i), rows=50, na_values=("-9",))
    column = read_column(quick, ("-9",), typed=False)
    assert column.missing()[:4].tolist() == [True, True, False, False]
    quick, _ = both(lambda i: "-9" if i == 1 else str(i), rows=50, na_values=("-9",))
    assert isinstance(quick, Numbers) and np.flatnonzero(quick.missing()).tolist() == [1]


@pytest.mark.parametrize(
    ("na_values", "is_number", "missing"),
    [(None, False, 3), (("lost",), True, 7), ((), False, 1), (("-9",), False, 5)],
)
def test_given_markers_are_those_of_the_strings(na_values, is_number, missing):
    cells = ("lost", "NA", "-", "-9", "")
    quick, strings = both(lambda i: cells[i % 5] if i < 9 else str(i), 50, na_values=na_values)
    assert isinstance(quick, Numbers) == is_number
    read, expected = (read_column(x, na_values, typed=False) for x in (quick, strings))
    np.testing.assert_array_equal(read.missing(), expected.missing())
    assert expected.missing().sum() == missing


def test_decimal_commas():
    quick, _ = both(lambda i: f'"{i},5"', rows=50, decimal=",")
    assert isinstance(quick, Numbers) and quick.values[3] == 3.5
    quick, _ = both(lambda i: f"{i}.5", rows=50, decimal=",")
    assert not isinstance(quick, Numbers)


def test_a_row_longer_than_a_block():
    words = ["z"] * 30 + ["z" * 3_000_000]
    text = "".join(["x,y\n", *(f"{word},{row}\n" for row, word in enumerate(words))]).encode()
    columns = read_delimited(text, "t.csv", cells=NumberCells()).columns
    assert columns["y"].values.tolist() == list(range(31))
    assert columns["x"].values.to_pylist() == words
