"""Headers and rows with a separator too many or too few, equal names and an index."""

import warnings

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.data.table_files.delimited_stream import DelimitedStream
from kerakit.errors import DataError


def rows(end="", start="", count=40):
    return "".join(f"{start.format(i)}{i % 7},{i % 3}{i % 2},{i % 5}{end}\n" for i in range(count))


def streamed(path, wanted):
    columns = {name: [] for name in wanted}
    for _, block in DelimitedStream(path).blocks(wanted):
        for name in wanted:
            columns[name] += block[name].to_pylist()
    return columns


EXPECTED = {"a": [f"{i % 7}" for i in range(40)], "y": [f"{i % 5}" for i in range(40)]}
ODD = {
    "a name too many": ("a,b,y,\n" + rows(), "an empty name too many at the end of the header"),
    "three names too many": ("a,b,y,,,\n" + rows(), "3 empty names too many"),
    "a field too many in all rows": ("a,b,y\n" + rows(","), "an empty field more than the header"),
    "a separator too many everywhere": ("a,b,y,\n" + rows(","), "no name and no value"),
    "a field too many in some rows": (
        "a,b,y\n" + rows(count=30) + rows(",").split("\n", 30)[30],
        "line 32: the row ends with an empty field too many, as do 9 others",
    ),
    "names of rows, as R writes them": ("a,b,y\n" + rows(start="row{},"), "is no column"),
    "numbers of rows, as R writes them": ("a,b,y\n" + rows(start='"{}",'), "is no column"),
    "a quoted name over two lines": ('"a",b,y,\n' + rows(), "an empty name too many"),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_separator_too_many_is_no_matter(write, kind):
    text, words = ODD[kind]
    path = write(text)
    with pytest.warns(UserWarning, match=words) as caught:
        data = kk.load_csv(path, "y")
    assert len(caught) == 1 and caught[0].filename == __file__
    assert data.spec.feature_names == ("a", "b")
    assert sum(data.spec.sizes.values()) == 40
    told = [] if kind == "a separator too many everywhere" else [words]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert streamed(path, ["a", "y"]) == EXPECTED
    assert len(caught) == len(told)


@pytest.mark.parametrize("kind", ["a name too many", "a field too many in some rows"])
def test_lines_stay_right(write, kind):
    text, _ = ODD[kind]
    path = write(text.replace("\n", "\n\n", 1) + "bad,1,2\n")
    with pytest.warns(UserWarning), pytest.raises(DataError, match="line 43, column 'a': 'bad'"):
        kk.load_csv(path, "y", column_types={"a": "numeric"})


def test_lines_of_spaces_are_blank(write):
    path = write("a,b,y\n" + rows(count=20) + "   \n\n" + rows(count=20))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(kk.load_csv(path, "y").spec.sizes.values()) == 40
    assert len(streamed(path, ["a"])["a"]) == 40


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,y,\n" + rows() + "1,2,3,4\n", "line 42: expected 3 fields, found 4"),
        ("a,b,y\n" + rows(",") + "1,2,3,4\n", "line 42: expected 3 fields, found 4"),
        ("a,b,y\n" + rows() + "1,2\n", "line 42: expected 3 fields, found 2"),
        ("a,b,y\n" + rows() + "1,2,,\n1,2,3,4\n", "line 43: expected 3 fields, found 4"),
    ],
)
def test_a_field_that_is_not_empty_is_refused(write, text, message):
    with pytest.raises(DataError, match=message):
        kk.load_csv(write(text), "y")


def test_a_last_column_without_a_name_that_is_filled_is_kept(write):
    path = write("a,b,y,\n" + rows(",") + "1,2,3,4\n")
    assert kk.load_csv(path, "y").spec.feature_names == ("a", "b", "column_4")


@pytest.mark.parametrize("order", [np.arange(40), np.random.default_rng(0).permutation(40) + 100])
@pytest.mark.parametrize("name", [None, "Unnamed: 0"])
def test_the_index_that_pandas_writes_is_no_feature(tmp_path, order, name):
    frame = pd.DataFrame({"a": np.arange(40) % 7, "y": np.arange(40) % 5}, index=order)
    path = tmp_path / "table.csv"
    frame.to_csv(path, index_label=name)
    with pytest.warns(UserWarning, match="line 2: the first column .*DataFrame.to_csv"):
        assert kk.load_csv(path, "y").spec.feature_names == ("a",)
    with pytest.warns(UserWarning, match="the first column"):
        kk.load_csv(path, "y", test=path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a column that the user names is meant
        data = kk.load_csv(path, "y", exclude=name or "column_1")
    assert data.spec.feature_names == ("a",)


def test_a_first_column_of_names_or_repeats_is_kept(tmp_path):
    frame = pd.DataFrame({"a": np.arange(40) % 7, "y": np.arange(40) % 5})
    for index in (np.arange(40) % 9, [f"row {i % 9}" for i in range(40)]):
        frame.set_index(pd.Index(index)).to_csv(tmp_path / "table.csv")
        assert kk.load_csv(tmp_path / "table.csv", "y").spec.feature_names == ("column_1", "a")


def test_equal_names_are_those_of_pandas(write):
    path = write(
        "a,y,a,a.1,a\n" + "".join(f"{i % 7},{i % 5},{i % 3},4,{i % 2}\n" for i in range(40))
    )
    names = list(pd.read_csv(path).columns)
    with pytest.warns(UserWarning, match=f"line 1: .*As in pandas.*{names[2]!r}, {names[4]!r}"):
        data = kk.load_csv(path, "y", exclude=("a.1", names[2]))
    assert [feature.column for feature in data.spec.features] == ["a", names[4]]
    with pytest.warns(UserWarning):
        assert streamed(path, ["a", names[2]])["a"][:2] == ["0", "1"]


def test_decimal_commas_do_not_hide_the_separator(write):
    path = write("".join(f"{i % 7},5;{i % 5},25\n" for i in range(40)))
    data = kk.load_csv(path, "y", columns=("a", "y"), decimal=",")
    assert data.spec.features[0].minimum == 0.5
