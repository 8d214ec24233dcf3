import datetime

import numpy as np
import pytest

from kerakit.data.columns.date_numbers import (
    ISO_WIDTH,
    character_ids,
    civil_from_days,
    date_numbers,
    iso_numbers,
)

EPOCH = datetime.datetime(1970, 1, 1)


def random_texts(count):
    """Texts of dates and times, half of them none: month 13, 31 April, 24 o'clock."""
    rng = np.random.default_rng(0)
    highest = (10001, 14, 33, 26, 62, 62)
    parts = zip(*(rng.integers(0, high, count) for high in highest), strict=True)
    suffixes = rng.choice(
        ["", "", "+0200", "-1130", "+02", "A", "P", "a", "p", "Z", "+2500"], count
    )
    for (*numbers, second), suffix in zip(parts, suffixes, strict=True):
        yield "%04d-%02d-%02dT%02d:%02d:%02d" % (*numbers, second) + suffix  # noqa: UP031


def by_datetime(text):
    """The date by Python's own functions, or `None`."""
    try:
        if text[-1] in "APap":
            if not 1 <= int(text[11:13]) <= 12:
                return None
            return datetime.datetime.strptime(text + "M", "%Y-%m-%dT%I:%M:%S%p")
        if text[-1] == "Z":  # the rules of spelling take it away
            return None
        moment = datetime.datetime.fromisoformat(text)
        return moment.replace(tzinfo=None) - (moment.utcoffset() or datetime.timedelta(0))
    except (ValueError, OverflowError):
        return None


def test_random_dates_are_those_of_python():
    texts = list(random_texts(5000))
    read = date_numbers(character_ids(texts))
    wanted = [by_datetime(text) for text in texts]
    assert read.valid.tolist() == [moment is not None for moment in wanted]
    assert 0.3 < read.valid.mean() < 0.7
    for index, moment in enumerate(wanted):
        if moment is not None:
            since = datetime.timedelta(int(read.days[index]), int(read.seconds[index]))
            assert EPOCH + since == moment
            found = (read.year[index], read.month[index], read.weekday[index], read.hour[index])
            assert found == (moment.year, moment.month, moment.weekday(), moment.hour)


def test_every_day_of_the_calendar():
    days = np.arange(-719162, 2932897, 97)
    texts = days.astype("datetime64[D]").astype(str)
    read = iso_numbers(character_ids(texts, ISO_WIDTH))
    assert read.valid.all() and np.array_equal(read.days, days)
    year, month, day = civil_from_days(read.days)
    assert ["%04d-%02d-%02d" % date for date in zip(year, month, day)] == texts.tolist()  # noqa: UP031, B905
    assert texts[0] == "0001-01-01" and texts[-1].startswith("9999-")


@pytest.mark.parametrize(
    "text",
    ["", "2024-05", "2023-02-29", "1900-02-29", "2024-04-31", "2024-00-01", "0000-01-01"]
    + ["2024-05-03T", "2024-05-03T12:30", "2024-05-03T24:00:00", "2024-05-03T12:60:00"]
    + ["2024-05-03x", "2024-05-03T12:30:00x", "2024-05-03T12:30:00+0200x", "2024/05/03"]
    + ["2024-05-03P", "2024-05-03T12:30:00+", "2024-05-03T13:30:00P", "２０２４-05-03"]
    + ["0001-01-01T00:30:00+0100", "9999-12-31T23:30:00-0100"],
)
def test_what_is_no_date_is_not_valid(text):
    assert not date_numbers(character_ids([text])).valid[0]


def test_leap_days_are_valid():
    texts = ["2024-02-29", "2000-02-29", "2024-02-29T23:59:59"]
    assert date_numbers(character_ids(texts)).valid.all()
    assert iso_numbers(character_ids(texts, ISO_WIDTH)).valid.all()
