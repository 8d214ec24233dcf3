"""What a search tries: the forms in which a user names it, and what is declared."""

import pytest

import kerakit as kk
from kerakit.builders.search_space import Choice, Range
from kerakit.integrations.keras_tuner.command import BUILDERS
from kerakit.integrations.keras_tuner.space import Space, read_space
from kerakit.workflow.jobs import JOBS, load_recipe

DECLARED = {"dropout": Range(0.0, 0.5), "hidden": Choice((64,), (128,))}
KNOWN = {"dropout": 0.1, "hidden": (64,), "learning_rate": 1e-3, "encoder": "conv"}


def space(given):
    return read_space("tune", given, DECLARED, KNOWN)


def test_a_user_replaces_narrows_or_takes_what_is_declared():
    assert space(None).entries == DECLARED
    assert space(["dropout"]).entries == {"dropout": Range(0.0, 0.5)}
    found = space(
        {"hidden": [(8,), (16, 16)], "learning_rate": (1e-4, 1e-2, "log"), "encoder": "gru"}
    )
    assert found.entries == {
        "hidden": Choice((8,), (16, 16)),
        "learning_rate": Range(1e-4, 1e-2, "log"),
    }
    assert found.fixed == {"encoder": "gru"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"droput": [0.1, 0.2]}, "'droput'. Did you mean 'dropout'?"),
        (["droput"], "'droput'. Did you mean 'dropout'?"),
        (["encoder"], "Declared: 'dropout', 'hidden'"),
        ({"dropout": (0.5, 0.1)}, "Got (0.5, 0.1) for 'dropout'"),
        ({"dropout": (0.0, 0.1, "log")}, "above 0 for the scale 'log'"),
        ({"hidden": (64, 64)}, "Got (64, 64) for 'hidden'"),
        ({"dropout": []}, "at least one value"),
        ({"dropout": [0.1]}, "nothing to try"),
        (3, "must be a dict"),
    ],
)
def test_a_wrong_space_has_one_line_that_names_it(given, words):
    with pytest.raises(kk.ArgumentError) as error:
        space(given)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_the_values_of_a_trial_are_those_of_the_space():
    """Choices of any kind come back as they were; floats within their range, by four digits."""
    made = Space({"a": Choice(None, "auto", 1.5), "b": Range(1e-4, 0.1), "c": Choice(16, 32)})
    assert made.decoded({"a": "1: 'auto'", "b": 0.012345678, "c": 32}) == {
        "a": "auto",
        "b": 0.01235,
        "c": 32,
    }
    assert made.decoded({"a": "0: None", "b": 0.10000000149, "c": 16})["b"] == 0.1


def test_the_space_of_keras_tuner_begins_with_the_defaults():
    pytest.importorskip("keras_tuner", reason="keras-tuner is not installed: kerakit[tune]")
    made = Space(
        {"units": Range(8, 64, "log"), "arch": Choice("vgg", "lenet"), "l2": Range(0.1, 0.3)},
        defaults={"units": 16, "arch": "lenet", "l2": 0.0},
    ).hyperparameters()
    first = {each.name: each.default for each in made.space}
    assert first == {"units": 16, "arch": "lenet", "l2": pytest.approx(0.2)}
    assert {each.name: type(each).__name__ for each in made.space} == {
        "units": "Int",
        "arch": "Choice",
        "l2": "Float",
    }


def test_every_job_but_the_lessons_can_be_tuned_by_its_flags():
    assert set(BUILDERS) == set(JOBS) - {"fundamentals"}
    for job, builder in BUILDERS.items():
        config, declared = load_recipe(job).Config(), getattr(kk, builder).search_space
        flags = [name for name in declared if hasattr(config, name)]
        wrong = [name for name in flags if not declared[name].holds(getattr(config, name))]
        assert not wrong, (job, wrong)
