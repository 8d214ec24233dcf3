"""Splitting rows off."""

import numpy as np
import pytest

from kerakit.data.split import split_off
from kerakit.errors import DataError


def test_parts_are_disjoint_complete_sorted_and_rounded():
    rest, part = split_off(1599, 0.2, seed=0)
    assert (len(rest), len(part)) == (1279, 320)  # 319.8 rounds to 320
    assert sorted([*rest, *part]) == list(range(1599))
    assert (np.diff(part) > 0).all() and (np.diff(rest) > 0).all()


def test_the_seed_decides():
    same = [split_off(50, 0.2, seed=3)[1].tolist() for _ in range(2)]
    assert same[0] == same[1]
    assert same[0] != split_off(50, 0.2, seed=4)[1].tolist()


def test_classes_keep_their_proportions():
    classes = np.array([0] * 70 + [1] * 20 + [2] * 10)
    rest, part = split_off(100, 0.2, seed=0, classes=classes)
    assert np.bincount(classes[part]).tolist() == [14, 4, 2]
    assert np.bincount(classes[rest]).tolist() == [56, 16, 8]


def test_rows_left_over_go_to_the_largest_remainders():
    classes = np.repeat([0, 1, 2], [7, 5, 3])  # quotas of 4 rows: 1.87, 1.33, 0.8
    _, part = split_off(15, 4 / 15, seed=0, classes=classes)
    assert np.bincount(classes[part]).tolist() == [2, 1, 1]


def test_every_class_keeps_a_row_behind():
    classes = np.array([0] * 2 + [1] * 2 + [2] * 16)
    rest, part = split_off(20, 0.75, seed=0, classes=classes)
    assert len(part) == 15
    assert np.bincount(classes[rest]).min() >= 1


def test_a_stratified_split_is_not_the_first_rows():
    classes = np.repeat([0, 1], 50)
    parts = [split_off(100, 0.2, seed=s, classes=classes)[1].tolist() for s in range(2)]
    assert parts[0] != parts[1]


def test_groups_stay_whole_and_the_share_is_near():
    groups = np.repeat(np.arange(25), 4)
    rest, part = split_off(100, 0.2, seed=0, groups=groups)
    assert not set(groups[part]) & set(groups[rest])
    assert len(part) == 20


def test_groups_leave_every_class_behind():
    groups = np.repeat(np.arange(6), 2)
    classes = np.array([1, 1, 1, 1] + [0] * 8)  # class 1 is in groups 0 and 1 only
    for seed in range(20):
        rest, _ = split_off(12, 0.4, seed, classes, groups)
        assert set(classes[rest]) == {0, 1}


def test_a_class_of_one_group_and_no_other_way_is_an_error():
    with pytest.raises(DataError, match=r"x.csv: no split by group leaves every class"):
        split_off(4, 0.5, 0, np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), name="x.csv")


def test_too_few_rows_or_groups():
    with pytest.raises(DataError, match=r"x.csv: 1 row\(s\) cannot be split"):
        split_off(1, 0.2, 0, name="x.csv")
    with pytest.raises(DataError, match="belong to one group"):
        split_off(4, 0.2, 0, groups=np.zeros(4, int))


def test_the_smallest_parts_have_one_row():
    assert [len(p) for p in split_off(3, 0.01, 0)] == [2, 1]
    assert [len(p) for p in split_off(3, 0.99, 0)] == [1, 2]
