"""Splitting rows off."""

import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerakit.data.split import split_off, split_rows, split_units, units_of
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


few = st.integers(0, 5)


@pytest.mark.many
@given(st.lists(st.tuples(few, few), min_size=1, max_size=20))
def test_units_are_what_repeats_and_groups_connect(rows):
    repeats, groups = np.array(rows).T
    units = units_of(repeats, groups=groups)
    assert sorted(set(units)) == list(range(units.max() + 1))
    # By hand: walk from a row to all that share a repeat or a group, until nothing is new.
    for row in range(len(rows)):
        reached, before = {row}, set()
        while reached != before:
            before = set(reached)
            reached |= {
                other
                for other in range(len(rows))
                if any(repeats[other] == repeats[r] or groups[other] == groups[r] for r in before)
            }
        assert set(np.flatnonzero(units == units[row])) == reached


def test_rows_that_stand_alone():
    alone = np.array([True, False, True, False])
    assert len(set(units_of(np.array([1, 2, 1, 2]), alone))) == 3
    assert len(set(units_of(np.array([1, 1, 1, 1]), np.ones(4, bool)))) == 4


def test_units_are_split_whole_by_class_and_seed():
    units = np.arange(300) // 3
    classes = (units % 4 == 0).astype(int)
    rest, part = split_units(units, 0.2, (3, 1), classes)
    assert len(part) == 60 and not set(units[part]) & set(units[rest])
    assert classes[part].sum() == 15
    again = split_units(units, 0.2, (3, 1), classes)
    np.testing.assert_array_equal(part, again[1])
    assert part.tolist() != split_units(units, 0.2, (4, 1), classes)[1].tolist()


def test_a_unit_of_two_classes_counts_as_the_rarer():
    # Class 1 has one unit, which it shares with class 0: it stays behind whatever the seed.
    units, classes = np.array([0, 0, 1, 2, 3, 4]), np.array([0, 1, 0, 0, 0, 0])
    for seed in range(20):
        assert not {0, 1} & set(split_units(units, 0.4, seed, classes)[1])


def test_one_unit_cannot_be_split():
    with pytest.raises(DataError, match="mail: the 5 rows left to split are all the same"):
        split_units(np.zeros(5, int), 0.2, 0, name="mail")


def sizes(test, validation, seed=0):
    return types.SimpleNamespace(test_size=test, validation_size=validation, seed=seed)


def test_the_validation_rows_are_a_fraction_of_what_the_test_rows_leave():
    rows = split_rows({"train": np.arange(100, 200)}, sizes(0.2, 0.25), name="x.csv")
    assert list(rows) == ["train", "validation", "test"]
    assert [len(chosen) for chosen in rows.values()] == [60, 20, 20]
    assert sorted(np.concatenate(list(rows.values()))) == list(range(100, 200))
    test = split_off(100, 0.2, seed=(0, 0))[1]
    assert rows["test"].tolist() == (100 + test).tolist()


def test_given_rows_are_left_alone_and_a_size_of_zero_draws_nothing():
    given = {"train": np.arange(10), "test": np.array([3, 1])}
    rows = split_rows(given, sizes(0.5, 0.0), name="x.csv")
    assert list(rows) == ["train", "test"] and rows["test"] is given["test"]
    assert rows["train"].tolist() == list(range(10)) and list(given) == ["train", "test"]


def test_classes_units_and_groups_are_those_of_the_rows_that_are_left():
    ids = np.arange(60) // 3
    for keyword in ("units", "groups"):
        rows = split_rows({"train": np.arange(60)}, sizes(0.2, 0.25), name="x", **{keyword: ids})
        owners = [set(ids[chosen]) for chosen in rows.values()]
        assert [len(chosen) for chosen in rows.values()] == [36, 12, 12]
        assert sum(map(len, owners)) == len(set.union(*owners)) == 20
    rows = split_rows({"train": np.arange(60)}, sizes(0.2, 0.25), name="x", classes=ids % 2)
    assert [(ids[chosen] % 2).mean() for chosen in rows.values()] == [0.5, 0.5, 0.5]


def test_what_is_drawn_can_be_adjusted():
    seen = []

    def keep_row_0(split, rest, drawn):
        seen.append(split)
        return np.union1d(rest, [0]), np.setdiff1d(drawn, [0])

    for seed in range(5):
        rows = split_rows(
            {"train": np.arange(8)}, sizes(0.5, 0.5, seed), name="x", adjust=keep_row_0
        )
        assert 0 in rows["train"] and sum(map(len, rows.values())) == 8
    assert seen[:2] == ["test", "validation"]
