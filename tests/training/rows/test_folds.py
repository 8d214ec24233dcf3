"""Folds of the rows, and the orders in which members train on them."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.model_selection import StratifiedGroupKFold

from kerakit.data.data import Data, Table
from kerakit.data.groups import joined_groups
from kerakit.data.spec import Spec
from kerakit.errors import DataError
from kerakit.training.rows.arrays import Arrays
from kerakit.training.rows.folds import (
    fold_of_rows,
    joined,
    member_order,
    rows_left_out,
    rows_of_members,
)


def test_folds_have_one_size_and_every_class():
    target = np.repeat([0, 1, 2], (50, 21, 5))
    fold = fold_of_rows(target, 4, seed=3, classes=True)
    assert np.bincount(fold).tolist() == [19, 19, 19, 19]
    for label in range(3):
        counts = np.bincount(fold[target == label], minlength=4)
        assert counts.max() - counts.min() <= 1
    assert (fold == fold_of_rows(target, 4, seed=3, classes=True)).all()
    assert (fold != fold_of_rows(target, 4, seed=4, classes=True)).any()


def test_a_group_is_in_one_fold():
    groups = np.random.default_rng(0).integers(30, size=200)
    fold = fold_of_rows(np.zeros(200), 5, seed=0, classes=False, groups=groups)
    assert all(len(set(fold[groups == group])) == 1 for group in range(30))
    counts = np.bincount(fold)
    assert counts.max() - counts.min() <= np.bincount(groups).max()


def unevenness(target, fold):
    """Standard deviations over folds: of the fraction of a class, on average, and of the size."""
    counts = [np.bincount(fold[target == label], minlength=5) for label in range(3)]
    return np.mean([(count / count.sum()).std() for count in counts]), np.bincount(fold).std()


def test_groups_and_classes_are_divided_as_evenly_as_by_scikit_learn():
    ours, theirs = np.zeros(2), np.zeros(2)
    for seed in range(10):
        random = np.random.default_rng(seed)
        groups = random.choice(40, 500, p=random.dirichlet(np.ones(40))) * 7
        target = random.choice(3, 500, p=[0.7, 0.2, 0.1])
        fold = fold_of_rows(target, 5, seed, classes=True, groups=groups)
        assert all(len(set(fold[groups == group])) == 1 for group in groups)
        ours += unevenness(target, fold)
        folding = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for number, (_, rows) in enumerate(folding.split(target, target, groups)):
            fold[rows] = number
        theirs += unevenness(target, fold)
    assert (ours <= theirs).all()


def test_a_group_of_each_class_is_in_each_fold():
    groups, target = np.repeat([4, 9, 2, 7], 3), np.repeat([0, 1, 1, 0], 3)
    for seed in range(5):
        fold = fold_of_rows(target, 2, seed, classes=True, groups=groups)
        assert [sorted(target[fold == n]) for n in (0, 1)] == [[0, 0, 0, 1, 1, 1]] * 2


def test_a_class_that_one_member_leaves_out_is_warned_of():
    groups = np.arange(12) // 2
    with pytest.warns(UserWarning, match="mine: 1 of 2 classes .* one of members=3 leaves out"):
        fold_of_rows(groups == 1, 3, 0, classes=True, groups=groups, name="mine")


@pytest.mark.parametrize("groups", [None, np.arange(40) // 2, np.arange(40) % 20])
def test_each_fold_has_rows_of_a_weight_above_0(groups):
    weight = np.where(np.arange(40) < 8, 0.5, 0)
    for seed in range(5):
        fold = fold_of_rows(np.zeros(40), 4, seed, True, groups, weight)
        assert set(fold[:8]) == {0, 1, 2, 3}
        assert max(np.bincount(fold)) <= 12


@pytest.mark.parametrize(
    ("groups", "weighted", "words"),
    [
        (np.arange(30) // 10, 30, r"mine: the .* rows are in 3 group.*members=4.*with members=3"),
        (np.arange(30) // 5, 15, "rows of a weight above 0 are in 3 group"),
        (None, 3, "mine: 3 training and validation rows have a weight above 0"),
    ],
)
def test_rows_that_cannot_be_divided_are_refused(groups, weighted, words):
    weight = (np.arange(30) < weighted).astype("float32")
    with pytest.raises(DataError, match=words):
        fold_of_rows(np.zeros(30), 4, 0, False, groups, weight, "mine")


def test_groups_of_training_and_validation_rows_are_joined():
    def table(rows, groups=None):
        return Table({}, np.zeros(rows), groups=None if groups is None else np.array(groups))

    def joined_of(train, validation):
        sizes = {"train": len(train), "validation": 0 if validation is None else len(validation)}
        groups = joined_groups(Data(train, validation, train, Spec("regression", (), sizes=sizes)))
        return groups if groups is None else groups.tolist()

    assert joined_of(table(3), table(2)) is None
    assert joined_of(table(3, [0, 4, 0]), table(2, [4, 1])) == [0, 4, 0, 4, 1]
    assert joined_of(table(3, [0, 4, 0]), None) == [0, 4, 0]
    # Validation rows without groups are alone.
    assert joined_of(table(3, [0, 4, 0]), table(2)) == [0, 4, 0, 5, 6]


def test_every_row_is_left_out_by_one_member_and_trained_on_by_the_others():
    fold = fold_of_rows(np.zeros(23), 5, seed=0, classes=False)
    trained, left_out = rows_of_members(fold, 5), rows_left_out(fold, 5)
    assert left_out.shape == (5, 5) and sorted(left_out[left_out >= 0]) == list(range(23))
    for member in range(5):
        both = {*trained[member], *left_out[member][left_out[member] >= 0]}
        assert both == set(range(23)) and len(trained[member]) >= 18


def test_an_epoch_has_every_row_of_a_member_once_and_goes_on_with_its_first_ones():
    trained = rows_of_members(fold_of_rows(np.zeros(22), 4, seed=0, classes=False), 4)
    order = member_order(trained, steps=3, seed=0, epoch=1)
    assert order.shape == (3, 4, 6) and order.dtype == np.int32
    for member, rows in enumerate(trained):
        drawn = order[:, member].ravel()
        assert sorted(drawn[: len(rows)]) == rows.tolist()
        assert drawn[len(rows) :].tolist() == drawn[: 18 - len(rows)].tolist()
    assert (order != member_order(trained, steps=3, seed=0, epoch=2)).any()


def test_splits_are_joined_with_their_weights():
    one = Arrays(tf.ones((2, 3)), tf.constant([1.0, 2.0]), None)
    two = Arrays(tf.zeros((1, 3)), tf.constant([3.0]), tf.constant([0.5]))
    both = joined([one, two])
    assert both.values.shape == (3, 3) and both.target.numpy().tolist() == [1, 2, 3]
    assert both.weight.numpy().tolist() == [1, 1, 0.5] and joined([one]) is one
