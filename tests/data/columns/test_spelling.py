"""The spelling of categories: in training, in files, in frames and in requests."""

import numpy as np
import pandas as pd
import pytest

from kerakit.data import load_arrays, load_csv
from kerakit.data.columns.column import Texts
from kerakit.data.columns.spelling import Spellings, category_text, one_spelling, spelling

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(
    "same",
    [
        ("3", "3.0", "3.", "+3", " 3 ", "3.00"),
        ("True", "TRUE", "true", " true"),
        (COMPOSED, DECOMPOSED, COMPOSED + " "),
        ("-1", "-1.0"),
    ],
)
def test_one_category_written_in_several_ways_has_one_spelling(same):
    assert {spelling(text) for text in same} == {same[0]}


@pytest.mark.parametrize("text", ["007", "1.10", "a", "A", "True story", "1e3", "", "v3.0", "3.5"])
def test_other_texts_are_spelled_as_they_are_written(text):
    assert spelling(text) == text


@pytest.mark.parametrize(
    ("categories", "text", "found"),
    [
        (["3", "4"], "3.0", "3"),
        (["3.0", "4.0"], "3", "3.0"),
        (["007", "12"], "7", "007"),
        (["007", "7"], "7.0", "7"),
        (["1.50", "2"], "1.5", "1.50"),
        (["1.10", "1.1"], "1.100", "1.100"),
        (["true", "false"], "True", "true"),
        (["TRUE", "FALSE"], "1", "TRUE"),
        (["0", "1"], "False", "0"),
        (["0", "1", "2"], "True", "True"),
        ([DECOMPOSED, "tea"], COMPOSED, DECOMPOSED),
        ([" red ", "blue"], "red", " red "),
        (["red", "blue"], "Red", "Red"),
        # Beyond 2 ** 53 a float64 does not tell two numbers apart.
        (["9007199254740993"], "9007199254740992", "9007199254740992"),
    ],
)
def test_a_text_stands_for_the_category_that_it_is_another_way_to_write(categories, text, found):
    assert Spellings(categories).category(text) == found


def test_the_aliases_are_what_pandas_json_and_unicode_write():
    assert Spellings(["3", "x"]).aliases == {"3.0": "3"}
    assert Spellings(["x", COMPOSED]).aliases == {DECOMPOSED: COMPOSED}
    assert Spellings(["true", "false"]).aliases.keys() >= {"True", "TRUE", "False", "FALSE"}
    assert Spellings(["red", "blue"]).aliases == {}


def test_a_column_with_one_way_to_write_keeps_it():
    texts = ("3.0", "4.0", "FALSE")
    column = Texts(np.array(texts, object), np.array([0, 1, 2, 0]), texts)
    assert one_spelling(column) is column


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.int64(3), "3"), (np.float32(0.1), "0.1"), (np.True_, "True"), (pd.NA, ""), (b"a", "a")],
)
def test_any_cell_is_a_text(value, text):
    assert category_text(value) == text


def test_bytes_that_are_no_text_stay_bytes():
    assert category_text(b"\xff") == b"\xff"
    assert Spellings(["a"]).category(b"\xff") == b"\xff"


def test_the_cell_that_is_no_value_is_refused():
    with pytest.raises(TypeError, match="got list"):
        category_text([1])


def test_codes_of_a_file_that_pandas_wrote_are_those_of_training(write):
    """`pandas` writes whole numbers with a decimal as soon as one cell of the column is missing."""
    rows = range(40)
    train = write("shop,y\n" + "".join(f"{i % 5},{i % 5 * 9}\n" for i in rows), "a.csv")
    other = pd.DataFrame(
        {"shop": [i % 5 if i else None for i in rows], "y": [9.0 * i for i in rows]}
    )
    other.to_csv(train.with_name("b.csv"), index=False)
    data = load_csv(train, "y", test=train.with_name("b.csv"), column_types={"shop": "categorical"})
    assert sorted(data.spec.features[0].vocabulary) == ["0", "1", "2", "3", "4"]
    test = data.table("test").features["shop"].tolist()
    assert test == ["", *(str(i % 5) for i in rows[1:])]


def test_two_ways_to_write_in_one_column_are_one_category():
    x = {"shop": ["3", "3.0", "4", " 4"] * 10}
    data = load_arrays(x, np.arange(40.0))
    assert sorted(data.spec.features[0].vocabulary) == ["3", "4"]


def test_groups_are_one_group_however_they_are_written():
    groups = [text for i in range(10) for text in (f"{i}", f"{i}.0")]
    x = {"x": np.arange(20.0) % 7}
    data = load_arrays(x, np.arange(20) // 2 * 1.0, groups=groups, test_size=0.3)
    train, test = (set(data.table(split).target.tolist()) for split in ("train", "test"))
    assert not train & test


def test_a_file_whose_categories_are_new_is_warned_of():
    x, y = {"city": ["Oslo", "Rome"] * 20}, np.arange(40.0)
    test = ({"city": ["oslo"] * 11 + ["Rome", None]}, y[:13])
    words = r"arrays \(test\), column 'city': 11 of 12 values .* 'oslo' .*'Oslo'"
    with pytest.warns(UserWarning, match=words):
        load_arrays(x, y, test=test)
