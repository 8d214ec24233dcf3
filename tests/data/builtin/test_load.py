"""`load_builtin`: sets that come with scikit-learn, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest

from kerakit.data import list_builtin, load_builtin
from kerakit.errors import ArgumentError, DataError


@pytest.mark.many
@pytest.mark.parametrize("name", list(list_builtin()))
def test_the_registry_says_what_is_loaded(name):
    entry = list_builtin()[name]
    spec = load_builtin(name).spec
    assert sum(spec.sizes.values()) == entry.rows
    if spec.features[0].shape[:1] != (None,):  # such a sequence has any number of steps
        assert sum(feature.size for feature in spec.features) == entry.features
    assert (spec.task, spec.target.names, spec.dataset) == (entry.task, (entry.target,), name)


def test_classes_are_words():
    assert load_builtin("breast_cancer").spec.classes == ("benign", "malignant")
    other = load_builtin("breast_cancer", pos_label="benign")
    assert other.spec.classes == ("malignant", "benign")
    assert load_builtin("digits").spec.classes == tuple("0123456789")


def test_measurements_are_raw_and_belong_to_their_labels():
    from sklearn import datasets

    spec = load_builtin("diabetes").spec
    assert spec.features[0].name == "age" and spec.features[0].maximum > 60
    data = load_builtin("iris")
    bunch = datasets.load_iris()
    known = {tuple(np.float32(row)): label for row, label in zip(*bunch_rows(bunch), strict=True)}
    table = data.table("test")
    rows = np.stack([table.features[name] for name in data.spec.feature_names], axis=1)
    assert all(known[tuple(row)] == label for row, label in zip(rows, table.target, strict=True))


def bunch_rows(bunch):
    return bunch.data, bunch.target


def test_digits_are_images_or_rows_of_64():
    from sklearn import datasets

    table, images = load_builtin("digits", view="table"), load_builtin("digits")
    assert table.spec.features[0].shape == (64,)
    assert max(table.spec.features[0].maximum) == 16.0
    (feature,) = images.spec.features
    assert (feature.name, feature.kind, feature.dtype) == ("image", "image", "uint8")
    assert (feature.shape, feature.maximum) == ((8, 8, 1), (255.0,))
    rows, pixels = table.table("test").features["features"], images.table("test").features["image"]
    np.testing.assert_array_equal(pixels.reshape(-1, 64), np.rint(rows * 255 / 16))
    np.testing.assert_array_equal(table.table("test").target, images.table("test").target)
    first = datasets.load_digits().images[0]
    every = np.concatenate([images.table(s).features["image"] for s in ("train", "validation")])
    every = np.concatenate([every, pixels])[..., 0]
    assert (every == np.rint(first * 255 / 16)).all(axis=(1, 2)).sum() == 1


def test_a_table_is_not_seen_as_images():
    assert load_builtin("iris", view="table").spec.features[0].shape == ()
    with pytest.raises(DataError, match="'iris' is a table; view='image' goes with digits"):
        load_builtin("iris", view="image")
    with pytest.raises(ArgumentError, match="'view'"):
        load_builtin("digits", view="row")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match="Did you mean 'iris'"):
        load_builtin("irs")


@pytest.mark.parametrize(
    "name, options, error, message",
    [
        ("iris", {"window": 3}, ArgumentError, "'iris': window= of load_builtin go"),
        ("control_charts", {"horizon": 3}, ArgumentError, "horizon= .* a series to forecast"),
        ("mackey_glass", {"window": 0}, ArgumentError, "'window' parameter of load_builtin"),
        ("mackey_glass", {"pos_label": "a"}, ArgumentError, "pos_label= .* classes"),
        ("mackey_glass", {"exclude": "a"}, ArgumentError, "exclude= .* tables"),
        ("mackey_glass", {"task": "regression"}, DataError, "is a series to forecast"),
        ("mackey_glass", {"view": "table"}, DataError, "'mackey_glass' is no table; view='table'"),
        ("control_charts", {"view": "table"}, DataError, "goes with diabetes, iris"),
        (
            "control_charts",
            {"column_types": {"a": "numeric"}},
            ArgumentError,
            "column_types= .* tables",
        ),
        ("control_charts", {"task": "regression"}, DataError, "the target is 'normal'; 600 of 600"),
        ("control_charts", {"task": "binary"}, DataError, "of 6 classes"),
        ("control_charts", {"rename_labels": {"cylic": "x"}}, DataError, "Did you mean 'cyclic'"),
        ("control_charts", {"pos_label": "cylic"}, ArgumentError, "Did you mean 'cyclic'"),
        ("control_charts", {"pos_label": "cyclic"}, DataError, "pos_label= needs exactly two"),
        ("iris", {"view": "rows"}, DataError, "is a table; view='rows' goes with digits, control"),
        ("digits", {"view": "row"}, ArgumentError, "'view' .*Did you mean 'rows'"),
    ],
)
def test_what_a_set_cannot_be_asked_for(name, options, error, message):
    with pytest.raises(error, match=message):
        load_builtin(name, **options)


@pytest.mark.process
def test_imports_are_as_late_as_they_can_be():
    code = (
        "import sys, kerakit.data as d; d.list_builtin(); d.load_csv; d.load_tfds; d.load_arrays;"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'pyarrow', 'pandas',"
        " 'tensorflow_datasets') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
