"""Splits that leave repeats and groups whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerakit.data.repeats import split_units, units_of
from kerakit.errors import DataError

few = st.integers(0, 5)


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
