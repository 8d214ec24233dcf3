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
    inside = ops.cast(within, "int32")
    before = ops.pad(inside[:, :-1], [[0, 0], [1, 0]])
    after = ops.pad(inside[:, 1:], [[0, 0], [0, 1]])
    token = ops.cumsum(inside * (1 - before), axis=1) * inside  # 1 in the first token, then 2
    wanted = ops.cumsum(ops.ones_like(words), axis=1)
    position = ops.cumsum(ops.ones_like(ids), axis=1) - 1
    in_token = ops.equal(token[:, None, :], wanted[:, :, None])  # (batch, tokens, characters)
    starts, ends = (
        _position_of(in_token, inside * (1 - before), position),
        _position_of(in_token, inside * (1 - after), position),
    )
    length = ops.sum(ops.cast(in_token, "int32"), axis=-1)
    affixes = _affixes(ids, ends, length, -1) + _affixes(ids, starts, length, 1)
    kinds = ops.take(_kinds(characters, first), ids, axis=0)  # (batch, characters, 3)
    counts = ops.matmul(ops.cast(in_token, "float32"), kinds)
    initial = ops.take_along_axis(kinds[..., 0], starts, axis=1)
    is_token = ops.cast(words > 0, "float32")
    whole = ops.cast(ops.equal(counts[..., 0], ops.cast(length, "float32")), "float32")
    has = ops.cast(counts[..., 1:] > 0, "float32")
    flags = ops.stack([initial, whole, has[..., 0], has[..., 1]], axis=-1) * is_token[..., None]
    outputs = [words, ops.stack(affixes, axis=-1), flags]
    inputs = {feature.name: text}
    return inputs, keras.Model(inputs, outputs, name=PREPROCESS)


def _position_of(in_token, marked, position):
    """The position of the marked character of each token; 0 where there is no token."""
    return ops.sum(ops.cast(in_token, "int32") * (marked * position)[:, None, :], axis=-1)


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
    table = np.zeros((first + len(characters), 3), "float32")
    for number, character in enumerate(characters, start=first):
        table[number] = character.isupper(), character.isdigit(), character == "-"
    return table
