"""Warnings about values that the training rows do not have."""

import numpy as np
import pytest

from kerakit.data.columns.spelling import Spellings
from kerakit.data.tables.unknown import UnknownValues


def count(*blocks):
    unknown = UnknownValues("city", Spellings(["Oslo", "Rome"]))
    for values in blocks:
        unknown.add(np.array(values, object))
    return unknown.warning("new.csv")


@pytest.mark.parametrize(
    ("blocks", "warned"),
    [
        ([["x"] * 9], False),
        ([["x"] * 5, ["y"] * 5], True),
        ([["x"] * 10 + ["Oslo"] * 10], False),
        ([["x"] * 11 + ["Oslo"] * 10 + [""] * 50], True),
        ([[""] * 50], False),
    ],
)
def test_most_of_the_values_and_ten_of_them_must_be_new(blocks, warned):
    assert (count(*blocks) is not None) == warned


def test_the_most_frequent_new_value_is_the_example():
    assert "such as 'Romee' (the nearest known value is 'Rome')" in count(["Romee"] * 9, ["x"] * 2)
