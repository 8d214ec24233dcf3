"""Words and characters, against the layers of Keras, and counted by hand."""

import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerakit.data.text.vocabulary import (
    count_words,
    describe_text,
    describe_tokens,
    standardized,
    standardized_characters,
    words,
)
from kerakit.errors import DataError

# White space and punctuation of many kinds, letters with and without an ASCII small letter.
HARD = "aZ \t\n\r\v\f\x00\x1c\x1f\x85\xa0\u2028\u3000!'-_\\]^`{}~$£§“”…éÉİıßẞΣ中😀\u200d\u0301٣"
texts = st.one_of(
    st.text(st.sampled_from(HARD), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
# The layer's vocabulary goes through NumPy, which drops a NUL at the end; loaders refuse NULs.
clean = texts.map(lambda text: text.replace("\0", ""))


def split_by(vocabulary, texts, **options):
    """What a layer makes of texts, where its vocabulary has all of these words."""
    layer = keras.layers.TextVectorization(
        output_mode="int", ragged=True, vocabulary=vocabulary, **options
    )
    names = ["", "[UNK]", *vocabulary]
    return [[names[number] for number in ids] for ids in layer(tf.constant(texts)).to_list()]


@pytest.fixture(scope="module")
def handed():
    """What two layers, one of words and one of characters, hand to their split."""
    seen = []

    def keep(tensor):
        seen.append([text.decode() for text in tensor.numpy().flat])
        return tf.strings.split(tensor)

    options = {"ragged": True, "vocabulary": ["a"], "split": keep}
    layers = [
        keras.layers.TextVectorization(**options),
        keras.layers.TextVectorization(standardize="lower", **options),
    ]

    def handed(texts):
        seen.clear()
        for layer in layers:
            layer(tf.constant(texts))
        return list(seen)

    return handed


# Many texts at a time: a layer costs more than what it does with a text.
@pytest.mark.many
@settings(max_examples=8, deadline=None)
@given(st.lists(clean, min_size=10, max_size=20))
def test_words_are_those_of_the_layer(texts):
    found = [words(text) for text in texts]
    vocabulary = sorted({word for row in found for word in row})
    if vocabulary:
        assert split_by(vocabulary, texts) == found
    for text in [text for text in texts if not words(text)]:
        assert tf.strings.split(tf.constant([standardized(text)])).to_list() == [[]]


@pytest.mark.many
@settings(max_examples=15, deadline=None)
@given(st.lists(texts, min_size=10, max_size=20))
def test_standardized_is_what_the_layer_hands_to_a_split(handed, texts):
    assert handed(texts) == [
        list(map(standardized, texts)),
        list(map(standardized_characters, texts)),
    ]


@pytest.mark.many
@settings(max_examples=8, deadline=None)
@given(st.lists(clean.filter(bool), min_size=10, max_size=20))
def test_characters_are_those_of_the_layer(texts):
    found = [list(standardized_characters(text)) for text in texts]
    vocabulary = sorted({character for row in found for character in row})
    assert split_by(vocabulary, texts, standardize="lower", split="character") == found


def test_no_break_spaces_and_capitals_beyond_ascii_stay():
    assert words("20\xa0% of\tÉCOLE\n\n(won't)") == ["20\xa0", "of", "École", "wont"]
    assert words(" -- ") == words("") == []
    assert count_words(["a b", "", "it's"]).tolist() == [2, 0, 1]


def test_a_description_by_hand():
    feature = describe_text("text", ["Red, red wine!", "wine", "Blue sky", "!?", ""], "Body")
    assert feature.kind == "text" and feature.dtype == "string" and feature.shape == ()
    assert (feature.name, feature.column) == ("text", "Body")
    # wine and red come twice, in alphabetical order; blue and sky once.
    assert feature.vocabulary == ("red", "wine")
    # e five times, the space three times, all others at most twice.
    assert feature.characters[:2] == ("e", " ")
    assert set(feature.characters) == set("Red, red wine!Blue sky!?")
    # Lengths 0, 0, 1, 2, 3.
    assert feature.quantiles[0] == 0 and feature.quantiles[-1] == 3 and 1 in feature.quantiles
    assert feature.missing == 2


@pytest.mark.many
def test_words_are_ranked_and_at_most_so_many():
    texts = [f"w{number:05d} w{number:05d}" for number in range(50_001)] + ["w50000 now now now"]
    feature = describe_text("text", texts)
    assert len(feature.vocabulary) == 50_000
    assert feature.vocabulary[:3] == ("now", "w50000", "w00000")
    assert feature.vocabulary[-1] == "w49997"
    letters = describe_text("text", ["".join(map(chr, range(0x4E00, 0x4E00 + 1500))), "\u4e05"])
    assert len(letters.characters) == 1_000 and letters.characters[0] == "\u4e05"


def test_where_no_word_comes_twice_all_are_kept():
    assert describe_text("text", ["one two", "three"]).vocabulary == ("one", "three", "two")
    with pytest.raises(DataError, match=r"mail\.csv: no training text has a word"):
        describe_text("text", ["!!", ""], origin="mail.csv")


def test_tokens_by_hand():
    feature = describe_tokens("tokens", ["The US is", "the us .", "É é"])
    assert feature.vocabulary == ("the", "us", ".", "is", "É", "é")
    assert set(feature.characters) == set("TheUSisthus.Éé")
    assert feature.characters[:2] == ("e", "h")  # twice each, as `s`
    assert feature.quantiles[0] == 2 and feature.quantiles[-1] == 3 and feature.missing == 0
