"""Tasks, labels and targets, through `load_arrays` as a user meets them."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.data import load_arrays, load_csv
from kerakit.errors import ArgumentError, DataError

X = np.arange(40, dtype=np.float32).reshape(20, 2) % 7


def load(y, **options):
    return load_arrays(X[: len(y)], y, validation_size=0, **options)


def answers(data):
    """All targets, test rows after training rows."""
    return np.concatenate([data.table("train").target, data.table("test").target])


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        ([float(v) for v in range(20)], "regression", ()),
        ([3, 1, 2, 5] * 5, "regression", ()),
        ([0, 1] * 10, "binary", ("0", "1")),
        ([10.0, 2.0] * 10, "binary", ("2", "10")),
        ([True, False] * 10, "binary", ("False", "True")),
        (["no", "yes"] * 10, "binary", ("no", "yes")),
        (["b", "c", "a", "c"] * 5, "multiclass", ("a", "b", "c")),
        (["10", "9", "8", "10"] * 5, "multiclass", ("8", "9", "10")),
    ],
)
def test_the_task_follows_from_the_target(y, task, classes):
    spec = load(y).spec
    assert (spec.task, spec.classes) == (task, classes)


def test_class_ids_are_int32_in_the_order_of_the_classes():
    data = load(["b", "a"] * 10)
    assert answers(data).dtype == np.int32
    assert sorted(answers(data).tolist()) == [0] * 10 + [1] * 10
    assert data.spec.class_counts == (8, 8)
    assert data.spec.target.mean == ()


def test_numbers_as_classes_are_sorted_as_numbers():
    data = load([10.0, 2.0, 3.0, 2.0] * 5, task="multiclass")
    assert data.spec.classes == ("2", "3", "10")
    assert np.bincount(answers(data)).tolist() == [10, 5, 5]


def test_two_numbers_can_still_be_a_regression():
    data = load([0, 1] * 10, task="regression", unit="EUR")
    assert answers(data).dtype == np.float32
    assert data.spec.target.unit == "EUR"


def test_target_statistics_are_those_of_the_training_rows():
    data = load(np.arange(20.0) ** 2)
    train = data.table("train").target.astype(float)
    assert data.spec.target.mean == (train.mean(),)
    assert data.spec.target.variance == (train.var(),)


def test_the_positive_class_comes_second():
    assert load(["no", "yes"] * 10, pos_label="no").spec.classes == ("yes", "no")
    with pytest.raises(ArgumentError, match=r"'pos_label' parameter of load_arrays.*'yse'.*'yes'"):
        load(["no", "yes"] * 10, pos_label="yse")
    with pytest.raises(DataError, match="pos_label= takes a target with two classes. Got 3"):
        load(["a", "b", "c", "a"] * 5, pos_label="a")


def test_labels_are_mapped_wherever_they_occur():
    data = load(["<50", ">50", "<50.", ">50"] * 5, rename_labels={"<50.": "<50"})
    assert data.spec.classes == ("<50", ">50")
    named = load([0, 1] * 10, rename_labels={"0": "died", "1": "lived"})
    assert named.spec.classes == ("died", "lived")


def test_a_mapping_of_labels_that_are_nowhere_is_refused():
    rows = {"x": np.arange(40.0)}
    mapping = {"rename_labels": {"Yes": "y"}}
    words = "there is no class 'Yes', which rename_labels= names. Did you mean 'yes'"
    with pytest.raises(DataError, match=words):
        kk.load_arrays(rows, np.array(["yes", "no"] * 20), **mapping)
    with pytest.raises(DataError, match=words):
        kk.load_text(([f"text {n}" for n in range(40)], ["yes", "no"] * 20), **mapping)
    with pytest.raises(DataError, match=words):
        kk.load_tagged(([[f"w{n}", "end"] for n in range(40)], [["yes", "no"]] * 40), **mapping)


def test_several_targets_are_a_regression_of_several():
    y = np.stack([np.arange(20.0), np.arange(20.0) * 2], axis=1)
    data = load(y)
    assert answers(data).shape == (20, 2)
    assert data.spec.target.names == ("target_1", "target_2")
    assert data.spec.target.mean[1] == pytest.approx(2 * data.spec.target.mean[0])


def test_flags_are_a_multilabel_task():
    y = {"red": [1, 0] * 10, "sweet": [0, 0, 1, 0] * 5}
    data = load_arrays(X, y, task="multilabel", validation_size=0)
    assert data.spec.classes == ("red", "sweet")
    assert answers(data).dtype == np.float32
    assert answers(data).sum(axis=0).tolist() == [10, 5]
    assert data.spec.class_counts == tuple(data.table("train").target.sum(axis=0).astype(int))


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ([2.0] * 20, {}, r"arrays: the target 'target' is constant: 2 in all 20 rows"),
        (["a"] * 20, {}, r"'target' has one class only, 'a'"),
        ([1] * 20, {"task": "binary"}, r"'target' has one class only, '1'"),
        (["a", "b"] * 9 + ["a", "c"], {}, r"row 19 .*the class 'c' has one row"),
        ([1.0] * 4 + [np.nan] * 2 + [2.0] * 14, {}, r"row 4 .*target is missing, as in 2 of 20"),
        (["a"] * 3 + [None] + ["b"] * 16, {}, r"row 3 .*target is missing, as in 1 of 20"),
        ([1.0] * 7 + [np.inf] + [2.0, 3.0] * 6, {}, r"row 7 .*target is infinite"),
        ([1.0] * 7 + [1e39] + [2.0, 3.0] * 6, {}, r"row 7 .*beyond float32"),
        ([1.0] * 7 + [-1e20] + [2.0, 3.0] * 6, {}, r"row 7 .*beyond float32"),
        (["1"] * 6 + ["x"] + ["2"] * 13, {"task": "regression"}, r"row 6 .*'x'.*needs a number"),
        (["a", "b", "c", "a"] * 5, {"task": "binary"}, r"two classes. Got 3 in 'target'"),
        ([0, 1, 2, 1] * 5, {"task": "multilabel"}, r"row 2 .*'target'.*'2', and .*needs 0 or 1"),
    ],
)
def test_bad_targets_are_refused(y, options, message):
    with pytest.raises(DataError, match=message):
        load(y, **options)


def test_a_target_far_from_all_others_is_warned_of():
    y = [1.0] * 7 + [1e12] + [2.0, 3.0] * 16
    test = (np.zeros((2, 1)), [1.0, 2.0])
    with pytest.warns(UserWarning, match="the target: a value is 1e[+]12, and nearly all others"):
        load_arrays(
            np.arange(40.0)[:, None] % 7, y, test=test, validation_size=0, task="regression"
        )


def test_a_flag_that_is_never_on_is_refused():
    y = {"red": [1, 0] * 10, "blue": [0] * 20}
    with pytest.raises(DataError, match="'blue' is constant: 0 in all 20 rows"):
        load_arrays(X, y, task="multilabel")


def test_several_targets_take_no_class_task():
    with pytest.raises(DataError, match="task='multiclass' takes one target"):
        load_arrays(X, {"a": [0, 1] * 10, "b": [0, 1] * 10}, task="multiclass")


def test_a_label_that_training_never_saw_is_refused_with_the_mapping_to_pass():
    test = (X[:2], ["yes.", "no"])
    message = r"arrays \(test\), row 0 .*'yes\.' does not occur.*rename_labels=\{'yes\.': 'yes'\}"
    with pytest.raises(DataError, match=message):
        load(["no", "yes"] * 10, test=test)
    data = load(["no", "yes"] * 10, test=test, rename_labels={"yes.": "yes"})
    assert data.table("test").target.tolist() == [1, 0]


def test_numbers_as_labels_agree_between_sources_however_they_are_written():
    data = load([1, 2, 3, 1] * 5, task="multiclass", test=(X[:3], ["3.0", "1", "2.00"]))
    assert data.table("test").target.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    "y",
    [["TRUE", "True", "false", "FALSE"] * 5, ["a", "a ", "b", "b"] * 5],
    ids=["booleans", "spaces"],
)
def test_labels_with_one_spelling_are_one_class(y):
    data = load(y)
    assert len(data.spec.classes) == 2
    assert np.bincount(answers(data)).tolist() == [10, 10]


def test_test_labels_may_be_written_another_way_than_training_labels():
    data = load(["TRUE", "FALSE"] * 10, test=(X[:2], [True, False]))
    assert data.spec.classes == ("FALSE", "TRUE")
    assert data.table("test").target.tolist() == [1, 0]


def test_labels_that_differ_only_by_case_are_warned_of_with_the_mapping():
    words = r"'yes' \(10 rows\) and 'Yes' \(5 rows\) .* rename_labels=\{'Yes': 'yes'\}"
    with pytest.warns(UserWarning, match=words):
        data = load(["yes", "Yes", "no", "yes"] * 5)
    assert data.spec.classes == ("Yes", "no", "yes")
    renamed = load(["yes", "Yes", "no", "yes"] * 5, rename_labels={"Yes": "yes"})
    assert renamed.spec.classes == ("no", "yes")


def test_rows_without_a_target_can_be_left_out(write):
    lines = [f"{row},{'' if row % 5 == 3 else row % 2 * 2.5}" for row in range(40)]
    path = write("\n".join(["x,y", *lines]))
    with pytest.raises(DataError, match=r"line 5.*drop_missing_target=True"):
        load_csv(path, "y", task="regression")
    words = r"8 of 40 rows have no target and are left out, first .*line 5\."
    with pytest.warns(UserWarning, match=words):
        data = load_csv(path, "y", task="regression", drop_missing_target=True, validation_size=0)
    tables = [data.table(split) for split in ("train", "test")]
    rows = np.concatenate([table.features["x"] for table in tables])
    assert sorted(rows) == [row for row in range(40) if row % 5 != 3]
    np.testing.assert_array_equal(np.concatenate([t.target for t in tables]), rows % 2 * 2.5)


def test_rows_of_separators_alone_are_missing_as_in_pandas(write):
    rows = [f"{row},{'ab'[row % 2]},{row % 3}" for row in range(20)]
    path = write("\n".join(["x,kind,y", ",,", *rows, ",,", ",,"]))
    assert pd.read_csv(path).isna().all(axis=1).sum() == 3
    with pytest.raises(DataError, match=r"line 2, .*3 of 23 rows.*drop_missing_target=True"):
        load_csv(path, "y")
    with pytest.warns(UserWarning, match=r"3 of 23 rows have no target .*line 2\."):
        data = load_csv(path, "y", drop_missing_target=True, validation_size=0)
    rows = np.concatenate([data.table(split).features["x"] for split in ("train", "test")])
    assert sorted(rows) == list(range(20))


def test_weights_groups_and_places_follow_the_rows_that_are_left():
    y = [None, 1.0, 2.0, np.inf] + [4.0, 5.0] * 8
    with (
        pytest.warns(UserWarning, match="1 of 20 rows"),
        pytest.raises(DataError, match="row 3 .*infinite"),
    ):
        load(y, drop_missing_target=True)
    y[3] = 3.0
    with pytest.warns(UserWarning, match="1 of 20 rows"):
        data = load(
            y, drop_missing_target=True, sample_weight=np.arange(20.0), groups=np.arange(20) // 2
        )
    table = data.table("train")
    weights = {tuple(row): weight for row, weight in zip(X[:7], range(7), strict=False)}
    assert all(
        weight % 7 == weights[tuple(row)]
        for row, weight in zip(table.features["features"], table.weight, strict=True)
    )


def test_a_target_that_is_missing_everywhere_is_refused():
    with pytest.raises(DataError, match="missing in all 20 rows"):
        load([np.nan] * 20, drop_missing_target=True)


@pytest.mark.parametrize("validation_size", [0, 0.2])
def test_a_class_of_one_row_trains_where_the_test_rows_are_given(validation_size):
    labels = ["a", "b"] * 9 + ["a", "c"]
    with pytest.warns(UserWarning, match="one training row only has the class 'c'.*rename_labels"):
        data = load_arrays(
            X, labels, test=(X[:4], ["a", "b", "c", "a"]), validation_size=validation_size
        )
    assert data.spec.class_counts[2] == 1 and data.table("test").target.tolist() == [0, 1, 2, 0]


def test_a_text_class_of_one_row_trains_where_the_test_rows_are_given(tmp_path):
    frame = pd.DataFrame({"text": [f"word {n}" for n in range(13)], "label": [*"ab" * 6, "c"]})
    frame.to_csv(tmp_path / "train.csv", index=False)
    frame[:4].to_csv(tmp_path / "test.csv", index=False)
    with pytest.warns(UserWarning, match="one training row only has the class 'c'"):
        data = kk.load_text(tmp_path / "train.csv", test=tmp_path / "test.csv")
    assert data.spec.classes == ("a", "b", "c") and data.spec.class_counts[2] == 1
