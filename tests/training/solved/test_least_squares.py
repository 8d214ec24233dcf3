"""Linear and polynomial regressors are solved: they predict as NumPy and scikit-learn do."""

import keras
import numpy as np
import pytest
from marks import first
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import PolynomialFeatures
from training_cases import fitted_rows, solved

import kerakit as kk

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4)) * [1, 20, 0.1, 3] + [0, 100, -2, 5]
Y = 50 + X @ [3, -0.5, 40, 1] + RNG.normal(size=400)
WEIGHT = RNG.uniform(0, 4, 400).astype("float32")


@pytest.mark.training
def test_linear_regressor_is_least_squares_of_training_and_validation_rows(diabetes):
    model = kk.linear_regressor(diabetes)
    history = solved(model, diabetes)
    columns, x, y = fitted_rows(diabetes)
    exact = LinearRegression().fit(x, y).predict(x)
    np.testing.assert_allclose(model.predict(columns, verbose=0), exact, rtol=1e-6)
    assert history.solved == "least squares, solved on 354 rows and 10 columns"
    assert history.epoch == [0]


@pytest.mark.training
def test_the_logs_are_of_the_training_rows_alone_as_keras_computes_them(diabetes):
    """So that the validation loss is that of rows that were not fitted."""
    history = solved(kk.linear_regressor(diabetes), diabetes).history
    rows = [diabetes.table(split) for split in ("train", "validation")]
    x = [np.column_stack(list(t.features.values())).astype("float64") for t in rows]
    exact = LinearRegression().fit(x[0], rows[0].target)
    for prefix, values, table in zip(("", "val_"), x, rows, strict=True):
        error = exact.predict(values) - table.target
        variance = diabetes.spec.target.variance
        assert history[f"{prefix}mae"] == pytest.approx([np.abs(error).mean()], rel=1e-5)
        assert history[f"{prefix}loss"] == pytest.approx(
            [np.mean(error**2) / variance[0]], rel=1e-5
        )
    assert len(history) == 4


@pytest.mark.training
@pytest.mark.parametrize("l2", [0.0, 0.02])
def test_targets_weights_and_a_penalty(l2):
    y = np.stack([Y, 1e4 * X[:, 0] ** 2], axis=1)
    data = kk.load_arrays(X, y, sample_weight=WEIGHT, validation_size=0, test=(X[:9], y[:9]))
    model = kk.linear_regressor(data, l2=l2)
    solved(model, data)
    weight = data.table("train").weight
    # In standard deviations, and a mean over two targets: alpha is l2 x rows x targets.
    z, std = (X - X.mean(0)) / X.std(0), y.std(0)
    exact = Ridge(l2 * len(X) * 2, solver="svd") if l2 else LinearRegression()
    expected = exact.fit(z, y / std, weight).predict(z) * std
    answers = model.predict(data.table("train").features, verbose=0)
    np.testing.assert_allclose(answers / std, expected / std, atol=3e-6)


@pytest.mark.training
def test_columns_that_depend_on_others_do_not_spoil_the_answers():
    x = np.column_stack([X, X[:, 0] + X[:, 2], np.full(400, 3.0), X[:, 1]])
    data = kk.load_arrays(x, Y)
    model = kk.linear_regressor(data)
    solved(model, data)
    table = data.table("test")
    columns, fitted, y = fitted_rows(data)
    exact = LinearRegression().fit(fitted, y)
    other = np.column_stack(list(table.features.values())).astype("float64")
    answers = model.predict(table.features, verbose=0)
    np.testing.assert_allclose(answers, exact.predict(other), atol=1e-5 * Y.std())
    assert np.abs(model.get_layer("network").get_layer("output").kernel).max() < 2


@pytest.mark.training
def test_a_polynomial_of_ill_conditioned_columns():
    """Two columns that are far from 0 and correlated by 0.995, expanded to degree 3."""
    a = RNG.uniform(1000, 1001, 500)
    x = np.stack([a, a + RNG.uniform(0, 0.1, 500)], axis=1).astype("float32").astype("float64")
    u = (x - 1000.5) * 2
    y = u[:, 0] ** 3 - u[:, 0] * u[:, 1] + u[:, 1] + RNG.normal(0, 0.1, 500)
    data = kk.load_arrays(x, y)
    model = kk.polynomial_regressor(data, degree=3)
    solved(model, data)
    columns, x, y = fitted_rows(data)
    powers = PolynomialFeatures(3).fit_transform((x - 1000.5) * 2)
    exact = powers @ np.linalg.lstsq(powers, y, rcond=None)[0]
    np.testing.assert_allclose(model.predict(columns, verbose=0), exact, atol=1e-5 * y.std())


@pytest.mark.slow
@pytest.mark.training
def test_rows_that_do_not_fit_in_memory_are_solved_too(diabetes):
    answers = []
    for cache_mb in (512, 0):
        model = kk.linear_regressor(diabetes, l2=0.01)
        logs = solved(model, diabetes, cache_mb=cache_mb).history
        answers.append([*model.get_weights(), *logs.values()])
    for ours, theirs in zip(*answers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@pytest.mark.training
@pytest.mark.parametrize("validation", [True, False])
def test_auto_chooses_a_penalty_on_rows_that_were_not_fitted(validation):
    """40 or 80 rows of 30 columns, of which one counts: the penalty lowers the error."""
    rng = np.random.default_rng(1)
    x, other = rng.normal(size=(80, 30)), rng.normal(size=(500, 30))
    target, truth = x[:, 0] + rng.normal(size=80), other[:, 0]
    own = {"validation": (x[40:], target[40:])} if validation else {"validation_size": 0}
    data = kk.load_arrays(x[:40], target[:40], test=(other, truth), **own)
    errors, lines = {}, {}
    for l2 in (0.0, "auto"):
        model = kk.linear_regressor(data, l2=l2)
        lines[l2] = solved(model, data).solved
        answer = model.predict(data.table("test").features, verbose=0)
        errors[l2] = np.sqrt(np.mean((answer - truth) ** 2))
    assert errors["auto"] < (0.75 if validation else 0.6) * errors[0.0]
    rows = 80 if validation else 40
    assert lines["auto"].startswith(f"ridge regression, solved on {rows} rows and 30 columns, l2")


@pytest.mark.slow
@pytest.mark.training
def test_auto_is_kept_in_the_file_and_said_where_it_has_no_effect(diabetes, tmp_path):
    kk.linear_regressor(diabetes, l2="auto").save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    assert "ridge" in solved(model, diabetes).solved
    kk.compile(model, "sgd")
    with pytest.warns(UserWarning, match="l2='auto' has no effect.*fit.*number"):
        kk.fit(model, diabetes, epochs=1, verbose=0)


@pytest.mark.training
@pytest.mark.parametrize(
    "how",
    first(
        1,
        [
            {"preset": "sgd"},
            {"learning_rate": 0.01},
            {"loss": "mae"},
            {"preset": "momentum"},
            {"preset": "adam"},
            {"preset": "robust_regression"},
            {"optimizer": "adam"},
            {"schedule": "cosine"},
            {"weight_decay": 0.01},
        ],
    ),
    ids=str,
)
def test_other_presets_and_values_descend_step_by_step(line_data, how):
    model = kk.linear_regressor(line_data)
    kk.compile(model, **how)
    history = kk.fit(model, line_data, epochs=2, verbose=0)
    assert len(history.epoch) == 2 and history.solved == ""
