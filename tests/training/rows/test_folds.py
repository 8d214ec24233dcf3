"""Folds of the rows, and the orders in which members train on them."""

import numpy as np
import tensorflow as tf

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
