"""The progress bar: one line for a run, with the time that is left."""

import pytest

from kerakit.training import progress
from kerakit.training.callbacks import progress_callback
from kerakit.training.progress import ProgressBar


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "90")
    return now


def drawings(capsys):
    return capsys.readouterr().out.split("\r")[1:]


def test_the_bar_moves_within_an_epoch_and_tells_the_time_that_is_left(clock, capsys):
    bar = ProgressBar()
    bar.set_params({"epochs": 4, "steps": 10})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    clock[0] += 30
    bar.on_train_batch_end(4, {"loss": 0.5})  # half an epoch of four took 30 seconds
    clock[0] += 30
    bar.on_epoch_end(0, {"loss": 0.25, "val_loss": 0.5})
    bar.on_epoch_begin(1)
    clock[0] += 0.01
    bar.on_train_batch_end(0, {"loss": 9.0})  # too soon to draw anew
    bar.on_train_end()
    begin, half, whole, end = drawings(capsys)
    assert begin == f"epoch 1/4  [{' ' * 20}]  0:00 so far"
    # Nobody knows yet how much of the time the steps took, and how much their compilation.
    assert half == f"epoch 1/4  [{'=' * 2}{' ' * 18}]  0:30 so far  loss 0.5"
    assert whole == f"epoch 1/4  [{'=' * 5}{' ' * 15}]  3:00 left  loss 0.25  val_loss 0.5"
    assert end.startswith("epoch 2/4") and "  1:00  loss 0.25" in end and end.endswith("\n")


def test_a_resumed_run_counts_its_own_epochs_and_a_long_line_is_cut(clock, capsys):
    bar = ProgressBar()
    bar.set_params({"epochs": 101, "steps": 1})
    bar.on_train_begin()
    bar.on_epoch_begin(90)
    bar.on_train_batch_end(0)
    bar.on_epoch_end(90, {})
    bar.on_epoch_begin(91)
    clock[0] += 2
    bar.on_epoch_end(91, {f"metric_{i}": 0.125 for i in range(9)})
    _, line = drawings(capsys)
    assert "  0:18 left  metric_0 0.125" in line and len(line) == 89


def test_a_finished_run_that_is_resumed_draws_nothing(capsys):
    bar = ProgressBar()
    bar.set_params({"epochs": 3, "steps": 1})
    bar.on_train_begin()
    bar.on_train_end()
    assert capsys.readouterr().out == ""


def test_a_notebook_has_the_bar_and_a_pipe_has_lines(monkeypatch):
    monkeypatch.setattr("kerakit.training.callbacks.in_notebook", lambda: True)
    assert isinstance(progress_callback("auto"), ProgressBar)
    monkeypatch.setattr("kerakit.training.callbacks.in_notebook", lambda: False)
    assert not isinstance(progress_callback("auto"), ProgressBar)
    assert progress_callback(0) is None
