"""A recipe as a command: exit codes, and the names of commands in messages."""

import os
import signal
import sys

import pytest

from kerakit.errors import ArgumentError, TrainingError
from kerakit.workflow import command_for, exit_code
from kerakit.workflow.jobs import typed_command


def raises(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda: None, 0),
        (raises(SystemExit(0)), 0),
        (raises(SystemExit(2)), 2),
        (raises(ArgumentError("x")), 2),
        (raises(TrainingError("x")), 1),
        (raises(OSError("x")), 1),
    ],
)
def test_exit_codes(action, code, capsys):
    assert exit_code(action) == code
    error = capsys.readouterr().err
    assert error in ("error: x\n", "")


def test_an_interrupted_recipe_goes_on_later(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["recipes/image_cnn.py", "--name", "my photos"])
    assert exit_code(lambda: os.kill(os.getpid(), signal.SIGINT)) == 130
    error = capsys.readouterr().err
    assert "goes on from the last finished epoch" in error
    assert error.endswith("python recipes/image_cnn.py --name 'my photos'\n")


def test_messages_name_the_form_of_command_that_was_typed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["recipes/image_cnn.py", "--epochs", "3"])
    assert command_for("tabular-regression") == "python recipes/tabular_regression.py"
    monkeypatch.setattr(sys, "argv", ["/bin/kerakit", "train", "image-cnn"])
    assert command_for("tabular-regression") == "kerakit train tabular-regression"
    assert typed_command() == "kerakit train image-cnn"
    monkeypatch.setattr(sys, "argv", ["/lib/kerakit/__main__.py", "train", "image-cnn"])
    assert command_for("tabular-regression") == "python -m kerakit train tabular-regression"
    assert typed_command() == "python -m kerakit train image-cnn"
    monkeypatch.setattr(sys, "argv", ["notebook.py"])  # `run(Config())` of a user's program
    assert command_for("tabular-regression") == "kerakit train tabular-regression"
