"""Parameters: those of the estimator and those of its builder, stored as given."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import kerakit as kk
from kerakit.integrations.sklearn import KerakitClassifier, KerakitRegressor

X, Y = np.arange(40.0).reshape(20, 2) % 7, np.arange(20.0)


def test_options_of_the_builder_are_parameters():
    hidden = [16]
    model = KerakitRegressor(hidden=hidden, epochs=5)
    assert model.get_params()["hidden"] is hidden and model.get_params()["epochs"] == 5
    assert repr(model) == "KerakitRegressor(epochs=5, hidden=[16])"
    assert model.set_params(hidden=(8,), dropout=0.2) is model
    assert model.get_params()["hidden"] == (8,) and model.get_params()["dropout"] == 0.2
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not hasattr(copy, "model_")
    model.set_params(builder="polynomial", degree=3)
    assert model.get_params()["degree"] == 3
    assert KerakitClassifier(class_weight="balanced").get_params()["class_weight"] == "balanced"


def test_a_parameter_that_nobody_has_is_named_with_the_nearest():
    with pytest.raises(ValueError, match=r"'hiden'.*Did you mean 'hidden'\?"):
        KerakitRegressor().set_params(hiden=(8,))
    with pytest.raises(ValueError, match=r"'hiden'.*mlp_regressor.*Did you mean 'hidden'\?"):
        KerakitRegressor(hiden=(8,)).fit(X, Y)
    with pytest.raises(ValueError, match="Did you mean 'mlp'"):
        KerakitRegressor("mpl").fit(X, Y)
    with pytest.raises(ValueError, match=r"validation_fraction.*KerakitRegressor.*\[0.0, 1.0\)"):
        KerakitRegressor(validation_fraction=1.0).fit(X, Y)
    with pytest.raises(ValueError, match=r"shape \(None,\)\. Expected \(None, 3\)"):
        KerakitClassifier(lambda spec: kk.mlp_regressor(2)).fit(X, np.arange(20) % 3)


def test_nothing_is_predicted_before_fit(tmp_path):
    for estimator in (KerakitRegressor(), KerakitClassifier()):
        with pytest.raises(NotFittedError):
            estimator.predict(X)
        with pytest.raises(NotFittedError):
            estimator.export(tmp_path / "m")
    with pytest.raises(NotFittedError):
        KerakitClassifier().predict_proba(X)


@pytest.mark.many
def test_targets_and_weights_that_cannot_be_used():
    fit = KerakitClassifier().fit
    with pytest.raises(ValueError, match="row 1 .*label is missing, as in 10 of 20 rows"):
        fit(X, ["a", None] * 10)
    with pytest.raises(ValueError, match="one class only, 'a'"):
        fit(X, ["a"] * 20)
    with pytest.raises(ValueError, match="one class only, 0"):
        fit(X, np.arange(20) % 2, sample_weight=np.arange(20) % 2 == 0)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        fit(X, Y + 0.5)
    fit = KerakitRegressor().fit
    with pytest.raises(ValueError, match="row 3 .*beyond float32"):
        fit(X, np.where(np.arange(20) == 3, 1e300, Y))
    with pytest.raises(ValueError, match=r"Negative values in sample_weight: -1.0 in row 2"):
        fit(X, Y, sample_weight=np.where(np.arange(20) == 2, -1, 1))
    with pytest.raises(ValueError, match="at least one non-zero"):
        fit(X, Y, sample_weight=np.zeros(20))
    with pytest.raises(ValueError, match="mlp_regressor takes columns"):
        fit(["a text", "another"] * 10, Y)


@pytest.mark.process
def test_kerakit_does_not_import_it():
    code = "import sys, kerakit; print('kerakit.integrations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
