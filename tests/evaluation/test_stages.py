"""The stages of fine-tuning in the report and in the metrics."""

import json
import re

import keras
import pytest
from evaluation_cases import CURVES, LIGHT, STAGES

from kerakit.evaluation import evaluate


def tuned(curves=CURVES, stages=STAGES):
    history = keras.callbacks.History()
    history.history, history.epoch, history.stages = curves, list(range(6)), stages
    return history


@pytest.fixture
def case(make):
    return make.model(3, "softmax"), make.data("multiclass", classes=("a", "b", "c"))


@pytest.mark.drawing
def test_the_stages_are_printed_in_the_report_and_in_the_metrics(case, tmp_path):
    report = evaluate(*case, run_dir=tmp_path, history=tuned(), baselines=LIGHT)
    lines = str(report).splitlines()
    location = next(n for n, line in enumerate(lines) if line.startswith("Stage "))
    assert [line.split("  ")[0] for line in lines[location + 1 : location + 4]] == [
        "head", "last blocks", "whole network",
    ]  # fmt: skip
    assert lines[location + 1].split() == ["head", "1", "0.9375", "0.2100", "–", "7.2", "yes"]
    assert lines[location + 3].split()[2:] == ["2", "–", "0.1600", "-0.0100", "120.0", "no"]
    assert len({len(line) for line in lines[location : location + 4]}) == 1
    page = report.path.read_text(encoding="utf-8")
    training = page.split("<h2>Training</h2>")[1].split("<h2>")[0]
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in training.split("<tr>")[2:]]
    assert rows[1] == [
        "last blocks", "3", "0.9500", "0.1500", "0.0600 ± 0.0123", "31.0", "yes",
    ]  # fmt: skip
    assert "refitted" not in training
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["stages"] == STAGES and metrics["epochs"] == 6
    assert json.loads(json.dumps(report.to_dict()))["stages"] == STAGES


@pytest.mark.drawing
def test_without_stages_nothing_speaks_of_them(case, tmp_path):
    report = evaluate(*case, run_dir=tmp_path, history={"loss": [2.0, 1.0]}, baselines=LIGHT)
    assert report.stages == () and "Kept" not in str(report)
    assert "Kept" not in report.path.read_text(encoding="utf-8")
    assert "stages" not in json.loads((tmp_path / "metrics.json").read_text())


@pytest.mark.slow
@pytest.mark.drawing
def test_a_solved_head_alone_has_no_curve(case, tmp_path):
    point = {name: values[:1] for name, values in CURVES.items()}
    head = STAGES[0] | {"C": 0.1, "refitted": True}
    report = evaluate(*case, run_dir=tmp_path, history=tuned(point, [head]), baselines=LIGHT)
    assert "learning_curves" not in report.plots and "reliability_diagram" in report.plots
    assert "head, solved  " in str(report)
    assert "refitted on training plus validation images" in report.path.read_text(encoding="utf-8")
