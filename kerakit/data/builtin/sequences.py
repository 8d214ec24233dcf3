"""Built-in sets that are no tables: a series, labelled sequences, texts and tagged sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerakit.data.builtin.generated import mackey_glass
from kerakit.data.builtin.toy_messages import messages
from kerakit.data.builtin.toy_sentences import sentences
from kerakit.data.data import Data
from kerakit.data.options import Options
from kerakit.data.sequences.assemble import sequence_data
from kerakit.data.sequences.read import Sequences
from kerakit.data.series.forecast import forecast_data
from kerakit.data.series.options import SeriesOptions
from kerakit.data.series.reading.source import read_series
from kerakit.data.tagged.assemble import Sentences, tag_data
from kerakit.data.tagged.conll import Sentence
from kerakit.data.text.assemble import text_data
from kerakit.data.text.source import cells, text_source

__all__ = ["builtin_forecast", "builtin_messages", "builtin_sentences", "builtin_sequences"]

_OWNER = "load_builtin"
_DIGIT_ROWS = 8


def builtin_forecast(name: str, **options: Any) -> Data:
    """Return `Data` of the windows of `mackey_glass`.

    Args:
        name: str. The set.
        options: as in `SeriesOptions`.
    """
    checked = SeriesOptions(_OWNER, **options)
    series = read_series(mackey_glass(), checked, name=name)
    return forecast_data({"train": series}, checked, dataset=name)[0]


def builtin_sequences(name: str, x: np.ndarray, y: Any, target: str, **options: Any) -> Data:
    """Return `Data` of labelled sequences.

    Args:
        name: str. The set.
        x: array of shape `(n, steps)`; of digits `(n, 64)`, which become 8 steps of 8 numbers.
        y: n labels.
        target: str. The target's name.
        options: as in `Options`.
    """
    if name == "digits":
        x = np.reshape(x, (-1, _DIGIT_ROWS, _DIGIT_ROWS))
    sequences = Sequences(
        name=name,
        values=list(x),
        labels=[str(label) for label in y],
        location=_location(name, "sequence"),
    )
    checked = Options(_OWNER, **options)
    return sequence_data({"train": sequences}, checked, dataset=name, target=target)[0]


def builtin_messages(**options: Any) -> Data:
    """Return `Data` of the toy set `messages`: the same texts whatever the seed of the split.

    Args:
        options: as in `Options`.
    """
    name = "messages"
    texts, labels = messages()
    columns = {"text": cells(texts, name), "label": cells(labels, name)}
    source = text_source(columns, ("text",), ("label",), name=name, location=_location(name, "row"))
    return text_data({"train": source}, Options(_OWNER, na_values=(), **options), dataset=name)[0]


def builtin_sentences(**options: Any) -> Data:
    """Return `Data` of the toy set `sentences`: the same ones whatever the seed of the split.

    Args:
        options: as in `Options`.
    """
    name = "sentences"

    def location(row, token):
        return f"{name}, sentence {row}, token {token} (counted from 0)"

    tagged = [Sentence(tokens, tags, lines=[]) for tokens, tags in zip(*sentences(), strict=True)]
    source = Sentences(name, tagged, location)
    return tag_data({"train": source}, Options(_OWNER, na_values=(), **options), dataset=name)[0]


def _location(name: str, noun: str) -> Callable[[int], str]:
    return lambda row: f"{name}, {noun} {row} (counted from 0)"
