"""The recipes as a user runs them: in a process, with flags, mistakes and interruptions."""

import csv
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from recipe_runs import RECIPES, run, run_here, start

from kerakit.serving import load_served


def everything(folder):
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
def test_regression_from_a_csv_to_a_served_answer(cars, tmp_path):
    flags = ["--csv", str(cars), "--target", "price", "--epochs", "60", "--unit", "euro"]
    code, out, error = run("tabular_regression.py", *flags, cwd=tmp_path)
    assert code == 0, error
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
    code, _, error = run("tabular_regression.py", *flags, cwd=tmp_path)
    assert code == 0, error
    assert sorted(p.name for p in (tmp_path / "saved_models" / "cars").iterdir()) == ["1", "2"]
    assert (folder / "metrics.json").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_an_interrupted_recipe_goes_on(tmp_path, stop):
    flags = ["--epochs", "150", "--hidden", "16", "--bins", "0"]
    process = start("tabular_regression.py", *flags, cwd=tmp_path)
    for line in process.stdout:
        if line.startswith("epoch 10/"):
            break
    os.kill(process.pid, stop)
    out, error = process.communicate(timeout=60)
    assert process.returncode == (130 if stop == signal.SIGINT else -9), error
    assert "Traceback" not in error
    assert not (tmp_path / "saved_models").exists()
    code, _, error = run("tabular_regression.py", *flags, "--epochs", "149", cwd=tmp_path)
    assert code == 2 and "epochs was 150, is 149" in error
    code, out, error = run("tabular_regression.py", *flags, cwd=tmp_path)
    assert code == 0, error
    assert "epoch 1/150" not in out
    history = (tmp_path / "runs" / "diabetes" / "1" / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in history[1:]] == [str(n) for n in range(1, len(history))]
    assert (tmp_path / "saved_models" / "diabetes" / "1" / "saved_model.pb").exists()


@pytest.mark.slow
def test_classification_on_adult_answers_with_labels(test_data, tmp_path):
    folder = test_data / "tabular" / "adult"
    names = (
        "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,"
        "race,sex,capital-gain,capital-loss,hours-per-week,native-country,income"
    )
    flags = ["--csv", str(folder / "adult-train.csv"), "--test", str(folder / "adult-test.csv")]
    flags += ["--columns", names, "--target", "income", "--epochs", "2"]
    flags += ["--labels", '{"<=50K.": "<=50K", ">50K.": ">50K"}']
    code, out, error = run("tabular_classification.py", *flags, cwd=tmp_path)
    assert code == 0, error
    metrics = json.loads((tmp_path / "runs/adult_train/1/metrics.json").read_text())
    assert metrics["counts"]["test"] == 16281
    assert metrics["test"]["accuracy"] > 0.84 > metrics["baseline"]["majority"]["accuracy"]
    body = json.loads(out.split("curl -d '")[1].split("' http")[0])
    columns = {name: [row[name] for row in body["instances"]] for name in body["instances"][0]}
    answer = load_served(tmp_path / "saved_models" / "adult_train")(columns)
    assert answer["label"][0] in ("<=50K", ">50K", b"<=50K", b">50K")


@pytest.mark.slow
def test_a_prepared_tfds_set(test_data, tmp_path):
    flags = ["--dataset", "tfds:wine_quality/red", "--data-dir", str(test_data / "tfds")]
    code, out, error = run("tabular_regression.py", *flags, "--epochs", "30", cwd=tmp_path)
    assert code == 0, error
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
    (["--epochs", "0"], ["'epochs'", "Got 0"]),
    (["--batch-size", "-1"], ["'batch_size'", "Got -1"]),
    (["--learning-rate", "-0.1"], ["'learning_rate'", "Got -0.1"]),
    (["--hidden", "0"], ["'hidden'"]),
    (["--preset", "binary"], ["'binary' preset"]),
    (["--precision", "float8"], ["'precision'"]),
    (["--name", "a/b"], ["'a/b'"]),
    (["--out", "good.csv"], ["good.csv", "needs a folder"]),
    (["--runs", "good.csv"], ["good.csv", "must be a folder"]),
    (["--csv", "good.csv", "--target", "price", "--labels", "x"], ["--labels takes a JSON"]),
]


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
    assert run_here("tabular_regression.py", *flags) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("error: ")
    for word in words:
        assert word in error
    assert everything(folder) == before


@pytest.mark.slow
def test_a_run_that_diverges_exits_with_1(tmp_path):
    flags = ["--preset", "sgd", "--learning-rate", "1000", "--epochs", "50"]
    code, _, error = run("tabular_regression.py", *flags, cwd=tmp_path)
    assert code == 1 and "diverged" in error and "Traceback" not in error
    assert not (tmp_path / "saved_models").exists()


@pytest.mark.parametrize("recipe", sorted(p.name for p in RECIPES.glob("*.py")))
def test_help_is_quick_and_leaves_tensorflow_alone(recipe, tmp_path):
    code = (
        "import sys, time, runpy\n"
        f"sys.argv = [{recipe!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_path({str(RECIPES / recipe)!r}, run_name='__main__')\n"
        "except SystemExit as done:\n"
        "    assert not done.code\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "print('cpu', time.process_time())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert ("--example" if recipe == "fundamentals.py" else "--learning-rate") in done.stdout
    assert float(done.stdout.split()[-1]) < 0.7


def test_one_lesson_by_itself(tmp_path):
    flags = ["--example", "perceptron", "--output", "here"]
    code, out, error = run("fundamentals.py", *flags, cwd=tmp_path)
    assert code == 0 and "WARNING" not in error, error
    assert "no mistake left" in out and "Next: python recipes/tabular_classification.py" in out
    assert everything(tmp_path) == ["here", "here/perceptron.png"]


@pytest.mark.slow
def test_interrupted_lessons_leave_whole_pictures(tmp_path):
    process = start("fundamentals.py", cwd=tmp_path)
    for line in process.stdout:
        if line.startswith("Polynomial regression"):  # the second one begins
            break
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and "the page comes last" in error
    assert "Traceback" not in error
    folder = tmp_path / "runs" / "fundamentals"
    assert everything(folder) == ["linear_regression.png"]


def test_lessons_are_written_to_a_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert run_here("fundamentals.py", "--output", str(tmp_path / "file")) == 2
    assert "error: The '--output' parameter of fundamentals" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_lesson_that_does_not_exist(tmp_path):
    code, _, error = run("fundamentals.py", "--example", "perceptrom", cwd=tmp_path)
    assert code == 2 and "perceptron" in error and not list(tmp_path.iterdir())
