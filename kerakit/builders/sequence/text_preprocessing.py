"""The `preprocess` sub-model for texts: strings in, numbers of words and of n-grams out."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.checks import short_repr
from kerakit.data.spec import Feature, Spec
from kerakit.errors import ArgumentError

__all__ = ["CHARACTER_BUCKETS", "WORD_BUCKETS", "text_features", "text_preprocess"]

# Hash buckets for n-grams of words and of characters; n-grams of one bucket share their weights.
WORD_BUCKETS, CHARACTER_BUCKETS = 2**17, 2**18
# The multiplier of the hash: its product with 2**18 and the largest number of a word stays within
# 32 bits. Of those multipliers it is the one whose collisions lie furthest apart (the spectral
# test, Knuth, TAOCP 3.3.4): no two trigrams of 50 characters share a bucket. With a multiplier
# near a power of two, such as 4093, half of them would.
_MULTIPLIER = 5609


def text_features(owner: str, inputs: Spec, parts: bool = False) -> tuple[Feature, ...]:
    """Return the text `Feature` of a spec, or those of the parts of a text.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec`.
        parts: bool. Whether a text may have several parts. Defaults to `False`.

    Raises:
        ArgumentError: when there is none, or another feature beside it.
    """
    features = inputs.features
    kinds = {feature.name: feature.kind for feature in features}
    vocabulary = features[0].vocabulary if features else ()
    known = all(feature.vocabulary == vocabulary for feature in features) and bool(vocabulary)
    if set(kinds.values()) == {"text"} and known and (parts or len(kinds) == 1):
        return features
    raise ArgumentError(
        f"The 'inputs' parameter of {owner} must be the Data or Spec of one text with its "
        "vocabulary, such as kk.load_text and kk.load_tagged make. Got features of the kinds "
        f"{short_repr(kinds)} instead."
    )


@in_float32()
def text_preprocess(
    features: Sequence[Feature], max_words: int, word_grams: int, character_grams: int
) -> tuple[dict[str, keras.KerasTensor], keras.Model]:
    """Build the input of a text model and the `preprocess` sub-model behind it.

    Args:
        features: sequence of `Feature` of kind text, of one vocabulary: the text, or its parts,
            which are read one after the other.
        max_words: int. The output `words` has at most so many words.
        word_grams, character_grams: ints. The longest n-grams of words and of characters.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of string `keras.Input`s of shape `()` by their
        names, and the sub-model with the int32 outputs `words` of shape `(batch, words)`, 0
        for padding, 1 for unknown words; `word_grams` of shape `(batch, grams)` in [0,
        WORD_BUCKETS], 0 for none; and, unless `character_grams` is 0,
        `character_grams` in [0, CHARACTER_BUCKETS]. For an empty text all are 0. No n-gram is of
        two parts.
    """
    first = features[0]
    inputs = {each.name: keras.Input((), dtype="string", name=each.name) for each in features}
    number_words = keras.layers.TextVectorization(
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        vocabulary=list(first.vocabulary),
        name="preprocess.words",
    )
    words = [ops.cast(number_words(text), "int32") for text in inputs.values()]
    # At least one step, since recurrent layers and convolutions fail for none.
    read = ops.pad(functools.reduce(_joined, words), [[0, 0], [0, 1]])[:, :max_words]
    outputs = [read, _grams_of_parts(words, range(1, word_grams + 1), WORD_BUCKETS)]
    if character_grams:
        number_characters = keras.layers.TextVectorization(
            standardize=None,  # capitals carry information
            split="character",
            vocabulary=list(first.characters),
            name="preprocess.characters",
        )
        characters = [ops.cast(number_characters(text), "int32") for text in inputs.values()]
        sizes = range(1, character_grams + 1)
        outputs.append(_grams_of_parts(characters, sizes, CHARACTER_BUCKETS))
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _joined(first, second):
    """The ids of two parts one after the other, without the padding between them.

    Args:
        first, second: int32 tensors of shape `(batch, steps)`, 0 for padding.
    """
    both = ops.pad(ops.concatenate([first, second], axis=1), [[0, 0], [0, 1]])
    step = ops.cumsum(ops.ones_like(both), axis=1) - 1
    used = ops.sum(ops.cast(first > 0, "int32"), axis=1, keepdims=True)
    width = ops.sum(ops.ones_like(first), axis=1, keepdims=True)
    last = ops.sum(ops.ones_like(both), axis=1, keepdims=True) - 1
    source = ops.minimum(ops.where(step < used, step, step - used + width), last)
    return ops.take_along_axis(both, source, axis=1)


def _grams_of_parts(parts, sizes, buckets):
    found = [_grams(ids, sizes, buckets) for ids in parts]
    return found[0] if len(found) == 1 else ops.concatenate(found, axis=1)


def _grams(ids, sizes, buckets):
    """The buckets of all n-grams of some sizes, in [1, buckets], and 0 for incomplete n-grams.

    Args:
        ids: int32 tensor of shape `(batch, steps)`, 0 for padding.
        sizes: range. Steps per n-gram.
        buckets: int.

    Returns:
        int32 tensor of shape `(batch, steps * len(sizes))`.
    """
    found, longest = [], max(sizes)
    padded = ops.pad(ids, [[0, 0], [0, longest]])  # a batch may have fewer steps than an n-gram
    for size in sizes:
        value, complete = ops.zeros_like(ids) + np.int32(size), ids > 0
        for offset in range(size):
            ahead = padded[:, offset : offset - longest]
            complete = ops.logical_and(complete, ahead > 0)
            value = ops.mod(value * np.int32(_MULTIPLIER) + ahead * np.int32(31), np.int32(buckets))
        found.append(ops.where(complete, value + 1, 0))
    # In the order of the steps, so that padding is at the end here too.
    return keras.layers.Reshape((-1,), dtype="int32")(ops.stack(found, axis=-1))
