import numpy as np
import pytest
from scipy.special import softmax

from kerakit.builders.contract import SetRule
from kerakit.trust.sets import fit_sets


def rows(count, classes, seed, factor=1.0):
    """Probabilities, and class ids drawn from those of other scores where `factor` is not 1."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1.5, (count, classes))
    y = (softmax(scores, axis=1).cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return softmax(factor * scores, axis=1), y


def test_scores_by_hand():
    p = np.array([[0.1, 0.6, 0.3]])
    np.testing.assert_allclose(SetRule(0).scores(p), [[0.9, 0.0, 0.6]])
    np.testing.assert_allclose(SetRule(0, 0.2, 1).scores(p), [[1.3, 0.0, 0.8]])
    np.testing.assert_allclose(SetRule(0, 0.2, 2).scores(p), [[1.1, 0.0, 0.6]])
    # Of equally probable labels the first one is before the second.
    np.testing.assert_allclose(SetRule(0).scores(np.array([[0.5, 0.5]])), [[0.0, 0.5]])


def test_the_most_probable_label_is_in_every_set():
    p, _ = rows(200, 5, 0)
    inside = SetRule(0.0).of(p)
    assert (inside.sum(axis=1) == 1).all()
    assert (inside.argmax(axis=1) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("classes", [2, 3, 8])
@pytest.mark.parametrize("factor", [1.0, 3.0])
@pytest.mark.parametrize("coverage", [0.8, 0.95])
def test_new_rows_have_their_label_in_the_set(classes, factor, coverage):
    """Whatever the probabilities are worth: those of a model that is too sure as well."""
    rule = fit_sets(*rows(3_000, classes, 0, factor), coverage, seed=0)
    p, y = rows(10_000, classes, 1, factor)
    inside = rule.of(p)
    share = inside[np.arange(len(y)), y].mean()
    accuracy = (p.argmax(axis=1) == y).mean()
    assert share > coverage - 0.02
    assert share < max(coverage, accuracy) + 0.02 or classes < 4
    assert inside.sum(axis=1).mean() < classes


def test_a_penalty_is_chosen_where_it_makes_sets_smaller():
    """RAPS: sure and unsure rows whose label is always one of the first two of forty."""
    rng = np.random.default_rng(0)
    ordered = np.where(np.arange(40) == 0, [[0.9], [0.04]], [[0.1 / 39], [0.96 / 39]])
    ordered = ordered[rng.integers(0, 2, 4_000)]
    ordered[:, 1] += 1e-4
    ordered /= ordered.sum(axis=1, keepdims=True)
    y = (rng.random(4_000) < 0.2).astype(int)
    rule = fit_sets(ordered[:2000], y[:2000], 0.95, seed=0)
    assert rule.penalty > 0
    plain = fit_sets(ordered[:999], y[:999], 0.95, seed=0)  # too few rows to choose
    assert plain.penalty == 0
    sizes = [one.of(ordered[2000:]).sum(axis=1).mean() for one in (rule, plain)]
    assert sizes[0] < 0.6 * sizes[1]
    inside = rule.of(ordered[2000:])[np.arange(2000), y[2000:]]
    assert inside.mean() >= 0.93
