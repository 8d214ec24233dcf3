"""Sets that come with scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest

from kerakit.data import list_builtin, load_builtin
from kerakit.errors import ArgumentError


@pytest.mark.parametrize("name", list(list_builtin()))
def test_the_registry_says_what_is_loaded(name):
    entry = list_builtin()[name]
    spec = load_builtin(name).spec
    assert sum(spec.sizes.values()) == entry.rows
    assert sum(feature.size for feature in spec.features) == entry.features
    assert (spec.task, spec.target.names, spec.dataset) == (entry.task, (entry.target,), name)


def test_classes_are_words():
    assert load_builtin("breast_cancer").spec.classes == ("benign", "malignant")
    other = load_builtin("breast_cancer", positive="benign")
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


def test_digits_are_rows_of_64():
    data = load_builtin("digits")
    assert data.spec.features[0].shape == (64,)
    assert max(data.spec.features[0].maximum) == 16.0


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match="Did you mean 'iris'"):
        load_builtin("irs")


def test_imports_are_as_late_as_they_can_be():
    code = (
        "import sys, kerakit.data as d; d.list_builtin(); d.load_csv; d.load_tfds; d.load_arrays;"
        "print([m for m in ('tensorflow', 'keras', 'sklearn', 'pyarrow', 'pandas',"
        " 'tensorflow_datasets') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
