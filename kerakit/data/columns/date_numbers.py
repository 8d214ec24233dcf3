"""Dates as numbers: days since 1970, year, month, weekday, hour and seconds of the day.

The same functions compute with NumPy's arrays, where a file is read, and with Keras' tensors, in
the graph of a model. They use nothing but arithmetic, comparisons, and functions that NumPy and
`keras.ops` have under one name.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

__all__ = [
    "CHARACTERS",
    "ISO_WIDTH",
    "WIDTH",
    "DateNumbers",
    "character_ids",
    "character_table",
    "civil_from_days",
    "date_numbers",
    "iso_numbers",
]

# The characters of a date. As in Keras' `TextVectorization`, 0 is the end of the text and 1 any
# other character.
CHARACTERS = "0123456789-T:+APap"
ISO_WIDTH = 20  # `2024-05-03T12:30:00`, and one more, by which a longer text is found out
WIDTH = 25  # `2024-05-03T12:30:00+0200`, likewise

_FIRST = 2
_IDS = {character: number for number, character in enumerate(CHARACTERS, _FIRST)}
_KINDS = _FIRST + len(CHARACTERS)
_DAYS = (-719162, 2932896)  # 0001-01-01 and 9999-12-31


@dataclasses.dataclass(frozen=True)
class DateNumbers:
    """Numbers of dates, int32 arrays or tensors of one shape.

    Attributes:
        valid: bool. Whether there is a date; the numbers of the others mean nothing.
        year: 1 to 9999.
        month: 1 to 12.
        days: whole days since 1970-01-01, in the proleptic Gregorian calendar.
        seconds: seconds since the start of the day.
    """

    valid: Any
    year: Any
    month: Any
    days: Any
    seconds: Any

    @property
    def weekday(self) -> Any:
        """0 for Monday to 6 for Sunday, as in Python."""
        return (self.days + 3) % 7

    @property
    def hour(self) -> Any:
        """0 to 23."""
        return self.seconds // 3600


def iso_numbers(ids: Any, xp: Any = np) -> DateNumbers:
    """Read dates such as `2024-05-03` and `2024-05-03T12:30:00` from their characters.

    Args:
        ids: int32 array of shape `(..., ISO_WIDTH)`. Indices in `CHARACTERS` plus 2; 0 behind the
            end of the text, 1 for any other character.
        xp: `numpy`, or `keras.ops` for tensors.

    Reference:
        Howard Hinnant: chrono-Compatible Low-Level Date Algorithms, 2021
        (https://howardhinnant.github.io/date_algorithms.html).

    Example:

    >>> read = iso_numbers(character_ids(["1970-01-02T03:00:00", "2023-02-29"], ISO_WIDTH))
    >>> read.valid.tolist(), int(read.days[0]), int(read.hour[0])
    ([True, False], 1, 3)
    """
    allowed, digits, weights, highest = _tables()
    # A table of all characters at all positions; the positions are rows.
    rows = np.arange(ISO_WIDTH, dtype="int32") * np.int32(_KINDS)
    fits = xp.min(xp.take(allowed, ids + rows, axis=0), axis=-1) > 0
    whole = xp.equal(ids[..., 10] > 0, ids[..., 18] > 0)  # a date alone, or all of the time
    # Digits times powers of ten are exact in float32.
    fields = _integers(xp.matmul(xp.take(digits, ids, axis=0), weights), xp)
    fits = fits & whole & xp.all(fields <= highest, axis=-1)
    year, month, day = fields[..., 0], fields[..., 1], fields[..., 2]
    # Keras' tensors compare by identity with `==`.
    leap = xp.equal(year % 4, 0) & ~xp.equal(year % 100, 0) | xp.equal(year % 400, 0)
    february = _integers(xp.equal(month, 2), xp)
    last = 30 + (month + month // 8) % 2 - february * (2 - _integers(leap, xp))
    fits = fits & (year > 0) & (month > 0) & (day > 0) & (day <= last)
    march_year = year - _integers(month <= 2, xp)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day  # days since the end of February
    leap_days = march_year // 4 - march_year // 100 + march_year // 400
    days = march_year * 365 + leap_days + of_year - 719469
    return DateNumbers(fits, year, month, days, fields[..., 6])


def date_numbers(ids: Any, xp: Any = np) -> DateNumbers:
    """Read dates as the rules of `date_spelling` give them: with an offset, or a half of the day.

    A time with an offset becomes the time in UTC.

    Args:
        ids: int32 array of shape `(..., WIDTH)`, as for `iso_numbers`.
        xp: `numpy`, or `keras.ops` for tensors.

    Example:

    >>> words = ["2024-01-01T00:30:00+0200", "2024-01-01T02:30:00P"]
    >>> read = date_numbers(character_ids(words))
    >>> read.year.tolist(), read.hour.tolist()
    ([2023, 2024], [22, 14])
    """
    first = np.arange(ISO_WIDTH) < ISO_WIDTH - 1
    read = iso_numbers(ids[..., :ISO_WIDTH] * first.astype("int32"), xp)
    mark, suffix = ids[..., 19], ids[..., 20:]
    is_digit = (suffix >= _FIRST) & (suffix < _FIRST + 10)
    numbers = xp.where(is_digit, suffix - _FIRST, 0)
    hours = numbers[..., 0] * 10 + numbers[..., 1]
    minutes = numbers[..., 2] * 10 + numbers[..., 3]
    count = xp.sum(_integers(suffix > 0, xp), axis=-1)
    count = xp.where(xp.all(xp.equal(is_digit, suffix > 0), axis=-1), count, -1)
    ahead, behind = xp.equal(mark, _IDS["+"]), xp.equal(mark, _IDS["-"])
    before = xp.equal(mark, _IDS["A"]) | xp.equal(mark, _IDS["a"])
    after = xp.equal(mark, _IDS["P"]) | xp.equal(mark, _IDS["p"])
    offset = (hours * 60 + minutes) * 60
    offset = xp.where(ahead, offset, xp.where(behind, -offset, 0))
    has_offset = (ahead | behind) & (xp.equal(count, 2) | xp.equal(count, 4))
    has_offset = has_offset & (hours < 24) & (minutes < 60)
    has_half = (before | after) & xp.equal(count, 0) & (read.hour >= 1) & (read.hour <= 12)
    has_time = ids[..., 10] > 0
    fits = xp.equal(mark, 0) & xp.equal(count, 0) | has_time & (has_offset | has_half)
    clock = read.seconds
    clock = xp.where(before | after, clock % 43200 + 43200 * _integers(after, xp), clock)
    clock = clock - offset
    days = read.days + clock // 86400
    fits = fits & read.valid & (days >= _DAYS[0]) & (days <= _DAYS[1])
    year, month, _ = civil_from_days(days, xp)
    return DateNumbers(fits, year, month, days, clock % 86400)


def civil_from_days(days: Any, xp: Any = np) -> tuple[Any, Any, Any]:
    """Return `(year, month, day)` of days since 1970-01-01, after Hinnant.

    Example:

    >>> [int(part) for part in civil_from_days(np.int32(19846))]
    [2024, 5, 3]
    """
    shifted = days + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march = (5 * of_year + 2) // 153  # months since March
    day = of_year - (153 * march + 2) // 5 + 1
    month = (march + 2) % 12 + 1
    return year_of_era + era * 400 + _integers(month <= 2, xp), month, day


def character_ids(words: Any, width: int = WIDTH) -> np.ndarray:
    """Return the numbers of the characters of strings, int32 of shape `(n, width)`."""
    words = [word[:width] for word in words]
    try:
        text = np.array(words, dtype=f"S{width}")
    except UnicodeEncodeError:
        text = np.array([word.encode("ascii", "replace") for word in words], dtype=f"S{width}")
    return character_table()[text.view(np.uint8).reshape(-1, width)]


def character_table() -> np.ndarray:
    """Return the number of each of the 256 bytes, int32."""
    table = np.ones(256, np.int32)
    table[0] = 0
    for character, number in _IDS.items():
        table[ord(character)] = number
    return table


def _tables():
    """What may stand where, the digits, their worth in each field, and the fields' maxima."""
    pattern = "dddd-dd-ddTdd:dd:dd."
    sets = {"d": "0123456789", ".": ""}
    allowed = np.zeros((ISO_WIDTH, _KINDS), "int32")
    for position, kind in enumerate(pattern):
        allowed[position, [_IDS[c] for c in sets.get(kind, kind)]] = 1
        allowed[position, 0] = position >= 10
    digits = np.zeros(_KINDS, "float32")
    digits[_FIRST : _FIRST + 10] = np.arange(10)
    weights = np.zeros((ISO_WIDTH, 7), "float32")
    for field, (start, count) in enumerate(((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2))):
        weights[start : start + count, field] = 10.0 ** np.arange(count - 1, -1, -1)
    weights[:, 6] = weights[:, 3:6] @ np.array([3600, 60, 1], "float32")  # seconds of the day
    highest = np.array([9999, 12, 31, 23, 59, 59, 86399], "int32")
    return allowed.ravel(), digits, weights, highest


def _integers(values, xp):
    return values.astype("int32") if xp is np else xp.cast(values, "int32")
