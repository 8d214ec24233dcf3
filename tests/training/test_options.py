"""The options of fit: a bad one is named before anything is trained or written."""

import pathlib

import numpy as np
import pytest
from training_cases import mlp

import kerakit as kk


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 0}, r"'epochs'.*\[1, inf\). Got 0"),
        ({"epochs": 2.5}, "'epochs'.*Got 2.5"),
        ({"batch_size": 0}, "'batch_size'.*Got 0"),
        ({"batch_size": -4}, "'batch_size'.*Got -4"),
        ({"early_stopping": 0.5}, "'early_stopping'.*Got 0.5"),
        ({"augment": "strong"}, "'augment'.*None for tables.*'strong'"),
        ({"class_weight": "balanced"}, "'class_weight'.*regression"),
        ({"verbose": 3}, "'verbose'.*Got 3"),
        ({"seed": -1}, "'seed'.*Got -1"),
        ({"cache_mb": -1}, "'cache_mb'.*Got -1"),
    ],
)
def test_bad_arguments_are_named(options, words, line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match=words):
        kk.fit(mlp(line_data), line_data, **{"epochs": 1, "run_dir": tmp_path / "r", **options})
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "weight", [{"setosa": 1.0}, {0: 1, 1: 1, 2: 1, 3: 1}, {"setosa": 1, "iris": 2}, [1, 1, 1], "x"]
)
def test_class_weights_that_leave_a_class_out_are_refused(iris, weight):
    model = kk.mlp_classifier(iris.spec)
    kk.compile(model, "multiclass")
    with pytest.raises(kk.ArgumentError, match="'class_weight'.*setosa.*versicolor.*virginica"):
        kk.fit(model, iris, epochs=1, class_weight=weight)


def test_a_model_of_other_columns_is_refused(line_data, diabetes):
    with pytest.raises(kk.DataError, match=r"takes .*which the data does not have"):
        kk.fit(mlp(line_data), diabetes, epochs=1)


def test_an_uncompiled_model_and_bare_arrays_are_refused(line_data, tmp_path):
    with pytest.raises(kk.ArgumentError, match="kk.compile"):
        kk.fit(kk.mlp_regressor(line_data.spec), line_data, epochs=1)
    with pytest.raises(kk.ArgumentError, match="kk.load_arrays"):
        kk.fit(mlp(line_data), (np.zeros((3, 2)), np.zeros(3)), epochs=1)
    file = pathlib.Path(tmp_path, "file")
    file.write_text("")
    with pytest.raises(kk.ArgumentError, match="must be a folder"):
        kk.fit(mlp(line_data), line_data, epochs=1, run_dir=file)
