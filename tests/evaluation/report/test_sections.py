"""Sections of the report."""

import json

import numpy as np
import pytest
from evaluation_cases import LIGHT

from kerakit.evaluation import evaluate


@pytest.mark.drawing
def test_report_and_metrics_of_any_classification(make, tmp_path):
    p = [[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]]
    data = make.rows("binary", np.int32([0, 0, 0, 1]), class_counts=(31, 12))
    report = evaluate(make.answering(p, 4), data, run_dir=tmp_path, baselines=LIGHT)
    yes = {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    pair = {"true": "no", "predicted": "yes", "count": 1, "share": pytest.approx(1 / 3)}
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert list(values["per_class"]) == ["no", "yes"]
    assert values["per_class"]["yes"] == report.per_class["yes"] == yes
    assert values["confused"] == [pair] and list(report.confused) == [pair]
    assert json.loads(json.dumps(report.to_dict()))["confused"] == [pair]
    page = report.path.read_text()
    for cells in (
        ["no", "1.000", "0.667", "0.800", "3", "31"],
        ["yes", "0.500", "1.000", "0.667", "1", "12"],
        ["no", "yes", "1", "33.3 %"],
    ):
        row = "".join(
            f"<td>{cell}</td>" if cell in ("no", "yes") else f'<td class="number">{cell}</td>'
            for cell in cells
        )
        assert f"<tr>{row}</tr>" in page


@pytest.mark.slow
@pytest.mark.drawing
def test_a_table_of_many_classes_scrolls_and_is_whole(make, tmp_path):
    names = tuple(f"class number {i}" for i in range(100))
    data = make.rows("multiclass", np.arange(100, dtype="int32"), classes=names)
    report = evaluate(make.answering(np.eye(100), 100), data, run_dir=tmp_path, baselines=LIGHT)
    page = report.path.read_text()
    assert '<div class="scroll tall">' in page
    places = [page.index(f"<td>{name}</td>") for name in names]
    assert places == sorted(places)
    assert "No test row was misclassified." in page


@pytest.mark.parametrize("task, width", [("regression", 0), ("multilabel", 2)])
@pytest.mark.drawing
def test_tasks_without_one_label_per_row_have_no_such_tables(make, tmp_path, task, width):
    report = evaluate(
        make.model(width, "sigmoid"), make.data(task), run_dir=tmp_path, baselines=LIGHT
    )
    values = json.loads((tmp_path / "metrics.json").read_text())
    assert "per_class" not in values and "confused" not in values
    assert "<h2>Classes</h2>" not in report.path.read_text()
