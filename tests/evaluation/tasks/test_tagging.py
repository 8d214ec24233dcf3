"""Tags: only tokens that there are count; the numbers by hand."""

import dataclasses
import json

import numpy as np
import pytest
from evaluation_cases import SENTENCES, TAG_IDS, sentence_data, sentence_table, tag_answers

from kerakit.data.data import Data
from kerakit.errors import DataError
from kerakit.evaluation import evaluate
from kerakit.evaluation.batches import batches

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
    assert [(row["row"], row["token"], row["predicted"]) for row in report.confident_errors] == [
        (0, "sees", "NOUN"), (1, "<i>fox</i>", "VERB"),
    ]  # fmt: skip
    assert str(report).startswith("Accuracy 0.6667 on 6 tokens of 3 test sentences, against ")
    assert set(report.plots) == {"confusion_matrix"}
    page = report.path.read_text()
    assert "<h2>Confident errors</h2>" in page and "Training tokens" in page
    assert "&lt;i&gt;fox&lt;/i&gt;" in page and "<i>fox</i>" not in page
    assert json.loads((tmp_path / "metrics.json").read_text())["test"] == report.test


@pytest.mark.many
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


def test_what_does_not_fit():
    data = sentence_data(("the dog",), ((0, 1, 2),))
    with pytest.raises(DataError, match="test row 0 has 2 tokens and 3 tags"):
        evaluate(tag_answers(ANSWERS), data)
    data = sentence_data()
    two = tag_answers({"the": [0.5, 0.5], "": [0.5, 0.5]}, classes=2)
    with pytest.raises(DataError, match=r"needs \(None, None, 3\)"):
        evaluate(two, data)
    with pytest.raises(DataError, match="that sum to 1"):
        evaluate(tag_answers({"the": D, "": D * 2}), data)
    with pytest.raises(DataError, match="no test rows"):
        evaluate(two, Data(data.table("train"), None, data.table("test").take(slice(0)), data.spec))


def test_a_long_sentence_ends_its_batch():
    """One row of 20,000 tokens would pad the others to as many."""
    long = ["the", "dog"] * 10_000
    tested = [*SENTENCES, " ".join(long), *SENTENCES]
    ids = [*TAG_IDS, [0, 1] * 10_000, *TAG_IDS]
    data = sentence_data(tested, ids)
    sizes = [batch[1].shape[0] for batch in batches(data, "test")]
    assert sizes == [4, 1, 4]
    model = tag_answers({"the": (0.9, 0.05, 0.05), "dog": (0.1, 0.8, 0.1), "": (0.2, 0.3, 0.5)})
    report = evaluate(model, data, verbose=0)
    assert report.tokens == sum(map(len, ids))


def entity_data(test, ids, classes=("B-PER", "I-PER", "O")):
    data = sentence_data(test, ids)
    spec = dataclasses.replace(data.spec, classes=classes)
    train = sentence_table(["the dog", "the cat runs"], [(0, 1), (2, 0, 1)])
    return Data(train, train, data.table("test"), spec)


def test_entities_stand_first(tmp_path):
    """B-PER I-PER is found; I-PER after O is an entity, but none of IOB2."""
    data = entity_data(("The dog runs", "runs cat a"), ((0, 1, 2), (0, 1, 2)))
    first, inside, outside = np.eye(3) * 0.85 + 0.05
    answers = {"the": first, "dog": inside, "cat": inside, "runs": outside, "": outside}
    report = evaluate(tag_answers(answers), data, run_dir=tmp_path, verbose=0)
    assert list(report.test)[:6] == [
        "entity_precision", "entity_recall", "entity_f1",
        "entity_precision_strict", "entity_recall_strict", "entity_f1_strict",
    ]  # fmt: skip
    assert [report.test[f"entity_{key}"] for key in ("precision", "recall", "f1")] == [0.5] * 3
    assert report.test["entity_precision_strict"] == 1.0
    assert report.test["entity_recall_strict"] == 0.5
    assert report.scheme == "iob2"
    assert report.per_entity == {"PER": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}}
    assert report.headline().startswith(
        "Entity F1 0.5000, precision 0.5000 and recall 0.5000 on 6 tokens of 2 test sentences, "
        "against "
    )
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["test"] == report.test and written["per_entity"] == report.per_entity
    assert "<h2>Entities</h2>" in (tmp_path / "report.html").read_text()
    assert set(report.baseline["most_frequent_tag"]) == set(report.test)


def test_parts_of_speech_have_no_entities():
    data = sentence_data()
    report = evaluate(tag_answers(ANSWERS), data, verbose=0)
    assert report.scheme is None and report.per_entity == {}
    assert not any(name.startswith("entity") for name in report.test)
    assert report.headline().startswith("Accuracy")
