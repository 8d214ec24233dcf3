"""What README.md names: links, files, functions, flags of recipes and of the command."""

import dataclasses
import inspect
import re
import shlex

import pytest
import tyro
from readme_text import (
    README,
    REPOSITORY,
    blocks,
    commands,
    extras,
    inline_code,
    prose,
    section,
)
from recipe_runs import module_of

import kerakit as kk
from kerakit import cli

RECIPES = sorted(path.stem for path in (REPOSITORY / "recipes").glob("*.py"))
COMMAND = {"list": cli.list_, "predict": cli.predict, "verify": cli.verify}
COMMAND["serving-config"] = cli.serving_config
FLAG = re.compile(r"(?<!\S)--[a-z][a-z0-9-]*")


@pytest.fixture(scope="module")
def configs():
    """The dataclass of flags of each recipe."""
    return {stem: module_of(f"{stem}.py").Config for stem in RECIPES}


def flags_of(config):
    return {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(config)}


def rows(title):
    """The cells of the table under a heading, without its header, a list of lists."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_links_lead_somewhere():
    titles = re.findall(r"^#+ (.+)$", prose(), re.M)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    links = re.findall(r"\]\(([^)]+)\)", prose())
    assert links
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("https://"):
            assert (REPOSITORY / link).exists(), link


def test_files_exist():
    named = set(re.findall(r"(?<![\w/.])(?:recipes|tests|kerakit)/[\w./-]*\w", README))
    assert len(named) > 15
    missing = [name for name in named if not (REPOSITORY / name).exists()]
    assert not missing
    benchmarks = REPOSITORY / "tests" / "benchmarks"
    for code in inline_code():
        if "tests/benchmarks/" in code and code.startswith("python "):
            source = (benchmarks / re.search(r"\w+\.py", code)[0]).read_text()
            assert all(f'"{flag}"' in source for flag in FLAG.findall(code)), code


def test_extras_exist_and_ci_runs_the_long_tests():
    named = set(re.findall(r"\[(\w+)\]'", README))
    assert {"offline", "test"} <= named <= extras()
    script = (REPOSITORY / ".ci" / "run").read_text()
    (long,) = [code for code in inline_code() if code.startswith("python -m pytest")]
    assert long in script.replace(" -q", "")


def test_functions_exist():
    named = set(re.findall(r"\bkk\.(\w+)", README))
    for _, _, functions, _ in rows("Finding your way"):
        named |= set(re.findall(r"`([a-z_]+)`", functions)) - {"kerakit", *COMMAND}
    assert len(named) > 25
    unknown = named - set(kk.__all__)
    assert not unknown
    told = {name for name in kk.__all__ if name.startswith("load_") or name.endswith("ssifier")}
    left_out = told - named
    assert not left_out


def test_each_recipe_has_its_row_and_takes_the_flags_in_it(configs):
    named = {}
    for _, recipe, _, own in rows("The recipes"):
        stem = re.fullmatch(r"`recipes/(\w+)\.py`", recipe)[1]
        named[stem] = set(FLAG.findall(own.replace("`", " ")))
        assert named[stem] <= flags_of(configs[stem])
    assert sorted(named) == RECIPES
    assert all(named[stem] for stem in named if stem != "fundamentals")


def test_recipes_take_the_flags_that_are_told(configs):
    """Commands in blocks and in sentences, read as the recipe itself reads them."""
    lines = [c for block in blocks() if block.language == "sh" for c in commands(block)]
    found = 0
    for line in lines + inline_code():
        recipe = re.match(r"(?:python )?(?:recipes/)?(\w+)\.py\b(.*)", line)
        if recipe and recipe[1] in RECIPES:
            flags = shlex.split(recipe[2].removesuffix(" ..."))
            tyro.cli(configs[recipe[1]], args=flags)
            found += 1
    assert found > 15


def test_every_flag_is_one_of_something(configs):
    known = {"--help", "--data"}.union(*map(flags_of, configs.values()))
    for function in COMMAND.values():
        known |= {f"--{name.replace('_', '-')}" for name in inspect.signature(function).parameters}
    named = {flag for code in inline_code() for flag in FLAG.findall(code)}
    unknown = named - known
    assert not unknown


def test_data_flags_are_those_of_the_recipes_that_are_told(configs):
    """`--test`, `--validation` of all but pictures; `--group` of tables and texts."""
    having = {
        flag: {stem for stem in RECIPES if flag in flags_of(configs[stem])}
        for flag in ("--test", "--validation", "--group")
    }
    others = set(RECIPES) - {"fundamentals", "image_cnn", "image_finetune"}
    assert having["--test"] == having["--validation"] == others
    assert having["--group"] == {"tabular_regression", "tabular_classification", "text_classify"}
    assert "(tables, texts)" in section("Your own data")


def test_the_lessons_are_as_many_as_told(configs):
    lessons = module_of("fundamentals.py").EXAMPLES
    number = {13: "thirteen"}.get(len(lessons), str(len(lessons)))
    assert f"| {number} small lessons" in section("The recipes")
    folder = inspect.signature(configs["fundamentals"]).parameters["output"].default
    assert f"writes `{folder}/index.html`" in section("The recipes")
