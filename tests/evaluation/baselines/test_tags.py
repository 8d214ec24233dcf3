"""The baseline of taggers, and its tokens."""

import numpy as np
from evaluation_cases import sentence_data, sentence_table

from kerakit.data.data import Data
from kerakit.evaluation.baselines.tags import fit_most_frequent_tag, lowered, split_tokens


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
