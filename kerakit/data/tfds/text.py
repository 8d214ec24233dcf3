"""Sets of texts of TensorFlow Datasets."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerakit.checks import short_repr
from kerakit.data.data import Data
from kerakit.data.options import Options
from kerakit.data.split import SPLITS
from kerakit.data.text.assemble import text_data
from kerakit.data.text.source import text_source
from kerakit.errors import DataError

__all__ = ["load_text_set"]

_RECORDS_AT_A_TIME = 1024


def load_text_set(
    builder: Any, name: str, text: str, target: str, options: Options
) -> tuple[Data, list[str]]:
    """Load a prepared TFDS set of texts with a class label.

    Args:
        builder: TFDS builder of a prepared set.
        name: str. The set's name as the user gave it.
        text, target: strings. The features of the text and of its label.
        options: `Options`.

    Returns:
        `(data, notes)`: `Data`, and a list of sentences to warn with.

    Raises:
        DataError: when the target is no class label, or the data cannot be used.
    """
    info = builder.info
    label = info.features[target]
    if not hasattr(label, "int2str") or label.shape != ():
        raise DataError(
            f"{name}: the target {target!r} is {short_repr(label)}. Expected one class label per "
            "text."
        )
    sources = {}
    for split in SPLITS:
        if split in info.splits:
            texts, numbers = _read(builder, split, text, target)
            # Some test sets are published without labels: they are of no use here.
            if (numbers >= 0).any():
                sources[split] = _source(
                    f"{name} ({split})", (text, texts), (target, numbers), info
                )
    if "train" not in sources:
        raise DataError(f"{name}: the set has no split 'train', only {list(info.splits)}.")
    return text_data(sources, options, dataset=f"tfds:{name}")


def _source(name, text, target, info):
    """`Source` of the texts that have a label."""
    import pyarrow as pa

    (text, texts), (target, numbers) = text, target
    rows = np.flatnonzero(numbers >= 0)
    words = info.features[target].names
    columns = {
        text: pa.array([texts[row] for row in rows], pa.string()),
        target: pa.array([words[numbers[row]] for row in rows], pa.string()),
    }

    def location(row):
        return f"{name}, row {rows[row]} (counted from 0)"

    return text_source(columns, (text,), (target,), name=name, location=location)


def _read(builder, split, text, target):
    """Texts as a list of str, and label numbers, -1 where there is none."""
    texts, numbers = [], []
    batches = builder.as_dataset(split=split).batch(_RECORDS_AT_A_TIME)
    for batch in batches.as_numpy_iterator():
        texts += [value.decode("utf-8", "replace") for value in batch[text]]
        numbers.append(batch[target])
    return texts, np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
