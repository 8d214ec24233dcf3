"""Tables in memory."""

import copy
import pickle

import numpy as np
import pytest

from kerakit.data import load_arrays
from kerakit.errors import ArgumentError, DataError

X = np.arange(60, dtype=np.int64).reshape(20, 3) % 11
Y = np.arange(20.0)
COLUMNS = {"a": X[:, 0], "b": ["red", "white"] * 10}


def test_a_plain_array_is_one_input_named_features():
    data = load_arrays(X, Y)
    (feature,) = data.spec.features
    assert (feature.name, feature.shape, feature.dtype) == ("features", (3,), "float32")
    train = data.table("train").features["features"]
    assert train.shape == (13, 3) and train.dtype == np.float32
    np.testing.assert_allclose(feature.mean, train.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(feature.variance, train.var(axis=0), rtol=1e-5)
    assert len(feature.quantiles) == 3


def test_named_columns_of_a_plain_array():
    data = load_arrays(X, Y, columns=["a", "b c", "d"])
    assert data.spec.feature_names == ("a", "b_c", "d")
    assert data.spec.features[1].shape == ()


def test_rows_stay_together_with_their_target_and_weight():
    data = load_arrays({"x": Y % 6, "row": Y * 1.5}, Y, sample_weight=Y + 1)
    for split in ("train", "validation"):
        table = data.table(split)
        np.testing.assert_array_equal(table.features["row"], table.target * 1.5)
        np.testing.assert_array_equal(table.weight, table.target + 1)
    assert len(next(iter(data.train))) == 3


def test_statistics_do_not_see_the_test_rows():
    x = np.arange(20.0).reshape(-1, 1)
    test = (np.array([[1000.0]]), [5.0])
    data = load_arrays(x, Y, test=test, validation_size=0)
    assert data.spec.features[0].maximum == (19.0,)
    assert data.spec.features[0].mean == (9.5,)
    assert data.spec.target.mean == (9.5,)


def test_data_gives_raw_values_row_by_row_and_in_batches():
    data = load_arrays({**COLUMNS, "v": X[:, :2]}, Y, validation_size=0)
    features, target = next(iter(data.train))
    assert features["a"].shape == () and features["v"].shape == (2,)
    assert features["b"].numpy() in (b"red", b"white")
    sizes = [len(target) for _, target in data.batches("train", 6)]
    assert sizes == [6, 6, 4]


def frames(library):
    module = pytest.importorskip(library)
    make = module.table if library == "pyarrow" else module.DataFrame
    columns = {"a": [1.5, None] * 10, "b": ["red", None] * 10, "c": [True, False] * 10}
    return make(columns | {"quality": list(range(20))})


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_dataframes_come_through_arrow(library):
    data = load_arrays(frames(library), "quality", validation_size=0)
    kinds = [(feature.name, feature.kind) for feature in data.spec.features]
    assert kinds == [("a", "numeric"), ("b", "categorical"), ("c", "numeric")]
    rows = np.concatenate([data.table(s).target for s in ("train", "test")]).astype(int)
    words = np.concatenate([data.table(s).features["b"] for s in ("train", "test")])
    numbers = np.concatenate([data.table(s).features["a"] for s in ("train", "test")])
    for row, word, number in zip(rows, words, numbers, strict=True):
        assert word == ("" if row % 2 else "red")
        assert np.isnan(number) if row % 2 else number == 1.5


def test_pandas_index_and_types():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "n": pandas.array([1, None] * 10, dtype="Int64"),
            "c": pandas.Categorical([3, 1] * 10),
            "y": Y,
        },
        index=np.arange(100, 120),
    )
    frame.index.name = "id"
    data = load_arrays(frame.drop(columns="y"), frame["y"])
    assert data.spec.feature_names == ("n", "c")
    assert set(data.spec.features[1].vocabulary) == {"1", "3"}
    assert data.spec.target.names == ("y",)
    assert load_arrays(frame, "y").spec.feature_names == ("n", "c")
    times = frame.assign(took=pandas.Timedelta("1h"))
    with pytest.raises(DataError, match="arrays, column 'took' holds values of type duration"):
        load_arrays(times, "y")
    assert load_arrays(times, "y", exclude="took").spec.feature_names == ("n", "c")


def test_given_test_and_validation_rows():
    data = load_arrays(COLUMNS, Y, test=({"b": ["rose"], "a": [3]}, [1.0]), validation_size=0.25)
    assert data.spec.sizes == {"train": 15, "validation": 5, "test": 1}
    whole = COLUMNS | {"y": Y}
    data = load_arrays(whole, "y", test=whole, validation=(whole, "y"))
    assert data.spec.sizes == {"train": 20, "validation": 20, "test": 20}


@pytest.mark.parametrize("named", [True, False])
def test_groups_stay_together(named):
    group = np.repeat([f"g{i}" for i in range(10)], 2)
    x = {"row": Y % 19, "g": group} if named else {"row": Y % 19}
    data = load_arrays(x, Y, groups="g" if named else group)
    assert data.spec.feature_names == ("row",)
    assert data.spec.sizes == {"train": 14, "validation": 2, "test": 4}
    for split in ("train", "validation", "test"):
        rows = set(data.table(split).target.astype(int).tolist())
        assert rows == {row ^ 1 for row in rows}


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_the_table_holds_the_group_of_each_row(again):
    group = np.repeat([f"g{i}" for i in range(10)], 2)
    data = again(load_arrays({"row": Y}, Y, groups=group))
    for split in ("train", "validation", "test"):
        table = data.table(split)
        assert table.groups.dtype == np.int32
        assert table.groups.tolist() == (table.target // 2).tolist()
    table = data.table("train").take(np.array([3, 0]))
    assert table.groups.tolist() == (table.target // 2).tolist()
    assert "groups: int32" in repr(table)
    assert load_arrays({"row": Y}, Y).table("train").groups is None


def test_a_group_has_one_number_in_all_splits():
    train = {"row": Y, "g": np.arange(20) // 5}  # 0, 1, 2, 3
    other = {"row": Y[:6], "g": [3.0, None, 8.0, 1.0, None, 8.0]}
    data = load_arrays(train, Y, groups="g", validation=(other, Y[:6]), test=(train, Y))
    groups = {split: data.table(split).groups.tolist() for split in ("train", "validation", "test")}
    assert groups["train"] == groups["test"] == (np.arange(20) // 5).tolist()
    found = groups["validation"]
    assert found[0] == 3 and found[3] == 1 and found[2] == found[5]
    # New groups have new numbers, and a row without a group is alone.
    assert min(found[1], found[2], found[4]) > 3 and len({*found}) == 5
    # The validation rows have no groups where those of the training rows are an array.
    data = load_arrays({"row": Y}, Y, groups=train["g"], validation=({"row": Y[:6]}, Y[:6]))
    assert data.table("validation").groups is None


def test_a_target_that_only_varies_outside_the_training_rows_is_refused():
    y = [1.0] * 19 + [2.0]
    refused = 0
    for seed in range(20):
        try:
            load_arrays(X, y, task="regression", seed=seed)
        except DataError as error:
            refused += "'target' is constant in the training rows" in str(error)
    assert 0 < refused < 20


def test_labels_that_are_also_column_names_are_labels():
    assert load_arrays(COLUMNS, ["a", "b"] * 10).spec.classes == ("a", "b")
    assert load_arrays(COLUMNS | {"y": Y}, ["a", "y"]).spec.target.names == ("a", "y")


def test_the_fingerprint_follows_the_values():
    prints = [
        load_arrays(x, y).spec.fingerprint for x, y in [(X, Y), (X.copy(), Y), (X + 1, Y), (X, -Y)]
    ]
    assert prints[0] == prints[1] and len(set(prints)) == 3


def test_the_spec_survives_json():
    spec = load_arrays(COLUMNS, ["a", "b"] * 10).spec
    assert type(spec).from_json(spec.to_json()) == spec


INFINITE = np.where(np.arange(60).reshape(20, 3) == 16, np.inf, X)
BAD = {
    "lengths": (X, Y[:-1], r"x has 20 rows and 'target' has 19"),
    "column lengths": ({"a": Y, "b": Y[:3]}, Y, r"column 'b' has 3 rows and 'a' has 20"),
    "one-dimensional": (Y, Y, r"x has shape \(20,\). Expected \(n, d\).*reshape\(-1, 1\)"),
    "five-dimensional": (
        np.zeros((20, 2, 2, 1, 1)),
        Y,
        r"shape \(20, 2, 2, 1, 1\). Expected \(n, d\)",
    ),
    "deep column": ({"a": np.zeros((20, 2, 2))}, Y, r"'a' has shape \(20, 2, 2\)"),
    "object": (np.array([["a", 1]] * 20, object), Y, r"x has dtype object. Expected numbers"),
    "complex": (X * 1j, Y, r"x has dtype complex128. Expected numbers"),
    "complex column": ({"a": Y * 1j}, Y, r"column 'a' has dtype complex128"),
    "mixed column": ({"a": [1, "x"] * 10}, Y, r"column 'a' mixes values of type int, str"),
    "ragged list": ([[1, 2], [3]], [1, 2], r"x is no array"),
    "no rows": (X[:0], Y[:0], r"x has no rows \(shape \(0, 3\)\)"),
    "no columns": (X[:, :0], Y, r"x has no columns \(shape \(20, 0\)\)"),
    "empty columns": ({"a": []}, [], r"x has no rows"),
    "empty dict": ({}, Y, r"x has no columns"),
    "infinite": (INFINITE, Y, r"row 5 .*'features' \(index 1\): the value is infinite"),
    "collision": ({"a b": Y, "a.b": Y}, Y, r"'a b' and 'a\.b' would both become"),
    "target twice": ({"target": Y, "b": Y}, Y, r"x and y both have a column 'target'"),
    "one row": (X[:1], Y[:1], r"target 'target' is constant"),
    "target absent": ({"alcohol": Y}, "alcool", r"no column 'alcool'.*'alcohol'\?"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_arrays_are_refused(kind):
    x, y, message = BAD[kind]
    with pytest.raises(DataError, match=message) as caught:
        load_arrays(x, y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": ({"a": [1]}, [1.0])}, r"arrays \(test\): .*lacks 'b'"),
        (
            {"validation": ({"a": [1], "b": ["x"], "z": [1]}, [1.0])},
            r"\(validation\): .*unknown 'z'",
        ),
        ({"test": ({"a": [1, 2], "b": ["x", "y"]}, [1.0])}, r"\(test\): x has 2 rows and 'target'"),
        ({"test": ({"a": [[1, 2]], "b": ["x"]}, [1.0])}, r"\(test\): column 'a' has shape"),
        ({"test": ({"a": [np.inf], "b": ["x"]}, [1.0])}, r"\(test\), row 0 .*'a': .*infinite"),
        ({"test": ({"a": ["x"], "b": ["x"]}, [1.0])}, r"\(test\), row 0 .*'a': 'x' is not a num"),
        ({"sample_weight": [1.0]}, r"sample_weight has shape \(1,\).*Expected .*\(20,\)"),
        ({"sample_weight": -Y}, r"row 1: the sample_weight is -1\.0"),
        ({"columns": ["a", "b"]}, r"the columns of x have names"),
        ({"groups": np.zeros((20, 2))}, r"groups has shape \(20, 2\)"),
        ({"groups": [1, 2]}, r"x has 20 rows and 'groups=' has 2"),
    ],
)
def test_bad_companions_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        load_arrays(COLUMNS, Y, **options)


def test_columns_must_fit_a_plain_array():
    with pytest.raises(DataError, match="columns= must give 3 different names.*Got 2"):
        load_arrays(X, Y, columns=["a", "b"])
    with pytest.raises(DataError, match="columns= must give 3 different names"):
        load_arrays(X, Y, columns=["a", "b", "b"])


def test_a_vector_cannot_be_categorical():
    with pytest.raises(DataError, match="'features' holds several numbers a row"):
        load_arrays(X, Y, column_types={"features": "categorical"})


def test_a_pair_must_be_a_pair():
    with pytest.raises(ArgumentError, match=r"'test' parameter of load_arrays must be \(x, y\)"):
        load_arrays(X, Y, test=X)
