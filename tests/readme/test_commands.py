"""The commands of README.md and of the other pages, run as a user would.

They are read from the pages themselves. A command or block that the tables below do not know
is an error, so that nothing gets into a page without a test.
"""

import contextlib
import csv
import json
import re
import shlex
import urllib.request

import numpy as np
import pytest
import yaml
from readme_text import (
    EVERYTHING,
    PAGES,
    README,
    REPOSITORY,
    blocks,
    commands,
    excerpts,
    extras,
    prose,
    section,
)
from rest_server import RestServer

from kerakit.serving import docker_line

BLOCKS = blocks()
COMMANDS = list(dict.fromkeys(c for b in BLOCKS if b.language == "sh" for c in commands(b)))
DEFAULT = "python recipes/tabular_regression.py"


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
    *install, package = shlex.split(command)
    assert install in (["pip", "install", "-e"], ["pip", "install"])
    name, _, named = package.removesuffix("]").partition("[")
    assert name == ("." if "-e" in install else "kerakit")
    assert set(filter(None, named.split(","))) <= extras()


def hooks_are_there(clone, command):
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == {"ruff-check", "ruff-format"}


def trains(clone, command):
    """A recipe: better than the simplest baseline, and the files that the pages list."""
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
    assert 25 < answer["prediction"] < 346  # the target's range
    assert answer["lower"] < answer["prediction"] < answer["upper"]


def verifies(clone, command):
    with serving(clone) as here:
        lines = clone.run(here(command)).splitlines()
    passed = [line for line in lines if line.startswith("ok ")]
    if "--url" not in command:
        assert len(passed) == int(re.search(r"(\d+) checks", EVERYTHING)[1])
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


def searches_together(clone, command):
    """A chief and two workers, which tests/integrations/keras_tuner/test_workers.py starts."""
    started = REPOSITORY / "tests" / "integrations" / "keras_tuner" / "test_workers.py"
    names = re.findall(r"KERASTUNER_\w+", command)
    assert names and set(names) <= set(re.findall(r"KERASTUNER_\w+", started.read_text()))
    if "kerakit tune" in command:
        role, *words = shlex.split(command.removesuffix("&"))
        assert re.fullmatch(r"KERASTUNER_TUNER_ID=(chief|worker\d)", role)
        assert words == shlex.split("kerakit tune tabular-regression --trials 20")


SHELL = {
    "python3 -m venv": is_done_by_ci,
    ". ": is_done_by_ci,
    "ruff": is_done_by_ci,
    "python -m pytest": is_done_by_ci,
    "pip install": installs,
    "python recipes/": trains,
    "kerakit train": trains,
    "export KERASTUNER": searches_together,
    "KERASTUNER_TUNER_ID": searches_together,
    "pre-commit install": hooks_are_there,
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
    slow = way_of(command) is trains and command != DEFAULT
    return pytest.param(command, marks=pytest.mark.slow if slow else (), id=command[:70])


@pytest.mark.process
@pytest.mark.parametrize("command", [marked(c) for c in COMMANDS])
def test_command(command, clone):
    way_of(command)(clone, command)


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
        assert any((location / name).exists() for location in places), f"there is no {name}"
    packages = {path.parent.name for path in (REPOSITORY / "kerakit").glob("*/__init__.py")}
    assert len(packages) > 6
    assert {f"{package}/" for package in packages} <= set(shown)


PLAIN = {"Your own data": files_are_used, "The order of stages": folders_exist}


@pytest.mark.parametrize("title", PLAIN)
def test_plain_block(title):
    (block,) = [b for b in BLOCKS if b.language == "" and b.section == title]
    PLAIN[title](block)


def test_every_block_is_run():
    """The Python blocks are those of `test_python_blocks.py`, which knows them all."""
    for block in BLOCKS:
        assert block.language in ("sh", "python", ""), f"no test runs {block.language} blocks"
        if block.language == "sh":
            unknown = [command for command in commands(block) if way_of(command) is None]
            assert not unknown, f"no test runs {unknown}"
        if block.language == "":
            assert block.section in PLAIN, f"no test looks at {block}"
    for page, text in PAGES.items():
        assert not re.search(r"^(~~~|[ \t]+```|    \S)", prose(text), re.M), (
            f"{page}: another block"
        )


def test_readme_is_short():
    assert len(README.split()) <= 1500


# The figures that the section on the report quotes.


def numbers(text):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


LINEAR_MODEL = r"(?:(\d+)% (above|below)|level with) a linear model"


def beside_the_linear_model(sentence):
    """How many percent the model's error is above the linear model's."""
    found = re.search(LINEAR_MODEL, sentence)
    return float(found[1] or 0) * (1 if found[2] == "above" else -1)


@pytest.mark.process
def test_the_sentence_that_is_quoted_is_that_of_the_recipe(clone):
    """On another processor the last digits may differ; rows and words may not."""
    quoted = re.search(r'"(RMSE .*?\.)"', section("The report"))[1]
    said = next(line for line in clone.diabetes.splitlines() if line.startswith("RMSE"))
    beside, beside_now = map(beside_the_linear_model, (quoted, said))
    assert beside_now == pytest.approx(beside, abs=4)  # 0 is told in other words
    quoted, said = (re.sub(LINEAR_MODEL, "", sentence) for sentence in (quoted, said))
    assert re.sub(r"[\d.]+", "", quoted) == re.sub(r"[\d.]+", "", said)
    (error, rows, *shares), (error_now, rows_now, *shares_now) = numbers(quoted), numbers(said)
    assert error_now == pytest.approx(error, rel=0.05) and rows_now == rows
    assert shares_now == pytest.approx(shares, abs=7)


@pytest.mark.process
def test_the_curves_show_the_over_fitting_that_is_told(clone):
    best, epochs = numbers(re.search(r"from epoch (.*?)\. ", section("The report"))[1])
    assert clone.diabetes
    with open(clone.folder / "runs" / "diabetes" / "1" / "history.csv") as file:
        rows = list(csv.DictReader(file))
    loss, validation = ([float(row[name]) for row in rows] for name in ("loss", "val_loss"))
    at = int(np.argmin(validation))
    assert loss[-1] < loss[at] / 2 and validation[-1] > validation[at]
    # Which epoch it is depends on the last digits.
    assert (best, epochs) == pytest.approx((at + 1, len(rows)), abs=25)


@pytest.mark.slow
@pytest.mark.parametrize("location", [0, 1])
def test_other_seeds_give_what_is_told(clone, location):
    text = section("The report")
    seed = re.findall(r"--seed (\d+)", text)[location]
    error = numbers(re.search(r"the RMSE is (.*?),", text)[1])[location]
    said = clone.run(f"{DEFAULT} --seed {seed} --name seed{seed}")
    assert float(re.search(r"^RMSE ([\d.]+)", said, re.M)[1]) == pytest.approx(error, rel=0.05)
    told = re.search(r"within (\d+)% of the linear model", text)[1]
    assert abs(beside_the_linear_model(said)) <= float(told) + 3


@pytest.mark.process
def test_the_report_has_the_parts_that_are_told(clone):
    assert clone.diabetes
    page = (clone.folder / "runs" / "diabetes" / "1" / "report.html").read_text()
    told = re.findall(r"\*\*(.+?)\*\*", section("The report"))
    parts = re.findall("<h2>(.+?)</h2>", page)
    assert parts == [name for name in told if name in parts], "in another order"
    assert set(told) - set(parts) == {"The first sentence", "The table", "Classes"}
