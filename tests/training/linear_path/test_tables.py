"""The lines of members, beside those of scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import kerakit as kk
from kerakit.builders.contract import members_of
from kerakit.solvers.logistic_rows import LogisticRows
from kerakit.solvers.penalty import best_logistic_penalty
from kerakit.training.linear_path.solve import solve_linear_path
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

MEMBERS = 3


def solved(model, data):
    kk.compile(model)
    runner = Runner(model, data, FitOptions(owner="fit", epochs=1))
    line = solve_linear_path(runner)
    penalty = float(line.split("l2 = ")[1].split(",")[0])
    return line, penalty, runner.path, members_of(model).line


@pytest.mark.many
def test_each_is_the_ridge_regression_of_the_rows_outside_of_its_fold(diabetes):
    line, penalty, path, layer = solved(kk.mlp_regressor(diabetes, members=MEMBERS), diabetes)
    assert layer.kernel.shape == (MEMBERS, 10, 1) and not layer.trainable
    target = diabetes.spec.target
    y = (path.target - target.mean[0]) / target.variance[0] ** 0.5
    assert len(y) == diabetes.spec.sizes["train"] + diabetes.spec.sizes["validation"]
    errors = []
    for member in range(MEMBERS):
        fitted = path.fold != member
        ridge = Ridge(penalty * fitted.sum()).fit(path.x[fitted].astype("float64"), y[fitted])
        np.testing.assert_allclose(layer.kernel[member, :, 0], ridge.coef_, atol=2e-4)
        np.testing.assert_allclose(layer.bias[member, 0], ridge.intercept_, atol=2e-4)
        errors.append((ridge.predict(path.x[~fitted]) - y[~fitted]) ** 2)
    assert f"left out {np.mean(np.concatenate(errors)):.3g}"[:13] in line


@pytest.mark.many
@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_each_is_the_logistic_regression_of_the_rows_outside_of_its_fold(name, request):
    data = request.getfixturevalue(name)
    _, penalty, path, layer = solved(kk.mlp_classifier(data, members=MEMBERS), data)
    x, y = path.x.astype("float64"), path.target
    for member in range(MEMBERS):
        fitted = path.fold != member
        c = 1 / (2 * penalty * fitted.sum())
        logistic = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x[fitted], y[fitted])
        scores = x @ np.asarray(layer.kernel[member]) + np.asarray(layer.bias[member])
        if scores.shape[1] == 1:
            scores = np.concatenate([0 * scores, scores], axis=1)
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        ours = exponentials / exponentials.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(ours, logistic.predict_proba(x), atol=2e-3)


@pytest.mark.many
def test_one_fold_chooses_the_penalty_of_many_rows_of_classes():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6_400, 3))
    y = np.where(x[:, 0] + rng.logistic(size=6_400) > 0, "yes", "no")
    data = kk.load_arrays(x.astype("float32"), y, test_size=0.01)
    _, penalty, path, layer = solved(kk.mlp_classifier(data, members=2, bins=2), data)
    parts = [(path.fold != 0), (path.fold == 0)]
    target = path.target.reshape(-1, 1).astype("float64")
    rows = [LogisticRows(path.x[part], target[part], path.weight[part]) for part in parts]
    expected = best_logistic_penalty([tuple(rows)], layer.kernel.shape[-1])
    assert penalty == pytest.approx(expected, rel=1e-2)
