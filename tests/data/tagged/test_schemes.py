"""Schemes of entity tags: by hand, and all short sentences by enumeration."""

import itertools

import pytest

from kerakit.data.tagged.schemes import (
    SCHEMES,
    are_entity_tags,
    as_scheme,
    entities,
    illegal_tokens,
    scheme_of,
    strict_entities,
)

# The example of Tjong Kim Sang & Veenstra (1999), section 2.1, shortened: [early trading] in
# [Hong Kong] [Monday], then [gold].
FOUND = [("NP", 0, 2), ("NP", 3, 5), ("NP", 5, 6), ("NP", 7, 8)]
WRITTEN = {
    "iob1": "I-NP I-NP O I-NP I-NP B-NP O I-NP",
    "iob2": "B-NP I-NP O B-NP I-NP B-NP O B-NP",
    "iobes": "B-NP E-NP O B-NP E-NP S-NP O S-NP",
}


@pytest.mark.parametrize(("one", "other"), itertools.product(SCHEMES, SCHEMES))
def test_one_scheme_becomes_another(one, other):
    tags = WRITTEN[one].split()
    assert entities(tags) == strict_entities(tags, one) == FOUND
    assert as_scheme(tags, other) == WRITTEN[other].split()
    assert list(illegal_tokens(tags, one)) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_written_is_allowed_and_nothing_else(scheme):
    """Of all sentences of up to four tokens those are legal that are as they would be written."""
    prefixes = "BIES" if scheme == "iobes" else "BI"
    tags = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in "XY")]
    for length in range(1, 5):
        for sentence in map(list, itertools.product(tags, repeat=length)):
            legal = not list(illegal_tokens(sentence, scheme))
            assert legal == (as_scheme(sentence, scheme) == sentence), sentence


@pytest.mark.parametrize(
    ("tags", "scheme", "illegal"),
    [
        ("O I-PER", "iob2", [1]),
        ("I-PER", "iob2", [0]),
        ("B-PER I-LOC I-LOC", "iob2", [1]),
        ("B-PER O", "iob1", [0]),
        ("I-PER B-LOC", "iob1", [1]),
        ("B-PER O", "iobes", [1]),
        ("O B-PER", "iobes", [1]),
        ("S-PER E-PER", "iobes", [1]),
        ("O S-PER", "iob2", [1]),
        ("B-PER I-PER L-PER", "iobes", [2]),
    ],
)
def test_illegal_tags_by_hand(tags, scheme, illegal):
    assert list(illegal_tokens(tags.split(), scheme)) == illegal


def test_the_scheme_is_found_by_the_tags():
    for scheme, tags in WRITTEN.items():
        assert scheme_of([tags.split()]) == scheme
    # One slip in many sentences does not make it another scheme.
    sentences = [["O", "B-PER", "I-PER"], ["B-LOC", "O"], ["O", "B-LOC"], ["O", "I-PER"]]
    assert scheme_of(sentences) == "iob2"
    assert scheme_of([["NOUN", "VERB"]]) is None and scheme_of([["O", "O"]]) is None
    assert scheme_of([["B", "I", "O"]]) == "iob2"


def test_tags_of_entities_and_others():
    assert are_entity_tags({"O", "B-geo-x", "I-geo-x"})
    for others in ({"O"}, {"B-PER", "I-PER"}, {"O", "X-PER"}, {"O", "B-"}, {"NN", "O", "B-PER"}):
        assert not are_entity_tags(others)
