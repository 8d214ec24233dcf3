import pyarrow as pa
import pytest

from kerakit.data.columns.column import read_column
from kerakit.data.columns.dates import Dates, find_dates, read_dates


def column(*words):
    return read_column(pa.array(words), typed=False)


@pytest.mark.parametrize(
    "words, found",
    [
        (["2024-05-03", "2024-05-04T10:00Z", ""], Dates("")),
        (["03.05.2024", "13.05.2024"], Dates("")),
        (["05/13/2024", "05/03/2024"], Dates("month first")),
        (["13/05/2024", "03/05/2024"], Dates("day first")),
        (["05/05/2024", "2024-05-03"], Dates("month first", "05/05/2024")),
        (["03/05/2024 10:00", "04/05/2024 11:00"], Dates("month first", "03/05/2024 10:00")),
        ([*["2024-05-03"] * 19, "soon"], Dates("")),
        (["10:30", "11:45"], None),
        (["2019", "x"], None),
        (["20240503", "x"], None),
        (["2024-0001-x", "2024-0002-x"], None),
        (["Rome", "Oslo"], None),
        (["2024-05-03", "soon", "later"], None),
        (["", ""], None),
    ],
)
def test_a_column_is_one_of_dates_if_nearly_all_values_are(words, found):
    assert find_dates(column(*words)) == found


def test_who_asks_for_dates_gets_the_order_that_most_values_have():
    words = column("13/05/2024", "soon", "later", "14/05/2024")
    assert find_dates(words) is None
    assert find_dates(words, asked=True) == Dates("day first")


def test_dates_are_written_in_one_way_and_in_utc():
    words = ("2024-05-03T00:30:00+02:00", "May 3, 2024 1:05 pm", "2024-05-03", "31.04.2024", "")
    dates, wrong = read_dates(column(*words))
    times = ["2024-05-02T22:30:00", "2024-05-03T13:05:00", "2024-05-03T00:00:00", "", ""]
    assert dates.strings().tolist() == times
    assert wrong.tolist() == [False, False, False, True, False]


def test_midnights_are_dates_and_the_zero_date_is_missing():
    dates, wrong = read_dates(column("2024-05-03 00:00:00", "0000-00-00", "0000-00-00 00:00:00"))
    assert dates.strings().tolist() == ["2024-05-03", "", ""] and not wrong.any()


def test_few_and_many_values_are_read_alike():
    words = ["2024-02-29", "2023-02-29", "2024-02-29T10:00:00", "2024-02-29T24:00:00"]
    few = read_dates(column(*words[:1]))[0].strings().tolist()
    many = [f"{1000 + year}-02-28" for year in range(100)]
    assert few == ["2024-02-29"]
    assert read_dates(column(*many))[0].strings().tolist() == many
    assert read_dates(column(*words))[1].tolist() == [False, True, False, True]
    assert (
        read_dates(column(*words, *many))[1].tolist() == [False, True, False, True] + [False] * 100
    )


def test_numbers_are_dates_where_they_are_asked_for():
    dates, wrong = read_dates(read_column(pa.array([20240503])))
    assert dates.strings().tolist() == ["2024-05-03"] and not wrong.any()
