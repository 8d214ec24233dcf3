"""The stages of fine-tuning in the report, the metrics and the learning curves."""

import json
import re

import keras
import numpy as np
import pytest
from matplotlib.text import Text

from kerakit.evaluation import evaluate
from kerakit.evaluation.plots.figure import learning_curves
from kerakit.evaluation.report.run_files import read_history

STAGES = [
    {"stage": "head", "epochs": 1, "val_accuracy": 0.9375, "val_loss": 0.21, "kept": True},
    {"stage": "last_blocks", "epochs": 3, "val_accuracy": 0.95, "val_loss": 0.15, "kept": True},
    {"stage": "full", "epochs": 2, "val_accuracy": None, "val_loss": 0.16, "kept": False},
]
for stage, seconds in zip(STAGES, (7.25, 31.04, 120.0), strict=True):
    stage["cpu_seconds"] = seconds
STAGES[1].update(fall=0.06, standard_error=0.0123)
STAGES[2].update(fall=-0.01, standard_error=None)  # of a single row
CURVES = {
    "loss": [0.3, 0.5, 0.2, 0.1, 0.4, 0.3],
    "val_loss": [0.21, 0.25, 0.2, 0.15, 0.2, 0.16],
    "accuracy": [0.9, 0.85, 0.9, 0.95, 0.9, 0.92],
    "val_accuracy": [0.93, 0.92, 0.93, 0.95, 0.93, 0.94],
    "stage": [1, 2, 2, 2, 3, 3],
}


def tuned(curves=CURVES, stages=STAGES):
    history = keras.callbacks.History()
    history.history, history.epoch, history.stages = curves, list(range(6)), stages
    return history


@pytest.fixture
def case(make):
    return make.model(3, "softmax"), make.data("multiclass", classes=("a", "b", "c"))


def test_the_stages_are_printed_in_the_report_and_in_the_metrics(case, tmp_path):
    report = evaluate(*case, run_dir=tmp_path, history=tuned())
    lines = str(report).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("Stage "))
    assert [line.split("  ")[0] for line in lines[place + 1 : place + 4]] == [
        "head", "last blocks", "whole network",
    ]  # fmt: skip
    assert lines[place + 1].split() == ["head", "1", "0.9375", "0.2100", "–", "7.2", "yes"]
    assert lines[place + 3].split()[2:] == ["2", "–", "0.1600", "-0.0100", "120.0", "no"]
    assert len({len(line) for line in lines[place : place + 4]}) == 1
    page = report.path.read_text(encoding="utf-8")
    training = page.split("<h2>Training</h2>")[1].split("<h2>")[0]
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in training.split("<tr>")[2:]]
    assert rows[1] == [
        "last blocks", "3", "0.9500", "0.1500", "0.0600 ± 0.0123", "31.0", "yes",
    ]  # fmt: skip
    assert "as well" not in training
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["stages"] == STAGES and metrics["epochs"] == 6
    assert json.loads(json.dumps(report.to_dict()))["stages"] == STAGES


def test_without_stages_nothing_speaks_of_them(case, tmp_path):
    report = evaluate(*case, run_dir=tmp_path, history={"loss": [2.0, 1.0]})
    assert report.stages == () and "Kept" not in str(report)
    assert "Kept" not in report.path.read_text(encoding="utf-8")
    assert "stages" not in json.loads((tmp_path / "metrics.json").read_text())


def test_curves_are_cut_where_a_stage_begins():
    figure = learning_curves(CURVES, STAGES)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Loss", "Accuracy"]
    loss = figure.axes[0]
    drawn = [line.get_xydata().tolist() for line in loss.lines]
    assert [[1, 0.3]] in drawn
    assert [[2, 0.5], [3, 0.2], [4, 0.1]] in drawn and [[5, 0.2], [6, 0.16]] in drawn
    single = next(line for line in loss.lines if len(line.get_xdata()) == 1)
    assert single.get_marker() == "."  # a line of one point would not be seen
    assert [line.get_xdata()[0] for line in loss.lines if line.get_linestyle() == "-"][-2:] == [
        1.5, 4.5,
    ]  # fmt: skip
    assert [(text.get_text(), text.xy[0]) for text in loss.texts] == [
        ("head", 0.5), ("last blocks", 1.5), ("whole network", 4.5),
    ]  # fmt: skip
    assert loss.get_legend_handles_labels()[1] == ["training", "validation", "best: 4"]


def test_the_names_of_stages_do_not_hide_each_other():
    figure = learning_curves({name: (x * 4)[:24] for name, x in CURVES.items()} | {
        "stage": [1] + [2] * 4 + [3] * 19,
    }, STAGES)  # fmt: skip
    figure.draw_without_rendering()
    for axis in figure.axes:
        names = ("Loss", "Accuracy", "head", "last blocks", "whole network")
        texts = [text for text in axis.findobj(Text) if text.get_text() in names]
        boxes = [text.get_window_extent() for text in texts if text is not axis.yaxis.label]
        assert len(boxes) == 4 and min(box.y0 for box in boxes) > axis.bbox.y1
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_curves_that_are_read_from_a_file_number_the_stages(tmp_path):
    rows = ["epoch,loss,val_loss,stage", "1,0.3,0.2,1", "2,0.5,0.25,2", "3,0.2,nan,2"]
    (tmp_path / "history.csv").write_text("\n".join(rows))
    (axis,) = learning_curves(read_history(None, tmp_path)).axes
    assert [text.get_text() for text in axis.texts] == ["stage 1", "stage 2"]
    np.testing.assert_array_equal(axis.lines[1].get_xydata(), [[2, 0.5], [3, 0.2]])


def test_a_solved_head_alone_has_no_curve(case, tmp_path):
    point = {name: values[:1] for name, values in CURVES.items()}
    head = STAGES[0] | {"C": 0.1, "refitted": True}
    report = evaluate(*case, run_dir=tmp_path, history=tuned(point, [head]))
    assert "learning_curves" not in report.plots and "reliability_diagram" in report.plots
    assert "head, solved  " in str(report)
    assert "on the validation images as well" in report.path.read_text(encoding="utf-8")
