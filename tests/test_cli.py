"""The `kerakit` command: what it prints where, its exit codes, and how soon it answers."""

import json
import os
import signal
import subprocess
import sys

import pytest

import kerakit
from kerakit import cli
from kerakit.builders.pretrained.backbones.registry import BACKBONES
from kerakit.serving.deploy.models_config import serving_config
from kerakit.workflow.jobs import JOBS, load_recipe, recipes_folder

CODE = "import sys; sys.argv[0] = 'kerakit'; from kerakit.cli import main; main()"

# Many commands in one process, which imports what they need once; a command sees no other's
# output. The answers are one line of JSON each: exit code, output, errors, CPU seconds.
MANY = """
import contextlib, io, json, sys, time
started = time.process_time()
from kerakit import cli
for flags in json.loads(sys.argv[1]):
    sys.argv = ["kerakit", *flags]
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "oe")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    texts = [stream.buffer.getvalue().decode() for stream in (out, error)]
    print(json.dumps([code, *texts, time.process_time() - started]))
    started = time.process_time()
assert "tensorflow" not in sys.modules
"""


def start(*flags, code=CODE, **settings):
    """Start the command in a process of its own."""
    command = [sys.executable, "-c", code, *map(str, flags)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings
    )


def command(*flags, **settings):
    """Run the command in a process of its own; return `(exit code, output, errors)`."""
    process = start(*flags, **settings)
    out, error = process.communicate(timeout=60)
    return process.returncode, out, error


def run_module(*flags):
    """`python -m kerakit` with these flags: `(exit code, output, errors)`."""
    done = subprocess.run(
        [sys.executable, "-m", "kerakit", *flags], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def many(commands, **settings):
    """Run commands in one process, which may not import TensorFlow.

    Returns:
        A list of `(exit code, output, errors, CPU seconds)`. The seconds of the first command
        contain the import of the command.
    """
    flags = [list(map(str, flags)) for flags in commands]
    code, out, error = command(json.dumps(flags), code=MANY, **settings)
    assert code == 0, error
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def here(monkeypatch, capsys):
    """A function that runs the command in this process: `(exit code, output, errors)`."""

    def run(*flags):
        monkeypatch.setattr(sys, "argv", ["kerakit", *map(str, flags)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def base(tmp_path):
    """A folder of one model with the versions 1 and 2."""
    for version in ("1", "2"):
        folder = tmp_path / "models" / "wine" / version
        (folder / "variables").mkdir(parents=True)
        (folder / "saved_model.pb").write_text("")
        (folder / "variables" / "variables.index").write_text("")
    return tmp_path / "models"


def test_it_lists_what_there_is(here):
    assert "mlp_regressor" in here("list", "builders")[1]
    assert "arXiv:1412.6980" in here("list", "presets")[1]
    assert "breast_cancer" in here("list", "datasets")[1]


def test_it_says_its_version(here):
    assert here("--version")[:2] == (0, f"kerakit {kerakit.__version__}\n")


HELP = {
    (): ("list", "predict", "verify", "serving-config", "train", "--version"),
    ("list",): ("builders, presets, backbones or datasets",),
    ("predict",): ("--csv", "--out", "--batch-size", "--columns", "--separator"),
    ("verify",): ("--url",),
    ("serving-config",): ("--labels", "--base-path", "--docker", "--image"),
    ("train",): JOBS,
}
HELP |= {("train", job): ("--learning-rate",) for job in JOBS[:-1]}
HELP["train", "fundamentals"] = ("--example",)


@pytest.mark.process
def test_help_and_backbones_are_quick_and_leave_tensorflow_alone():
    *helps, backbones = many([*([*flags, "--help"] for flags in HELP), ["list", "backbones"]])
    for (flags, words), (code, out, _, seconds) in zip(HELP.items(), helps, strict=True):
        assert code == 0 and seconds < 1.2, flags
        assert all(word in out for word in words) and "{None}" not in out
    code, out, _, seconds = backbones
    rows = out.splitlines()
    assert code == 0 and seconds < 1 and len(rows) == len(BACKBONES)
    (row,) = [row for row in rows if row.startswith("MobileNetV2_0.35 ")]
    assert "224 pixels" in row and "0.41 million parameters" in row and "top-1 60.3 %" in row
    assert row.endswith("input x / 127.5 - 1")
    assert all(len(row) <= 120 for row in rows)


NOT_THERE = [
    ("verify", "nothing"),
    ("verify", "nothing", "--url", "http://localhost:1/v1/models/wine"),
    ("predict", "nothing", "--csv", __file__, "--out", "out.csv"),
    ("serving-config", "nothing"),
]
NOT_SCORED = [
    (("--csv", "nothing.csv"), "nothing.csv does not exist. --csv takes"),
    (("--csv", "."), ". is no file"),
    (("--csv", "in.csv", "--batch-size", "0"), "[1, inf)"),
    (("--csv", "in.csv", "--separator", "||"), "one character, or tab. Got '||'"),
    (("--csv", "in.csv", "--columns", "a,,b"), "names with commas between. Got 'a,,b'"),
    (("--csv", "in.csv", "--encoding", "utf-9"), "the name of an encoding. Got 'utf-9'"),
    (("--csv", "in.pq", "--encoding", "utf-8"), "--encoding is about text"),
]


@pytest.mark.process
def test_the_package_runs_as_the_command():
    code, out, error = run_module("--version")
    assert (code, out, error) == (0, f"kerakit {kerakit.__version__}\n", "")
    code, out, error = run_module("verify", "nothing")
    assert code == 2 and error.startswith("error: ") and error.count("\n") == 1


@pytest.mark.process
def test_bad_input_is_told_before_tensorflow_is_imported(tmp_path):
    """A path that is not there, and what cannot be scored: one line each, and nothing written."""
    (tmp_path / "1" / "assets.extra").mkdir(parents=True)
    (tmp_path / "1" / "assets.extra" / "kerakit.json").write_text("{}")
    for name in ("in.csv", "in.pq"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    commands = [(flags, "nothing") for flags in NOT_THERE]
    commands += [(("predict", "1", *flags, "--out", "out.csv"), said) for flags, said in NOT_SCORED]
    answers = many([flags for flags, _ in commands], cwd=tmp_path)
    for (flags, said), (code, _, error, seconds) in zip(commands, answers, strict=True):
        (line,) = error.splitlines()
        assert code == 2 and seconds < 1.2, flags
        assert line.startswith("error: ") and said in line
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("frobnicate",), "frobnicate"),
        (("list", "bilders"), "builders"),
        (("verify",), "PATH"),
        (("verify", "x", "--ulr", "y"), "--ulr"),
        (("predict", "x", "--csv", "y"), "--out"),
        (("predict", "x", "--csv", "y", "--out", "z", "--batch-size", "many"), "many"),
        (("serving-config", "x", "--lables"), "--lables"),
        (("train",), "kerakit train needs a JOB"),
        (("train", "tabular_regresion"), "Did you mean 'tabular-regression'?"),
        (("train", "image-cnn", "--epoch", "3"), "--epochs"),
        (("train", "image-cnn", "--seed", "many"), "kerakit train image-cnn --help"),
    ],
)
def test_wrong_flags_are_named(flags, said, here):
    code, out, error = here(*flags)
    assert code == 2 and said in error and not out
    assert "Traceback" not in error and len(error.splitlines()) <= 12


def test_each_recipe_is_a_job_with_one_line(here):
    scripts = {path.stem for path in recipes_folder().glob("[a-z]*.py")}
    assert {job.replace("-", "_") for job in JOBS} == scripts
    _, out, _ = here("train", "--help")
    for job in JOBS:
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [job]]
        assert line.endswith(load_recipe(job).__doc__.partition("\n")[0]) and len(line) <= 100


def test_train_takes_the_flags_of_the_script_and_names_itself(here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, error = here("train", "tabular-regression", "--csv", "nowhere.csv", "--target", "y")
    assert code == 2 and error.startswith("error: ") and "nowhere.csv" in error
    code, _, error = here("train", "image-cnn", "--dataset", "iris")
    assert code == 2 and "run kerakit train tabular-classification" in error
    assert not list(tmp_path.iterdir())


def test_a_configuration_goes_to_the_output(base, here):
    assert here("serving-config", base) == (0, serving_config(base), "")


@pytest.mark.process
def test_notes_go_beside_a_configuration(base):
    (base / "wine" / "3").write_text("")
    (base / "größe").mkdir()
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    flags = ("serving-config", base, "--labels", "--base-path", "/m")
    _, out, error = command(*flags, env=environment, encoding="utf-8")
    with pytest.warns(UserWarning):
        assert out == serving_config(base, labels=True, base_path="/m")
    first, second = error.splitlines()
    assert first.startswith(r"note: 'gr\xf6\xdfe' is left out")
    assert second.startswith("note: 'wine' is pinned to version 2: version 3 is a file")


def test_an_image_goes_with_docker(base, here):
    code, _, error = here("serving-config", base, "--image", "own:1")
    assert code == 2 and error.startswith("error: --image goes with --docker")
    code, out, _ = here("serving-config", base, "--image", "own:1", "--docker")
    assert code == 0 and 'image: "own:1"' in out


@pytest.mark.process
def test_an_interrupted_command_says_so(base):
    # More than a pipe holds: the command waits in the middle of its output.
    running = start("serving-config", base, "--base-path", "/" + "x" * 120_000)
    assert running.stdout.read(1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, "\nInterrupted. Nothing was written.\n")


@pytest.mark.process
@pytest.mark.parametrize("flags", [("train", "tabular-regression", "--help"), ("--help",)])
def test_a_closed_pipe_is_no_error(flags):
    running = start(*flags)
    running.stdout.close()  # as `head` does once it has seen enough
    error = running.stderr.read()
    assert (running.wait(timeout=60), error) == (0, "")
