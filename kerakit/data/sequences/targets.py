"""The numbers that are to be predicted from sequences."""

from __future__ import annotations

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.columns.column import read_column
from kerakit.data.sequences.read import Sequences
from kerakit.data.tables.statistics import LARGEST
from kerakit.errors import DataError

__all__ = ["target_numbers"]


def target_numbers(source: Sequences) -> np.ndarray:
    """Return the labels of sequences as numbers, a float32 array of shape `(n,)`.

    Args:
        source: `Sequences`.

    Raises:
        DataError: when a label is no number, missing, or beyond float32; the message has its
            location.
    """
    import pyarrow as pa

    column = read_column(pa.array(source.labels, pa.string()), typed=False, format=source.format)
    values = column.numbers()
    wrong = ~(np.abs(values) <= LARGEST)  # NaN too
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{source.location(row)}: the target is {short_repr(source.labels[row])}; "
            f"{int(wrong.sum()):,} of {len(values):,} targets cannot be used. Expected a finite "
            f"number up to {LARGEST:g}. Correct it, or remove the sequence. To predict labels, "
            "pass task='multiclass' or task='binary'."
        )
    return values.astype("float32")
