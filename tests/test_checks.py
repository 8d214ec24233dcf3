"""Messages name what was received, and none is long, whatever the value."""

import pickle

import numpy as np
import pytest

from kerakit import checks
from kerakit.errors import MAX_MESSAGE, ArgumentError, DataError, KerakitError, TrainingError


class Wordy:
    def __repr__(self):
        return "a\n    b" * 5000


class Broken:
    def __repr__(self):
        raise RuntimeError("no repr")


LONG = [
    "x" * 10**6,
    list(range(10**5)),
    {f"column {n}": [n] * 100 for n in range(1000)},
    np.zeros((300, 300)),
    10**3000,
    b"\0" * 10**5,
    Wordy(),
    Broken(),
    [["deep" * 100] * 50] * 50,
]


@pytest.mark.parametrize("value", LONG, ids=lambda value: type(value).__name__)
def test_a_long_value_makes_a_short_message_on_one_line(value):
    for call in (
        lambda: checks.check(False, "fit", "epochs", "an int", value),
        lambda: checks.check_int("fit", "epochs", value, minimum=1, maximum=9),
        lambda: checks.check_float("fit", "dropout", value, "[0.0, 1.0)"),
        lambda: checks.check_sizes("mlp_regressor", "hidden", [value, 0]),
        lambda: checks.check_levels("evaluate", "quantiles", value),
    ):
        with pytest.raises(ArgumentError, match="parameter of .* must be .* Got .* instead") as e:
            call()
        assert len(str(e.value)) <= 300 and "\n" not in str(e.value)


def test_a_short_value_is_quoted_whole():
    text = "The 'dropout' parameter of mlp_regressor must be a float in the range [0.0, 1.0). "
    with pytest.raises(ArgumentError) as caught:
        checks.check_float("mlp_regressor", "dropout", 1.5, "[0.0, 1.0)")
    assert str(caught.value) == text + "Got 1.5 instead."


def test_a_choice_names_the_choices_and_the_nearest():
    with pytest.raises(ArgumentError) as caught:
        checks.check_choice("load_csv", "task", "binry", ["regression", "binary"])
    assert str(caught.value) == (
        "The 'task' parameter of load_csv must be one of 'regression', 'binary'. Got 'binry' "
        "instead. Did you mean 'binary'?"
    )
    names = [f"{'name' * 9}{n}" for n in range(500)]
    with pytest.raises(ArgumentError, match="and 49. more. Got 'n' instead") as caught:
        checks.check_choice("load_builtin", "name", "n", names)
    assert len(str(caught.value)) <= MAX_MESSAGE


def test_a_list_of_names_says_how_many_more_there_are():
    assert checks.shortlist([]) == ""
    assert checks.shortlist(["a", "b"]) == "'a', 'b'"
    assert checks.shortlist(range(5000), limit=2) == "0, 1 and 4,998 more"
    assert checks.shortlist(["x" * 300]) == "'" + "x" * 28 + "..." + "x" * 27 + "'"
    assert len(checks.shortlist(["x" * 50] * 100)) < 260


@pytest.mark.parametrize("good", [(0.5,), [0.1, 0.5, 0.9], np.array([0.25, 0.75])])
def test_levels_are_returned_as_floats(good):
    levels = checks.check_levels("evaluate", "quantiles", good)
    assert levels == tuple(good) and all(type(level) is float for level in levels)


@pytest.mark.parametrize(
    "bad", [(), (0.0, 0.5), (0.5, 1.0), (0.5, 0.5), (0.9, 0.1), (float("nan"),), "0.5", 0.5, None]
)
def test_levels_that_do_not_increase_within_the_range(bad):
    with pytest.raises(ArgumentError, match=r"range \(0\.0, 1\.0\)"):
        checks.check_levels("evaluate", "quantiles", bad)


def test_an_odd_number_of_levels_can_be_asked_for():
    assert checks.check_levels("mlp_regressor", "quantiles", (0.1, 0.5, 0.9), odd=True)
    for even in ((0.5,), (0.1, 0.9), (0.1, 0.2, 0.8, 0.9)):
        with pytest.raises(ArgumentError, match="3, 5, .* levels"):
            checks.check_levels("mlp_regressor", "quantiles", even, odd=True)


@pytest.mark.parametrize("error", [KerakitError, DataError, TrainingError])
def test_a_long_message_keeps_its_beginning_and_its_end(error):
    text = "wine.csv, line 3: " + "x" * 5000 + " Correct the cell."
    kept = str(error(text))
    assert len(kept) == MAX_MESSAGE and " [...] " in kept
    assert kept.startswith("wine.csv, line 3: x") and kept.endswith("x Correct the cell.")
    assert str(error(text[-500:])) == text[-500:]
    again = pickle.loads(pickle.dumps(error(text)))
    assert type(again) is error and str(again) == kept
