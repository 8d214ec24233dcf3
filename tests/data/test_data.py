"""`Data` of tables in memory and in files, and of tables that the user split."""

import copy
import pickle

import numpy as np
import pytest
import tensorflow as tf

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError, DataError

N = 300
IMAGES = np.random.default_rng(0).integers(0, 255, (N, 4, 5, 3), dtype=np.uint8)
IDS = np.arange(N, dtype=np.int32) % 7
WEIGHT = np.linspace(0, 1, N, dtype=np.float32)


@pytest.fixture(params=["memory", "file"])
def images(request, tmp_path):
    if request.param == "memory":
        return IMAGES
    IMAGES.tofile(tmp_path / "pixels.raw")
    return np.memmap(tmp_path / "pixels.raw", np.uint8, "r", shape=IMAGES.shape)


def data(images, weight=None):
    table = Table({"image": images, "number": IDS * 2.0}, IDS, weight)
    return Data(table, None, table.take(slice(10, 30)), Spec("multiclass", ()))


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_a_gatherer_fetches_rows_in_any_order(images, weight):
    gather = data(images, weight).gatherer("train")
    rows = np.array([5, 299, 0, 5], np.int32)
    features, target, *extra = gather(tf.constant(rows))
    np.testing.assert_array_equal(features["image"], IMAGES[rows])
    np.testing.assert_array_equal(features["number"], IDS[rows] * 2.0)
    np.testing.assert_array_equal(target, IDS[rows])
    assert len(extra) == (weight is not None)
    for value in extra:
        np.testing.assert_array_equal(value, WEIGHT[rows])


@pytest.mark.many
def test_a_gatherer_works_in_pipelines_and_graphs_and_knows_its_shape(images):
    gather = data(images).gatherer("train")
    order = np.random.default_rng(1).permutation(N)
    batches = tf.data.Dataset.from_tensor_slices(order).batch(64).map(gather, tf.data.AUTOTUNE)
    assert batches.element_spec[0]["image"].shape.as_list() == [None, 4, 5, 3]
    fetched = np.concatenate([features["image"] for features, _ in batches.as_numpy_iterator()])
    np.testing.assert_array_equal(fetched, IMAGES[order])

    @tf.function(input_signature=[tf.TensorSpec((2,), tf.int64)])
    def both(rows):
        features, target = gather(rows)
        assert features["image"].shape == (2, 4, 5, 3)
        return tf.reduce_sum(tf.cast(features["image"], tf.int32)), target

    total, target = both(tf.constant([3, 8], tf.int64))
    assert int(total) == IMAGES[[3, 8]].sum(dtype=int) and target.numpy().tolist() == [3, 1]


@pytest.mark.many
def test_batches_and_rows_come_in_order(images):
    made = data(images, WEIGHT)
    sizes, start = [], 0
    for features, target, weight in made.batches("train", 90).as_numpy_iterator():
        end = start + len(target)
        np.testing.assert_array_equal(features["image"], IMAGES[start:end])
        np.testing.assert_array_equal(weight, WEIGHT[start:end])
        sizes.append(len(target))
        start = end
    assert sizes == [90, 90, 90, 30]
    assert made.train.cardinality() == N and made.train.element_spec[0]["image"].shape == (4, 5, 3)
    for _ in range(2):
        rows = [f["image"] for f, *_ in made.train.as_numpy_iterator()]
        np.testing.assert_array_equal(rows, IMAGES)
    test = [f["image"] for f, *_ in made.test.as_numpy_iterator()]
    np.testing.assert_array_equal(test, IMAGES[10:30])
    assert made.validation is None


def test_a_stream_and_an_absent_split_have_no_gatherer():
    stream = tf.data.Dataset.from_tensor_slices(({"image": IMAGES}, IDS))
    made = Data(stream, None, stream, Spec("multiclass", ()))
    assert made.gatherer("train") is None and made.gatherer("validation") is None


FRAME = {"a": np.arange(30.0) ** 2 % 17, "kind": ["x", "y", "z"] * 10, "y": np.arange(30.0) % 11}


def rows_of(start, end, *columns):
    return {name: FRAME[name][start:end] for name in columns or FRAME}


def same(one, other):
    assert one.spec == other.spec
    for split in ("train", "validation", "test"):
        tables = [made.table(split) for made in (one, other)]
        np.testing.assert_array_equal(tables[0].target, tables[1].target)
        for name, column in tables[0].features.items():
            np.testing.assert_array_equal(column, tables[1].features[name])


@pytest.mark.parametrize("form", ["pairs", "target", "frames", "arrays"])
def test_tables_that_the_user_split_are_those_of_load_arrays(form):
    cuts = {"train": (0, 18), "validation": (18, 24), "test": (24, 30)}
    pairs = {k: (rows_of(*cut, "a", "kind"), FRAME["y"][slice(*cut)]) for k, cut in cuts.items()}
    if form == "arrays":
        pairs = {k: (np.stack([x["a"], x["a"] + 1], axis=1), y) for k, (x, y) in pairs.items()}
    options = {"unit": "m", "dataset": "mine"}
    (x, y), others = pairs["train"], {k: pairs[k] for k in ("validation", "test")}
    expected = kk.load_arrays(x, y, **others, **options)
    if form in ("pairs", "arrays"):
        data = kk.Data.from_tables(**pairs, **options)
    else:
        tables = {split: rows_of(*cut) for split, cut in cuts.items()}
        if form == "frames":
            pandas = pytest.importorskip("pandas")
            tables = {split: pandas.DataFrame(table) for split, table in tables.items()}
        data = kk.Data.from_tables(**tables, target="y", **options)
        expected = kk.load_arrays(
            rows_of(0, 18), "y", validation=rows_of(18, 24), test=rows_of(24, 30), **options
        )
    same(data, expected)
    assert data.spec.sizes == {"train": 18, "validation": 6, "test": 6}
    assert data.spec.target.mean[0] == pytest.approx(FRAME["y"][:18].mean())


def test_tables_that_are_not_given_are_split_off_and_several_targets_are_named():
    data = kk.Data.from_tables((rows_of(0, 30, "a"), FRAME["y"]), test_size=0.5, seed=3)
    same(data, kk.load_arrays(rows_of(0, 30, "a"), FRAME["y"], test_size=0.5, seed=3))
    data = kk.Data.from_tables(rows_of(0, 30), target=["a", "y"], validation_size=0)
    assert data.spec.target.names == ("a", "y") and data.table("validation") is None
    data = kk.Data.from_tables(rows_of(0, 30), target=("kind",))
    assert data.spec.classes == ("x", "y", "z")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"train": FRAME}, "'train' parameter of Data.from_tables must be a pair .* target="),
        ({"train": (FRAME, 1, 2)}, "'train' parameter"),
        ({"train": None}, "'train' parameter"),
        ({"train": ([1], [2]), "test": FRAME}, "'test' parameter of Data.from_tables"),
    ],
)
def test_what_is_no_pair_is_refused(tables, message):
    with pytest.raises(ArgumentError, match=message):
        kk.Data.from_tables(**tables)
    with pytest.raises(DataError, match="no column 'z'"):
        kk.Data.from_tables(FRAME, target="z")


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_data_in_memory_can_be_copied_and_pickled(again):
    loaded = data(IMAGES, WEIGHT)
    first = next(iter(loaded.train))[1]  # tensors and datasets exist by now
    copied = again(loaded)
    assert copied.spec == loaded.spec
    assert copied.validation is None
    np.testing.assert_array_equal(copied.table("train").features["image"], IMAGES)
    assert next(iter(copied.train))[1] == first


@pytest.mark.parametrize("again", [copy.deepcopy, pickle.dumps])
def test_data_that_is_not_in_memory_says_why_it_cannot_be_pickled(again, tmp_path):
    table = Table({"number": IDS * 2.0}, IDS)
    rows = tf.data.Dataset.from_tensor_slices(table.elements())
    stream = Data(rows, None, table, Spec("multiclass", ()))
    with pytest.raises(TypeError, match="The train split of this Data is a stream"):
        again(stream)
    assert copy.copy(stream).train is rows
    IMAGES.tofile(tmp_path / "pixels.raw")
    pixels = np.memmap(tmp_path / "pixels.raw", np.uint8, "r", shape=IMAGES.shape)
    with pytest.raises(TypeError, match="The train split of this Data is in a file"):
        again(data(pixels))


@pytest.mark.many
@pytest.mark.parametrize("what", ["frame", "dict", "array", "path", None])
def test_what_is_no_data_gets_one_line_that_says_how_to_make_one(what, tmp_path):
    import pandas as pd

    columns = {"a": np.arange(100_000.0), "b": np.arange(100_000.0)}
    rows = {"frame": pd.DataFrame(columns), "dict": columns, "array": np.zeros((1000, 2))}
    wrong = rows.get(what, what)
    model = kk.linear_regressor(2)
    kk.compile(model)
    calls = {
        "evaluate": lambda: kk.evaluate(model, wrong),
        "fit": lambda: kk.fit(model, wrong, epochs=1),
        "export": lambda: kk.export(model, wrong, tmp_path / "m"),
    }
    for owner, call in calls.items():
        with pytest.raises(kk.ArgumentError) as error:
            call()
        message = str(error.value)
        assert f"The 'data' parameter of {owner} must be a Data" in message
        assert "kk.load_arrays(df, 'TARGET')" in message and len(message) < 400
    assert not list(tmp_path.iterdir())


@pytest.mark.many
def test_rows_of_many_columns_are_those_of_the_table():
    """Columns of one type share a tensor; the order of the columns stays."""
    features = {}
    for index in range(0, 120, 3):
        numbers = np.arange(N, dtype=np.float32) * 1000 + index
        features[f"number_{index}"] = numbers
        features[f"text_{index}"] = np.array([f"{number:g}" for number in numbers], object)
        features[f"wide_{index}"] = np.stack([numbers, -numbers], axis=1)
    table = Table(features, IDS, WEIGHT)
    wide = Data(table, None, table, Spec("multiclass", ()))
    rows = np.array([5, 299, 0, 5])
    gathered, target, weight = wide.gatherer("train")(tf.constant(rows))
    first, second = wide.batches("train", 200)
    singles = list(wide.train.take(2).as_numpy_iterator())
    assert list(gathered) == list(first[0]) == list(singles[0][0]) == list(features)

    for name, column in features.items():
        if column.dtype == object:
            column = np.array([text.encode() for text in column], object)
        np.testing.assert_array_equal(gathered[name], column[rows])
        joined = np.concatenate([first[0][name], second[0][name]])
        np.testing.assert_array_equal(joined, column)
        np.testing.assert_array_equal(singles[1][0][name], column[1])
    np.testing.assert_array_equal(target, IDS[rows])
    np.testing.assert_array_equal(weight, WEIGHT[rows])
