"""A command's messages name its flags; those of Python name keywords."""

import dataclasses
import inspect
import re

import pytest

import kerakit as kk
from kerakit.errors import MAX_MESSAGE, KerakitError
from kerakit.workflow.flags.names import flags_of, with_flags
from kerakit.workflow.jobs import load_recipe

LOADERS = {
    "tabular-regression": kk.load_csv,
    "tabular-classification": kk.load_csv,
    "image-cnn": kk.load_images,
    "image-finetune": kk.load_images,
    "sequence-forecast": kk.load_series,
    "sequence-classify": kk.load_sequences,
    "sequence-tag": kk.load_tagged,
    "text-classify": kk.load_text,
}
# Nobody needs them on a command line: how a folder of images is kept, and a name for reports.
NO_FLAG = {"channels", "disk_mb", "cache_dir", "dataset"}


def flags_of_job(job):
    return flags_of([field.name for field in dataclasses.fields(load_recipe(job).Config)])


@pytest.mark.parametrize("job", LOADERS)
def test_every_keyword_of_a_loader_is_a_flag_of_its_recipes(job):
    keywords = set(inspect.signature(LOADERS[job]).parameters) - NO_FLAG
    assert keywords <= flags_of_job(job).keys()


MESSAGES = {
    "The 'na_values' parameter of load_csv must be a str. Got 3 instead.": (
        "--na-values must be a str. Got 3 instead."
    ),
    "The 'decimal' and 'thousands' parameters of load_csv must differ.": (
        "--decimal and --thousands must differ."
    ),
    "The 'bins' parameter of mlp_regressor must be an int in the range [0, inf).": (
        "--bins must be an int in the range [0, inf)."
    ),
    "load_csv: wine.csv: no such file.": "wine.csv: no such file.",
    "w.csv: no target column was named. Pass target=.": (
        "w.csv: no target column was named. Pass --target."
    ),
    "w.csv: there is no column 'typ', which exclude= names.": (
        "w.csv: there is no column 'typ', which --exclude names."
    ),
    "Pass the right encoding=, for example encoding='latin-1'.": (
        "Pass the right --encoding, for example --encoding 'latin-1'."
    ),
    "Correct the row, or pass separator= or quote=.": (
        "Correct the row, or pass --separator or --quote."
    ),
    "Use more rows, another seed=, or a smaller test_size=.": (
        "Use more rows, another --seed, or a smaller --test-size."
    ),
    "pass column_types={'zip': 'numeric'}.": """pass --column-types '{"zip": "numeric"}'.""",
    "rename it with rename_labels={'<=50K.': '<=50K'}.": (
        """rename it with --rename-labels '{"<=50K.": "<=50K"}'."""
    ),
    "To leave it out, pass exclude=('id', 'name of it').": (
        "To leave it out, pass --exclude 'id,name of it'."
    ),
    "or pass task='multiclass' or task='binary' if": (
        "or pass --task multiclass or --task binary if"
    ),
    "Pass decimal=',' and thousands='.'.": "Pass --decimal ',' and --thousands '.'.",
    "pass drop_missing_target=True.": "pass --drop-missing-target.",
    "with na_values=[] only an empty cell does": "with --na-values '' only an empty cell does",
    'Pass thousands="\'".': 'Pass --thousands "\'".',
    "pass quote=None or separator='\\t'.": "pass --quote none or --separator 'tab'.",
    "the name is too long: exclude=('a', 'b...c'": "the name is too long: --exclude ('a', 'b...c'",
    # What is no keyword of the recipe stays as it is.
    "pass quantiles=(0.1, 0.9), or x.test=3": "pass quantiles=(0.1, 0.9), or x.test=3",
    "line 3: 'http://a.b/?test=1&seed=2' is not a number": (
        "line 3: 'http://a.b/?test=1&seed=2' is not a number"
    ),
    "The 'spec' parameter of mlp_regressor must be a Spec.": (
        "The 'spec' parameter of mlp_regressor must be a Spec."
    ),
}


@pytest.mark.parametrize("message", MESSAGES)
def test_keywords_become_flags(message):
    assert with_flags(message, flags_of_job("tabular-regression")) == MESSAGES[message]


def test_a_flag_may_have_another_name():
    flags = flags_of_job("text-classify")
    message = "load_text: there is no column 'text', which text= names, and no label='label'."
    assert with_flags(message, flags) == (
        "there is no column 'text', which --text-column names, and no --target 'label'."
    )
    assert flags_of(["path", "csv"], positional=["path"]) == {"path": "PATH", "csv": "--csv"}


def test_a_long_message_stays_short():
    message = str(KerakitError("x" * 600 + " pass exclude=('a',)." * 20))
    assert len(with_flags(message, flags_of_job("image-cnn") | {"exclude": "--exclude"})) <= (
        MAX_MESSAGE
    )


FILES = {
    "latin-1": (b"caf\xe9,y\na,1\nb,2\nc,3\nd,4\n", [], "Pass the right --encoding, .* 'latin-1'"),
    "decimal": (b"x;y\n" + b"1;0,5\n2;1,5\n3;2,5\n" * 9, [], "Pass --decimal ','"),
    "text": (b"x,y\n" + b"1,1\n2,2\nb,3\n" * 9, [], r"""--column-types '\{"x": "numeric"\}'"""),
    "no such column": (b"a,b\n1,2\n3,4\n", [], "no column 'y', which --target names"),
    "ragged": (b"a,y\n1,2\n3\n", [], "line 3: .* or pass --separator or --quote"),
    "workbook": (b"PK\x03\x04[Content_Types].xml", [], r"is an Excel workbook \(.xlsx\)"),
    "types": (b"a,y\n1,2\n", ["--column-types", "x"], "--column-types takes a JSON object"),
    "one thousand": (b"a,y\n1,2\n", ["--thousands", "xy"], "^error: --thousands must be one"),
}


@pytest.mark.parametrize("kind", FILES)
def test_errors_of_a_recipe_name_its_flags(kind, tmp_path, capsys, monkeypatch):
    content, flags, words = FILES[kind]
    if kind == "text":
        flags, words = ["--column-types", '{"x": "numeric"}'], "--column-types asks for numbers"
    (tmp_path / "t.csv").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        load_recipe("tabular-regression").main(["--csv", "t.csv", "--target", "y", *flags])
    assert end.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.search(words, error), error
    assert "load_csv" not in error
    assert sorted(tmp_path.iterdir()) == [tmp_path / "t.csv"]


def test_python_callers_see_keywords(tmp_path):
    (tmp_path / "t.csv").write_bytes(FILES["decimal"][0])
    recipe = load_recipe("tabular-regression")
    with pytest.raises(ValueError, match="Pass decimal=','"):
        recipe.run(recipe.Config(csv=str(tmp_path / "t.csv"), target="y"))
