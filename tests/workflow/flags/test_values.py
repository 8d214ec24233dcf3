"""Flags that go together, lists, JSON objects and names, without any data being read."""

import dataclasses

import pytest
import tyro

from kerakit.errors import ArgumentError
from kerakit.workflow import ImageFlags, Levels, TableFlags
from kerakit.workflow.flags.values import (
    check_builtin,
    check_one_source,
    data_path,
    given_flags,
    parse_labels,
    parse_object,
    run_name,
    split_commas,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TableFlags):
    dataset: str = "diabetes"


def test_the_flags_that_were_given_are_those_of_the_data():
    config = Config(csv="a.csv", target="y", exclude="a,b", epochs=3)
    assert given_flags(config, TableFlags, "csv") == {"target": "y", "exclude": "a,b"}
    assert given_flags(Config(task="binary"), TableFlags, "csv", other=("task",)) == {
        "task": "binary"
    }


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"drop_missing_target": True}, "--drop-missing-target goes with --csv FILE"),
        ({"na_values": "?"}, "--na-values goes with --csv FILE"),
        ({"csv": "a.csv", "dataset": "iris"}, "two sets of data"),
        ({"data_dir": "sets"}, "--data-dir goes with --dataset tfds:NAME"),
        ({"csv": "a.csv", "data_dir": "sets"}, "--data-dir goes with --dataset tfds:NAME"),
    ],
)
def test_flags_that_contradict_each_other(flags, words):
    with pytest.raises(ArgumentError, match=words):
        given_flags(Config(**flags), TableFlags, "csv")


def test_images_have_one_source_too():
    check_one_source(ImageFlags(dataset="tfds:mnist", data_dir="sets"), "images")
    with pytest.raises(ArgumentError, match="two sets of data"):
        check_one_source(ImageFlags(images="photos", dataset="digits"), "images")


def test_errors_about_long_values_are_short():
    long = "x" * 10_000
    for call in (
        lambda: check_builtin(long, "set of texts", ("messages",)),
        lambda: check_one_source(Config(csv=long, dataset=long), "csv"),
        lambda: parse_labels(long),
    ):
        with pytest.raises(ArgumentError) as error:
            call()
        assert len(str(error.value)) < 500


def test_a_set_of_another_kind_names_those_that_there_are():
    with pytest.raises(ArgumentError, match="Expected messages or tfds:NAME. Did you mean"):
        check_builtin("mesages", "set of texts", ("messages",), "tfds:NAME")
    check_builtin("messages", "set of texts", ("messages",))


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ({}, "diabetes"),
        ({"name": "mine"}, "mine"),
        ({"csv": "data/red wine.csv.gz"}, "red_wine"),
        ({"dataset": "tfds:wine_quality/red"}, "wine_quality_red"),
        ({"csv": "---.csv"}, "data"),
    ],
)
def test_a_run_is_named_after_its_data(flags, name):
    assert run_name(Config(**flags)) == name


def test_the_path_of_own_data():
    assert data_path(Config()) is None and data_path(Config(csv="a.csv")) == "a.csv"


@pytest.mark.parametrize(
    "words", [["0.1,0.5,0.9"], ["0.1", "0.5", "0.9"], ["0.1,", "0.5", ",0.9"], [".1, .5, 9e-1"]]
)
def test_levels_have_commas_or_spaces_between_them(words):
    @dataclasses.dataclass
    class Flags:
        quantiles: Levels = None

    assert tyro.cli(Flags, args=["--quantiles", *words]).quantiles == (0.1, 0.5, 0.9)
    assert tyro.cli(Flags, args=[]).quantiles is None
    assert tyro.cli(Flags, args=["--quantiles", "low", "0.5"]).quantiles == ("low", "0.5")


def test_lists_and_objects():
    assert split_commas("a, b,c") == ("a", "b", "c") and split_commas(None) is None
    assert parse_labels('{"1": "spam"}') == {"1": "spam"} and parse_labels(None) is None
    kinds = {"day": "date:%d/%m/%Y", "zip": "categorical"}
    assert parse_object("column-types", "day=date:%d/%m/%Y, zip=categorical", "{}") == kinds
    for text in ("[1]", "{", "yes", "a=b,c", "=b"):
        with pytest.raises(ArgumentError, match="--rename-labels takes a JSON object"):
            parse_labels(text)
