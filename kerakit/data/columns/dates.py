"""Columns of dates: which columns are, and their values as ISO 8601."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Numbers, Texts
from kerakit.data.columns.date_numbers import (
    DateNumbers,
    character_ids,
    civil_from_days,
    date_numbers,
)
from kerakit.data.columns.date_spelling import DAY_FIRST, ISO, MONTH_FIRST, iso_spelling
from kerakit.errors import DataError

__all__ = ["Dates", "check_dates", "find_dates", "numbers_of", "read_dates"]

# A text column is one of dates where at least this fraction of its values are dates. The other
# values are slips, and reading the column names the first of them.
_MIN_DATES = 0.95
_SAMPLED_VALUES = 1000  # enough to tell dates from other texts in a column of millions
# MySQL writes a missing date so.
_ZERO_DATES = ("0000-00-00", "0000-00-00 00:00:00")
_BLOCK = 1 << 16  # values that are looked at together, character by character
# So many values are read faster by `datetime` than by operations on arrays.
_FEW = 64


@dataclasses.dataclass(frozen=True)
class Dates:
    """How a column of texts writes its dates.

    Attributes:
        format: str. The `format` of a `Feature`.
        doubt: str. A text of which the column does not tell whether the day or the month comes
            first; empty where there is none.
    """

    format: str
    doubt: str = ""


def find_dates(column: Texts, asked: bool = False) -> Dates | None:
    """Return how a column writes its dates, or `None` where it is none of dates.

    Nearly all values must be dates. Numbers alone (`20240503`, `2024`) are no dates.

    Args:
        column: `Texts`, missing values as `""`.
        asked: bool. Whether the user says that these are dates, so that few of the values may be
            dates, or numbers alone. Defaults to `False`.

    Example:

    >>> words = ("03/05/2024", "13/05/2024", "")
    >>> find_dates(Texts(np.array(words, object), np.array([0, 1, 1, 2]), words))
    Dates(format='day first', doubt='')
    """
    counts = np.bincount(column.codes, minlength=len(column.values))
    there = np.flatnonzero((counts > 0) & (column.values != ""))
    words, counts = column.values[there], counts[there]
    if not asked and not _may_be_dates(words):
        return None
    some = slice(None, None, 1 + len(words) // _SAMPLED_VALUES)
    found, certain = _judged(words[some], counts[some], asked)
    if certain or len(words) <= _SAMPLED_VALUES:
        return found
    return _judged(words, counts, asked)[0]


def read_dates(column: Numbers | Texts, format: str = "") -> tuple[Texts, np.ndarray]:
    """Return a column with its dates in ISO 8601.

    Args:
        column: `Texts`, or `Numbers` such as 20240503.
        format: str. The `format` of the `Feature`. Defaults to `""`.

    Returns:
        `(column, wrong)`: `Texts` whose values are `2024-05-03`, or `2024-05-03T12:30:00` where
        the column has times, in UTC where a time has an offset, and `""` for what is missing or
        no date; and a bool array of shape `(n,)`: which rows have a value that is no date.

    Example:

    >>> dates, wrong = read_dates(Numbers(np.array([20240503.0, 20240431.0, np.nan])))
    >>> dates.strings().tolist(), wrong.tolist()
    (['2024-05-03', '', ''], [False, True, False])
    """
    column = column.texts()
    if len(column.values) <= _FEW and all(map(_is_iso, column.values.tolist())):
        return column, np.zeros(len(column), bool)
    there = np.array([bool(w) and w not in _ZERO_DATES for w in column.values.tolist()], bool)
    read = numbers_of(column.values, format)
    valid = read.valid & there
    used = np.zeros(len(valid), bool)
    used[column.codes] = True
    has_times = (read.seconds[valid & used] != 0).any()
    values = _written(np.where(valid, read.days, 0), read.seconds if has_times else None)
    values[~valid] = ""
    wrong = there & ~valid
    return Texts(values, column.codes, column.written, column.typed), wrong[column.codes]


def numbers_of(words: Any, format: str = "") -> DateNumbers:
    """Return the numbers of texts that are dates in a format, arrays of shape `(n,)`.

    Args:
        words: object array of `str`.
        format: str. The `format` of a `Feature`. Defaults to `""`.
    """
    import pyarrow as pa

    texts = pa.array(words, pa.string())
    numbers = _by_arrow(texts) if format in ("", DAY_FIRST, MONTH_FIRST) else None
    if numbers is None:
        words = _iso(texts, format)
        starts = range(0, max(len(words), 1), _BLOCK)
        blocks = [date_numbers(character_ids(words[at : at + _BLOCK])) for at in starts]
        fields = zip(*(dataclasses.astuple(block) for block in blocks), strict=True)
        numbers = DateNumbers(*map(np.concatenate, fields))
    return numbers


def check_dates(
    wrong: np.ndarray,
    column: Numbers | Texts,
    name: str,
    location: Callable[[int], str],
    cure: str,
) -> None:
    """Refuse a column of dates with a value that is no date.

    Args:
        wrong: bool array of shape `(n,)`, of `read_dates`.
        column: what `read_dates` read.
        name: str. The column.
        location: function from a row to its location, such as `"wine.csv, line 18"`.
        cure: str. What to do, as a sentence.

    Raises:
        DataError: about the first such value.
    """
    if not wrong.any():
        return
    row, texts = int(np.argmax(wrong)), column.texts()
    written = short_repr(texts.written[texts.codes[row]])
    count = int(wrong.sum())
    others = f" (nor are {count - 1:,} others of {len(wrong):,} values)" if count > 1 else ""
    raise DataError(f"{location(row)}, column {name!r}: {written} is not a date{others}. {cure}")


def _may_be_dates(words):
    """Whether a few of the values are dates. Most columns of text show that they are not."""
    if not len(words) or all(word.isdigit() for word in words[:_SAMPLED_VALUES]):
        return False
    few = words[[0, len(words) // 2, -1]]
    return any(numbers_of(few, order).valid.any() for order in (DAY_FIRST, MONTH_FIRST))


def _judged(words, counts, asked):
    """`(Dates or None, certain)` of some values; more values may tell more if it is not certain."""
    plain = numbers_of(words).valid
    if plain.all():
        return Dates(""), True
    day, month = (
        _fraction(numbers_of(words, order).valid, counts) for order in (DAY_FIRST, MONTH_FIRST)
    )
    if not asked and max(day, month) < _MIN_DATES:
        return None, max(day, month) < _MIN_DATES - 0.05
    if _fraction(plain, counts) >= max(day, month):
        return Dates(""), max(day, month) == 1
    format = MONTH_FIRST if month >= day else DAY_FIRST
    return Dates(format, str(words[~plain][0]) if month == day else ""), month != day


def _by_arrow(texts):
    """The numbers of texts that are all in ISO 8601, or `None`.

    Arrow reads them some twenty times faster than the rules do.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    for zone in (None, "UTC"):
        try:
            moments = texts.cast(pa.timestamp("us", zone)).cast(pa.int64())
        except pa.ArrowInvalid:
            continue
        moments = moments.fill_null(0).to_numpy(zero_copy_only=False) // 1_000_000
        days, seconds = (part.astype(np.int32) for part in np.divmod(moments, 86400))
        year, month, _ = civil_from_days(days)
        valid = pc.is_valid(texts).to_numpy(zero_copy_only=False) & (year >= 1) & (year <= 9999)
        return DateNumbers(valid, year, month, days, seconds)
    return None


def _written(days, seconds):
    """Days and, where they are given, seconds of the day in ISO 8601: an object array of `str`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if seconds is None:
        texts = pa.array(days.astype(np.int32)).cast(pa.date32()).cast(pa.string())
    else:
        moments = pa.array(days.astype(np.int64) * 86400 + seconds).cast(pa.timestamp("s"))
        texts = pc.replace_substring(moments.cast(pa.string()), " ", "T")
    return np.array([*texts.to_pylist(), None], dtype=object)[:-1]


def _iso(texts, format):
    """Texts as the rules of their spelling give them. Those in ISO 8601 need no rules."""
    import pyarrow as pa
    import pyarrow.compute as pc

    done = pc.match_substring_regex(texts, ISO).to_numpy(zero_copy_only=False)
    if done.all():
        return texts.to_pylist()
    found = np.array(texts.to_pylist(), dtype=object)
    rest = np.flatnonzero(~done)
    found[rest] = iso_spelling(texts.take(pa.array(rest)), format).to_pylist()
    return found.tolist()


def _is_iso(word):
    """Whether a text is missing, or a date as `read_dates` writes it."""
    if not word:
        return True
    if len(word) not in (10, 19) or word[10:11] not in ("", "T"):
        return False
    try:
        return datetime.datetime.fromisoformat(word).isoformat().startswith(word)
    except ValueError:
        return False


def _fraction(valid, counts):
    return float(counts[valid].sum() / counts.sum())
