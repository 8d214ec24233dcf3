"""The recipe of the lessons as a user runs it: one lesson, with mistakes, and interrupted."""

import os
import signal

import pytest
from recipe_runs import run_here, start


def everything(folder):
    """The path of every file and folder below a folder, sorted."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.training
def test_one_lesson_by_itself(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run_here("fundamentals", "--example", "perceptron", "--output", "here") == 0
    out, error = capfd.readouterr()
    assert "WARNING" not in error
    assert "no mistake left" in out and "Next: kerakit train tabular-classification" in out
    assert everything(tmp_path) == ["here", "here/perceptron.png"]


@pytest.mark.slow
def test_interrupted_lessons_leave_whole_pictures(tmp_path):
    process = start("fundamentals", cwd=tmp_path)
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
    assert run_here("fundamentals", "--output", str(tmp_path / "file")) == 2
    assert "error: --output must be a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_lesson_that_does_not_exist(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_here("fundamentals", "--example", "perceptrom") == 2
    assert "perceptron" in capsys.readouterr().err and not list(tmp_path.iterdir())
