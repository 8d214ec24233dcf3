"""Boosted trees: their questions, their answers and what they reach."""

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor

from kerakit.solvers.boosted_trees import BinnedColumns, Booster, Link

BINS = 64
OPTIONS = {"symmetric": True, "depth": 2, "rate": 1.0, "penalty": 1e-9, "most": 100_000, "seed": 0}


def booster(x, y, kind="linear", rows=None, weight=None, **options):
    rows = np.arange(len(x)) if rows is None else rows
    weight = np.ones(len(x)) if weight is None else weight
    columns = BinnedColumns(x.astype("float32"), BINS)
    base = np.zeros(y.shape[1])
    return Booster(columns, Link(kind, y), rows, weight, base, **{**OPTIONS, **options})


def test_a_value_is_above_a_threshold_as_its_bin_is():
    rng = np.random.default_rng(0)
    near = np.nextafter(np.float32(1), np.float32([0, 2]))
    x = np.stack(
        [rng.choice([*near, np.float32(1)], 500), rng.normal(size=500), np.zeros(500)], axis=1
    ).astype("float32")
    columns = BinnedColumns(x, BINS)
    assert np.bincount(columns.column).tolist() == [3, BINS, 1]
    for number, (threshold, column) in enumerate(
        zip(columns.thresholds.astype("float32"), columns.column, strict=True)
    ):
        above = columns.codes[:, column] > number - columns.first[column]
        np.testing.assert_array_equal(x[:, column] > threshold, above)
    rows = np.bincount(columns.codes[:, 1])
    assert rows.min() >= 500 // BINS - 1 and rows.max() <= 500 // BINS + 2


def test_many_columns_have_fewer_bins_each():
    x = np.random.default_rng(0).normal(size=(300, 20)).astype("float32")
    x[:, 10:] = x[:, 10:] > 0
    counts = [np.bincount(BinnedColumns(x, 64, most).column).tolist() for most in (None, 400, 1)]
    assert counts == [[64] * 10 + [2] * 10, [32] * 10 + [2] * 10, [8] * 10 + [2] * 10]


def test_sums_below_a_bin_are_those_of_its_rows():
    rng = np.random.default_rng(0)
    x = np.stack([rng.integers(0, 5, 80), rng.random(80) < 0.1, np.ones(80)], axis=1)
    columns, rows = BinnedColumns(x.astype("float32"), BINS), rng.permutation(80)[:60]
    branch, values = rng.integers(0, 4, 60), rng.normal(size=60)
    ((sums, total),) = columns.histogram(rows).below(branch, 4, values)
    for place in range(4):
        np.testing.assert_allclose(total[place], values[branch == place].sum())
        for number, column in enumerate(columns.column):
            there = columns.codes[rows, column] <= number - columns.first[column]
            expected = values[there & (branch == place)].sum()
            np.testing.assert_allclose(sums[place, number], expected, atol=1e-12)


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_tree_by_hand(symmetric):
    """Two questions tell all four kinds of rows apart; the answers are their means."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, "float32")
    y = (x @ [[10.0], [3.0]]) + np.arange(20)[:, None] % 3
    found = booster(x, y, symmetric=symmetric)
    asked, answers = found.grow()
    assert asked.tolist() == [0, 2, 2]  # bins 0 and 1 are of column 0, bins 2 and 3 of column 1
    kind = x @ [2, 1]
    expected = [y[kind == number].mean() for number in range(4)]
    np.testing.assert_allclose(answers[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(found.scores[:, 0], np.array(expected)[kind.astype(int)], rtol=1e-6)


def test_branches_ask_for_columns_of_their_own():
    """Beside 0 the second column decides, beside 1 the third one."""
    x = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)] * 3, "float32")
    y = np.where(x[:, 0] == 0, 10 * x[:, 1], 100 + 10 * x[:, 2])[:, None]
    asked, answers = booster(x, y, symmetric=False).grow()
    assert asked.tolist() == [0, 2, 4]
    np.testing.assert_allclose(answers[:, 0], [0, 10, 100, 110], atol=1e-6)
    asked, _ = booster(x, y).grow()
    assert asked[1] == asked[2]


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_answers_of_classes_are_newton_steps(kind):
    x = np.repeat([[0.0], [1.0]], 10, axis=0)
    ids, weight = np.array([0, 1, 1, 2] * 5), np.tile([1.0, 2.0], 10)
    y = np.eye(3)[ids] if kind == "softmax" else np.stack([ids > 0, ids > 1], axis=1) * 1.0
    _, answers = booster(x, y, kind, weight=weight, depth=1, rate=0.5, penalty=2.0).grow()
    share = 1 / 3 if kind == "softmax" else 1 / 2  # of scores of 0
    for place in range(2):
        rows = x[:, 0] == place
        missing = (weight[rows, None] * (y[rows] - share)).sum(axis=0)
        expected = 0.5 * missing / (weight[rows].sum() * share * (1 - share) + 2)
        np.testing.assert_allclose(answers[place], expected)


def test_other_rows_have_scores_and_no_say():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 1))
    rows, changed = np.arange(40), y.copy()
    changed[40:] += 100
    one, other = booster(x, y, rows=rows), booster(x, changed, rows=rows)
    for _ in range(3):
        for ours, theirs in zip(one.grow(), other.grow(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    assert one.scores[40:].any()


def test_they_reach_what_gradient_boosting_of_scikit_learn_reaches():
    x, y = make_friedman1(600, noise=1.0, random_state=0)
    y = (y - y[:400].mean())[:, None]
    for most, symmetric in ((10_000, True), (3_500, True), (10_000, False)):  # with some columns
        options = {"depth": 4, "rate": 0.1, "penalty": 1.0, "most": most, "symmetric": symmetric}
        ours = booster(x, y, rows=np.arange(400), **options)
        for _ in range(100):
            ours.grow()
        subsample = 0.7 if symmetric else 1.0
        theirs = GradientBoostingRegressor(max_depth=4, subsample=subsample, random_state=0)
        theirs.fit(x[:400], y[:400, 0])
        error = np.mean((ours.scores[400:] - y[400:]) ** 2)
        assert error < 1.1 * np.mean((theirs.predict(x[400:]) - y[400:, 0]) ** 2)


def test_of_many_values_rows_and_columns_are_drawn():
    """2,000 rows of 4 dense columns, and of one that is nearly always 0: it is no burden."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(2_000, 4)), rng.random((2_000, 1)) < 0.01], axis=1)
    y = x[:, :1] + 10 * x[:, 4:]
    columns = BinnedColumns(x.astype("float32"), BINS)
    assert columns.density == pytest.approx(4 * (1 - 1 / BINS) + x[:, 4].mean(), abs=0.02)
    for most in (20_000, 6_000, 2_000):
        found = booster(x, y, depth=4, rate=0.3, most=most)
        for _ in range(40):
            found.grow()
        assert np.mean((found.scores - y) ** 2) < 0.05 * y.var()


def test_columns_without_a_question_are_no_error():
    found = booster(np.zeros((6, 1)), np.arange(6.0)[:, None])
    asked, _ = found.grow()
    assert asked.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.scores, 2.5, rtol=1e-6)
