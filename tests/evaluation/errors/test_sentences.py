import numpy as np

from kerakit.evaluation.errors.sentences import WrongSentences


def test_the_wrong_sentences_with_the_highest_confidence_are_kept():
    sentences = WrongSentences(("a", "b"), limit=2)
    for p in (0.6, 0.9, 0.7):
        answers = np.array([[1 - p, p]] * 20 + [[1, 0]])
        sentences.add([["x"] * 20, ["y"]], np.zeros(21, int), answers)
    rows = sentences.rows()
    assert [row["row"] for row in rows] == [2] * 5 + [4] * 5
    assert rows[0]["text"] == " ".join(["x"] * 7) + " …" and rows[0]["confidence"] == "90.0 %"
