"""Several targets of 0 and 1: one-hot classes and flags."""

import numpy as np
import pandas as pd
import pytest

import kerakit as kk
from kerakit.data import load_arrays, load_csv
from kerakit.errors import DataError

X = np.arange(60, dtype=np.float32).reshape(30, 2) % 7
IDS = np.arange(30) % 3
ONE_HOT = "one-hot target taken as classes.*task='multilabel'.*task='regression'"


def ids_of(data):
    tables = [data.table(split) for split in ("train", "test")]
    return [table.target for table in tables], [table.features["features"] for table in tables]


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_a_one_hot_array_is_classes_numbered_from_0(dtype):
    with pytest.warns(UserWarning, match=ONE_HOT):
        data = load_arrays(X, np.eye(3, dtype=dtype)[IDS], validation_size=0)
    plain = load_arrays(X, IDS, task="multiclass", validation_size=0)
    assert (data.spec.task, data.spec.classes) == ("multiclass", ("0", "1", "2"))
    assert data.spec.target.names == ("target",)
    assert data.table("test").target.tolist() == plain.table("test").target.tolist()
    assert data.table("train").target.dtype == np.int32


def test_two_columns_are_binary():
    with pytest.warns(UserWarning, match=ONE_HOT):
        assert load_arrays(X, np.eye(2)[IDS % 2]).spec.task == "binary"


def test_columns_with_names_are_the_classes_in_their_order():
    colors = np.array(["red", "blue", "green"])[IDS]
    frame = pd.get_dummies(pd.Series(colors))[["red", "blue", "green"]]
    with pytest.warns(UserWarning, match=ONE_HOT):
        data = load_arrays(X, frame, validation_size=0)
    assert data.spec.classes == ("red", "blue", "green")
    with pytest.warns(UserWarning, match=ONE_HOT):
        data = load_arrays(X, frame.add_prefix("color_"), rename_labels={"color_red": "red"})
    assert data.spec.classes == ("red", "color_blue", "color_green")
    assert data.spec.target.names == ("color",)


def test_from_tables_pictures_and_files_too(write):
    one_hot = np.eye(3)[IDS]
    pictures = np.arange(30, dtype=np.uint8)[:, None, None] + np.zeros((30, 8, 8), np.uint8)
    lines = [f"{i % 7},{i % 3 == 0:d},{i % 3 == 1:d},{i % 3 == 2:d}" for i in range(30)]
    with pytest.warns(UserWarning, match=ONE_HOT):
        loaded = [
            kk.Data.from_tables(train=(X, one_hot), test=(X, one_hot)),
            load_arrays(pictures, one_hot),
            load_csv(write("\n".join(["x,a,b,c", *lines])), ("a", "b", "c")),
        ]
    assert [data.spec.task for data in loaded] == ["multiclass"] * 3
    assert loaded[0].table("test").target.tolist() == IDS.tolist()


def test_several_ones_in_a_row_are_flags():
    flags = np.stack([IDS == 0, IDS < 2], axis=1)
    with pytest.warns(UserWarning, match=r"taken as multilabel.*task='regression'"):
        data = load_arrays(X, flags)
    assert data.spec.task == "multilabel"


@pytest.mark.parametrize("task", ["multiclass", "multilabel", "regression"])
@pytest.mark.filterwarnings("error")
def test_the_task_that_is_given_decides_without_a_warning(task):
    assert load_arrays(X, np.eye(3)[IDS], task=task).spec.task == task


@pytest.mark.filterwarnings("error")
def test_fractions_are_numbers():
    soft = np.stack([IDS / 4, 1 - IDS / 4], axis=1)
    assert load_arrays(X, soft).spec.task == "regression"


@pytest.mark.filterwarnings("ignore:.*one-hot")
def test_a_test_row_that_is_not_one_hot_is_refused_with_its_row():
    test = (X[:2], np.array([[1, 0, 0], [1, 1, 0]]))
    with pytest.raises(DataError, match=r"\(test\), row 1 .* exactly one 1.* 2 of them 1"):
        load_arrays(X, np.eye(3)[IDS], test=test)


def test_one_hot_labels_of_texts():
    texts = [f"text {word}" for word in "abcdefghijklmnopqrst"]
    with pytest.warns(UserWarning, match="one-hot labels taken as classes"):
        assert kk.load_text((texts, np.eye(2)[np.arange(20) % 2])).spec.classes == ("0", "1")
    with pytest.raises(DataError, match=r"shape \(20, 2\)"):
        kk.load_text((texts, np.ones((20, 2))))
