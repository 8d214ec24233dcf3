"""A search by several processes: a chief and two workers on this machine."""

import os
import socket
import subprocess
import sys

import pytest

import kerakit as kk
from kerakit.integrations.keras_tuner.roles import role, wait_for_chief

SCRIPT = """
import functools, os, sys
import kerakit as kk
small = functools.partial(kk.mlp_regressor, hidden=(4,), bins=0)
result = kk.tune(small, kk.load_builtin("diabetes"), trials=4, epochs=2, run_dir=sys.argv[1],
                 space={"dropout": (0.0, 0.5), "learning_rate": [0.01, 0.1, 1e9]})
print("trials", [trial.number for trial in result.trials])
if result.is_worker:
    try:
        result.model
    except kk.RunError as error:
        print(error)
else:
    print("loss", result.loss, result.history.validation_loss)
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.slow
def test_a_chief_and_two_workers_share_the_trials_and_end(tmp_path):
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")
    shared = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": str(free_port())}
    names = ("worker0", "worker1", "chief")  # workers wait for a chief that starts after them
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "search")],
            env={**os.environ, **shared, "KERASTUNER_TUNER_ID": name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    }
    try:
        told = {name: process.communicate(timeout=400) for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.kill()
    assert [process.returncode for process in processes.values()] == [0, 0, 0], told
    chief, workers = told["chief"][0], [told[name][0] for name in names[:2]]
    assert "trials [1, 2, 3, 4]" in chief and chief.count("\ntrial ") == 4
    loss, of_history = chief.partition("\nloss ")[2].split()
    assert float(loss) == pytest.approx(float(of_history), rel=1e-4)
    numbers = [line.split()[1] for out in workers for line in out.splitlines() if "/4" in line]
    assert sorted(numbers) == ["1/4", "2/4", "3/4", "4/4"]
    assert all("the chief has the best model" in out for out in workers)


def test_the_environment_is_checked(monkeypatch):
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.delenv("KERASTUNER_ORACLE_PORT", raising=False)
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker0")
    with pytest.raises(kk.ArgumentError, match="but not KERASTUNER_ORACLE_PORT"):
        role("tune")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(free_port()))
    assert role("tune") == "worker"
    with pytest.raises(kk.RunError, match="no chief answers at 127.0.0.1"):
        wait_for_chief("tune", lambda: False, wait=0.2)
    assert wait_for_chief("tune", lambda: True, wait=0.2) is False
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "chief")
    assert role("tune") == "chief"
