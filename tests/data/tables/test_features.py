"""Kinds of features and their values, through `load_csv`."""

import warnings

import numpy as np
import pytest

from kerakit.data import load_arrays, load_csv
from kerakit.errors import ArgumentError, DataError


def table(columns, rows=40):
    """CSV text of `columns`, each a function of the row, with a target `y`."""
    lines = [",".join([*columns, "y"])]
    for row in range(rows):
        lines.append(",".join([*(str(make(row)) for make in columns.values()), str(row % 5)]))
    return "\n".join(lines)


def load(write, columns, rows=40, **options):
    return load_csv(write(table(columns, rows)), "y", **options)


def values(data, name):
    return [
        v for split in ("train", "validation", "test") for v in data.table(split).features[name]
    ]


def test_kinds_are_inferred(write):
    data = load(
        write,
        {
            "number": lambda r: f" {r % 3} ",
            "gaps": lambda r: ["1.5", "?", "", "NA"][r % 4],
            "word": lambda r: ["red", " white ", ""][r % 3],
            "mixed": lambda r: ["1", "a"][r % 2],
            "truth": lambda r: ["True", "False"][r % 2],
            "day": lambda r: f"2020-01-0{r % 9 + 1}",
        },
    )
    kinds = {feature.name: feature.kind for feature in data.spec.features}
    assert [name for name, kind in kinds.items() if kind == "numeric"] == ["number", "gaps"]
    assert data.table("train").features["number"].dtype == np.float32
    assert np.isnan(values(data, "gaps")).sum() == 30
    assert sorted(set(values(data, "word"))) == ["", "red", "white"]
    assert sorted(set(values(data, "day")))[0] == "2020-01-01"


def test_kinds_can_be_overridden(write):
    columns = {"code": lambda r: r % 3, "part": lambda r: ["1", "x?"][r % 2].strip("x")}
    data = load(write, columns, column_types={"code": "categorical"})
    code, part = data.spec.features
    assert (code.kind, set(code.vocabulary)) == ("categorical", {"0", "1", "2"})
    assert part.kind == "numeric"


def test_text_in_a_column_said_to_be_numeric(write):
    columns = {"a": lambda r: "three" if r == 4 else r % 3}
    with pytest.raises(DataError, match=r"table\.csv, line 6, column 'a': 'three' is not a number"):
        load(write, columns, column_types={"a": "numeric"})
    assert (
        load(write, columns, column_types={"a": "numeric"}, na_values="three").spec.features[0].mean
        < 2
    )


def test_text_in_a_numeric_column_of_the_test_file(write):
    other = write("a,y\n1,1\nx,2\n", "other.csv")
    with pytest.raises(DataError, match=r"other\.csv, line 3, column 'a': 'x' is not a number"):
        load(write, {"a": lambda r: r % 3}, test=other)


@pytest.mark.parametrize("word", ["inf", "-Infinity", "1e39", "1e999"])
def test_infinite_values(write, word):
    with pytest.raises(DataError, match=r"table\.csv, line 9, column 'a': the value is infinite"):
        load(write, {"a": lambda r: word if r == 7 else r % 3})


def test_a_few_texts_among_numbers_are_named_in_a_warning(write):
    columns = {"a": lambda r: "oops" if r == 11 else r % 3}
    message = r"line 13, column 'a': 'oops' is not a number, though 39 of 40 values are"
    with pytest.warns(UserWarning, match=message):
        data = load(write, columns)
    assert data.spec.features[0].kind == "categorical"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write, columns, column_types={"a": "categorical"})
        load(write, {"a": lambda r: "oops" if r < 21 else r % 3})  # fewer than half


def test_constant_and_identifier_like_columns_are_named_once_and_kept(write):
    columns = {
        "same": lambda r: 4,
        "word": lambda r: "x",
        "row": lambda r: r + 1,
        "key": lambda r: f"k{r}",
        "fine": lambda r: r % 4,
    }
    with pytest.warns(UserWarning) as caught:
        data = load(write, columns)
    texts = sorted(str(warning.message) for warning in caught)
    assert len(texts) == 2
    assert "exclude=('same', 'word')" in texts[0] and "constant" in texts[0]
    assert "exclude=('row', 'key')" in texts[1]
    assert caught[0].filename == __file__
    assert data.spec.feature_names == tuple(columns)


def test_twenty_rows_are_too_few_for_an_identifier(write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write, {"row": lambda r: r, "key": lambda r: f"k{r}"}, rows=20)


def test_unknown_kinds_and_columns(write):
    columns = {"alcohol": lambda r: r % 3}
    with pytest.raises(ArgumentError, match="'column_types' parameter of load_csv"):
        load(write, columns, column_types={"alcohol": "number"})
    with pytest.raises(DataError, match=r"no column 'alcool', which column_types=.*'alcohol'\?"):
        load(write, columns, column_types={"alcool": "numeric"})


@pytest.mark.parametrize("far", ["1e9", "-9.9e17"])
def test_a_value_far_from_all_others_is_warned_of(far, write):
    with pytest.warns(UserWarning, match="column 'a': a value is .*nearly all others are in"):
        load(write, {"a": lambda r: far if r == 7 else r % 30}, test_size=0.1, validation_size=0)


@pytest.mark.parametrize("far", ["1e20", "-3e38"])
def test_a_value_without_a_square_is_refused(far, write):
    with pytest.raises(DataError, match="line 9.*'a': the value is .*beyond float32"):
        load(write, {"a": lambda r: far if r == 7 else r % 30})


def test_heavy_tails_are_no_reason_to_warn(write):
    rng = np.random.default_rng(0)
    drawn = {"a": np.exp(3 * rng.normal(size=400)), "b": rng.standard_cauchy(400)}
    drawn["c"] = np.where(rng.random(400) < 0.95, 0, 10 * drawn["a"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(write, {name: lambda r, v=v: v[r] for name, v in drawn.items()}, rows=400)


def test_a_far_value_is_found_in_each_index_of_a_vector():
    x = np.arange(120.0).reshape(40, 3) % 7
    x[5, 2] = -1e9
    y, test = np.arange(40.0) % 5, (np.zeros((2, 3)), [1.0, 2.0])
    with pytest.warns(UserWarning, match="column 'features': a value is -1e[+]09"):
        load_arrays(x, y, test=test, validation_size=0, task="regression")
