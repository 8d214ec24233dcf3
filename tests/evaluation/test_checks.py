"""What `evaluate` refuses before anything is written."""

import numpy as np
import pytest
from evaluation_cases import LIGHT

from kerakit.data.data import Data, Table
from kerakit.data.spec import Target
from kerakit.errors import ArgumentError, DataError, KerakitError
from kerakit.evaluation import evaluate


def test_inputs_that_do_not_match_are_named(make):
    with pytest.raises(DataError, match="takes 'weight', which the data does not have"):
        evaluate(make.model(0, names=("weight", "kind")), make.data(), baselines=LIGHT)
    model = make.answering([1, 2], 2)
    with pytest.raises(DataError, match="the data has 'x', 'kind', which the model does not take"):
        evaluate(model, make.data(), baselines=LIGHT)


@pytest.mark.parametrize(
    "task, width, message",
    [
        ("regression", 2, "one value for each of 'target'.*quantiles="),
        ("binary", 1, "one column for each of 'no', 'yes'.*softmax"),
        ("multiclass", 2, "'a', 'b', 'c'"),
        ("multilabel", 3, "'p', 'q'"),
    ],
)
def test_output_width_that_does_not_match(make, task, width, message):
    with pytest.raises(DataError, match=message):
        evaluate(make.model(width), make.data(task), baselines=LIGHT)


def test_nothing_to_measure_on(make, tmp_path):
    data = make.data()
    train = data.table("train")
    for test in (None, train.take(slice(0)), data.test.take(0)):
        with pytest.raises(DataError, match="made-up has no test rows"):
            evaluate(
                make.model(0), Data(train, None, test, data.spec), run_dir=tmp_path, baselines=LIGHT
            )
    assert list(tmp_path.iterdir()) == []


def test_run_dir_that_is_a_file(make, tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArgumentError, match="'run_dir' parameter of evaluate"):
            evaluate(make.model(0), make.data(), run_dir=path, baselines=LIGHT)
    assert (tmp_path / "file").read_text() == "mine"


def test_predictions_that_are_not_numbers(make, tmp_path):
    data = make.rows("regression", np.float32([1, 2, 3]))
    with pytest.raises(KerakitError, match=r"for 2 of 3 test rows \(the first is row 1\)"):
        evaluate(make.answering([1, np.nan, np.inf], 3), data, run_dir=tmp_path, baselines=LIGHT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.many
@pytest.mark.parametrize("p", [[[-2.0, 3.0], [1.0, 0.0]], [[0.9, 0.9], [0.5, 0.5]]])
def test_logits_are_refused(make, p):
    with pytest.raises(DataError, match="probabilities in .* that sum to 1"):
        evaluate(make.answering(p, 2), make.rows("binary", np.int32([0, 1])), baselines=LIGHT)


@pytest.mark.many
def test_targets_that_are_not_in_the_spec(make):
    data = make.rows("binary", np.int32([0, 1, 0]))
    train = data.table("train")
    p = [[0.9, 0.1]] * 3
    for target, message in ([0, 1, 2], r"in \[0, 2\)"), ([0.0, np.nan, 1], "test row 1"):
        test = Table(train.features, np.asarray(target))
        with pytest.raises(DataError, match=message):
            evaluate(make.answering(p, 3), Data(train, None, test, data.spec), baselines=LIGHT)


@pytest.mark.parametrize("quantiles", [(), (0.9, 0.1), (0.0, 0.5), ("a",), 0.5])
def test_wrong_quantiles(make, quantiles):
    with pytest.raises(ArgumentError, match="'quantiles' parameter"):
        evaluate(make.model(0), make.data(), quantiles=quantiles, baselines=LIGHT)


def test_arguments_of_another_task(make):
    with pytest.raises(ArgumentError, match="regression of one target"):
        evaluate(
            make.model(2, "softmax"), make.data("binary"), quantiles=(0.1, 0.9), baselines=LIGHT
        )
    two = make.data(targets=2, target=Target(("a", "b")))
    with pytest.raises(ArgumentError, match="regression of one target"):
        evaluate(make.model(2), two, quantiles=(0.1, 0.9), baselines=LIGHT)
    with pytest.raises(ArgumentError, match="Got task 'ranking'"):
        evaluate(make.model(2), make.data("ranking"), baselines=LIGHT)
    with pytest.raises(ArgumentError, match="'verbose' parameter"):
        evaluate(make.model(0), make.data(), verbose="loud", baselines=LIGHT)
