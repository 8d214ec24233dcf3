"""What the pages name: links, files, functions, flags of recipes and of the command."""

import dataclasses
import inspect
import re
import shlex

import pytest
import tyro
from readme_text import (
    EVERYTHING,
    PAGES,
    REPOSITORY,
    blocks,
    commands,
    extras,
    inline_code,
    prose,
    section,
)

import kerakit as kk
from kerakit import cli
from kerakit.integrations import mlflow, sklearn
from kerakit.integrations.keras_tuner.command import TuneFlags
from kerakit.workflow.jobs import JOBS, load_recipe

RECIPES = sorted(job.replace("-", "_") for job in JOBS)
COMMAND = {"list": cli.list_, "predict": cli.predict, "verify": cli.verify}
COMMAND |= {"serving-config": cli.serving_config, "train": cli.train, "tune": TuneFlags}
FLAG = re.compile(r"(?<!\S)--[a-z][a-z0-9-]*")


@pytest.fixture(scope="module")
def configs():
    """The dataclass of flags of each recipe."""
    return {stem: load_recipe(stem.replace("_", "-")).Config for stem in RECIPES}


def flags_of(config):
    fields = dataclasses.fields(config)
    flags = {f"--{field.name.replace('_', '-')}" for field in fields}
    return flags | {
        f"--no-{field.name.replace('_', '-')}" for field in fields if field.default is True
    }


def rows(title, page="docs/guide.md"):
    """The cells of the first table under a heading, without its header, a list of lists."""
    lines = section(title, page).partition("\n|")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = prose(PAGES[page])
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("https://"):
            assert (REPOSITORY / page).parent.joinpath(link).exists(), link


def test_the_site_has_every_page_and_the_api_page_every_name():
    import yaml

    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
    listed = {f"docs/{page}" for entry in site["nav"] for page in entry.values()}
    assert listed == {page for page in PAGES if page.startswith("docs/")}
    documented = set(re.findall(r"^::: kerakit\.(?:\w+\.)*(\w+)$", PAGES["docs/api.md"], re.M))
    # One entry stands for a function with two names; PRESETS is a mapping.
    public = {*kk.__all__, "compile", *sklearn.__all__, *mlflow.__all__}
    assert documented == public - {"load_csv", "PRESETS"}


def test_files_exist():
    named = set(re.findall(r"(?<![\w/.])(?:recipes|tests|kerakit)/[\w./-]*\w", EVERYTHING))
    assert len(named) > 15
    missing = [name for name in named if not (REPOSITORY / name).exists()]
    assert not missing
    benchmarks = REPOSITORY / "tests" / "benchmarks"
    for code in inline_code():
        if "tests/benchmarks/" in code and code.startswith("python "):
            source = (benchmarks / re.search(r"\w+\.py", code)[0]).read_text()
            assert all(f'"{flag}"' in source for flag in FLAG.findall(code)), code


def test_extras_exist_and_ci_runs_the_long_tests():
    named = set(re.findall(r"\[(\w+)\]'", EVERYTHING))
    assert {"offline", "test"} <= named <= extras()
    script = (REPOSITORY / ".ci" / "run").read_text()
    named = {code for code in inline_code() if code.startswith("python -m pytest")}
    assert {"python -m pytest -m quick", "python -m pytest -m slow"} <= named
    assert all(code in script.replace(" -q", "").replace(" --durations=10", "") for code in named)


def test_functions_exist():
    named = set(re.findall(r"\bkk\.(\w+)", EVERYTHING))
    for _, _, functions, _ in rows("The stages"):
        named |= set(re.findall(r"`([a-z_]+)`", functions)) - {"kerakit", *COMMAND}
    assert len(named) > 25
    unknown = named - {*kk.__all__, "compile"}
    assert not unknown
    important = {
        name for name in kk.__all__ if name.startswith("load_") or name.endswith("ssifier")
    }
    left_out = important - named
    assert not left_out


def test_each_recipe_has_its_row_and_takes_the_flags_in_it(configs):
    named = {}
    for _, recipe, job, _, own in rows("Recipes", "docs/recipes.md"):
        stem = re.fullmatch(r"`recipes/(\w+)\.py`", recipe)[1]
        assert job == f"`{stem.replace('_', '-')}`"
        named[stem] = set(FLAG.findall(own.replace("`", " ")))
        assert named[stem] <= flags_of(configs[stem])
    assert sorted(named) == RECIPES
    assert all(named[stem] for stem in named if stem != "fundamentals")


def test_recipes_take_the_flags_that_are_told(configs):
    """Commands in blocks and in sentences, read as the recipe itself reads them."""
    lines = [c for block in blocks() if block.language == "sh" for c in commands(block)]
    found = 0
    for line in lines + inline_code():
        script = re.match(r"(?:python )?(?:recipes/)?(\w+)\.py\b(.*)", line)
        recipe = script or re.match(r"kerakit train ([\w-]+)(.*)", line)
        stem = recipe[1].replace("-", "_") if recipe else ""
        if stem in RECIPES:
            tyro.cli(configs[stem], args=shlex.split(recipe[2].removesuffix(" ...")))
            found += 1
    assert found > 15


def test_every_flag_is_one_of_something(configs):
    known = {"--help", "--data", "--intervals", "--strict", "--logdir"}
    known = known.union(*map(flags_of, configs.values()))
    for function in COMMAND.values():
        known |= {f"--{name.replace('_', '-')}" for name in inspect.signature(function).parameters}
    named = {flag for code in inline_code() for flag in FLAG.findall(code)}
    unknown = named - known
    assert not unknown


def test_data_flags_are_those_of_the_recipes_that_are_told(configs):
    """`--test`, `--validation` of all; `--groups` of tables and texts."""
    having = {
        flag: {stem for stem in RECIPES if flag in flags_of(configs[stem])}
        for flag in ("--test", "--validation", "--groups")
    }
    others = set(RECIPES) - {"fundamentals"}
    assert having["--test"] == having["--validation"] == others
    assert having["--groups"] == {"tabular_regression", "tabular_classification", "text_classify"}
    assert "(tables, texts)" in section("Your own data")


def test_the_lessons_are_as_many_as_told(configs):
    lessons = load_recipe("fundamentals").EXAMPLES
    number = {13: "thirteen"}.get(len(lessons), str(len(lessons)))
    text = section("Recipes", "docs/recipes.md")
    assert f"| {number} small lessons" in text
    folder = inspect.signature(configs["fundamentals"]).parameters["output"].default
    assert f"writes `{folder}/index.html`" in text
