"""Errors about tables begin with the function that was called, and are short."""

import numpy as np
import pytest

import kerakit as kk
from kerakit.errors import MAX_MESSAGE, DataError

LONG, WORD = "column" * 400, "word " * 4000
Y = np.arange(20.0)


def wide(count=3000):
    return {f"a long name of column {number}": Y for number in range(count)}


ARRAYS = {
    "no such target": (wide(), LONG, {}),
    "no such group": ({"a": Y}, Y, {"groups": LONG}),
    "other columns in the test table": (wide(), Y, {"test": ({"b": Y}, Y)}),
    "unknown columns in the test table": ({"b": Y}, Y, {"test": (wide(), Y)}),
    "too many names": (np.ones((20, 2)), Y, {"columns": list(wide())}),
    "a text in a numeric column": ({LONG: [WORD] * 20}, Y, {"column_types": {LONG: "numeric"}}),
    "infinite": ({LONG: Y + np.inf}, Y, {}),
    "a label that training has not": ({"a": Y}, [WORD, "b"] * 10, {"test": ({"a": Y}, ["c"] * 20)}),
    "one class": ({"a": Y}, [WORD] * 20, {}),
    "a rare class": ({"a": Y}, ["a"] * 10 + ["b"] * 9 + [WORD], {}),
    "many classes": ({"a": Y}, [f"{n % 10}{LONG}" for n in range(20)], {"task": "binary"}),
    "no label to rename": ({"a": Y}, ["a", "b"] * 10, {"rename_labels": {WORD: "c"}}),
    "a positive label that is none": ({"a": Y}, ["a", "b"] * 10, {"pos_label": WORD}),
    "a missing target": ({"a": Y}, {LONG: [None, *"ab" * 9, "a"]}, {}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ARRAYS)
def test_errors_about_arrays(case):
    x, y, options = ARRAYS[case]
    with pytest.raises(ValueError) as caught:
        kk.load_arrays(x, y, dataset="d" * 30, **options)
    message = str(caught.value)
    assert "load_arrays" in message and len(message) <= MAX_MESSAGE and "\n" not in message
    assert len(message) > 60


@pytest.mark.many
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{LONG},y\n1,2\n" * 2,
        ",".join(wide()) + "\n1\n",
        f"a,y\n1,{WORD}\n" + "2,3\n" * 30,
        f"{LONG},{LONG}\n1,2\n",
        f"a,y\n{WORD}\n",
    ],
)
def test_errors_about_files(write, text):
    with pytest.raises(DataError, match="^load_csv: .*table.csv") as caught:
        kk.load_csv(write(text), "y", task="regression", column_types={"a": "numeric"})
    assert len(str(caught.value)) <= MAX_MESSAGE


def test_warnings_about_many_columns_are_short(recwarn):
    columns = {f"constant {number}": np.ones(40) for number in range(500)}
    columns |= {f"key {number}": np.arange(40) for number in range(500)}
    kk.load_arrays(columns | {"a": np.arange(40) % 7}, np.arange(40.0))
    texts = [str(warning.message) for warning in recwarn]
    assert len(texts) == 2 and all(len(text) < 2 * MAX_MESSAGE for text in texts)
    assert all(" and 4" in text and " more. " in text for text in texts)
