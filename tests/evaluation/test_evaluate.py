import json

import numpy as np
import pytest
from evaluation_cases import LIGHT

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature
from kerakit.evaluation import evaluate
from kerakit.evaluation.report.headline import format_number

METRICS = {
    "regression": ["rmse", "mae", "r2"],
    "binary": [
        "accuracy",
        "balanced_accuracy",
        "f1",
        "auc",
        "average_precision",
        "log_loss",
        "ece",
    ],  # fmt: skip
}
PLOTS = {
    "regression": {"predicted_vs_true", "residuals", "importance"},
    "multilabel": {"roc", "precision_recall", "reliability_diagram", "importance"},
    "binary": {
        "confusion_matrix",
        "roc",
        "precision_recall",
        "reliability_diagram",
        "importance",
    },  # fmt: skip
}


@pytest.mark.parametrize(
    "task, width, activation",
    [
        ("regression", 0, None),
        ("binary", 2, "softmax"),
        pytest.param("multiclass", 3, "softmax", marks=pytest.mark.slow),
        pytest.param("multilabel", 2, "sigmoid", marks=pytest.mark.slow),
    ],
)
@pytest.mark.drawing
def test_every_task_leaves_a_whole_run(make, tmp_path, task, width, activation):
    history = {"loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}
    report = evaluate(
        make.model(width, activation), make.data(task), run_dir=tmp_path, history=history
    )
    expected = METRICS.get(task, METRICS["binary"])
    assert list(report.test) == expected
    constant, linear = ("mean", "linear") if task == "regression" else ("majority", "logistic")
    assert list(report.baseline) == [constant, linear, "gradient_boosting"]
    assert all(list(values) == expected for values in report.baseline.values())
    assert report.counts == {"train": 80, "validation": 20, "test": 40}
    assert set(report.plots) == PLOTS.get(task, PLOTS["binary"]) | {"learning_curves"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in report.plots.values())
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {"metrics.json", "report.html"} | {f"plots/{n}.png" for n in report.plots}
    if task == "regression":
        assert report.baseline["linear"]["rmse"] < 1e-4  # the data are linear by making
    else:
        assert report.baseline["logistic"]["auc"] > 0.95
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["test"] == report.test and values["importance"] == report.importance
    assert {one["column"] for one in report.importance["columns"]} == {"x", "kind"}


@pytest.mark.many
def test_metrics_json_has_the_stated_shape(make, tmp_path):
    details = {"name": "trial", "version": 7, "seconds": {"train": 1.25}, "cpu_seconds": 2.5}
    data = make.data()
    evaluate(
        make.model(0), data, run_dir=tmp_path / "new" / "run", details=details, baselines=LIGHT
    )
    values = json.loads((tmp_path / "new" / "run" / "metrics.json").read_text())
    assert list(values) == [
        "task", "dataset", "name", "version", "seed", "test", "baseline", "importance", "counts",
        "seconds", "cpu_seconds", "epochs", "environment",
    ]  # fmt: skip
    assert values["dataset"] == "made-up" and values["name"] == "trial"
    assert (values["version"], values["seed"], values["epochs"]) == (7, 3, None)
    assert list(values["seconds"]) == ["data", "train", "evaluate", "export", "total"]
    assert values["seconds"]["train"] == 1.25 and values["seconds"]["export"] is None
    assert values["seconds"]["evaluate"] > 0
    assert values["cpu_seconds"] == 2.5
    assert values["environment"]["keras"]


@pytest.mark.drawing
def test_history_file_gives_epochs_and_curves(make, tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n0,3,4\n1,2,3\n2,1,2\n")
    report = evaluate(make.model(0), make.data(), run_dir=tmp_path, baselines=LIGHT)
    assert "learning_curves" in report.plots
    assert json.loads((tmp_path / "metrics.json").read_text())["epochs"] == 3


def test_numbers_by_hand(make):
    data = make.rows("regression", np.float32([1, 2, 3, 6]))
    report = evaluate(make.answering([1, 3, 3, 4], 4), data, baselines=LIGHT)
    assert report.test["rmse"] == pytest.approx(np.sqrt(5 / 4))
    assert report.baseline["mean"] == {
        "rmse": pytest.approx(np.sqrt(14 / 4)),
        "mae": pytest.approx(1.5),
        "r2": pytest.approx(0.0),
    }
    data = make.rows("binary", np.int32([0, 0, 0, 1]))
    p = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]
    report = evaluate(make.answering(p, 4), data, baselines=LIGHT)
    assert report.test["accuracy"] == 0.75 and report.test["auc"] == 1.0
    assert report.baseline["majority"]["accuracy"] == 0.75
    assert report.baseline["majority"]["auc"] == 0.5


@pytest.mark.drawing
def test_several_targets(make, tmp_path):
    data = make.data(targets=3)
    report = evaluate(make.model(3), data, run_dir=tmp_path, baselines=LIGHT)
    y, names = data.table("test").target, data.spec.target.names
    expected = np.sqrt(((y - data.table("train").target.mean(axis=0)) ** 2).mean(axis=0))
    assert list(report.per_target) == list(names) and list(report.test) == ["r2"]
    for name, rmse in zip(names, expected, strict=True):
        own = report.per_target[name]
        assert own["baseline"]["mean"]["rmse"] == pytest.approx(rmse, rel=1e-5)
        assert own["baseline"]["linear"]["rmse"] < 1e-4
        (line,) = [line for line in str(report).splitlines() if line.startswith(name)]
        assert line.split()[1] == format_number(own["rmse"])
        assert f"{name} {format_number(own['rmse'])}" in report.headline()
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert values["per_target"] == report.per_target and "rmse" not in values["test"]
    assert report.path.read_text().count(f"<th scope=row>{names[1]}</th>") == 1


@pytest.mark.drawing
def test_quantiles_give_an_interval(make, tmp_path):
    data = make.rows("regression", np.float32([1, 2, 3, 4]))
    p = [[0, 1, 2], [0, 2, 3], [3.5, 4, 5], [3, 4, 4]]
    report = evaluate(
        make.answering(p, 4), data, quantiles=(0.1, 0.5, 0.9), run_dir=tmp_path, baselines=LIGHT
    )
    assert report.test["mae"] == pytest.approx(1 / 4)
    assert report.test["coverage"] == 0.75
    assert report.test["interval_width"] == pytest.approx((2 + 3 + 1.5 + 1) / 4)
    assert "coverage" not in report.baseline["mean"]
    assert "–" in str(report)
    single = evaluate(make.answering([1, 2, 3, 4], 4), data, quantiles=[0.5], baselines=LIGHT)
    assert single.test["rmse"] == 0 and "coverage" not in single.test


@pytest.mark.many
def test_quantiles_are_those_of_the_builder(make):
    from kerakit.builders import linear_regressor

    data = make.data()
    model = linear_regressor(1, quantiles=(0.1, 0.5, 0.9))
    x = data.table("test").features["x"][:, None]
    table = Table({"features": x}, data.table("test").target)
    spec = make.spec("regression", features=(Feature("features", shape=(1,)),))
    data = Data(table, None, table, spec)
    report = evaluate(model, data, baselines=LIGHT)
    assert "interval_width" in report.test
    assert report.test == evaluate(model, data, quantiles=(0.1, 0.5, 0.9), baselines=LIGHT).test


@pytest.mark.many
def test_streams_and_tables_give_the_same(make):
    data = make.data("multiclass")
    sizes = {"train": 80, "test": 40}
    counts = tuple(np.bincount(data.table("train").target).tolist())
    spec = make.spec("multiclass", class_counts=counts, sizes=sizes)
    model = make.model(3, "softmax")
    streamed = evaluate(model, Data(data.train, None, data.test, spec), baselines=LIGHT)
    direct = evaluate(model, data, baselines=LIGHT)
    assert streamed.counts == {"train": 80, "validation": None, "test": 40}
    for name, value in direct.test.items():
        assert streamed.test[name] == pytest.approx(value, abs=1e-6)
    for name, value in direct.baseline["logistic"].items():
        assert streamed.baseline["logistic"][name] == pytest.approx(value, abs=1e-3)


@pytest.mark.many
def test_more_rows_than_one_batch_and_a_weight(make, monkeypatch):
    import sys

    monkeypatch.setattr(sys.modules["kerakit.evaluation.batches"], "MAX_ROWS", 16)
    data = make.data()
    tables = [data.table(split) for split in ("train", "test")]
    train, test = (Table(t.features, t.target, np.ones(len(t), "float32")) for t in tables)
    model = make.model(0)
    report = evaluate(model, Data(train, None, test, data.spec), baselines=LIGHT)
    expected = np.asarray(model.predict(next(iter(data.batches("test", 40)))[0], verbose=0))
    error = expected - test.target
    assert report.test["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


def test_model_without_names_and_with_one_unnamed_input():
    import keras

    x = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    table = Table({"features": x}, x.sum(axis=1))
    spec_class = Data(table, None, table, None)
    from kerakit.data.spec import Spec

    spec_class.spec = Spec("regression", (Feature("features", shape=(3,)),))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="ones")])
    report = evaluate(model, spec_class, baselines=LIGHT)
    assert report.test["rmse"] < 1e-5 and report.baseline["linear"]["rmse"] < 1e-5


@pytest.mark.many
def test_printing(make, capsys):
    model, data = make.model(0), make.data()
    evaluate(model, data, baselines=LIGHT)
    evaluate(model, data, verbose=0, baselines=LIGHT)
    assert capsys.readouterr().out == ""
    evaluate(model, data, verbose=1, baselines=LIGHT)
    assert "rmse" in capsys.readouterr().out


@pytest.mark.many
def test_the_linear_baseline_reads_the_categories_beside_any_model():
    """Members are folded before they answer, and keep their `preprocess`."""
    import kerakit as kk

    kinds = np.array(["a", "b", "c"])[np.random.default_rng(0).integers(0, 3, 120)]
    y = np.select([kinds == "a", kinds == "b"], [0.0, 50.0], 7.0) + np.arange(120) % 5
    data = kk.load_arrays({"kind": kinds, "number": np.arange(120.0) % 7}, y)
    for options in ({"members": 2}, {"members": 1, "hidden": (4,)}):
        model = kk.mlp_regressor(data, **options)
        report = evaluate(model, data, baselines=LIGHT, verbose=0)
        assert report.baseline["linear"]["rmse"] < 2 < report.baseline["mean"]["rmse"]
