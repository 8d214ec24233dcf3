"""What builders and presets declare to be tried: values that they take."""

import functools

import pytest

import kerakit as kk
from kerakit.builders.search_space import Choice, Range, searched

BUILDERS = {
    "mlp_regressor": "diabetes",
    "mlp_classifier": "iris",
    "polynomial_regressor": "diabetes",
    "cnn_classifier": "digits",
    "sequence_classifier": "control_charts",
    "sequence_forecaster": "mackey_glass",
    "sequence_tagger": "sentences",
    "text_classifier": "messages",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_takes_every_end_of_what_it_declares(name):
    builder, data = getattr(kk, name), kk.load_builtin(BUILDERS[name])
    for argument, entry in builder.search_space.items():
        for value in entry.ends:
            assert builder(data.spec, **{argument: value}).built


def test_all_builders_declare_something_but_those_that_are_solved():
    solved = {"linear_regressor", "logistic_classifier", "perceptron_classifier"}
    names = {n for n in kk.__all__ if n.endswith(("_regressor", "_classifier", "_tagger"))}
    without = {name for name in names if not hasattr(getattr(kk, name), "search_space")}
    assert without == solved


def test_a_preset_is_tried_around_its_values():
    space = kk.PRESETS["image_classification"].search_space
    assert space == {
        "learning_rate": Range(1e-3, 1e-1, "log"),
        "weight_decay": Range(0.005, 0.5, "log"),
        "batch_size": Choice(32, 64, 128),
    }
    assert kk.PRESETS["perceptron"].search_space["batch_size"] == Choice(1, 2)
    for preset in kk.PRESETS.values():
        for name, entry in preset.search_space.items():
            value = getattr(preset, name, dict(preset.options).get(name))
            assert entry.holds(value), (preset.name, name)


def test_a_range_goes_up_and_a_choice_tells_its_kinds_apart():
    assert Range(1, 3).is_int and not Range(1.0, 3).is_int
    assert Range(1e-3, 1e-1, "log").middle() == 0.01
    assert Choice(0, 1).holds(0) and not Choice(0, 1).holds(False)
    wrong = [(1, 1), (2, 1), (0, 1, "log"), (0, float("inf")), (0, 1, "exp"), ("a", "b")]
    for values in wrong:
        with pytest.raises(kk.ArgumentError):
            Range(*values)


def test_a_default_lies_in_what_is_declared():
    with pytest.raises(AssertionError, match="outside the search space"):

        @searched(dropout=Range(0.2, 0.5))
        def builder(inputs, *, dropout=0.1): ...

    assert functools.partial(kk.mlp_regressor, bins=0).func.search_space
