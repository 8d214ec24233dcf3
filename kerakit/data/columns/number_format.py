"""Numbers in text files: their separators, and how they are parsed."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING

import numpy as np

from kerakit.checks import check
from kerakit.errors import ArgumentError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PLAIN", "NumberFormat"]

_SPACES = "\u00a0\u202f "  # those that people write between thousands
_MINUS = "\u2212"


@dataclasses.dataclass(frozen=True)
class NumberFormat:
    """The separators of numbers in a text, with the names and the meaning of `pandas.read_csv`.

    Attributes:
        decimal: str of one character between the whole part and the fraction.
        thousands: str of one character between groups of digits, or `None`. The last group has
            three digits, and the others two or three (lakhs), so that `10,25` is no number of
            thousands. A space also stands for a no-break space.

    Example:

    >>> import pyarrow as pa
    >>> NumberFormat(",", ".").parse(pa.array(["1.234,5", "-12", "10.25"]))
    array([1234.5,  -12. ,    nan])
    """

    decimal: str = "."
    thousands: str | None = None

    @classmethod
    def checked(cls, owner: str, decimal: str, thousands: str | None) -> NumberFormat:
        """Return the format after a check of its parameters.

        Raises:
            ArgumentError: when one of them is not a character that separates digits, or both
                are equal.
        """
        check(_separates(decimal), owner, "decimal", "one character that is no digit", decimal)
        ok = thousands is None or _separates(thousands)
        check(ok, owner, "thousands", "one character that is no digit, or None", thousands)
        if decimal == thousands:
            raise ArgumentError(
                f"The 'decimal' and 'thousands' parameters of {owner} must differ. Got {decimal!r} "
                "for both. Pass the other decimal=, such as decimal='.' for thousands=','."
            )
        return cls(decimal, thousands)

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as Python writes them."""
        return self == PLAIN

    def parse(self, texts: pa.Array) -> np.ndarray:
        """Return a float64 array: each text as a number, NaN where it is none.

        Args:
            texts: `pyarrow` array of strings.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        numbers = np.full(len(texts), np.nan)
        good = pc.match_substring_regex(texts, self._pattern)
        words = texts.filter(good)
        if self.thousands is not None:
            words = pc.replace_substring_regex(words, _group(self.thousands), "")
        if self.decimal != ".":
            words = pc.replace_substring(words, self.decimal, ".")
        try:
            values = pc.cast(words, pa.float64())
        except pa.ArrowInvalid:  # a minus sign that is no hyphen
            values = pc.cast(pc.replace_substring(words, _MINUS, "-"), pa.float64())
        numbers[good.to_numpy(zero_copy_only=False)] = values
        return numbers

    @functools.cached_property
    def _pattern(self):
        whole, point = r"\d+", re.escape(self.decimal)
        if self.thousands is not None:
            group = _group(self.thousands)
            whole = rf"(\d+|\d{{1,3}}({group}\d{{2,3}})*{group}\d{{3}})"
        number = rf"({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?"
        return rf"^[+\-{_MINUS}]?({number}|(?i:inf|infinity|nan))$"


PLAIN = NumberFormat()


def _separates(value):
    return isinstance(value, str) and len(value) == 1 and not value.isalnum() and value not in '+-"'


def _group(thousands):
    return f"[{_SPACES}]" if thousands in _SPACES else re.escape(thousands)
