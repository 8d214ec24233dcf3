"""`kerakit tune JOB`: from flags to the report and the export of the best model."""

import csv
import importlib.util
import json
import signal
import subprocess
import sys

import pytest

from kerakit import cli
from kerakit.files import read_json

CODE = "import sys; sys.argv[0] = 'kerakit'; from kerakit.cli import main; main()"
MISSING = importlib.util.find_spec("keras_tuner") is None


@pytest.fixture
def here(monkeypatch, capsys, tmp_path):
    """A function that runs the command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*flags):
        monkeypatch.setattr(sys, "argv", ["kerakit", *map(str, flags)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.mark.skipif(not MISSING, reason="keras-tuner is installed")
def test_a_missing_extra_is_told_before_anything_is_read(here, tmp_path):
    code, out, error = here("tune", "tabular-regression", "--csv", "none.csv", "--trials", 3)
    assert (code, out) == (2, "") and "pip install 'kerakit[tune]'" in error
    assert not list(tmp_path.iterdir())


def test_the_help_lists_the_jobs(here):
    code, out, _ = here("tune", "--help")
    assert code == 0 and "text-classify" in out and "fundamentals" not in out
    code, _, error = here("tune")
    assert code == 2 and "kerakit tune needs a JOB" in error
    code, _, error = here("tune", "fundamentals", "--trials", 3)
    assert code == 2 and "nothing to tune" in error


@pytest.mark.training
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--trials", 0], "--trials must be an int in the range [1, inf). Got 0 instead."),
        (["--space", "dropout"], "--space takes a JSON object"),
        (["--space", '{"droput": [0.1, 0.2]}'], "--space has the unknown name 'droput'"),
        (
            ["--space", '{"dropout": {"min": 0, "max": 2}}'],
            "tune cannot try --dropout '2': --dropout must",
        ),
        (["--space", '{"dropout": {"low": 0}}'], '--space must be {"min"'),
        (["--find-learning-rate"], "--find-learning-rate goes with kerakit train"),
    ],
)
def test_a_wrong_flag_has_one_line_that_names_it(here, tmp_path, flags, words):
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")
    flags = ["--trials", 2, *flags] if "--trials" not in flags else flags
    code, _, error = here("tune", "tabular-regression", *flags)
    assert code == 2 and words in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_search_ends_with_the_report_and_the_export_of_its_best_model(here, tmp_path):
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")
    space = json.dumps({"hidden": [[4], [8]], "learning_rate": {"min": 0.01, "max": 0.1}})
    flags = ["tabular-regression", "--epochs", 2, "--bins", 0, "--space", space]
    code, out, error = here("tune", *flags, "--trials", 2)
    assert code == 0, error
    assert "Best values: kerakit train tabular-regression --epochs 2 --bins 0 --hidden" in out
    assert "RMSE" in out and "SavedModel:" in out
    run = tmp_path / "runs" / "diabetes" / "1"
    with open(run / "trials.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 and float(rows[0]["val_loss"]) <= float(rows[1]["val_loss"])
    assert read_json(run / "metrics.json")["epochs"] == 2
    assert (tmp_path / "saved_models" / "diabetes" / "1" / "saved_model.pb").exists()
    # The command that it prints trains the same model.
    best = out.partition("Best values: kerakit ")[2].partition("\n")[0].split()
    code, out, _ = here(*best)
    assert code == 0
    metrics = [read_json(run.with_name(name) / "metrics.json")["test"] for name in "12"]
    assert metrics[0] == pytest.approx(metrics[1], rel=1e-5)


@pytest.mark.slow
def test_an_unfinished_search_goes_on_or_says_what_differs(here, tmp_path):
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")
    flags = ["tune", "tabular-regression", "--epochs", 2, "--hidden", 4, "--bins", 0]
    command = [sys.executable, "-u", "-c", CODE, *map(str, flags), "--trials", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("trial 1/3")
    assert process.stdout.readline().startswith("trial 2/3")  # the first is recorded by now
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=100)
    assert process.returncode == 130 and "The same command goes on" in error
    assert not (tmp_path / "saved_models" / "diabetes" / "1").exists()
    code, _, error = here(*flags, "--trials", 3, "--batch-size", 64)
    assert code == 2 and "batch_size was None, is 64" in error
    search = tmp_path / "runs" / "diabetes" / "1" / "search" / "search.json"
    kept = search.read_text()
    search.write_text(kept.replace(json.loads(kept)["identity"]["data"], "other rows"))
    code, _, error = here(*flags, "--trials", 4)
    assert code == 2 and "data was 'other rows'" in error and "or --no-resume" in error
    search.write_text(kept)
    code, out, _ = here(*flags, "--trials", 4)
    assert code == 0 and " of 4 trials are done before.\n" in out and "trial 4/4" in out
    assert (tmp_path / "saved_models" / "diabetes" / "1" / "saved_model.pb").exists()
