"""The texts that stand for a missing value: the usual ones, and those of `na_values=`."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["NUMBER_NA_VALUES", "has_usual", "missing_numbers", "missing_texts"]

# Spellings of a missing value: those of `pandas.read_csv` without the rare ones, and the `?` of
# the UCI repository. An empty cell is always missing.
_NA_VALUES = ("?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None")

# Texts that stand for a missing number. In a column of words they may be values, so they count
# as missing only in a column whose other cells are numbers. They are the spellings of
# `pandas.read_csv` that `_NA_VALUES` lacks, the errors of a spreadsheet, the null of MySQL, the
# dots and colons of statistical offices, and words.
_SIGNS = "- -- --- – — . .. ... … : * ** ? ?? / \\N #N/A! #VALUE! #DIV/0! #REF! #NAME? #NUM! #NULL!"
_WORDS = "none null nil nan na n.a. n.a n/a n/d nd #na missing unknown undefined unavailable empty"
_PHRASES = ("#n/a n/a", "not available", "no data", "(null)", "(none)", "(missing)", "<none>")
_RARE = "-nan -NaN 1.#IND -1.#IND 1.#QNAN -1.#QNAN <NA>"
_LOWER = (*_WORDS.split(), *_PHRASES)
NUMBER_NA_VALUES = tuple(
    dict.fromkeys(
        [*_SIGNS.split(), *_RARE.split()]
        + [spell(word) for word in _LOWER for spell in (str, str.upper, str.capitalize, str.title)]
    )
)


def has_usual(na_values: Sequence[str] | None) -> bool:
    """Whether the usual texts count as missing in a text file: `na_values` adds to them.

    Only a list without a text (`[]`, or `""` of a command line) stands for no text at all.

    Args:
        na_values: sequence of strings, or `None`.

    Example:

    >>> has_usual(None), has_usual(["-"]), has_usual([]), has_usual([""])
    (True, True, False, False)
    """
    return na_values is None or any(na_values)


def missing_texts(na_values: Sequence[str] | None, typed: bool = False) -> list[str]:
    """Return the texts that are missing values in each column.

    Args:
        na_values: sequence of strings that the user named, or `None`.
        typed: bool. Whether the source has types. Such a source has nulls, and so only the texts
            that the user named. Defaults to `False`.

    Example:

    >>> len(missing_texts(None)), missing_texts([]), missing_texts(["-"], typed=True)
    (12, [''], ['', '-'])
    """
    usual = _NA_VALUES if has_usual(na_values) and not typed else ()
    return list(dict.fromkeys(["", *usual, *(na_values or ())]))


def missing_numbers(na_values: Sequence[str] | None) -> list[str]:
    """Return the texts that are missing values in a text file's column of numbers."""
    numbers = NUMBER_NA_VALUES if has_usual(na_values) else ()
    return list(dict.fromkeys([*missing_texts(na_values), *numbers]))
