"""A column of numbers that holds other texts: what they are, and the keyword that mends them."""

from __future__ import annotations

import collections
import dataclasses
import re

import numpy as np

from kerakit.checks import short_repr, shortlist
from kerakit.data.columns.column import Texts
from kerakit.data.columns.number_format import PLAIN, NumberFormat

__all__ = ["OddTexts", "find_odd_texts"]

# A column of which at least this fraction is numbers, or numbers but for one mark, is more likely
# a column of numbers than of categories.
_MIN_NUMBERS = 0.5

# Different texts that are looked at for marks. More do not change what most of them have.
_LOOKED_AT = 5000

# A number with at most one mark before it (a currency) or behind it (a unit, a per cent sign).
_MARKED = re.compile(
    r"(?P<before>[^\w\s.,+\-\u2212'(]{1,3}|[A-Z]{0,2}[$€£¥]|[A-Z]{3}(?=\s|\d)|R[sp]\.?|kr\.?)?\s*"
    r"(?P<number>[+\-\u2212]?\d[\d.,'\u2019 \u00a0\u202f]*?)"
    r"\s*(?P<after>[^\s\d.,'()+\-:/][^\d()]{0,15}\d?)?"
)
# The simpler format comes first: of two that read equally many numbers, it is meant.
_FORMATS = (PLAIN, *(NumberFormat(*f) for f in (".,", (",", None), ",.", ". ", ", ", ".'", ",'")))


@dataclasses.dataclass(frozen=True)
class OddTexts:
    """The texts in a column of numbers that are no numbers as they are written.

    Attributes:
        row: int. The index of the first row with such a text.
        sentence: str. Which texts there are, and how many.
        cure: str. A sentence that says how they become numbers.
        is_marked: bool. Whether they are numbers with marks or separators.
    """

    row: int
    sentence: str
    cure: str
    is_marked: bool = True


def find_odd_texts(column: Texts) -> OddTexts | None:
    """Look for numbers with marks, and for texts among numbers.

    Args:
        column: `Texts` of a text file, or of a DataFrame.

    Returns:
        `OddTexts`, or `None` where all values are numbers, or fewer than half of them are
        numbers or numbers but for one mark.

    Example:

    >>> import pyarrow as pa
    >>> from kerakit.data.columns.column import read_column
    >>> odd = find_odd_texts(read_column(pa.array(["$1,250", "$900", "$75"]), typed=False))
    >>> odd.cure
    "Remove '$' from the cells, and pass thousands=','."
    """
    counts = np.bincount(column.codes, minlength=len(column.values))
    present = column.values != ""
    odd = column.odd & (counts > 0)
    total, count = int(counts[present].sum()), int(counts[odd].sum())
    if not count:
        return None
    marked = _marked(column, odd, counts)
    if not marked and total - count < _MIN_NUMBERS * total:
        return None
    before, after = _most_common(marked)
    numbers = [(number, n) for key, number, n in marked if key == (before, after)]
    plain = np.flatnonzero(present & ~column.odd)[:_LOOKED_AT]
    best = _best_format([*numbers, *zip(column.values[plain], counts[plain], strict=True)])
    rows = _rows_read(best, numbers) * max(1.0, np.count_nonzero(odd) / _LOOKED_AT)
    if total - count + rows < _MIN_NUMBERS * total:
        return None
    row = int(np.argmax(odd[column.codes]))
    texts = [column.written[index] for index in _in_order(column, odd)]
    mark, keywords = " ".join(filter(None, (before, after))), _keywords(best, column.format)
    if rows < _MIN_NUMBERS * count or not (mark or keywords):
        others = f" (nor is {shortlist(texts[1:], 2)})" if len(texts) > 1 else ""
        numbers = f"though {total - count:,} of {total:,} values are"
        return OddTexts(
            row, f"{short_repr(texts[0])} is not a number{others}, {numbers}.", _NO_MARK, False
        )
    cures = [f"remove {mark!r} from the cells"] if mark else []
    cures += [f"pass {keywords}"] if keywords else []
    cure = ", and ".join(cures)
    sentence = (
        f"{short_repr(texts[0])} is a number with a mark, as are {count:,} of {total:,} values."
    )
    return OddTexts(row, sentence, f"{cure[0].upper()}{cure[1:]}.")


def _in_order(column, odd):
    """The indices of the first odd texts, in the order of the rows."""
    return list(dict.fromkeys(column.codes[odd[column.codes]][:_LOOKED_AT].tolist()))


_NO_MARK = "If such a text stands for a missing value, add it to na_values=."


def _marked(column, odd, counts):
    """`((before, after), number, rows)` of the odd texts that are numbers but for a mark."""
    found = []
    for index in np.flatnonzero(odd)[:_LOOKED_AT]:
        match = _MARKED.fullmatch(column.values[index])
        if match:
            key = (match["before"] or "", match["after"] or "")
            found.append((key, match["number"], int(counts[index])))
    return found


def _most_common(marked):
    """The marks that most rows have."""
    rows = collections.Counter()
    for key, _, n in marked:
        rows[key] += n
    return max(rows, key=rows.__getitem__, default=("", ""))


def _best_format(numbers):
    """The first of the formats that read the most rows."""
    return max(_FORMATS, key=lambda form: _rows_read(form, numbers))


def _rows_read(form, numbers):
    import pyarrow as pa

    texts = pa.array([number.strip() for number, _ in numbers], pa.string())
    rows = np.array([n for _, n in numbers])
    return rows[~np.isnan(form.parse(texts))].sum()


def _keywords(found, given):
    """The keywords of `found` that are not given yet, such as `"decimal=','"`."""
    if found == given:
        return ""
    keywords = [f"decimal={found.decimal!r}"] if found.decimal != given.decimal else []
    if found.thousands != given.thousands:
        keywords.append(f"thousands={found.thousands!r}")
    return " and ".join(keywords)
