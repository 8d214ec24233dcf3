"""A reader that closes the output of a command, such as `head`."""

import subprocess
import sys

import pytest

WRITES = """
import sys
from kerakit.errors import TrainingError
from kerakit.workflow import exit_code

def action():
    for number in range(3):
        print("line", number, flush=True)
        print("note", number, file=sys.stderr)
    print("x" * 100_000)  # more than a buffer
    open(sys.argv[1], "w").write("done")
    ending = sys.argv[2]
    if ending == "fails":
        raise TrainingError("x")
    if ending == "exits":
        sys.exit(3)

sys.exit(exit_code(action))
"""

COMMAND = "import kerakit.cli; kerakit.cli.main()"


def run_unread(*command, both=False):
    """Run a command whose output has no reader; return its exit code and its errors."""
    where = subprocess.STDOUT if both else subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=where, text=True
    )
    process.stdout.close()
    errors = "" if both else process.stderr.read()
    return process.wait(timeout=100), errors


@pytest.mark.process
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("ending", "code"), [("ends", 0), ("fails", 1), ("exits", 3)])
def test_the_work_goes_on_and_the_exit_code_is_the_usual_one(tmp_path, ending, code, both):
    path = tmp_path / "written"
    found, errors = run_unread("-c", WRITES, str(path), ending, both=both)
    assert found == code and path.read_text() == "done"
    assert "BrokenPipe" not in errors and "Traceback" not in errors


@pytest.mark.process
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["recipes/tabular_regression.py", "--help"], 0),
        pytest.param(
            ["recipes/tabular_regression.py", "--epochs", "no"], 2, marks=pytest.mark.slow
        ),
        pytest.param(["-c", COMMAND, "list", "presets"], 0, marks=pytest.mark.slow),
        (["-c", COMMAND, "verify", "no/such/folder"], 2),
        (["-c", COMMAND, "--version"], 0),
    ],
)
def test_commands_end_quietly(command, code):
    found, errors = run_unread(*command)
    assert found == code
    assert "BrokenPipe" not in errors and "Traceback" not in errors


@pytest.mark.process
def test_output_that_was_closed_before_the_start_is_no_error(tmp_path):
    path = tmp_path / "written"
    command = f"{sys.executable} -c '{WRITES}' {path} ends >&- 2>&-"
    assert subprocess.run(command, shell=True, check=False).returncode == 0
    assert path.read_text() == "done"
