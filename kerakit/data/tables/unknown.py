"""A warning where most values of a categorical column do not occur in the training rows."""

from __future__ import annotations

import collections

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.spelling import Spellings

__all__ = ["UnknownValues"]

# A few new values are normal: a shop opens. Where most values are new, the column is written
# another way, or is another column.
_MIN_ROWS = 10
_FRACTION = 0.5


class UnknownValues:
    """Counts the values of a column that are no category, in blocks of rows.

    Args:
        name: str. The column, for the warning.
        spellings: `Spellings` of the categories.

    Example:

    >>> cities = UnknownValues("city", Spellings(["Oslo", "Rome"]))
    >>> cities.add(np.array(["oslo"] * 12 + ["Rome"], object))
    >>> cities.warning("new.csv")
    "new.csv, column 'city': 12 of 13 values do not occur in the training rows, such as 'oslo' \
(the nearest known value is 'Oslo'). The model treats them all alike, as unknown. Write the \
values as in the training data."
    """

    def __init__(self, name: str, spellings: Spellings) -> None:
        self.name, self.spellings = name, spellings
        self.rows = self.unknown = 0
        self._counts: collections.Counter[str] = collections.Counter()

    def add(self, values: np.ndarray) -> None:
        """Count the values of some rows: an object array of `str`, `""` where one is missing."""
        for value, count in collections.Counter(values.tolist()).items():
            if not value:
                continue
            self.rows += count
            if not self.spellings.is_known(value):
                self.unknown += count
                # Columns of texts that are all different must not fill the memory.
                if value in self._counts or len(self._counts) < 1000:
                    self._counts[value] += count

    def warning(self, source: str) -> str | None:
        """Return a sentence about a column of which most values are unknown, else `None`."""
        if self.unknown < _MIN_ROWS or self.unknown <= _FRACTION * self.rows:
            return None
        value = self._counts.most_common(1)[0][0]
        nearest = self.spellings.nearest(value)
        hint = "" if nearest is None else f" (the nearest known value is {short_repr(nearest)})"
        return (
            f"{source}, column {self.name!r}: {self.unknown:,} of {self.rows:,} values do not "
            f"occur in the training rows, such as {short_repr(value)}{hint}. The model treats them "
            "all alike, as unknown. Write the values as in the training data."
        )
