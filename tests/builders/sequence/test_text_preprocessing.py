"""Words and n-grams of texts, against a plain implementation in Python and by hand."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from marks import first

from kerakit.builders.sequence.text_preprocessing import (
    CHARACTER_BUCKETS,
    WORD_BUCKETS,
    text_preprocess,
)
from kerakit.data.spec import Feature
from kerakit.data.text.vocabulary import describe_text, words

pytestmark = pytest.mark.many

TRAINING = [
    "Buy the cat now, buy the Cat NOW!",
    "don't buy école, École, 中文 中文 😀 😀 the end",
    "the end is not the end",
]
FEATURE = describe_text("text", TRAINING)
HARD = [
    "Buy the cat, now!",
    "",
    "...!?",
    " \t\n ",
    "a",
    "DON'T",
    "école 中文 \ufeff😀 e\u0301\u200d",
    "  the\u00a0end \n of\tthe  end\r\nis\x0bnot\x0cnow ",
    "unheard-of words, all of them",
    "the cat " * 700 + "now",
]


def hashed(ids, sizes, places):
    """Places of all n-grams that begin at each step, size by size; 0 where one is cut off."""
    found = []
    for start, size in itertools.product(range(len(ids)), sizes):
        gram = ids[start : start + size]
        value = size
        for number in gram:
            value = (value * 5609 + number * 31) % places
        found.append(value + 1 if len(gram) == size else 0)
    return found


def expected(feature, text, word_grams, character_grams):
    """What the sub-model should give for a text alone: lists of numbers."""
    known = {word: number for number, word in enumerate(feature.vocabulary, start=2)}
    ids = [known.get(word, 1) for word in words(text)]
    outputs = [ids, hashed(ids, range(1, word_grams + 1), WORD_BUCKETS)]
    if character_grams:
        known = {letter: number for number, letter in enumerate(feature.characters, start=2)}
        letters = [known.get(letter, 1) for letter in text]
        outputs.append(hashed(letters, range(1, character_grams + 1), CHARACTER_BUCKETS))
    return outputs


def made(word_grams=2, character_grams=5, max_words=10_000, feature=FEATURE):
    """A function from texts to the outputs as arrays."""
    _, preprocess = text_preprocess((feature,), max_words, word_grams, character_grams)
    name = feature.name
    return lambda texts: [part.numpy() for part in preprocess({name: tf.constant(texts)})]


def padded(rows, width):
    return [row + [0] * (width - len(row)) for row in rows]


@pytest.mark.parametrize("word_grams", first(2, [1, 5, 2]))
@pytest.mark.parametrize("character_grams", first(4, [0, 1, 3, 8, 2, 5]))
def test_hard_texts_in_one_batch(word_grams, character_grams):
    texts = HARD if character_grams in (0, 5) else HARD[:-1]
    outputs = made(word_grams, character_grams)(texts)
    wanted = [expected(FEATURE, text, word_grams, character_grams) for text in texts]
    assert len(outputs) == len(wanted[0]) == (3 if character_grams else 2)
    for location, output in enumerate(outputs):
        rows = [row[location] for row in wanted]
        width = max(map(len, rows)) + (location == 0)  # of words there is one step more
        assert output.dtype == np.int32 and output.shape == (len(texts), width)
        np.testing.assert_array_equal(output, padded(rows, width))
    for empty in (1, 2, 3):
        assert not outputs[0][empty].any() and not outputs[1][empty].any()
    assert all(not output[1].any() for output in outputs)  # of "" no character either


LETTERS = st.sampled_from("aetThe \t!'-é中😀\u00a0\u0301\ufeff\u200d")
STRINGS = st.one_of(
    st.text(LETTERS, max_size=25),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
GIVES = made(3, 4)


@settings(max_examples=50, deadline=None)
@given(st.lists(STRINGS, min_size=1, max_size=4))
@example(["", ""])
@example(["!"])
@example(["the"])
def test_any_texts_beside_each_other_are_those_of_the_plain_implementation(texts):
    outputs = GIVES(texts)
    for row, text in enumerate(texts):
        for output, wanted in zip(outputs, expected(FEATURE, text, 3, 4), strict=True):
            assert output[row].tolist() == padded([wanted], output.shape[1])[0]


def test_n_grams_counted_by_hand():
    # the 2, cat 3, buy 4; c 2, a 3, t 4, and the space and all capitals unknown.
    known = {"vocabulary": ("the", "cat", "buy"), "characters": ("c", "a", "t")}
    outputs = made(3, 3, feature=Feature("text", "text", "string", **known))(["Buy CAT dog"])
    read, word_grams, character_grams = outputs
    assert read.tolist() == [[4, 3, 1, 0]]
    one = [(5609 + 31 * number) % 2**17 + 1 for number in (4, 3, 1)]
    assert one == [5734, 5703, 5641]
    buy_cat, cat_dog = (
        ((2 * 5609 + 31 * a) * 5609 + 31 * b) % 2**17 + 1 for a, b in ((4, 3), (3, 1))
    )
    three = ((((3 * 5609 + 31 * 4) % 2**17) * 5609 + 31 * 3) % 2**17 * 5609 + 31) % 2**17 + 1
    assert word_grams.tolist() == [[one[0], buy_cat, three, one[1], cat_dog, 0, one[2], 0, 0]]
    assert character_grams.shape == (1, 33) and np.count_nonzero(character_grams) == 11 + 10 + 9
    places = character_grams[0].reshape(11, 3)  # of "B", "u", ...: alone, with one more, with two
    ones = [(5609 + 31 * number) % 2**18 + 1 for number in (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)]
    assert places[:, 0].tolist() == ones
    again = made(3, 3, feature=Feature("text", "text", "string", **known))(["cat"])[2]
    cat = [(5609 + 31 * number) % 2**18 + 1 for number in (2, 3, 4)]
    assert again[0].reshape(3, 3)[:, 0].tolist() == cat
    ca = ((2 * 5609 + 31 * 2) * 5609 + 31 * 3) % 2**18 + 1
    assert again[0].reshape(3, 3)[0, 1] == ca and np.count_nonzero(again) == 6


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_a_text_has_as_many_n_grams_as_fit(count):
    outputs = made(4, 5)([" ".join(["cat"] * count), "the end is not the end"])
    filled = (outputs[1] > 0).sum(axis=1)
    assert filled.tolist() == [sum(max(count + 1 - size, 0) for size in (1, 2, 3, 4)), 18]
    letters = max(4 * count - 1, 0)
    assert (outputs[2] > 0).sum(axis=1)[0] == sum(
        max(letters + 1 - size, 0) for size in (1, 2, 3, 4, 5)
    )


def test_spaces_capitals_and_punctuation_are_characters_but_no_words():
    gives = made(2, 3)
    outputs = gives(["the end", "the, end", "THE END"])
    one, two, three = ([part[row] for part in outputs] for row in range(3))
    for location in (0, 1):
        assert one[location].tolist() == two[location].tolist() == three[location].tolist()
    assert set(one[2]) != set(two[2]) and set(one[2]) != set(three[2])


@pytest.mark.parametrize(("most", "width"), [(1, 1), (2, 2), (6, 6), (7, 7), (8, 7)])
def test_the_network_reads_so_many_words_and_the_n_grams_all(most, width):
    texts = ["the end is not the end", "cat", ""]
    outputs, whole = made(max_words=most)(texts), made()(texts)
    assert outputs[0].shape == (3, width)
    np.testing.assert_array_equal(outputs[0], whole[0][:, :width])
    for location in (1, 2):
        np.testing.assert_array_equal(outputs[location], whole[location])
    assert made(max_words=most)(["", "!"])[0].tolist() == [[0], [0]]  # a step even so


def test_a_text_beside_it_only_pads():
    gives = made()
    together = gives(HARD)
    for row, text in enumerate(HARD):
        for alone, output in zip(gives([text]), together, strict=True):
            width = alone.shape[1]
            np.testing.assert_array_equal(output[row, :width], alone[0])
            assert not output[row, width:].any()


def test_the_rarest_of_many_words_do_not_overflow():
    vocabulary = tuple(f"w{number}" for number in range(50_000))
    feature = Feature("text", "text", "string", vocabulary=vocabulary, characters=("w",))
    gives = made(5, 0, feature=feature)
    rng = np.random.default_rng(0)
    ids = rng.integers(49_000, 50_002, 2_000)
    text = " ".join(vocabulary[number - 2] for number in ids)
    read, grams = gives([text])
    assert read[0, :-1].tolist() == ids.tolist()
    assert grams[0].tolist() == hashed(ids.tolist(), range(1, 6), WORD_BUCKETS)
    assert grams.min() >= 0 and grams.max() <= WORD_BUCKETS


def places_of(texts, output, sizes, size):
    """The places of the n-grams of one size that texts begin with."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    known = {
        "vocabulary": tuple(f"w{number}" for number in range(30)),
        "characters": tuple(letters),
    }
    gives = made(2, 5, feature=Feature("text", "text", "string", **known))
    return set(gives(texts)[output][:, sizes.index(size)].tolist())


def test_what_is_frequent_does_not_share_a_place():
    """No words, no pairs of the 30 most frequent, no trigrams; 5-grams no more than by chance."""
    every = hashed(list(range(1, 50_002)), [1], WORD_BUCKETS)
    assert len(set(every)) == 50_001
    pairs = [f"w{one} w{two}" for one, two in itertools.product(range(30), repeat=2)]
    both = places_of(pairs, 1, (1, 2), 1) | places_of(pairs, 1, (1, 2), 2)
    assert len(both) == 30 + 900
    letters = "abcdefghijklmnopqrstuvwxyz"
    three = ["".join(parts) for parts in itertools.product(letters, repeat=3)]
    assert len(places_of(three, 2, range(1, 6), 3)) == 26**3
    drawn = np.random.default_rng(0).choice(list(letters), (40_000, 5))
    five = sorted({"".join(parts) for parts in drawn})
    by_chance = CHARACTER_BUCKETS * (1 - (1 - 1 / CHARACTER_BUCKETS) ** len(five))
    assert len(places_of(five, 2, range(1, 6), 5)) > 0.99 * by_chance
