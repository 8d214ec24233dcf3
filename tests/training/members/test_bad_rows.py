"""Rows that are few, odd or in groups: members answer them, or refuse them in one line."""

import keras
import marks
import numpy as np
import pytest

import kerakit as kk
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

MEMBERS, N = 4, 40
NOISE = np.random.default_rng(0).normal(size=(N, 60)).astype("float32")
Y = NOISE[:, 0] + 0.1 * NOISE[:, 1]
LETTERS = np.array(["a", "b", "c"])
COLUMNS = {"p": NOISE[:, 0], "q": NOISE[:, 2]}
CATEGORIES = {"p": LETTERS[np.digitize(Y, [-0.5, 0.5])], "q": LETTERS[np.arange(N) % 3]}
ONE = (np.arange(N) == 3).astype("float32")  # 1 in a single row
# Test rows that are given leave all rows to the members.
WHOLE = {"validation_size": 0, "test": (COLUMNS, Y)}


def loaded(x=COLUMNS, y=Y, **options):
    if "test" in options:
        options["test"] = (x, y)
    return kk.load_arrays(x, y, **options)


def made(data, members=MEMBERS):
    keras.utils.set_random_seed(0)
    regression = data.spec.task == "regression"
    builder = kk.mlp_regressor if regression else kk.mlp_classifier
    model = builder(data, members=members, hidden=(4,), bins=3)
    kk.compile(model, batch_size=16)
    return model


@pytest.mark.many
@pytest.mark.parametrize("validation", ["drawn", "file", "file without groups"])
def test_members_leave_out_whole_groups(validation):
    groups = np.arange(N) % 9
    options, x = {"groups": "g"}, {**COLUMNS, "g": groups}
    if validation == "file":
        options["validation"] = ({**COLUMNS, "g": groups + 6}, Y)  # six groups more
    elif validation == "file without groups":
        options["validation"] = (COLUMNS, Y)
    data = kk.load_arrays(x, Y, **options)
    runner = Runner(made(data), data, FitOptions(owner="fit", epochs=1))
    names = data.table("train").groups
    if validation != "file without groups":
        names = np.concatenate([names, data.table("validation").groups])
    fold = runner.fold
    assert len(fold) == data.spec.sizes["train"] + data.spec.sizes["validation"]
    assert set(fold) == set(range(MEMBERS))
    assert all(len(set(fold[: len(names)][names == name])) == 1 for name in set(names))


@pytest.mark.many
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": np.arange(N) // 10}, "arrays: .* in 3 group.*members=4.*with members=3"),
        ({"groups": np.ones(N), **WHOLE}, "arrays: .* in 1 group.*members=4.*with members=1"),
        ({"sample_weight": ONE + ONE[::-1], **WHOLE}, "2 .* rows have a weight above 0.*members=4"),
        ({"x": {"p": Y[:5]}, "y": Y[:5], "task": "regression"}, "4 .* rows are too few .*least 8"),
    ],
)
def test_rows_that_members_cannot_divide_are_refused_before_training(options, words):
    data = loaded(**options)
    model = made(data)
    before = model.get_weights()
    with pytest.raises(kk.DataError, match=words) as error:
        kk.fit(model, data, epochs=1, verbose=0)
    assert len(str(error.value)) <= 500 and "\n" not in str(error.value)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_constant_target_is_refused_when_it_is_loaded():
    with pytest.raises(kk.DataError, match="the target 'target' is constant: 1 in all 40 rows"):
        loaded(y=np.ones(N), task="regression")


ANSWERED = {
    "class with fewer rows than folds": {"y": np.repeat(["a", "b", "c"], (20, 18, 2))},
    "column constant but in one fold": {"x": {**COLUMNS, "c": ONE}, **WHOLE},
    "all columns categorical": {"x": CATEGORIES},
    "one column": {"x": {"p": Y}},
    "one categorical column": {"x": {"p": CATEGORIES["p"]}},
    "target constant but in one fold": {"y": ONE, "task": "regression", **WHOLE},
    "one target of two constant but in one fold": {"y": np.stack([Y, ONE], 1), **WHOLE},
    "more columns than rows": {"x": {f"c{n}": NOISE[:, n] for n in range(60)}},
    "more columns than rows, classes": {"x": NOISE, "y": np.where(Y > 0, "a", "b")},
    "column there in one row": {"x": {**COLUMNS, "c": np.where(ONE, 1, np.nan)}, **WHOLE},
    "two rows for each member": {"x": {"p": Y[:8]}, "y": Y[:8], "task": "regression", **WHOLE},
    "one group for each member": {"groups": np.arange(N) // 8},
    "one group of nearly all rows": {"groups": np.maximum(np.arange(N), 36), **WHOLE},
    "weight in a few rows": {"sample_weight": np.where(np.arange(N) < 8, 1, 0), **WHOLE},
}


@pytest.mark.training
@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("case", marks.first(1, ANSWERED))
def test_odd_rows_are_answered(case):
    """The loss of rows left out is finite, and hardly above that of an answer without columns."""
    data = loaded(**ANSWERED[case])
    model = made(data)
    history = kk.fit(model, data, epochs=2, verbose=0).history
    blind = np.log(len(data.spec.classes)) if data.spec.classes else 1
    assert 0 <= min(history["val_loss"]) < 1.1 * blind
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    answers = kk.predict(model, data.table("test").features)
    numbers = [value for value in answers.values() if np.asarray(value).dtype.kind == "f"]
    assert numbers and all(np.isfinite(value).all() for value in numbers)


@pytest.mark.training
@pytest.mark.slow
@pytest.mark.parametrize("groups", [None, np.arange(N) // 2])
def test_a_class_of_one_row_or_group_is_answered_with_a_warning(groups):
    rows = 1 if groups is None else 2
    words = "one training row only has the class 'b'" if groups is None else "1 of 2 classes"
    y = np.repeat(["a", "b"], (N - rows, rows))
    with pytest.warns(UserWarning, match=words):
        data = loaded(y=y, groups=groups, **WHOLE)
        history = kk.fit(made(data), data, epochs=2, verbose=0).history
    assert np.isfinite(history["val_loss"]).all()
