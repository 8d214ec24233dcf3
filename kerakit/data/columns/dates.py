"""Columns of dates: which columns are, and their values as ISO 8601."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import Numbers, Texts
from kerakit.data.columns.date_numbers import character_ids, date_numbers
from kerakit.data.columns.date_spelling import DAY_FIRST, ISO, MONTH_FIRST, iso_spelling
from kerakit.errors import DataError

__all__ = ["Dates", "check_dates", "find_dates", "read_dates"]

# A text column is one of dates where at least this fraction of its values are dates. The other
# values are slips, and reading the column names the first of them.
_MIN_DATES = 0.95
_SAMPLED_VALUES = 1000  # enough to tell dates from other texts in a column of millions
# MySQL writes a missing date so.
_ZERO_DATES = ("0000-00-00", "0000-00-00 00:00:00")
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
    if not asked and not _may_be_dates(words, counts):
        return None
    plain = _valid(words, "")
    if plain.all():
        return Dates("")
    day, month = (_fraction(_valid(words, order), counts) for order in (DAY_FIRST, MONTH_FIRST))
    if not asked and max(day, month) < _MIN_DATES:
        return None
    if _fraction(plain, counts) >= max(day, month):
        return Dates("")
    format = MONTH_FIRST if month >= day else DAY_FIRST
    return Dates(format, str(words[~plain][0]) if month == day else "")


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
    read = date_numbers(character_ids(_iso(column.values, format)))
    valid = read.valid & there
    days = np.where(valid, read.days, 0).astype("datetime64[D]")
    used = np.zeros(len(valid), bool)
    used[column.codes] = True
    if (read.seconds[valid & used] != 0).any():
        moments = days.astype("datetime64[s]") + np.where(valid, read.seconds, 0)
        written = moments.astype(str)
    else:
        written = days.astype(str)
    values = np.where(valid, written.astype(object), "")
    wrong = there & ~valid
    return Texts(values, column.codes, column.written, column.typed), wrong[column.codes]


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


def _may_be_dates(words, counts):
    """Whether a sample of the values are dates. Most columns of text show that they are not."""
    if not len(words) or all(word.isdigit() for word in words[:_SAMPLED_VALUES]):
        return False
    few = words[[0, len(words) // 2, -1]]
    if not any(_valid(few, order).any() for order in (DAY_FIRST, MONTH_FIRST)):
        return False
    some = slice(None, None, 1 + len(words) // _SAMPLED_VALUES)
    words, counts = words[some], counts[some]
    return any(
        _fraction(_valid(words, order), counts) >= _MIN_DATES for order in (DAY_FIRST, MONTH_FIRST)
    )


def _iso(words: Any, format: str) -> list[str]:
    """Texts as the rules of their spelling give them. Those in ISO 8601 need no rules."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array(words.tolist(), pa.string())
    done = pc.match_substring_regex(texts, ISO).to_numpy(zero_copy_only=False)
    if done.all():
        return texts.to_pylist()
    found = np.array(words, dtype=object)
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


def _valid(words, format):
    return date_numbers(character_ids(_iso(words, format))).valid


def _fraction(valid, counts):
    return float(counts[valid].sum() / counts.sum())
