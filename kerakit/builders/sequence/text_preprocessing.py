"""The `preprocess` sub-model for texts: strings in, numbers of words and of n-grams out."""

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError

__all__ = ["CHARACTER_PLACES", "WORD_PLACES", "text_feature", "text_preprocess"]

# Places for n-grams of words and of characters; two n-grams of one place share their weights.
WORD_PLACES, CHARACTER_PLACES = 2**17, 2**18
# Times 2**18 and the largest number of a word, it stays within 32 bits. Of those that do, the one
# whose collisions lie furthest apart (the spectral test, Knuth, TAOCP 3.3.4): no two trigrams of
# 50 characters share a place. Near a power of two, as 4093 is, half of them would.
_STEP = 5609


def text_feature(owner, inputs):
    """Return the one text `Feature` of a spec.

    Raises:
        ArgumentError: when there is none, or something beside it.
    """
    kinds = None
    if isinstance(inputs, Spec):
        kinds = {feature.name: feature.kind for feature in inputs.features}
        if list(kinds.values()) == ["text"] and inputs.features[0].vocabulary:
            return inputs.features[0]
    got = type(inputs).__name__ if kinds is None else f"features of kinds {kinds}"
    raise ArgumentError(
        f"The 'inputs' parameter of {owner} must be the Spec of one text, whose words it needs to "
        f"know; kk.load_text makes one. Got {got} instead."
    )


def text_preprocess(feature, max_words, word_grams, character_grams):
    """Build the input of a text model and the `preprocess` sub-model behind it.

    Args:
        feature: `Feature` of kind text.
        max_words: int. Words that the network reads; those behind are left out there.
        word_grams, character_grams: ints. The longest n-grams of words and of characters.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of one string `keras.Input` of shape `()` by its
        name, and the sub-model with the int32 outputs `words` of shape `(batch, words)`, 0
        behind the last, 1 for unknown ones; `word_grams` of shape `(batch, grams)` in [0,
        WORD_PLACES], 0 where there is none; and, unless `character_grams` is 0,
        `character_grams` in [0, CHARACTER_PLACES]. Of an empty text all are 0.
    """
    text = keras.Input((), dtype="string", name=feature.name)
    words = keras.layers.TextVectorization(
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        vocabulary=list(feature.vocabulary),
        name="preprocess.words",
    )(text)
    words = ops.cast(words, "int32")
    # One step at least, as recurrent layers and convolutions have no answer for none.
    read = ops.pad(words, [[0, 0], [0, 1]])[:, :max_words]
    outputs = [read, _grams(words, range(1, word_grams + 1), WORD_PLACES)]
    if character_grams:
        characters = keras.layers.TextVectorization(
            standardize=None,  # capitals shout, and begin names
            split="character",
            vocabulary=list(feature.characters),
            name="preprocess.characters",
        )(text)
        sizes = range(1, character_grams + 1)
        outputs.append(_grams(ops.cast(characters, "int32"), sizes, CHARACTER_PLACES))
    inputs = {feature.name: text}
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _grams(ids, sizes, places):
    """The places of all n-grams of some sizes, in [1, places], and 0 where one is incomplete.

    Args:
        ids: int32 tensor of shape `(batch, steps)`, 0 behind the end.
        sizes: range. How many steps make one.
        places: int.

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
            value = ops.mod(value * np.int32(_STEP) + ahead * np.int32(31), np.int32(places))
        found.append(ops.where(complete, value + 1, 0))
    # Step by step, so that what is behind the end of a text is at the end here too.
    return keras.layers.Reshape((-1,), dtype="int32")(ops.stack(found, axis=-1))
