"""The benchmark of learners on tables: what it counts, and one small set from end to end."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

sys.path.append(str(pathlib.Path(__file__).parent / "benchmarks"))

import tabular_peers
from tabular_models import rows_of, with_categories
from tabular_targets import means_of, targets

import kerakit as kk


def entries(name, measure, figures):
    """One entry for each split of each peer."""
    return [
        {"set": name, "split": split, "peer": peer, measure: figure, "cpu": 5.0, "imports": 2.0}
        for peer, by_split in figures.items()
        for split, figure in enumerate(by_split)
    ]


def test_means_are_over_the_splits_that_all_peers_have():
    results = entries("concrete", "rmse", {"kerakit": [3.0, 5.0], "catboost": [4.0, 5.0, 90.0]})
    splits, peers = means_of(results)["concrete"]
    assert splits == 2
    assert peers["kerakit"] == {"rmse": 4.0, "cpu": 5.0, "work": 3.0}
    assert peers["catboost"]["rmse"] == 4.5


def test_targets_by_hand():
    regressions = {
        "concrete": {"kerakit": [3.96], "linear": [10], "hgb": [4], "catboost": [4]},
        "diabetes": {"kerakit": [98], "linear": [100], "hgb": [95], "catboost": [95]},
        "more/servo": {"kerakit": [0.3], "catboost": [0.2]},
    }
    results = [
        *(line for name, figures in regressions.items() for line in entries(name, "rmse", figures)),
        *entries("titanic", "log_loss", {"kerakit": [0.5], "linear": [0.5], "catboost": [0.6]}),
    ]
    found = {target: (*rest,) for target, *rest in targets(means_of(results))}
    assert found["concrete: RMSE <= 3.6"] == ("3.96", "missed by 10.0%")
    assert found["diabetes: RMSE <= 99"] == ("98", "met")
    assert found["titanic: log loss <= 0.5000"] == ("0.5000", "met")
    assert found["adult: accuracy"] == ("", "not measured")
    half = found["at least as good as CatBoost on 75% of the sets"]
    assert half == ("2 of 4", "missed by 25% of the sets")
    (worse,) = (value for target, value in found.items() if target.startswith("on no set"))
    assert worse == ("diabetes (+3.2%)", "missed on 1 sets")


def test_scores_as_scikit_learn_has_them():
    answer = np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    target = np.array([0, 1, 2])
    found = tabular_peers.scores(answer, target)
    assert found["log_loss"] == pytest.approx(log_loss(target, answer))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert tabular_peers.scores(np.array([1.0, 4.0]), np.array([1.0, 2.0])) == {
        "rmse": pytest.approx(2**0.5)
    }


def test_peers_get_all_rows_and_the_categories_of_the_training_rows():
    x = pd.DataFrame({"size": [1.0, None, 3.0, 4.0] * 5, "kind": ["a", "b", None, "a"] * 5})
    test = pd.DataFrame({"size": [7.0, 8.0], "kind": ["b", "c"]})
    data = kk.load_arrays(x, ["yes", "no"] * 10, test=(test, ["no", "yes"]))
    rows = rows_of(data)
    assert rows["classes"] == ["no", "yes"]
    assert rows["train"].isna().sum().tolist() == [5, 5]
    assert len(rows["train"]) == len(rows["train_target"]) == 20
    assert rows["test_target"].tolist() == [0, 1]
    train, tested = with_categories(rows)
    assert train["x1"].cat.categories.tolist() == ["a", "b"]
    assert tested["x1"].tolist() == ["b", np.nan]
    commonest = with_categories(rows, most=1)[0]["x1"]
    assert commonest.dropna().unique().tolist() == ["a"] and commonest.isna().sum() == 10


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on(test_data, tmp_path):
    out = tmp_path / "peers.jsonl"
    command = [sys.executable, tabular_peers.__file__, "--data", str(test_data)]
    command += ["--out", str(out), "--sets", "more/servo", "--splits", "0", "--peers", "linear"]
    subprocess.run(command, check=True, capture_output=True)
    first = out.read_text()
    done = subprocess.run([*command, "hgb", "kerakit"], check=True, capture_output=True, text=True)
    assert out.read_text().startswith(first)
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [entry["peer"] for entry in found] == ["linear", "hgb", "kerakit"]
    assert all(0 < entry["imports"] < entry["cpu"] for entry in found)
    assert len({(entry["rows"], entry["test_rows"]) for entry in found}) == 1
    assert min(found, key=lambda entry: entry["rmse"])["peer"] != "linear"
    assert "| more/servo (1) |" in done.stdout
