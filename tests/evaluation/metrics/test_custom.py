"""Metrics that the user defines."""

import json

import numpy as np
import pytest
from evaluation_cases import LIGHT, forecast_data, naive_forecaster, sentence_data, tag_answers

from kerakit.errors import ArgumentError
from kerakit.evaluation import evaluate
from kerakit.evaluation.metrics.custom import compute_metrics


def shapes(y, p):
    """A metric that encodes what it got, to look at it from outside."""
    seen.append((y.copy(), p.copy()))
    return float(len(y))


seen = []


@pytest.fixture(autouse=True)
def _nothing_seen():
    seen.clear()


@pytest.mark.drawing
def test_a_metric_of_regression_is_in_the_report_and_in_metrics_json(make, tmp_path):
    data = make.rows("regression", np.float32([1, 2, 3, 6]))
    model = make.answering([1, 3, 3, 4], 4)
    report = evaluate(
        model,
        data,
        metrics={"worst": lambda y, p: np.abs(y - p).max()},
        run_dir=tmp_path,
        baselines=LIGHT,
    )
    assert list(report.test) == ["rmse", "mae", "r2", "worst"]
    assert report.test["worst"] == 2.0  # errors 0, 1, 0, -2
    assert report.baseline["mean"]["worst"] == 3.0  # the mean is 3
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["test"]["worst"] == 2.0 and values["baseline"]["mean"]["worst"] == 3.0
    assert "<th scope=row>worst</th>" in report.path.read_text()
    assert "worst" in str(report) and "worst 2.000" in repr(report)


@pytest.mark.many
def test_a_metric_of_scikit_learn(make):
    from sklearn.metrics import cohen_kappa_score, roc_auc_score

    p = np.float32([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]])
    y = np.int32([0, 1, 2, 0])
    metrics = {
        "kappa": lambda y, p: cohen_kappa_score(y, p.argmax(axis=1)),
        "auc of one vs one": lambda y, p: roc_auc_score(y, p, multi_class="ovo"),
    }
    report = evaluate(
        make.answering(p, 4), make.rows("multiclass", y), metrics=metrics, baselines=LIGHT
    )
    assert report.test["kappa"] == pytest.approx(cohen_kappa_score(y, [0, 1, 2, 1]))
    assert report.test["auc of one vs one"] == pytest.approx(
        roc_auc_score(y, p.astype("float64") / p.sum(axis=1, keepdims=True), multi_class="ovo")
    )


@pytest.mark.many
@pytest.mark.parametrize(
    ("task", "width", "y_shape", "p_shape"),
    [
        ("binary", 2, (40,), (40, 2)),
        ("multiclass", 3, (40,), (40, 3)),
        ("multilabel", 2, (40, 2), (40, 2)),
        ("regression", 0, (40,), (40,)),
    ],
)
def test_true_values_and_predictions_of_a_table(make, task, width, y_shape, p_shape):
    activation = {"multilabel": "sigmoid", "regression": None}.get(task, "softmax")
    data = make.data(task)
    report = evaluate(make.model(width, activation), data, metrics={"n": shapes})
    assert report.test["n"] == 40 and len(seen) == 4  # the model and three baselines
    for y, p in seen:
        assert y.shape == y_shape and p.shape == p_shape
        np.testing.assert_array_equal(y, data.table("test").target)


@pytest.mark.many
def test_several_targets_and_the_median_of_quantiles(make):
    data = make.data(targets=3)
    evaluate(make.model(3), data, metrics={"n": shapes}, baselines=LIGHT)
    assert all(y.shape == p.shape == (40, 3) for y, p in seen)
    seen.clear()
    data = make.rows("regression", np.float32([1, 2]))
    model = make.answering([[0, 1, 2], [0, 5, 9]], 2)
    evaluate(model, data, quantiles=(0.1, 0.5, 0.9), metrics={"n": shapes}, baselines=LIGHT)
    np.testing.assert_array_equal(seen[0][1], [1, 5])


@pytest.mark.many
def test_all_forecasts_and_all_tokens(monkeypatch):
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_STEPS", 6 * 9)  # several batches
    data = forecast_data(np.arange(100.0), window=6, horizon=2)
    report = evaluate(
        naive_forecaster(data.spec),
        data,
        metrics={"n": shapes, "mine": lambda y, p: (y - p).max()},
        baselines=LIGHT,
    )
    assert seen[0][0].shape == seen[0][1].shape == (19, 2)
    np.testing.assert_array_equal(seen[0][0], data.table("test").target)
    assert report.test["mine"] == 2.0 and report.baseline["linear"]["mine"] < 1e-3
    seen.clear()
    data = sentence_data()
    words = {"the": [0.9, 0.05, 0.05], "": [0.1, 0.1, 0.8]}
    evaluate(tag_answers(words), data, metrics={"n": shapes}, baselines=LIGHT)
    y, p = seen[0]
    np.testing.assert_array_equal(y, [0, 1, 2, 0, 1, 0, 1, 2, 0, 1, 2])
    np.testing.assert_allclose(p[0], words["the"], atol=1e-6)


@pytest.mark.many
def test_a_metric_cannot_change_what_others_get(make):
    def destructive(y, p):
        y[:] = 0

    with pytest.raises(ArgumentError, match="'bad' of evaluate raised ValueError.*read-only"):
        evaluate(make.model(0), make.data(), metrics={"bad": destructive}, baselines=LIGHT)


def test_numbers_that_json_does_not_have_are_none():
    y = np.zeros(2)
    metrics = {"nan": lambda y, p: np.nan, "inf": lambda y, p: np.inf, "int": lambda y, p: 3}
    assert compute_metrics(metrics, y, y, "regression") == {"nan": None, "inf": None, "int": 3.0}


@pytest.mark.parametrize(
    "value", [None, "0.5", [0.5], np.zeros(2), np.array("a"), {"a": 1.0}, 1j], ids=repr
)
def test_a_metric_must_return_one_number(value):
    y = np.zeros(2)
    with pytest.raises(ArgumentError, match="'mine' of evaluate must return one number. Got"):
        compute_metrics({"mine": lambda y, p: value}, y, y, "regression")


def test_an_error_in_a_metric_is_named_with_what_it_got(make, tmp_path):
    def broken(y, p):
        raise KeyError("x" * 1000)

    message = r"The metric 'mine' of evaluate raised KeyError: .*shape \(40,\)"
    with pytest.raises(ArgumentError, match=message) as error:
        evaluate(
            make.model(0), make.data(), metrics={"mine": broken}, run_dir=tmp_path, baselines=LIGHT
        )
    assert len(str(error.value)) < 500 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"rmse": max}, "name 'rmse', which is the name of a built-in metric"),
        ({"coverage": max}, "built-in metric"),
        ({"mine": 3}, r"The 'metrics\['mine'\]' parameter of evaluate must be a function"),
        ({3: max}, "must be a dict from name to a function"),
        ({" ": max}, "must be a dict from name to a function"),
        ([max], "must be a dict from name to a function"),
    ],
)
def test_metrics_that_are_refused(make, metrics, message):
    with pytest.raises(ArgumentError, match=message):
        evaluate(make.model(0), make.data(), metrics=metrics, baselines=LIGHT)
