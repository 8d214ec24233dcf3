"""Spellings of dates in requests, as the graph reads them."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from kerakit.data.columns.column import read_column
from kerakit.data.columns.date_numbers import ISO_WIDTH, character_ids, iso_numbers
from kerakit.data.columns.dates import read_dates
from kerakit.data.spec import Feature, Spec
from kerakit.serving.exporting.wire_dates import iso_dates

TEXTS = [
    "2024-05-03",
    "2024-5-3",
    "2024/05/03",
    "2024.05.03",
    "20240503",
    "03.05.2024",
    "3.5.24",
    "3.5.69",
    "03-May-24",
    "2024-05",
    "05/03/2024",
    "13/05/2024",
    "05/13/2024",
    "05-03-2024",
    "5/3/24",
    "2024-04-31",
    "2023-02-29",
    "2024-02-29",
    "1900-02-29",
    "2000-02-29",
    "9999-12-31",
    "0001-01-01",
    "0000-00-00",
    "2024-05-03T12:30",
    "20240503T123000Z",
    "2024-05-03T12:30:00+02:00",
    "2024-05-03T12:30:00.5-0530",
    "2024-05-03T24:00:00",
    "12:30",
    "2024",
    "1-2-3",
    "0001-01-01T00:00:00+01:00",
    "soon",
    "3.13.2024",
    "#05",
    "@24-05-03",
] + [
    "3 May 2024",
    "May 3, 2024",
    "3. Mai 2024",
    "Fri, 03 May 2024 12:30:00 GMT",
    "5/3/2024, 2:05:00 PM",
    "2024-05-03 12:00 am",
    "2024-05-03 13:00 pm",
    "May 3, 2024, 12:30:00\u202fPM",
    "  2024-05-03\t",
    "",
    "\u0665/\u0665/2024",
]


def by_graph(texts, format=""):
    """The dates that the model gets, without those that it takes for missing."""
    spec = Spec("regression", (Feature("day", "date", "string", format=format),))
    words = iso_dates(spec)({"day": tf.constant(texts)})["day"].numpy()
    words = [word.decode() for word in words]
    valid = iso_numbers(character_ids(words, ISO_WIDTH)).valid
    return [word if good else "" for word, good in zip(words, valid, strict=True)]


def day(text):
    return text.removesuffix("T00:00:00")


@pytest.mark.many
@pytest.mark.parametrize("format", ["", "day first", "month first", "%d/%m/%Y", "%b %d, %Y"])
def test_the_graph_and_the_loader_read_alike(format):
    column = read_column(pa.array(TEXTS), typed=False)
    wanted = read_dates(column, format)[0].strings().tolist()
    assert list(map(day, by_graph(TEXTS, format))) == list(map(day, wanted))
    assert sum(map(bool, wanted)) > 10


@pytest.mark.many
@pytest.mark.parametrize(
    "more",
    ["2024-05-03T12Z", "2024-05-03T1230", "2024-05-03 12:30:00.123456789", "2024-05-03Z"]
    + ["2024-05-03T12:30:60", "0000-01-01", "10000-01-01", "2024-05-03T12:30:00+24:00"]
    + ["2024-05-03T12:30:00 +02:00", "2024-05-03  12:30", "-2024-05-03", "2024-05-03T12:30:00+2"],
)
def test_one_value_is_read_as_among_others(more):
    """A column that is in ISO 8601 throughout is read by Arrow, another one by the rules."""
    for text in (more, f"{more}Z"):
        alone = read_dates(read_column(pa.array([text]), typed=False))[0].strings()[0]
        others = read_column(pa.array([text, "3.5.2024"]), typed=False)
        wanted = read_dates(others)[0].strings()[0]
        assert day(alone) == day(wanted) == day(by_graph([text])[0])


def test_columns_in_iso_8601_are_read_by_the_grammar():
    alone = [read_dates(read_column(pa.array([t]), typed=False))[0].strings()[0] for t in TEXTS]
    assert list(map(day, alone)) == list(map(day, by_graph(TEXTS)))


def test_random_times_with_an_offset_are_in_utc():
    rng = np.random.default_rng(0)
    moments = rng.integers(-62e9, 253e9, 500).astype("datetime64[s]")
    offsets = rng.integers(-23 * 60, 23 * 60, 500)
    local = moments + (offsets * 60).astype("timedelta64[s]")
    texts = [
        f"{time}{'-' if o < 0 else '+'}{abs(o) // 60:02}:{abs(o) % 60:02}"
        for time, o in zip(local.astype(str), offsets, strict=True)
    ]
    assert by_graph(texts) == moments.astype(str).tolist()


def test_iso_dates_and_other_features_are_left_alone():
    spec = Spec("regression", (Feature("day", "date", "string"), Feature("x")))
    row = {"day": tf.constant(["2024-05-03", "", "2024-05-03T10:00:00"]), "x": 1.0}
    read = iso_dates(spec)(row)
    assert read["x"] == 1.0
    assert read["day"].numpy().tolist() == [b"2024-05-03", b"", b"2024-05-03T10:00:00"]


def test_bytes_that_are_no_text_are_a_missing_date():
    assert by_graph([b"\xff\xfe", b"2024-05-03 \xff", b"3.5.2024"]) == [
        "",
        "",
        "2024-05-03T00:00:00",
    ]
