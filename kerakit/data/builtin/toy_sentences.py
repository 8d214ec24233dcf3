"""A toy set of English sentences with parts of speech, from a small grammar.

It shows how a tagger is trained and served, offline and in seconds. Many of its words are
ambiguous (*the light*, *a light bag*, *they light the lamp*), so that a tagger has to look at
the words around; it says nothing about real English.
"""

from __future__ import annotations

import numpy as np

__all__ = ["sentences"]

_SENTENCES = 800

# Singular and plural, or third person and the others, where these differ.
_NOUNS = (
    "dog dogs|cat cats|teacher teachers|child children|garden gardens|house houses|river rivers|"
    "letter letters|window windows|farmer farmers|story stories|road roads|lamp lamps|bag bags|"
    "run runs|light lights|watch watches|book books|plant plants|walk walks|back backs|park parks|"
    "water waters|answer answers|play plays|show shows|cook cooks|paint paints|picture pictures"
)
_TRANSITIVE = (
    "sees see|likes like|finds find|carries carry|opens open|follows follow|washes wash|"
    "runs run|lights light|watches watch|books book|plants plant|backs back|parks park|"
    "waters water|answers answer|plays play|shows show|cooks cook|paints paint|pictures picture"
)
_INTRANSITIVE = "sleeps sleep|waits wait|sings sing|runs run|walks walk|plays play|cooks cook"
_ADJECTIVES = "old|small|green|happy|tall|quiet|light|open|clean|back|warm|dry|long|early"
_ADVERBS = "often|always|never|slowly|early|back|still|long|well|here"
_PREPOSITIONS = "in|near|behind|with|on|under|like"
_CONJUNCTIONS = "and|but|or"
_PRONOUNS = ("he|she|it", "they|we|you|I")
_DETERMINERS = ("the|a|this|every|my", "the|these|some|many|my")


def sentences(seed: int = 0) -> tuple[list[list[str]], list[list[str]]]:
    """Generate a toy set of English sentences with a part-of-speech tag for each word.

    Args:
        seed: int in `[0, inf)`. The same seed gives the same sentences. Defaults to `0`.

    Returns:
        `(sentences, tags)`: two lists of 800 lists of str. The sentences are all different;
        the tags are `ADJ`, `ADP`, `ADV`, `CCONJ`, `DET`, `NOUN`, `PRON`, `PUNCT` and `VERB`,
        as in Universal Dependencies.

    Example:

    >>> words, tags = sentences()
    >>> words[5]
    ['My', 'book', 'shows', 'some', 'lights', '!']
    >>> tags[5]
    ['DET', 'NOUN', 'VERB', 'DET', 'NOUN', 'PUNCT']
    """
    random = np.random.default_rng(seed)
    found = {}
    while len(found) < _SENTENCES:
        pairs = _clause(random)
        if random.random() < 0.25:
            pairs += [(_pick(_CONJUNCTIONS, random), "CCONJ"), *_clause(random)]
        pairs.append((_pick(".|.|.|!", random), "PUNCT"))
        words, tags = map(list, zip(*pairs, strict=True))
        words[0] = words[0].capitalize()
        found.setdefault(tuple(words), tags)
    return [list(words) for words in found], list(found.values())


def _clause(random):
    """`(word, tag)` pairs of a subject, a verb, and perhaps an object and more."""
    plural = int(random.integers(2))
    pairs = _subject(random, plural)
    if random.random() < 0.3:
        pairs.append((_pick(_ADVERBS, random), "ADV"))
    if random.random() < 0.6:
        pairs.append((_form(_TRANSITIVE, plural, random), "VERB"))
        pairs += _noun_phrase(random, int(random.integers(2)))
    else:
        pairs.append((_form(_INTRANSITIVE, plural, random), "VERB"))
    if random.random() < 0.4:
        pairs.append((_pick(_PREPOSITIONS, random), "ADP"))
        pairs += _noun_phrase(random, int(random.integers(2)))
    elif random.random() < 0.2:
        pairs.append((_pick(_ADVERBS, random), "ADV"))
    return pairs


def _subject(random, plural):
    if random.random() < 0.35:
        return [(_pick(_PRONOUNS[plural], random), "PRON")]
    return _noun_phrase(random, plural)


def _noun_phrase(random, plural):
    pairs = []
    # Plural nouns may stand alone: *Plants like water.*
    if not plural or random.random() < 0.7:
        pairs.append((_pick(_DETERMINERS[plural], random), "DET"))
    while random.random() < 0.3:
        pairs.append((_pick(_ADJECTIVES, random), "ADJ"))
    pairs.append((_form(_NOUNS, plural, random), "NOUN"))
    if pairs[0][0] == "a" and pairs[1][0][0] in "aeiou":
        pairs[0] = ("an", "DET")
    return pairs


def _form(words, plural, random):
    return _pick(words, random).split()[plural]


def _pick(words, random):
    words = words.split("|")
    return words[random.integers(len(words))]
