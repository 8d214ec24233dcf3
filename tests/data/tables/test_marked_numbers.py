"""Tables whose numbers are written with markers, separators and units."""

import warnings

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.errors import DataError


def rows_of(x, y=lambda i: i % 97 * 2, header="x;y"):
    return header + "\n" + "".join(f"{x(i)};{y(i)}\n" for i in range(400))


@pytest.mark.parametrize("marker", ["-", "--", ".", "n/a", "NULL", "none", "missing"])
def test_a_marker_among_numbers_is_missing_without_a_word(write, marker):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = kk.load_csv(write(rows_of(lambda i: marker if i % 16 == 0 else i % 97 + 0.5)), "y")
    (feature,) = data.spec.features
    assert feature.kind == "numeric"
    missing = sum(int(np.isnan(data.table(split).features["x"]).sum()) for split in data.spec.sizes)
    assert missing == 25


def test_na_values_adds_to_the_usual_markers_as_in_pandas(write):
    cells = ["lost", "", "NA", "nan", "-", "n/a"]
    path = write(rows_of(lambda i: cells[i % 6] if i % 8 == 0 else i % 97 + 0.5))
    data = kk.load_csv(path, "y", na_values=["lost"])
    frame = pd.read_csv(path, sep=";", na_values=["lost", "-"])
    mine = np.concatenate([data.table(split).features["x"] for split in data.spec.sizes])
    assert np.isnan(mine).sum() == frame["x"].isna().sum() == 50
    np.testing.assert_allclose(np.sort(mine)[:350], np.sort(frame["x"])[:350])
    assert kk.Spec.from_json(data.spec.to_json()).na_values == ("lost",)


@pytest.mark.parametrize(
    ("na_values", "vocabulary"),
    [(None, {"DE", "FR"}), (["FR"], {"DE"}), ([], {"DE", "FR", "NA", "None"})],
)
def test_a_category_may_be_written_as_a_marker(write, na_values, vocabulary):
    path = write(rows_of(lambda i: ("DE", "NA", "FR", "None", "")[i % 5]))
    data = kk.load_csv(path, "y", na_values=na_values)
    assert set(data.spec.features[0].vocabulary) - {""} == vocabulary


def test_a_target_that_is_written_as_a_marker_names_the_way_out(write):
    path = write(rows_of(lambda i: i % 7, lambda i: ("DE", "NA")[i % 2]))
    with pytest.raises(DataError, match=r"'NA' counts as missing; with na_values=\[\] only"):
        kk.load_csv(path, "y")
    assert kk.load_csv(path, "y", na_values=[]).spec.classes == ("DE", "NA")


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (lambda i: f"{i % 97 + 0.25} kg", "Remove 'kg' from the cells"),
        (lambda i: f"{i % 97},25", "Pass decimal=','"),
        (lambda i: f"${i % 97 + 1},250", "Remove '$' from the cells, and pass thousands=','"),
        (lambda i: "lost" if i % 2 else i, "add it to na_values="),
    ],
)
def test_numbers_that_are_read_as_categories_are_warned_of(write, x, words):
    with pytest.warns(UserWarning, match="line [23], column 'x': .*of 400 values") as caught:
        data = kk.load_csv(write(rows_of(x)), "y")
    assert data.spec.features[0].kind == "categorical"
    assert words in str(caught[0].message) and caught[0].filename == __file__


def test_decimal_and_thousands_are_those_of_pandas(write):
    path = write(rows_of(lambda i: f"{i % 97 + 1}.250,5", lambda i: f"{i % 90},49"))
    data = kk.load_table(path, "y", decimal=",", thousands=".")
    frame = pd.read_csv(path, sep=";", decimal=",", thousands=".")
    assert data.spec.task == "regression"
    mine = np.concatenate([data.table(split).features["x"] for split in data.spec.sizes])
    np.testing.assert_allclose(np.sort(mine), np.sort(frame["x"]))
    mine = np.concatenate([data.table(split).target for split in data.spec.sizes])
    np.testing.assert_allclose(np.sort(mine), np.sort(frame["y"]), rtol=1e-6)
    assert (data.spec.decimal, data.spec.thousands) == (",", ".")
    assert kk.Spec.from_json(data.spec.to_json()) == data.spec


def test_a_target_of_decimal_commas_says_so(write):
    path = write(rows_of(lambda i: i % 7, lambda i: f"{i},49"))
    with pytest.raises(DataError, match=r"line 2, .*target '0,49' is a number .*Pass decimal=','"):
        kk.load_csv(path, "y")
    with pytest.raises(DataError, match="regression needs a number. Pass decimal=','"):
        kk.load_csv(path, "y", task="regression")
    with pytest.warns(UserWarning, match="read as labels. Pass decimal=','"):
        grades = kk.load_csv(write(rows_of(lambda i: i % 7, lambda i: f"{i % 5},5")), "y")
    assert grades.spec.classes == ("0,5", "1,5", "2,5", "3,5", "4,5")


def test_a_column_that_must_be_numeric_names_the_keyword(write):
    path = write(rows_of(lambda i: f"{i % 97},25"))
    with pytest.raises(DataError, match="line 2, column 'x': '0,25' is not a number.*decimal=','"):
        kk.load_csv(path, "y", column_types={"x": "numeric"})


def test_strings_of_numbers_in_a_frame_are_warned_of():
    x = pd.Series(["-" if i % 16 == 0 else str(i % 97) for i in range(400)])
    frame = pd.DataFrame({"x": x, "code": [f"0{i % 7}" for i in range(400)]})
    with pytest.warns(UserWarning, match="column 'x': '-' is not a number") as caught:
        data = kk.load_arrays(frame, np.arange(400.0))
    assert "Convert the column to numbers." in str(caught[0].message) and len(caught) == 1
    assert [feature.kind for feature in data.spec.features] == ["categorical"] * 2


def test_columns_that_the_source_calls_categories_are_no_matter():
    codes = pd.Series([str(i % 7) if i % 9 else "other" for i in range(400)])
    frame = pd.DataFrame({"code": codes.astype("category"), "x": np.arange(400) % 11})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kk.load_arrays(frame, np.arange(400.0))
    with pytest.warns(UserWarning, match="column 'code': 'other' is not a number"):
        kk.load_arrays(frame.astype({"code": str}), np.arange(400.0))


@pytest.mark.many
def test_many_columns_with_marks_are_few_warnings(write):
    names = [f"x{n}" for n in range(30)]
    lines = [",".join([*[f"{i % 97 + 0.5} kg"] * 30, str(i)]) for i in range(100)]
    with pytest.warns(UserWarning) as caught:
        kk.load_csv(write("\n".join([",".join([*names, "y"]), *lines])), "y")
    texts = [str(warning.message) for warning in caught if "kg" in str(warning.message)]
    assert len(texts) == 5 and texts[-1].endswith("The same holds for 25 more columns.")
