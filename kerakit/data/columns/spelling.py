"""One spelling for one category, however a file, a frame or a request writes it."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerakit.data.columns.column import Texts, number_text
from kerakit.data.names import nearest
from kerakit.data.spec import Feature

__all__ = ["Spellings", "category_text", "one_spelling", "spelling", "spellings_of"]

_WHOLE = re.compile(r"\+?(-?[0-9]+)(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TRUTH = {"true": "True", "false": "False"}
_FLAGS = {"True": 1.0, "False": 0.0}


def spelling(text: str) -> str:
    """Return the usual spelling of a category: two texts with one spelling are one category.

    White space around the text goes, accents are composed (Unicode's NFC), a whole number has no
    sign `+` and no decimals, and true and false begin with a capital. Leading zeros and the case
    of other words are kept: `007` is a code, and `a` may be another category than `A`.

    Example:

    >>> [spelling(text) for text in ("3.0", " 3 ", "007", "TRUE", "Red", "cafe\\u0301")]
    ['3', '3', '007', 'True', 'Red', 'café']
    """
    text = text.strip()
    if not text.isascii():
        return unicodedata.normalize("NFC", text)
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole[1]
    return _TRUTH.get(text.lower(), text) if len(text) < 6 else text


def category_text(value: Any) -> str | bytes:
    """Return any value of a cell as the text of a category: `3` for 3.0, empty for a missing one.

    Raises:
        TypeError: when the value is no text, number, boolean or missing value.

    Example:

    >>> [category_text(value) for value in (3, 3.0, True, "red", None, float("nan"))]
    ['3', '3', 'True', 'red', '', '']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value  # a request can carry any bytes; no category is spelled so
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # of pandas
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(value) if math.isinf(value) else number_text(value)
    raise TypeError(f"expected a text, a number or true or false, got {type(value).__name__}")


def one_spelling(column: Texts) -> Texts:
    """Return a column in which each category has one spelling.

    A column that writes every category in one way is returned as it is. In another column every
    value gets its usual `spelling`.

    Example:

    >>> texts = ("3", "3.0", "4.0")
    >>> one_spelling(Texts(np.array(texts, object), np.arange(3), texts)).strings().tolist()
    ['3', '3', '4']
    """
    usual = [spelling(value) for value in column.values]
    if len(set(usual)) == len(set(column.values)):
        return column
    return _respelled(column, usual)


class Spellings:
    """The categories that a column has, and the other ways to write them.

    A text that is none of the categories stands for the category of the same usual `spelling`;
    failing that, for the only category that is the same number (`7` for `007`, `1.5` for
    `1.50`). Where all categories are 0 and 1, or true and false, the ones stand for the others.

    Args:
        categories: strings. The vocabulary of a `Feature`, or the labels of a target.

    Attributes:
        aliases: dict from spelling to category. The spellings other than the categories' own
            that pandas, R, JSON and Unicode's two forms write.

    Example:

    >>> shops = Spellings(["3", "007", "café"])
    >>> shops.category("3.0"), shops.category("7"), shops.category("nowhere")
    ('3', '007', 'nowhere')
    """

    def __init__(self, categories: Iterable[str]) -> None:
        self._known = frozenset(categories)
        usual = {category: spelling(category) for category in self._known}
        self._by_spelling = _unambiguous((text, category) for category, text in usual.items())
        stated = set(usual.values()) - {""}
        numbers = {category: _number(text) for category, text in usual.items()}
        self._are_flags = stated <= _FLAGS.keys() or set(
            number for category, number in numbers.items() if category
        ) <= {0.0, 1.0}
        if self._are_flags:
            numbers = {c: _FLAGS.get(usual[c], number) for c, number in numbers.items()}
        self._by_number = _unambiguous(
            (number, category) for category, number in numbers.items() if number is not None
        )
        self._usual, self._numbers = usual, numbers

    @functools.cached_property
    def aliases(self) -> dict[str, str]:
        """The aliases of the categories; there are none where each has one spelling only."""
        return {
            text: self.category(text)
            for category in sorted(self._known)
            for text in _written(self._usual[category], self._numbers[category], self._are_flags)
            if text not in self._known and self.category(text) in self._known
        }

    def category(self, text: Any) -> Any:
        """Return the category that a text stands for, or the text itself where there is none."""
        if text in self._known or isinstance(text, bytes):
            return text
        usual = spelling(text)
        if usual in self._known:
            return usual
        found = self._by_spelling.get(usual)
        if found is None and self._by_number:
            number = _FLAGS.get(usual) if self._are_flags else None
            found = self._by_number.get(_number(usual) if number is None else number)
        return text if found is None else found

    def respelled(self, column: Texts) -> Texts:
        """Return a column in which each value is spelled as its category is."""
        if self._known.issuperset(column.values):
            return column
        return _respelled(column, [self.category(value) for value in column.values])

    def is_known(self, text: str) -> bool:
        """Whether a text is a category, spelled as the category is."""
        return text in self._known

    def nearest(self, text: str) -> str | None:
        """Return the category closest to a text, or `None` where there is no category."""
        known = sorted(self._known - {""})
        return nearest(text, known) or next(iter(known), None)


@functools.lru_cache(maxsize=1024)
def spellings_of(feature: Feature) -> Spellings:
    """Return the `Spellings` of the vocabulary of a categorical `Feature`, made once."""
    return Spellings(feature.vocabulary)


def _respelled(column, texts):
    """The column with other texts, where each text is one of the distinct values."""
    values, codes = np.unique(np.array(texts, dtype=object), return_inverse=True)
    first = {}
    for text, written in zip(texts, column.written, strict=True):
        first.setdefault(text, written)
    written = tuple(first.get(value, value) for value in values)
    return Texts(values, codes[column.codes], written, column.typed)


def _unambiguous(pairs):
    """Dict from key to category, without the keys that stand for several categories."""
    found = {}
    for key, category in pairs:
        found[key] = category if found.get(key, category) == category else None
    return {key: category for key, category in found.items() if category is not None}


def _number(text):
    """A text as a number, or `None` where a float64 does not tell it from its neighbours."""
    number = float(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and abs(number) < 2**53 else None


def _written(usual, number, flags):
    """The ways in which programs write a category of a usual spelling."""
    yield from (usual, unicodedata.normalize("NFD", usual))
    if usual in _FLAGS or (flags and number in (0.0, 1.0)):
        word = usual if usual in _FLAGS else str(bool(number))
        yield from (word, word.upper(), word.lower())
    if number is not None:
        yield from (number_text(number), repr(number))
