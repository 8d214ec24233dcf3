"""The `preprocess` sub-model of taggers: a sentence in, features of its tokens out."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.data.spec import Feature

__all__ = ["AFFIX_BUCKETS", "SUFFIXES", "token_preprocess"]

SUFFIXES = 4  # the last 1, 2, 3 and 4 characters, and as many from the start (Ratnaparkhi 1996)
AFFIX_BUCKETS = 2**13  # hash buckets for each of these; affixes of one bucket share their vector
_SPACES = (" ", "\t", "\n", "\v", "\f", "\r")  # the characters at which TensorFlow splits
# Found as the multiplier of text_preprocessing.py: no two pairs of 70 characters share a bucket.
_MULTIPLIER = 6777


@in_float32()
def token_preprocess(feature: Feature) -> tuple[dict[str, keras.KerasTensor], keras.Model]:
    """Build the input of a tagger and the `preprocess` sub-model behind it.

    Args:
        feature: `Feature` of kind text: tokens with white space between.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of one string `keras.Input` of shape `()` by its
        name, and the sub-model with three outputs: `words` of shape `(batch, tokens)`, int32,
        the number of the token in lower case, 1 for unknown tokens and 0 for padding; `affixes`
        of shape `(batch, tokens, 8)`, int32 in [0, AFFIX_BUCKETS], 0 where a token is shorter;
        and `flags` of shape `(batch, tokens, 4)`, float32, 0.0 or 1.0: whether the token begins
        with a capital, is all capitals, has a digit, has a hyphen.
    """
    text = keras.Input((), dtype="string", name=feature.name)
    words = keras.layers.TextVectorization(
        standardize="lower",
        split="whitespace",
        vocabulary=list(feature.vocabulary),
        name="preprocess.words",
    )(text)
    characters = [c for c in feature.characters if c not in _SPACES]
    ids = keras.layers.TextVectorization(
        standardize=None,
        split="character",
        vocabulary=[*_SPACES, *characters],
        name="preprocess.characters",
    )(text)
    words, ids = ops.cast(words, "int32"), ops.cast(ids, "int32")
    first = 2 + len(_SPACES)  # 0 is padding, 1 an unknown character, then white space
    within = ops.logical_or(ids >= first, ops.equal(ids, 1))
    before = ops.pad(within[:, :-1], [[0, 0], [1, 0]])
    after = ops.pad(within[:, 1:], [[0, 0], [0, 1]])
    is_first = ops.logical_and(within, ops.logical_not(before))
    is_last = ops.logical_and(within, ops.logical_not(after))
    # One position per token, so that memory grows with the characters of a sentence, and not
    # with its tokens times its characters.
    starts, ends = _positions_of(is_first, words), _positions_of(is_last, words)
    length = ops.where(words > 0, ends - starts + 1, 0)
    affixes = _affixes(ids, ends, length, -1) + _affixes(ids, starts, length, 1)
    kinds = ops.take(_kinds(characters, first), ids, axis=0)  # (batch, characters, 3)
    initial = ops.take_along_axis(kinds[..., 0], starts, axis=1)
    counts = [_count_within(kinds[..., kind], starts, ends) for kind in range(3)]
    is_token = ops.cast(words > 0, "float32")
    is_kind = [initial > 0, ops.equal(counts[0], length), counts[1] > 0, counts[2] > 0]
    flags = ops.cast(ops.stack(is_kind, axis=-1), "float32") * is_token[..., None]
    outputs = [words, ops.stack(affixes, axis=-1), flags]
    inputs = {feature.name: text}
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _positions_of(marked, words):
    """The position of the marked character of each token; 0 where there is no token."""
    far = np.int32(2**31 - 1)
    position = ops.cumsum(ops.ones_like(marked, dtype="int32"), axis=1) - 1
    in_order = ops.sort(ops.where(marked, position, far), axis=1)
    number = ops.cumsum(ops.ones_like(words), axis=1) - 1
    return ops.where(words > 0, ops.take_along_axis(in_order, number, axis=1), 0)


def _count_within(kind, starts, ends):
    """How many characters of a kind, 0 or 1 each, are in each token."""
    up_to = ops.cumsum(kind, axis=1)
    at_start = ops.take_along_axis(up_to - kind, starts, axis=1)
    return ops.take_along_axis(up_to, ends, axis=1) - at_start


def _affixes(ids, anchor, length, way):
    """Hashes of the 1, 2, ... characters from an anchor on; `way` is 1 forwards, -1 backwards."""
    value, found = ops.zeros_like(anchor) + np.int32(way + 2), []
    for size in range(1, SUFFIXES + 1):
        is_long = length >= size
        at = ops.where(is_long, anchor + np.int32(way * (size - 1)), 0)
        character = ops.take_along_axis(ids, at, axis=1)
        value = ops.mod(
            value * np.int32(_MULTIPLIER) + character * np.int32(31), np.int32(AFFIX_BUCKETS)
        )
        found.append(ops.where(is_long, value + 1, 0))
    return found


def _kinds(characters, first):
    """Whether each character is a capital, a digit, a hyphen: shape `(numbers, 3)`."""
    table = np.zeros((first + len(characters), 3), "int32")
    for number, character in enumerate(characters, start=first):
        table[number] = character.isupper(), character.isdigit(), character == "-"
    return table
