"""The tabular recipes as a user runs them: with flags, with mistakes, and interrupted."""

import csv
import json
import os
import signal

import numpy as np
import pytest
from recipe_runs import run, run_here, script_of, start

from kerakit.serving import load_served


def everything(folder):
    """The path of every file and folder below a folder, sorted."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.fixture
def cars(tmp_path):
    """A small file of a user's own: numbers, words, gaps and spaces in the names."""
    rng = np.random.default_rng(0)
    rows = [["horse power", "fuel", "price"]]
    for _ in range(200):
        power, fuel = rng.uniform(50, 200), rng.choice(["petrol", "diesel", "?"])
        price = 100 * power + 2000 * (fuel == "diesel") + rng.normal(0, 300)
        rows.append([f"{power:.1f}" if rng.random() > 0.05 else "", fuel, f"{price:.0f}"])
    path = tmp_path / "cars.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.slow
def test_regression_from_a_csv_to_a_served_answer(cars, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--csv", str(cars), "--target", "price", "--epochs", "60", "--unit", "euro"]
    assert run_here("tabular-regression", *flags) == 0
    out = capsys.readouterr().out
    folder = tmp_path / "runs" / "cars" / "1"
    names = {p.name for p in folder.iterdir()}
    expected = "config.json spec.json history.csv metrics.json report.html plots model.keras"
    assert set(expected.split()) <= names
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["task"] == "regression" and metrics["version"] == 1
    assert metrics["test"]["rmse"] < metrics["baseline"]["mean"]["rmse"] / 2.5
    stages = {"data", "train", "evaluate", "export", "total"}
    assert stages <= {k for k, v in metrics["seconds"].items() if v is not None}
    assert "report.html" in out and "docker run" in out
    # The curl line that was printed, without the server between.
    body = json.loads(out.split("curl -d '")[1].split("' http")[0])
    served = load_served(tmp_path / "saved_models" / "cars" / "1")
    columns = {name: [row[name] for row in body["instances"]] for name in body["instances"][0]}
    assert set(columns) == {"horse_power", "fuel"}
    answer = served(columns)["prediction"]
    assert np.isfinite(answer).all() and 3000 < answer[0] < 25000
    # A finished name makes the next version; the first stays as it is.
    before = (folder / "metrics.json").read_bytes()
    assert run_here("tabular-regression", *flags) == 0
    assert sorted(p.name for p in (tmp_path / "saved_models" / "cars").iterdir()) == ["1", "2"]
    assert (folder / "metrics.json").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_an_interrupted_recipe_goes_on(tmp_path, stop):
    flags = ["--epochs", "150", "--hidden", "16", "--bins", "0"]
    process = start("tabular-regression", *flags, cwd=tmp_path)
    for line in process.stdout:
        if line.startswith("epoch 10/"):
            break
    os.kill(process.pid, stop)
    out, error = process.communicate(timeout=60)
    assert process.returncode == (130 if stop == signal.SIGINT else -9), error
    assert "Traceback" not in error
    if stop == signal.SIGINT:
        command = f"python {script_of('tabular-regression')} {' '.join(flags)}"
        assert f"goes on from the last finished epoch: {command}" in error
    assert not (tmp_path / "saved_models").exists()
    code, _, error = run("tabular-regression", *flags, "--epochs", "149", cwd=tmp_path)
    assert code == 2 and "epochs was 150, is 149" in error
    code, out, error = run("tabular-regression", *flags, cwd=tmp_path)
    assert code == 0, error
    assert "epoch 1/150" not in out
    history = (tmp_path / "runs" / "diabetes" / "1" / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in history[1:]] == [str(n) for n in range(1, len(history))]
    assert (tmp_path / "saved_models" / "diabetes" / "1" / "saved_model.pb").exists()


@pytest.mark.slow
def test_classification_on_adult_answers_with_labels(test_data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = test_data / "tabular" / "adult"
    names = (
        "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,"
        "race,sex,capital-gain,capital-loss,hours-per-week,native-country,income"
    )
    flags = ["--csv", str(folder / "adult-train.csv"), "--test", str(folder / "adult-test.csv")]
    flags += ["--columns", names, "--target", "income", "--epochs", "2"]
    flags += ["--rename-labels", '{"<=50K.": "<=50K", ">50K.": ">50K"}']
    assert run_here("tabular-classification", *flags) == 0
    out = capsys.readouterr().out
    metrics = json.loads((tmp_path / "runs/adult_train/1/metrics.json").read_text())
    assert metrics["counts"]["test"] == 16281
    assert metrics["test"]["accuracy"] > 0.84 > metrics["baseline"]["majority"]["accuracy"]
    body = json.loads(out.split("curl -d '")[1].split("' http")[0])
    columns = {name: [row[name] for row in body["instances"]] for name in body["instances"][0]}
    answer = load_served(tmp_path / "saved_models" / "adult_train")(columns)
    assert answer["label"][0] in ("<=50K", ">50K", b"<=50K", b">50K")


@pytest.mark.slow
def test_a_prepared_tfds_set(test_data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--dataset", "tfds:wine_quality/red", "--data-dir", str(test_data / "tfds")]
    assert run_here("tabular-regression", *flags, "--epochs", "30") == 0
    out = capsys.readouterr().out
    metrics = json.loads((tmp_path / "runs/wine_quality_red/1/metrics.json").read_text())
    assert metrics["counts"] == {"train": 1023, "validation": 256, "test": 320}
    assert metrics["test"]["rmse"] < 0.72
    assert '"fixed_acidity"' in out


BAD = [
    (["--csv", "nowhere.csv", "--target", "y"], ["nowhere.csv"]),
    (["--csv", "good.csv"], ["--csv needs --target"]),
    (["--csv", "good.csv", "--target", "prize"], ["prize", "price"]),
    (["--csv", "ragged.csv", "--target", "y"], ["ragged.csv", "line 3"]),
    (["--csv", "empty.csv", "--target", "y"], ["empty.csv"]),
    (["--csv", "constant.csv", "--target", "y"], ["'y'"]),
    (["--csv", "infinite.csv", "--target", "y"], ["infinite.csv", "a"]),
    (["--dataset", "diabtes"], ["Did you mean 'diabetes'"]),
    (["--target", "y"], ["--target goes with --csv"]),
    (["--epochs", "0"], ["--epochs must be", "Got 0"]),
    (["--batch-size", "-1"], ["--batch-size must be", "Got -1"]),
    (["--learning-rate", "-0.1"], ["--learning-rate must be", "Got -0.1"]),
    (["--hidden", "0"], ["--hidden must be"]),
    (["--preset", "binary"], ["'binary' preset"]),
    (["--precision", "float8"], ["--precision must be"]),
    (["--name", "a/b"], ["'a/b'"]),
    (["--out", "good.csv"], ["good.csv", "must be a folder"]),
    (["--runs", "good.csv"], ["good.csv", "must be a folder"]),
    (
        ["--csv", "good.csv", "--target", "price", "--rename-labels", "x"],
        ["--rename-labels takes a JSON"],
    ),
]


@pytest.mark.many
@pytest.mark.parametrize(("flags", "words"), BAD, ids=[" ".join(flags) for flags, _ in BAD])
def test_bad_input_is_one_line_and_leaves_nothing(flags, words, cars, capsys, monkeypatch):
    folder = cars.parent
    good = cars.read_text()
    (folder / "good.csv").write_text(good)
    (folder / "ragged.csv").write_text("a,y\n1,2\n1,2,3\n")
    (folder / "empty.csv").write_text("")
    rows = "".join(f"{n},3\n" for n in range(40))
    (folder / "constant.csv").write_text("a,y\n" + rows)
    rows = "".join(f"{n},{n % 7}\n" for n in range(40))
    (folder / "infinite.csv").write_text("a,y\n" + rows + "inf,3\n")
    monkeypatch.chdir(folder)
    before = everything(folder)
    assert run_here("tabular-regression", *flags) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("error: ")
    for word in words:
        assert word in error
    assert everything(folder) == before


@pytest.mark.training
def test_a_run_that_diverges_exits_with_1(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--preset", "sgd", "--learning-rate", "1000", "--epochs", "50"]
    code = run_here("tabular-regression", *flags)
    error = capsys.readouterr().err
    assert code == 1 and "diverged" in error and "Traceback" not in error
    assert not (tmp_path / "saved_models").exists()
