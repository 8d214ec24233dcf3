"""The `kerakit` command: what it prints where, its exit codes, and how soon it answers."""

import os
import signal
import subprocess
import sys

import pytest

import kerakit
from kerakit.builders.pretrained.backbones.registry import BACKBONES
from kerakit.serving.deploy.models_config import serving_config
from kerakit.workflow import exit_code

CODE = "import sys; sys.argv[0] = 'kerakit'; from kerakit.cli import main; main()"
TIMED = (
    "import sys, time; sys.argv[0] = 'kerakit'; from kerakit.cli import main\n"
    "try:\n    main()\n"
    "finally:\n    print('timed', time.process_time(), 'tensorflow' in sys.modules)"
)


def command(*flags, code=CODE, **settings):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, flags)], capture_output=True, text=True, **settings
    )


def timed(*flags):
    """`(the finished command, its CPU seconds)`; it did not import TensorFlow."""
    done = command(*flags, code=TIMED)
    *_, seconds, imported = done.stdout.split()
    assert imported == "False"
    return done, float(seconds)


@pytest.fixture
def base(tmp_path):
    """A folder of one model with the versions 1 and 2."""
    for version in ("1", "2"):
        folder = tmp_path / "models" / "wine" / version
        (folder / "variables").mkdir(parents=True)
        (folder / "saved_model.pb").write_text("")
        (folder / "variables" / "variables.index").write_text("")
    return tmp_path / "models"


def test_it_lists_what_there_is():
    assert "mlp_regressor" in command("list", "builders").stdout
    assert "arXiv:1412.6980" in command("list", "presets").stdout
    assert "breast_cancer" in command("list", "datasets").stdout


def test_it_lists_backbones_at_once():
    done, seconds = timed("list", "backbones")
    *rows, _ = done.stdout.splitlines()
    assert done.returncode == 0 and seconds < 1 and len(rows) == len(BACKBONES)
    (row,) = [row for row in rows if row.startswith("MobileNetV2_0.35 ")]
    assert "224 pixels" in row and "0.41 million parameters" in row and "top-1 60.3 %" in row
    assert row.endswith("takes x / 127.5 - 1")
    assert all(len(row) <= 120 for row in rows)


def test_it_says_its_version():
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"kerakit {kerakit.__version__}\n")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), ("list", "predict", "verify", "serving-config", "--version")),
        (("list",), ("builders, presets, backbones or datasets",)),
        (("predict",), ("--csv", "--out", "--batch-size", "--columns", "--separator")),
        (("verify",), ("--url",)),
        (("serving-config",), ("--labels", "--base-path", "--docker", "--image")),
    ],
)
def test_help_is_quick_and_leaves_tensorflow_alone(flags, said):
    done, seconds = timed(*flags, "--help")
    assert done.returncode == 0 and seconds < 0.7
    assert all(word in done.stdout for word in said) and "{None}" not in done.stdout


@pytest.mark.parametrize(
    "flags",
    [
        ("verify", "PATH"),
        ("verify", "PATH", "--url", "http://localhost:1/v1/models/wine"),
        ("predict", "PATH", "--csv", __file__, "--out", "out.csv"),
        ("serving-config", "PATH"),
    ],
)
def test_a_path_that_is_not_there_is_told_at_once(flags, tmp_path):
    path = tmp_path / "nothing"
    done, seconds = timed(*(path if flag == "PATH" else flag for flag in flags))
    assert done.returncode == 2 and seconds < 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and str(path) in line


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--csv", "nothing.csv"), "nothing.csv does not exist. --csv takes"),
        (("--csv", "."), ". is no file"),
        (("--csv", "in.csv", "--batch-size", "0"), "[1, inf)"),
        (("--csv", "in.csv", "--separator", "||"), "one character, or tab. Got '||'"),
        (("--csv", "in.csv", "--columns", "a,,b"), "names with commas between. Got 'a,,b'"),
        (("--csv", "in.csv", "--encoding", "utf-9"), "the name of an encoding. Got 'utf-9'"),
        (("--csv", "in.pq", "--encoding", "utf-8"), "--encoding is about text"),
    ],
)
def test_what_cannot_be_scored_is_told_before_tensorflow_is_imported(flags, said, tmp_path):
    (tmp_path / "1" / "assets.extra").mkdir(parents=True)
    (tmp_path / "1" / "assets.extra" / "kerakit.json").write_text("{}")
    for name in ("in.csv", "in.pq"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    done = command("predict", "1", *flags, "--out", "out.csv", code=TIMED, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout.split()[-1] == "False"
    (line,) = done.stderr.splitlines()
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
    ],
)
def test_wrong_flags_are_named(flags, said):
    done = command(*flags)
    assert done.returncode == 2 and said in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 12


def test_a_configuration_goes_to_the_output_and_notes_beside_it(base):
    done = command("serving-config", base)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == serving_config(base)
    (base / "wine" / "3").write_text("")
    (base / "größe").mkdir()
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    flags = ("serving-config", base, "--labels", "--base-path", "/m")
    done = command(*flags, env=environment, encoding="utf-8")
    with pytest.warns(UserWarning):
        assert done.stdout == serving_config(base, labels=True, base_path="/m")
    first, second = done.stderr.splitlines()
    assert first.startswith(r"note: 'gr\xf6\xdfe' is left out")
    assert second.startswith("note: 'wine' is pinned to version 2: version 3 is a file")


def test_an_image_goes_with_docker(base):
    done = command("serving-config", base, "--image", "own:1")
    assert done.returncode == 2 and done.stderr.startswith("error: --image goes with --docker")
    done = command("serving-config", base, "--image", "own:1", "--docker")
    assert done.returncode == 0 and 'image: "own:1"' in done.stdout


def test_an_interrupted_command_says_so(base):
    # More than a pipe holds: the command waits in the middle of its output.
    running = subprocess.Popen(
        [sys.executable, "-c", CODE, "serving-config", base, "--base-path", "/" + "x" * 120_000],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout.read(1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (130, "\nInterrupted. Nothing was written.\n")


def test_an_interrupted_recipe_goes_on_later(capsys):
    assert exit_code(lambda: os.kill(os.getpid(), signal.SIGINT)) == 130
    assert "goes on from the last finished epoch" in capsys.readouterr().err
