"""`kk.tune`: the validation loss decides, a search goes on, and failures are told."""

import functools
import importlib.util
import shutil

import keras
import numpy as np
import pytest

import kerakit as kk

SMALL = functools.partial(kk.mlp_regressor, hidden=(8,), bins=0)
SPACE = {"optimizer": ["adam", "sgd"], "learning_rate": [0.01, 1e9], "l2": [0.0, 0.1]}


def needs_keras_tuner():
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")


@pytest.fixture(scope="module")
def found(diabetes, tmp_path_factory):
    """A search of three trials, and its folder."""
    needs_keras_tuner()
    folder = tmp_path_factory.mktemp("tune") / "search"
    options = {"epochs": 2, "run_dir": folder, "space": SPACE}
    return kk.tune(SMALL, diabetes, trials=3, verbose=0, **options), options


def loss_of(model, data):
    """The mean squared error of the validation rows, over the target's variance."""
    rows = data.table("validation")
    error = model.predict(rows.features, verbose=0) - rows.target
    return np.mean(error**2) / data.spec.target.variance[0]


@pytest.mark.training
def test_the_lowest_validation_loss_wins_and_the_first_trial_has_the_defaults(found, diabetes):
    result, _ = found
    first = result.trials[0]
    assert first.values == {"optimizer": "adam", "learning_rate": 0.01, "l2": 0.0}
    losses = [trial.loss for trial in result.trials if trial.loss is not None]
    assert result.loss == min(losses)
    assert result.loss == pytest.approx(loss_of(result.model, diabetes), rel=1e-4)
    assert result.best == next(t.values for t in result.trials if t.loss == result.loss)


@pytest.mark.training
def test_a_failed_trial_is_told_and_the_search_goes_on(found):
    result, _ = found
    failed = [trial for trial in result.trials if trial.failed]
    assert failed and all(trial.values["learning_rate"] == 1e9 for trial in failed)
    assert all("diverged" in trial.failed for trial in failed)
    assert "failed" in repr(result) and "failed" in result._repr_html_()


@pytest.mark.training
def test_the_table_has_a_row_for_each_trial_the_best_first(found):
    frame = found[0].to_frame()
    assert list(frame.columns) == ["val_loss", *SPACE, "epochs", "seconds"]
    assert len(frame) == 3 and frame.iloc[0]["val_loss"] == found[0].loss


@pytest.mark.training
def test_a_finished_search_gives_its_result_back_and_may_have_more_trials(found, diabetes, capsys):
    result, options = found
    again = kk.tune(SMALL, diabetes, trials=3, **options)
    assert capsys.readouterr().out == "3 of 3 trials are done before.\n"
    assert again.trials == result.trials
    for one, other in zip(again.model.weights, result.model.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert again.history.history == result.history.history


@pytest.mark.training
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"space": {**SPACE, "l2": [0.0, 0.2]}}, "space was"),
        ({"epochs": 3}, "epochs was 2, is 3"),
        ({"data": kk.load_builtin("diabetes", seed=1)}, "split was"),
    ],
)
def test_another_search_in_the_folder_is_refused(found, diabetes, change, words):
    with pytest.raises(kk.RunError) as error:
        kk.tune(SMALL, **{"data": diabetes, "trials": 3, "verbose": 0, **found[1], **change})
    assert words in str(error.value) and "resume=False" in str(error.value)


@pytest.mark.training
def test_a_search_whose_files_are_broken_or_cleared(found, diabetes, tmp_path):
    folder, own = tmp_path / "search", tmp_path / "search" / "mine.json"
    shutil.copytree(found[1]["run_dir"], folder)
    (folder / "oracle.json").write_text("{")
    own.write_text('{"a": 1}')
    options = {**found[1], "run_dir": folder, "verbose": 0}
    with pytest.raises(kk.RunError, match="cannot be read"):
        kk.tune(SMALL, diabetes, trials=3, **options)
    anew = kk.tune(SMALL, diabetes, trials=1, resume=False, **options)
    assert len(anew.trials) == 1 and anew.loss == pytest.approx(found[0].trials[0].loss)
    assert own.exists() and len(list(folder.glob("trial_*"))) == 1


@pytest.mark.training
def test_an_interrupted_search_ends_as_an_uninterrupted_one(found, diabetes, tmp_path, capsys):
    left = iter(range(8))  # seven models check the space, and one is that of the first trial

    def mine(data, l2=0.0):
        if next(left, None) is None and not resumed:
            raise KeyboardInterrupt
        return SMALL(data, l2=l2)

    options, resumed = {**found[1], "run_dir": tmp_path / "search", "trials": 3}, False
    with pytest.raises(KeyboardInterrupt):
        kk.tune(mine, diabetes, **options)
    capsys.readouterr()
    resumed = True
    result = kk.tune(mine, diabetes, **options)
    assert "1 of 3 trials are done before." in capsys.readouterr().out
    assert [t.values for t in result.trials] == [t.values for t in found[0].trials]
    losses = [[trial.loss for trial in each.trials] for each in (result, found[0])]
    assert losses[0] == pytest.approx(losses[1])


@pytest.mark.training
def test_a_penalty_is_no_part_of_the_loss_that_decides(diabetes):
    """Keras' `val_loss` has it, so that a search over `l2` would always take the smallest."""
    model = SMALL(diabetes, l2=0.1)
    kk.compile(model)
    history = kk.fit(model, diabetes, epochs=2, verbose=0)
    assert history.validation_loss == pytest.approx(loss_of(model, diabetes), rel=1e-4)
    assert history.validation_loss < min(history.history["val_loss"]) - 0.1
    hidden = keras.layers.Dense(4, activity_regularizer="l2")  # its penalty is no weight's
    rows = keras.Input((10,), name="features")
    model = keras.Model(rows, keras.layers.Dense(1)(hidden(rows)))
    model.compile("adam", "mse")
    table = diabetes.table("train")
    data = kk.load_arrays(np.stack(list(table.features.values()), 1), table.target)
    history = kk.fit(model, data, epochs=1, verbose=0)
    assert history.validation_loss == pytest.approx(history.history["val_loss"][0])


@pytest.mark.skipif(importlib.util.find_spec("keras_tuner") is not None, reason="it is installed")
def test_a_missing_package_is_told(diabetes):
    with pytest.raises(kk.ArgumentError, match=r"tune needs keras-tuner.*'kerakit\[tune\]'"):
        kk.tune(SMALL, diabetes, trials=2, epochs=2)


def test_nothing_to_tune_in_a_model_that_is_solved(diabetes):
    needs_keras_tuner()
    with pytest.raises(kk.ArgumentError, match=r"nothing to try for linear_regressor: fit solves"):
        kk.tune(kk.linear_regressor, diabetes, trials=2, epochs=2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"space": {"dropout": (0.0, 1.5)}}, "tune cannot try dropout=1.5"),
        ({"space": {"learning_rate": [-1.0, 1.0]}}, "tune cannot try learning_rate=-1.0"),
        ({"space": {"batch_size": [0, 8]}}, "tune cannot try batch_size=0"),
        ({"space": {"loss": ["mse", "mae"]}}, "unknown name 'loss'"),
        ({"algorithm": "bayes"}, "Did you mean 'bayesian'?"),
        ({"trials": 0}, "'trials' parameter of tune"),
    ],
)
def test_a_wrong_argument_has_one_line_before_anything_is_trained(diabetes, options, words):
    needs_keras_tuner()
    with pytest.raises(kk.ArgumentError) as error:
        kk.tune(SMALL, diabetes, **{"trials": 2, "epochs": 2, **options})
    assert words in str(error.value)


def test_a_builder_of_ones_own_needs_a_space(diabetes):
    needs_keras_tuner()

    def mine(data, units):
        return kk.mlp_regressor(data, hidden=(units,))

    with pytest.raises(kk.ArgumentError, match="mine, which declares no search space"):
        kk.tune(mine, diabetes, trials=2, epochs=2)


def test_without_a_validation_split_nothing_decides():
    needs_keras_tuner()
    rows = np.arange(20.0)
    data = kk.load_arrays(rows[:, None], rows, validation_size=0)
    with pytest.raises(kk.DataError, match="validation"):
        kk.tune(SMALL, data, trials=2, epochs=2)
