"""The toy sets: what they promise, and that they can be learned but not by heart alone."""

import collections

import numpy as np
import pytest

from kerakit.data import load_tagged, load_text
from kerakit.data.builtin.toy_messages import messages
from kerakit.data.builtin.toy_sentences import sentences


def test_messages_are_different_seeded_and_one_in_three_is_spam():
    texts, labels = messages()
    assert len(set(texts)) == len(texts) == len(labels) == 600
    assert collections.Counter(labels) == {"ham": 400, "spam": 200}
    assert messages() == (texts, labels) != messages(seed=1)
    assert not any("{" in text for text in texts)
    # In random order: the first and the second half have nearly as much spam.
    assert abs(labels[:300].count("spam") - 100) < 30


def test_messages_can_be_told_apart_but_not_all():
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    data = load_text(messages())
    train, test = data.table("train"), data.table("test")
    counts = CountVectorizer()
    model = LogisticRegression(max_iter=1000)
    model.fit(counts.fit_transform(train.features["text"]), train.target)
    accuracy = model.score(counts.transform(test.features["text"]), test.target)
    assert 0.9 < accuracy < 1.0


def test_sentences_are_different_seeded_and_tagged():
    words, tags = sentences()
    assert len({tuple(sentence) for sentence in words}) == len(words) == len(tags) == 800
    assert all(len(sentence) == len(row) for sentence, row in zip(words, tags, strict=True))
    assert sentences() == (words, tags) != sentences(seed=1)
    known = {"ADJ", "ADP", "ADV", "CCONJ", "DET", "NOUN", "PRON", "PUNCT", "VERB"}
    assert {tag for row in tags for tag in row} == known
    assert all(sentence[0][0].isupper() for sentence in words)
    assert {sentence[-1] for sentence in words} == {".", "!"}
    assert {row[-1] for row in tags} == {"PUNCT"}


def test_a_word_by_itself_does_not_tell_its_tag():
    data = load_tagged(sentences())
    counts = collections.defaultdict(collections.Counter)
    rows = {}
    for split in ("train", "test"):
        table = data.table(split)
        rows[split] = [
            (word.lower(), tag)
            for text, ids in zip(table.features["tokens"], table.target, strict=True)
            for word, tag in zip(text.split(" "), ids[ids >= 0], strict=True)
        ]
    for word, tag in rows["train"]:
        counts[word][tag] += 1
    assert set(counts["light"]) == {data.spec.classes.index(tag) for tag in ("ADJ", "NOUN", "VERB")}
    right = [counts[word].most_common(1)[0][0] == tag for word, tag in rows["test"]]
    assert np.mean(right) == pytest.approx(0.88, abs=0.03)
