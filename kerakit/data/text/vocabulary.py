"""Words and characters of texts as the layers of Keras see them, and how often they occur."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Iterable, Mapping

import numpy as np

from kerakit.data.spec import Feature
from kerakit.data.tables.statistics import distinct_quantiles
from kerakit.errors import DataError

__all__ = [
    "count_words",
    "describe_text",
    "describe_texts",
    "describe_tokens",
    "joined_texts",
    "standardized",
    "standardized_characters",
    "words",
]

# What `lower_and_strip_punctuation` of Keras strips: all of ASCII's punctuation.
_PUNCTUATION = b"!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"

# A word seen in one text only cannot tell a model about other texts.
_MIN_COUNT = 2
_MAX_WORDS = 50_000
_MAX_CHARACTERS = 1_000


def standardized(text: str) -> str:
    """Return a text as `TextVectorization(standardize="lower_and_strip_punctuation")` does.

    ASCII letters are lowercased and ASCII punctuation is removed. Other letters and marks stay
    as they are (`É`, too), as in TensorFlow's graph.

    Example:

    >>> standardized("Don't PANIC, Élise!")
    'dont panic Élise'
    """
    return _standardized(text).decode()


def standardized_characters(text: str) -> str:
    """Return a text as `TextVectorization(standardize="lower")` does: lowercase ASCII letters.

    Example:

    >>> standardized_characters("Don't PANIC, Élise!")
    "don't panic, Élise!"
    """
    return text.encode().lower().decode()


def words(text: str) -> list[str]:
    """Return the words of a standardized text, split at ASCII white space.

    Python's `str.split` splits at a no-break space, too; TensorFlow does not.

    Example:

    >>> words("It's 20\\u00a0% off -\\tBUY!")
    ['its', '20\\xa0', 'off', 'buy']
    """
    return [word.decode() for word in _standardized(text).split()]


def count_words(texts: Iterable[str]) -> np.ndarray:
    """Return the number of words of each text, an int array."""
    return np.array([len(_standardized(text).split()) for text in texts], np.int64)


def describe_text(
    name: str, texts: Iterable[str], column: str = "", origin: str = "the data"
) -> Feature:
    """Return the `Feature` of training texts: vocabulary, characters and lengths.

    Args:
        name: str. The input's name.
        texts: sequence of str.
        column: str. The name in the source. Defaults to `name`.
        origin: str. Name of the texts, for an error.

    Returns:
        `Feature` with the words seen at least twice (or all, where no word is), at most 50,000;
        the characters, in upper and lower case, at most 1,000; both most frequent first; quantiles
        of the lengths in words; and as `missing` the number of texts without a word.

    Raises:
        DataError: when no text has a word.

    Example:

    >>> feature = describe_text("text", ["Now, now!", "no", "...", "Not now, no?"])
    >>> feature.vocabulary, feature.characters[:2], feature.missing
    (('now', 'no'), ('o', 'n'), 1)
    """
    seen, characters, lengths = collections.Counter(), collections.Counter(), []
    for text in texts:
        found = _standardized(text).split()
        seen.update(found)
        lengths.append(len(found))
        characters.update(text)
    if not seen:
        raise DataError(
            f"{origin}: no training text has a word; there are only punctuation and white space. "
            "Check which column has the texts."
        )
    frequent = {word: count for word, count in seen.items() if count >= _MIN_COUNT}
    return Feature(
        name,
        kind="text",
        dtype="string",
        column=column or name,
        missing=lengths.count(0),
        quantiles=distinct_quantiles(lengths),
        vocabulary=tuple(word.decode() for word in _ranked(frequent or seen, _MAX_WORDS)),
        characters=_ranked(characters, _MAX_CHARACTERS),
    )


def joined_texts(features: Mapping[str, np.ndarray], names: Iterable[str]) -> np.ndarray:
    """Return the texts of some columns, those of a row joined by a space.

    Args:
        features: dict from name to object array of `str` of shape `(n,)`.
        names: the columns, in order.

    Example:

    >>> parts = {"title": np.array(["On", ""], object), "body": np.array(["it", "off"], object)}
    >>> joined_texts(parts, ("title", "body")).tolist()
    ['On it', ' off']
    """
    first, *others = (features[name] for name in names)
    return functools.reduce(lambda texts, other: texts + " " + other, others, first)


def describe_texts(
    columns: Mapping[str, str],
    features: Mapping[str, np.ndarray],
    rows: np.ndarray,
    origin: str = "the data",
) -> tuple[Feature, ...]:
    """Return the `Feature` of each column of texts.

    The parts of one text, such as title and body, have one vocabulary and one set of characters,
    those of all parts. Their lengths are their own.

    Args:
        columns: dict from the name in the source to that of the input.
        features: dict from the input's name to object array of `str` of shape `(n,)`.
        rows: int array. The training rows.
        origin: str. Name of the texts, for an error.

    Raises:
        DataError: when no text has a word.
    """
    (column, name), *others = columns.items()
    texts = joined_texts(features, columns.values())[rows]
    first = describe_text(name, texts, column, origin)
    if not others:
        return (first,)
    found = []
    for column, name in columns.items():
        lengths = count_words(features[name][rows])
        found.append(
            dataclasses.replace(
                first,
                name=name,
                column=column,
                missing=int((lengths == 0).sum()),
                quantiles=distinct_quantiles(lengths.tolist()),
            )
        )
    return tuple(found)


def describe_tokens(name: str, sentences: Iterable[str]) -> Feature:
    """Return the `Feature` of training sentences whose tokens are separated by single spaces.

    Args:
        name: str. The input's name.
        sentences: sequence of str.

    Returns:
        `Feature` with the tokens, ASCII letters in lower case, at most 50,000; the characters, in
        upper and lower case, at most 1,000, without the space; and quantiles of the lengths in
        tokens.

    Example:

    >>> feature = describe_tokens("tokens", ["The end .", "the End", "I know ."])
    >>> feature.vocabulary, feature.quantiles[0], feature.characters[:3]
    (('.', 'end', 'the', 'i', 'know'), 2.0, ('e', 'n', '.'))
    """
    seen, characters, lengths = collections.Counter(), collections.Counter(), []
    for sentence in sentences:
        tokens = standardized_characters(sentence).split(" ")
        seen.update(tokens)
        lengths.append(len(tokens))
        characters.update(sentence)
    del characters[" "]
    return Feature(
        name,
        kind="text",
        dtype="string",
        column=name,
        quantiles=distinct_quantiles(lengths),
        vocabulary=_ranked(seen, _MAX_WORDS),
        characters=_ranked(characters, _MAX_CHARACTERS),
    )


def _standardized(text):
    # In UTF-8 an ASCII byte is never part of another character: bytes give the same, and faster.
    return text.encode().lower().translate(None, _PUNCTUATION)


def _ranked(counts, maximum):
    """The keys, most frequent first; keys of equal count by code points."""
    return tuple(sorted(counts, key=lambda key: (-counts[key], key))[:maximum])
