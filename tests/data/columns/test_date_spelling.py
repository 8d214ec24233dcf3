import pyarrow as pa
import pytest

from kerakit.data.columns.date_spelling import (
    DAY_FIRST,
    MONTH_FIRST,
    format_problem,
    iso_spelling,
)

DAY, NOON = "2024-05-03", "2024-05-03T12:30:00"
SPELLINGS = {
    "2024-05-03": DAY,
    " 2024-5-3 ": DAY,
    "2024/05/03": DAY,
    "2024.05.03": DAY,
    "20240503": DAY,
    "03.05.2024": DAY,
    "3.5.24": DAY,
    "3.5.69": "1969-05-03",
    "3.5.68": "2068-05-03",
    "3 May 2024": DAY,
    "03-May-24": DAY,
    "3. MAY 2024": DAY,
    "May 3, 2024": DAY,
    "may 03 2024": DAY,
    "Sept. 3, 2024": "2024-09-03",
    "2024-May-03": DAY,
    "Fri, 3 May 2024": DAY,
    "Friday 3 May 2024": DAY,
    "2024-05": "2024-05-01",
    "May 2024": "2024-05-01",
    "2024-05-03T12:30": NOON,
    "2024-05-03 12:30:00": NOON,
    "2024-05-03 12:30:00.123456": NOON,
    "2024-05-03T12:30:00,5Z": NOON,
    "2024-05-03T12": "2024-05-03T12:00:00",
    "20240503T123000Z": NOON,
    "Fri, 03 May 2024 12:30:00 GMT": NOON,
    "2024-05-03T12:30:00+02:00": NOON + "+0200",
    "2024-05-03 12:30:00 -0530": NOON + "-0530",
    "2024-05-03T12:30:00+02": NOON + "+02",
    "May 3, 2024, 12:30:00\u202fPM": NOON + "P",
    "2024-05-03 12:30 a.m.": NOON + "a",
}
NO_DATES = ("12:30", "2024", "1.2.3", "05-03-24", "2024-0503-x", "3. Mai 2024", "soon", "")


@pytest.mark.parametrize("text", SPELLINGS)
def test_usual_spellings_become_iso_8601(text):
    assert iso_spelling(pa.array([text])).to_pylist() == [SPELLINGS[text]]


@pytest.mark.parametrize("text", ["05/03/2024", "5/3/2024", "05-03-2024", "5/3/24"])
def test_the_format_of_the_column_says_whether_the_day_comes_first(text):
    words = pa.array([text])
    assert iso_spelling(words, DAY_FIRST).to_pylist() == ["2024-03-05"]
    assert iso_spelling(words, MONTH_FIRST).to_pylist() == ["2024-05-03"]
    assert iso_spelling(words).to_pylist()[0] != "2024-05-03"


@pytest.mark.parametrize(
    "format, text, wanted",
    [
        ("%d/%m/%Y", "3/5/2024", DAY),
        ("%Y%d%m", "20240305", DAY),
        ("%d.%m.%y %H.%M", "03.05.24 12.30", NOON),
        ("%b %d %Y %I:%M%p", "May 3 2024 12:30PM", NOON + "P"),
        ("day %d of %B (%Y)", "day 3 of May (2024)", DAY),
        ("%m/%Y", "05/2024", "2024-05-01"),
        ("%a %d %b %Y %H:%M:%S.%f %z", "Fri 3 May 2024 12:30:00.25 +0200", NOON + "+0200"),
    ],
)
def test_a_format_of_the_users_own_is_read_and_iso_8601_too(format, text, wanted):
    assert format_problem(format) is None
    words = [text, DAY, NOON]
    assert iso_spelling(pa.array(words), format).to_pylist() == [wanted, DAY, NOON]


@pytest.mark.parametrize(
    "format, problem",
    [
        ("%d/%m", "no year"),
        ("%Y", "no month"),
        ("%j %Y", "%j is none of"),
        ("%Y-%m-%d %", "% at its end"),
        ("%d %d %m %Y", "twice"),
        ("%y %Y %m", "twice"),
        ("%d %m %Y %I", "go together"),
        ("%d %m %Y %M", "no hour"),
        ("%Y-%d-%m", "would be another date"),
    ],
)
def test_a_format_that_cannot_be_read_says_why(format, problem):
    assert problem in format_problem(format)
