import json

import numpy as np
import pytest

from kerakit.evaluation import evaluate
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


def test_report_and_metrics_of_any_classification(make, tmp_path):
    p = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]
    data = make.rows("binary", np.int32([0, 0, 0, 1]), class_counts=(31, 12))
    report = evaluate(make.answering(p, 4), data, run_dir=tmp_path)
    yes = {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    pair = {"true": "no", "predicted": "yes", "count": 1, "share": pytest.approx(1 / 3)}
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert list(values["per_class"]) == ["no", "yes"]
    assert values["per_class"]["yes"] == report.per_class["yes"] == yes
    assert values["confused"] == [pair] and list(report.confused) == [pair]
    assert json.loads(json.dumps(report.to_dict()))["confused"] == [pair]
    page = report.path.read_text()
    for cells in (
        ["no", "1.000", "0.667", "0.800", "3", "31"],
        ["yes", "0.500", "1.000", "0.667", "1", "12"],
        ["no", "yes", "1", "33.3 %"],
    ):
        row = "".join(
            f"<td>{cell}</td>" if cell in ("no", "yes") else f'<td class="number">{cell}</td>'
            for cell in cells
        )
        assert f"<tr>{row}</tr>" in page


def test_a_table_of_many_classes_scrolls_and_is_whole(make, tmp_path):
    names = tuple(f"class number {i}" for i in range(100))
    data = make.rows("multiclass", np.arange(100, dtype="int32"), classes=names)
    report = evaluate(make.answering(np.eye(100), 100), data, run_dir=tmp_path)
    page = report.path.read_text()
    assert '<div class="scroll tall">' in page
    places = [page.index(f"<td>{name}</td>") for name in names]
    assert places == sorted(places)
    assert "No test row was taken for another class." in page


@pytest.mark.parametrize("task, width", [("regression", 0), ("multilabel", 2)])
def test_tasks_without_one_label_per_row_have_no_such_tables(make, tmp_path, task, width):
    report = evaluate(make.model(width, "sigmoid"), make.data(task), run_dir=tmp_path)
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert "per_class" not in values and "confused" not in values
    assert "<h2>Classes</h2>" not in report.path.read_text()
