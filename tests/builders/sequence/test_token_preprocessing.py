"""What each token of a sentence is like, against a plain implementation in Python."""

import itertools
import re

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerakit.builders.sequence.token_preprocessing import AFFIX_BUCKETS, SUFFIXES, token_preprocess
from kerakit.data.spec import Feature
from kerakit.data.text.vocabulary import describe_tokens, standardized_characters

TRAINING = ["The US sold 1-2 X-rays .", "it 's École über 中文 ²x ٣ -", "the cat , A1 ǅ"]
FEATURE = describe_tokens("tokens", TRAINING)
# What TensorFlow splits at: a no-break space is a letter of a token.
SPACES = [" ", "\t", "\n", "\v", "\f", "\r"]
HARD = [
    "The cat sold X-rays .",
    "",
    " ",
    "\t\r\n \v\f",
    "a",
    "-",
    "  The \t US\n\n1-2  ",
    "École ÉCOLE über 中文 \u00a0 no\u00a0break e\u0301",
    "😀 ☃ zzz ZZZ \ufeffBOM",  # no character that training saw, but the last three
    "² ²x ٣ A1 1A 'S ǅ ß",
    "x" * 600 + " US " + "US-1" * 200,
    "the " * 200,
]


def expected(feature, sentence):
    """`(words, affixes, flags)` of a sentence alone, token by token."""
    known = {word: number for number, word in enumerate(feature.vocabulary, start=2)}
    seen = [letter for letter in feature.characters if letter not in SPACES]
    # 0 is padding, 1 unknown, then the six kinds of white space.
    numbers = {letter: number for number, letter in enumerate(seen, start=8)}
    ids, affixes, flags = [], [], []
    for token in [part for part in re.split("[ \t\n\v\f\r]+", sentence) if part]:
        ids.append(known.get(standardized_characters(token), 1))
        letters = [numbers.get(letter, 1) for letter in token]
        affixes.append(hashed(letters[::-1], 1) + hashed(letters, 3))
        large = [letter.isupper() and letter in numbers for letter in token]
        digit = any(letter.isdigit() and letter in numbers for letter in token)
        hyphen = "-" in token and "-" in numbers
        flags.append([float(flag) for flag in (large[0], all(large), digit, hyphen)])
    return ids, affixes, flags


def hashed(letters, value):
    """Places of the first 1, 2, 3 and 4 letters from a start value; 0 where they are too few."""
    found = []
    for letter in letters[:4]:
        value = (value * 6777 + letter * 31) % AFFIX_BUCKETS
        found.append(value + 1)
    return found + [0] * (4 - len(found))


def made(feature=FEATURE):
    _, preprocess = token_preprocess(feature)
    name = feature.name
    return lambda sentences: [part.numpy() for part in preprocess({name: tf.constant(sentences)})]


def check(outputs, feature, sentences):
    """Compare a batch with the plain implementation, and with zeros behind the last tokens."""
    ids, affixes, flags = outputs
    wanted = [expected(feature, sentence) for sentence in sentences]
    longest = max(len(row[0]) for row in wanted)
    assert ids.shape == (len(sentences), longest) and ids.dtype == np.int32
    assert affixes.shape == (*ids.shape, 2 * SUFFIXES) and affixes.dtype == np.int32
    assert flags.shape == (*ids.shape, 4) and flags.dtype == np.float32
    for row, parts in enumerate(wanted):
        count = len(parts[0])
        for output, part in zip(outputs, parts, strict=True):
            assert output[row, :count].tolist() == part, sentences[row]
            assert not output[row, count:].any()


GIVES = made()


@pytest.mark.many
def test_hard_sentences_in_one_batch_and_alone():
    check(GIVES(HARD), FEATURE, HARD)
    for sentence in HARD:
        check(GIVES([sentence]), FEATURE, [sentence])


LETTERS = st.sampled_from("".join(SPACES) + "TheUS1-.xaé中²\u00a0\u0301😀\ufeff\u2028\x1f\x85")
SENTENCES = st.one_of(
    st.text(LETTERS, max_size=25),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=4))
@example(["", " "])
@example(["x", ""])
@example(["\x1f\u2028", "a\x85b"])
def test_any_sentences_are_those_of_the_plain_implementation(sentences):
    check(GIVES(sentences), FEATURE, sentences)


def test_tokens_by_hand():
    known = {"vocabulary": ("the", "cat"), "characters": ("c", "a", "t", "T", "1", "-")}
    gives = made(Feature("tokens", "text", "string", **known))
    ids, affixes, flags = gives(["THE cat T-1 q", "Cat"])
    assert ids.tolist() == [[2, 3, 1, 1], [3, 0, 0, 0]]
    # Numbers: c 8, a 9, t 10, T 11, 1 12, - 13; all others 1.
    back, on = [1], [3]
    for last, first in ((10, 8), (9, 9), (8, 10)):
        back.append((back[-1] * 6777 + last * 31) % 2**13)
        on.append((on[-1] * 6777 + first * 31) % 2**13)
    assert back[1] == 7087 and on[1] == 4195  # 6777 + 310; 20331 + 248 - 2 * 8192
    assert affixes[0, 1].tolist() == [*(location + 1 for location in back[1:]), 0,
                                      *(location + 1 for location in on[1:]), 0]  # fmt: skip
    assert (affixes[0] > 0).sum(axis=1).tolist() == [6, 6, 6, 2]
    assert affixes[0, 3].tolist() == [6809, 0, 0, 0, 3979, 0, 0, 0]  # 6777 + 31 + 1
    # H, E and C were never seen: not known to be large. T-1 begins large, is not large throughout.
    assert flags[0].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]]
    assert flags[1, 0].tolist() == [0, 0, 0, 0]


@pytest.mark.many
@pytest.mark.parametrize(
    ("token", "flags"),
    [
        ("US", [1, 1, 0, 0]),
        ("Us", [1, 0, 0, 0]),
        ("sU", [0, 0, 0, 0]),
        ("X", [1, 1, 0, 0]),
        ("É", [1, 1, 0, 0]),
        ("A1", [1, 0, 1, 0]),
        ("1", [0, 0, 1, 0]),
        ("²", [0, 0, 1, 0]),
        ("٣", [0, 0, 1, 0]),
        ("X-", [1, 0, 0, 1]),
        ("-", [0, 0, 0, 1]),
        (".", [0, 0, 0, 0]),
        ("中", [0, 0, 0, 0]),
    ],
)
def test_flags_of_seen_characters(token, flags):
    assert GIVES([f"the {token} cat"])[2][0].tolist() == [[0] * 4, flags, [0] * 4]


@pytest.mark.many
def test_words_of_one_ending_or_beginning_share_it():
    _, affixes, _ = GIVES(["sold cold soul ld"])
    sold, cold, soul, ld = affixes[0].tolist()
    assert sold[:3] == cold[:3] and sold[3] != cold[3] and sold[:2] == ld[:2]
    assert ld[2:4] == [0, 0] and ld[6:] == [0, 0]
    assert sold[4:6] == soul[4:6] and sold[6] != soul[6] and sold[4] != cold[4]
    # As suffix and as prefix the same letter has places of its own layers.
    assert soul[0] == GIVES(["l"])[1][0, 0, 0] and soul[0] == GIVES(["school"])[1][0, 0, 0]


@pytest.mark.many
def test_how_tokens_are_spaced_says_nothing():
    plain = GIVES(["The cat 1-2"])
    for sentence in ("  The cat 1-2", "The\tcat\n1-2", "The  cat \r\n 1-2 ", "\vThe\fcat 1-2\t"):
        for one, two in zip(plain, GIVES([sentence]), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.many
def test_a_character_table_with_white_space_is_read_as_one_without():
    characters = ("T", " ", "h", "\t", "e", "\n")
    known = {"vocabulary": ("the",), "characters": characters}
    spaced = made(Feature("tokens", "text", "string", **known))(["The hT"])
    known["characters"] = ("T", "h", "e")
    for one, two in zip(spaced, made(Feature("tokens", "text", "string", **known))(["The hT"]),
                        strict=True):  # fmt: skip
        np.testing.assert_array_equal(one, two)


@pytest.mark.many
def test_endings_of_letters_share_few_places():
    """Of all two-letter endings none, of 2,000 of four letters no more than by chance."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    known = {"vocabulary": ("a",), "characters": tuple(letters)}
    gives = made(Feature("tokens", "text", "string", **known))
    pairs = ["".join(pair) for pair in itertools.product(letters, repeat=2)]
    affixes = gives(pairs)[1][:, 0]
    assert len(set(affixes[:, 1].tolist())) == len(set(affixes[:, 5].tolist())) == 26**2
    four = {"".join(row) for row in np.random.default_rng(0).choice(list(letters), (2_000, 4))}
    taken = len(set(gives(sorted(four))[1][:, 0, 3].tolist()))
    assert taken > 0.95 * AFFIX_BUCKETS * (1 - (1 - 1 / AFFIX_BUCKETS) ** len(four))
