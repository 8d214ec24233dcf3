"""Labelled sequences in `.tsv` files, the format of the UCR archive of 2018."""

from __future__ import annotations

import os
import pathlib
import re

from kerakit.data.files.plain_text import read_bytes
from kerakit.data.sequences.numbers import read_numbers
from kerakit.data.sequences.read import Sequences
from kerakit.errors import DataError
from kerakit.files import fingerprint

__all__ = ["read_tsv"]

_BETWEEN = re.compile(r"\t|,|\s+")  # the archive of 2015 has commas, and some sets have spaces


def read_tsv(path: str | os.PathLike[str]) -> Sequences:
    """Read the labelled sequences of a `.tsv` file without a header.

    Each line is a sequence of one channel: the label, then the values, with a tab between. `NaN`
    is a missing value; `NaN` at the end fills a shorter sequence up.

    Args:
        path: str or path.

    Raises:
        DataError: when the file cannot be read, or a value is not a number; the message has the
            line, counted from 1.

    Reference:
        Dau et al.: The UCR Time Series Archive, 2018 (arXiv:1810.07758).
    """
    content = read_bytes(pathlib.Path(path), "a .tsv file of labelled sequences")
    text = content.decode("utf-8-sig", errors="replace")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    values, labels = [], []
    for number, line in lines:
        label, *words = filter(None, _BETWEEN.split(line))
        location = f"{path}, line {number}"
        if not words:
            raise DataError(
                f"{location}: found {line[:40]!r} alone. Expected a label, and values behind it "
                "with tabs between."
            )
        try:
            values.append(read_numbers(words, location))
        except DataError as error:
            hint = " A table with a header, one row for each step, needs id=." * (number == 1)
            raise DataError(f"{error}{hint}") from None
        labels.append(label)
    numbers = [number for number, _ in lines]
    return Sequences(
        name=str(path),
        values=values,
        labels=labels,
        location=lambda row: f"{path}, line {numbers[row]}",
        digest=fingerprint([content]),
    )
