import numpy as np

from kerakit.evaluation.metrics.confusion import most_confused, per_class

# True classes in rows, predicted in columns, and a class "owl" that never occurs:
#        cat dog fox
#   cat    3   2   0
#   dog    0   4   0
#   fox    1   0   0
CLASSES = ("cat", "dog", "fox", "owl")
TRUE = np.repeat([0, 0, 1, 2], [3, 2, 4, 1])
PREDICTED = np.repeat([0, 1, 1, 0], [3, 2, 4, 1])


def test_each_class_by_hand():
    assert per_class(TRUE, PREDICTED, CLASSES) == {
        "cat": {"precision": 3 / 4, "recall": 3 / 5, "f1": 6 / 9, "support": 5},
        "dog": {"precision": 4 / 6, "recall": 1.0, "f1": 8 / 10, "support": 4},
        "fox": {"precision": None, "recall": 0.0, "f1": 0.0, "support": 1},
        "owl": {"precision": None, "recall": None, "f1": None, "support": 0},
    }


def test_each_class_agrees_with_scikit_learn():
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(0)
    y, label = rng.integers(0, 30, (2, 2000))
    expected = precision_recall_fscore_support(y, label)
    found = per_class(y, label, [f"c{i}" for i in range(30)])
    assert list(found) == [f"c{i}" for i in range(30)]
    for key, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose([one[key] for one in found.values()], values)


def test_confused_pairs_by_hand():
    assert most_confused(TRUE, PREDICTED, CLASSES) == [
        {"true": "cat", "predicted": "dog", "count": 2, "share": 2 / 5},
        {"true": "fox", "predicted": "cat", "count": 1, "share": 1.0},
    ]


def test_confused_pairs_of_one_count_are_sorted_by_share_then_class():
    # One error each: of 2 rows of class 0, of 1 row of class 1, of 1 row of class 2.
    y, label = [0, 0, 2, 1], [0, 2, 0, 0]
    pairs = [(pair["true"], pair["predicted"]) for pair in most_confused(y, label, "abc")]
    assert pairs == [("b", "a"), ("c", "a"), ("a", "c")]


def test_only_the_top_ten_pairs():
    label = np.repeat(np.arange(1, 13), np.arange(1, 13))  # class 12 is said twelve times
    pairs = most_confused(np.zeros_like(label), label, [str(i) for i in range(13)])
    assert [pair["count"] for pair in pairs] == [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert pairs[0] == {"true": "0", "predicted": "12", "count": 12, "share": 12 / 78}


def test_without_an_error_nothing_is_confused():
    assert most_confused([0, 1, 1], [0, 1, 1], ("a", "b")) == []
