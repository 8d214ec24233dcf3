"""Tags: only tokens that there are count; the numbers by hand."""

import json

import numpy as np
import pytest
from evaluation_cases import sentence_data, sentence_table, tag_answers

from kerakit.data.data import Data
from kerakit.errors import DataError
from kerakit.evaluation import evaluate
from kerakit.evaluation.baselines.tags import fit_most_frequent_tag, lowered, split_tokens
from kerakit.evaluation.metrics.tagging import WrongSentences

D, N, V = np.eye(3) * 0.85 + 0.05
# Knows every word but takes "sees" for a noun; what it does not know is a verb.
ANSWERS = {"the": D, "a": D, "dog": N, "cat": N, "runs": V, "sees": N, "": V}


def test_numbers_by_hand(tmp_path):
    """Test: the dog sees (3 tokens, one wrong) | a <i>fox</i> (unknown, wrong) | runs (right)."""
    data = sentence_data(("The dog sees", "A <i>fox</i>", "runs"), ((0, 1, 2), (0, 1), (2,)))
    report = evaluate(tag_answers(ANSWERS), data, run_dir=tmp_path)
    assert report.test == {
        "accuracy": pytest.approx(4 / 6),
        "accuracy_known": pytest.approx(4 / 5),
        "accuracy_unknown": 0.0,
        "sentence_accuracy": pytest.approx(1 / 3),
        "balanced_accuracy": pytest.approx((1 + 1 / 2 + 1 / 2) / 3),
        "f1": pytest.approx((1 + 1 / 2 + 1 / 2) / 3),
        "log_loss": pytest.approx(-(4 * np.log(0.9) + 2 * np.log(0.05)) / 6, rel=1e-5),
    }
    # The baseline knows "sees"; of the unknown word it says the first of the most frequent.
    assert report.baseline["most_frequent_tag"]["accuracy_known"] == 1.0
    assert report.counts == {"train": 4, "validation": 4, "test": 3} and report.tokens == 6
    assert report.per_class["NOUN"] == {
        "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2,
    }  # fmt: skip
    assert [(pair["true"], pair["predicted"]) for pair in report.confused] == [
        ("NOUN", "VERB"), ("VERB", "NOUN"),
    ]  # fmt: skip
    assert [(row["row"], row["token"], row["predicted"]) for row in report.wrong] == [
        (0, "sees", "NOUN"), (1, "<i>fox</i>", "VERB"),
    ]  # fmt: skip
    assert str(report).startswith("Accuracy 0.6667 on 6 tokens of 3 test sentences, against ")
    assert set(report.plots) == {"confusion_matrix"}
    page = report.path.read_text()
    assert "<h2>Sentences with wrong tags</h2>" in page and "Training tokens" in page
    assert "&lt;i&gt;fox&lt;/i&gt;" in page and "<i>fox</i>" not in page
    assert json.loads((tmp_path / "metrics.json").read_text())["test"] == report.test


def test_batches_of_other_lengths_give_the_same(monkeypatch):
    data = sentence_data()
    whole = evaluate(tag_answers(ANSWERS), data)
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 10)
    monkeypatch.setattr("kerakit.evaluation.batches.MIN_ROWS", 1)
    parts = evaluate(tag_answers(ANSWERS), data)
    assert parts.test == pytest.approx(whole.test) and parts.confused == whole.confused
    baseline = whole.baseline["most_frequent_tag"]
    assert parts.baseline["most_frequent_tag"] == pytest.approx(baseline)
    streamed = evaluate(tag_answers(ANSWERS), Data(data.train, None, data.test, data.spec))
    assert streamed.test == pytest.approx(whole.test)
    assert streamed.baseline["most_frequent_tag"] == pytest.approx(baseline)


def test_nothing_behind_the_last_token_counts():
    """The same with a target that is padded far beyond, and a sentence without tokens."""
    data = sentence_data()
    table = data.table("test")
    wider = np.pad(table.target, ((0, 1), (0, 7)), constant_values=-1)
    texts = np.append(table.features["tokens"], "")
    padded = type(table)({"tokens": texts}, wider)
    model = tag_answers(ANSWERS)
    one, other = (
        evaluate(model, Data(data.table("train"), None, test, data.spec))
        for test in (table, padded)
    )
    assert one.test == pytest.approx(other.test)


def test_the_most_frequent_tag_of_each_word():
    data = sentence_data()
    table = sentence_table(("run Run run", "run", "walk"), ((1, 2, 2), (1,), (2,)))
    predict = fit_most_frequent_tag(Data(table, None, table, data.spec))
    # run: N 2, V 2; overall D 0, N 2, V 3 of 5, each once more: 1, 3 and 4 of 8.
    np.testing.assert_allclose(predict(["run"]), [[1 / 8 / 5, (2 + 3 / 8) / 5, (2 + 4 / 8) / 5]])
    np.testing.assert_allclose(predict(["sit"]), [[1 / 8, 3 / 8, 4 / 8]])
    assert predict([]).shape == (0, 3)


def test_tokens_and_lower_case_are_those_of_tensorflow():
    import tensorflow as tf

    texts = ["ÉTÉ Der\u00a0Tag  x\t\x0by", "", "İ ß ẞ", "\u2003a b"]
    assert [[t.decode() for t in row] for row in tf.strings.split(texts).to_list()] == split_tokens(
        np.array(texts, object)
    )
    assert split_tokens(tf.constant(texts)) == split_tokens(np.array(texts, object))
    assert [lowered(text) for text in texts] == [
        t.decode() for t in tf.strings.lower(texts).numpy()
    ]
    assert split_tokens(np.array([b"\xff a"], object)) == [["\ufffd", "a"]]


def test_the_surest_wrong_sentences_are_kept():
    sentences = WrongSentences(("a", "b"), limit=2)
    for p in (0.6, 0.9, 0.7):
        answers = np.array([[1 - p, p]] * 20 + [[1, 0]])
        sentences.add([["x"] * 20, ["y"]], np.zeros(21, int), answers)
    rows = sentences.rows()
    assert [row["row"] for row in rows] == [2] * 5 + [4] * 5
    assert rows[0]["text"] == " ".join(["x"] * 7) + " …" and rows[0]["confidence"] == "90.0 %"


def test_what_does_not_fit():
    data = sentence_data(("the dog",), ((0, 1, 2),))
    with pytest.raises(DataError, match="Test row 0 has 2 tokens and 3 tags"):
        evaluate(tag_answers(ANSWERS), data)
    data = sentence_data()
    two = tag_answers({"the": [0.5, 0.5], "": [0.5, 0.5]}, classes=2)
    with pytest.raises(DataError, match=r"needs \(batch, tokens, 3\)"):
        evaluate(two, data)
    with pytest.raises(DataError, match="that sum to 1"):
        evaluate(tag_answers({"the": D, "": D * 2}), data)
    with pytest.raises(DataError, match="no test rows"):
        evaluate(two, Data(data.table("train"), None, data.table("test").take(slice(0)), data.spec))
