"""`Sequences`: what the readers of all kinds of files return."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from kerakit.data.columns.number_format import PLAIN, NumberFormat

__all__ = ["Sequences"]


@dataclasses.dataclass(frozen=True)
class Sequences:
    """Sequences with one label or number each, as they were read.

    Attributes:
        name: str. The file's path, or the name of the data, for errors.
        values: list of n float arrays of shape `(steps,)`, or `(steps, channels)`, of any
            lengths; NaN where a value is missing.
        labels: list of n strings, numbers as they are written.
        location: function from a row to its location, such as `"train.ts, line 18"`.
        digest: str. SHA-256 of the source. Defaults to `""`: that of the labels and values.
        has_numbers: bool. Whether the source says that the labels are numbers to predict.
            Defaults to `False`.
        format: `NumberFormat` of numbers among the labels. Defaults to `PLAIN`.
    """

    name: str
    values: list[np.ndarray]
    labels: list[str]
    location: Callable[[int], str]
    digest: str = ""
    has_numbers: bool = False
    format: NumberFormat = PLAIN

    def __len__(self) -> int:
        return len(self.values)
