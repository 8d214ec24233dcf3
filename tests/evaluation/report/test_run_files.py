import json
import math

import pytest

from kerakit.errors import RunError
from kerakit.evaluation import update_metrics
from kerakit.evaluation.report.run_files import read_history


def test_update_merges_and_replaces(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"seconds": {"train": 1.0, "export": None}, "version": None}))
    update_metrics(tmp_path, seconds={"export": 2.0, "total": 3.0}, version=4)
    assert json.loads(path.read_text()) == {
        "seconds": {"train": 1.0, "export": 2.0, "total": 3.0},
        "version": 4,
    }
    assert [entry.name for entry in tmp_path.iterdir()] == ["metrics.json"]


@pytest.mark.parametrize("content", [None, "{"])
def test_update_without_metrics(tmp_path, content):
    if content:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(RunError, match=r"metrics\.json cannot be read"):
        update_metrics(tmp_path, epochs=1)


def test_history_of_a_run(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss,note\n0,2.5,,a\n1,1.5,nan,b\n")
    assert read_history(None, tmp_path) == {"loss": [2.5, 1.5]}
    assert read_history({"loss": [1], "acc": [0.5]}, tmp_path) == {"loss": [1.0], "acc": [0.5]}
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n0,2.5,\n1,1.5,3\n")
    values = read_history(None, tmp_path)["val_loss"]
    assert math.isnan(values[0]) and values[1] == 3.0


def test_no_history(tmp_path):
    assert read_history(None, tmp_path) is None
    assert read_history(None) is None
    (tmp_path / "history.csv").write_text("epoch,loss\n")
    assert read_history(None, tmp_path) is None
