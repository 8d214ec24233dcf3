"""The boosted trees of members: what grows, what the layers hold, and when they count."""

import dataclasses

import keras
import numpy as np
import pytest
from member_cases import MEMBERS, made, runner_of, scores_left_out

import kerakit as kk
from kerakit.builders.contract import members_of
from kerakit.builders.tables.sizes import tree_count
from kerakit.training.members.targets import score_targets
from kerakit.training.members.trees import fit_trees


def corners(rows=150, seed=0, **options):
    """Of the corners of a square, two that are opposite answer otherwise; ten columns are noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 12)).astype("float32")
    x[:, :2] = np.sign(x[:, :2]) * (0.9 + x[:, :2] ** 2 / 10)
    return kk.load_arrays(x, np.where(x[:, 0] * x[:, 1] > 0, "same", "other"), **options)


@pytest.fixture(scope="module")
def trained():
    data = corners()
    model = made(data)
    return model, data, kk.fit(model, data, epochs=1, verbose=0)


@pytest.mark.training
def test_the_layers_compute_the_scores_of_the_rows_left_out(trained):
    model, data, history = trained
    part = fit_trees(runner_of(model, data))
    np.testing.assert_allclose(scores_left_out(model, data, -1), part.scores, atol=1e-5)
    target = runner_of(model, data).arrays("train").target.numpy()
    loss = np.mean(np.logaddexp(0, np.where(target == 1, -1, 1) * part.scores[:, 0]))
    assert f"trees {loss:.4g} (" in history.linear_path
    assert loss < 0.6 * np.log(2) and members_of(model).blend.kernel.numpy()[-1] > 0.1


@pytest.mark.training
def test_values_far_away_have_a_finite_answer(trained):
    model, _, _ = trained
    far = np.resize([1e30, -1e30], (1, 12)).astype("float32")
    assert np.isfinite(model.predict({"features": far}, verbose=0)).all()


@pytest.mark.training
@pytest.mark.slow
def test_they_are_saved(trained, tmp_path):
    model, data, _ = trained
    rows = data.table("test").features
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    answers = [each.predict(rows, verbose=0) for each in (model, loaded)]
    np.testing.assert_array_equal(*answers)
    assert members_of(loaded).trees is not None


@pytest.mark.many
def test_as_many_trees_are_kept_as_have_the_lowest_loss():
    """Of noise none is: the scores are those of the shares, and no answer is left."""
    rng = np.random.default_rng(0)
    data = kk.load_arrays(rng.normal(size=(80, 2)), rng.choice(["a", "b", "c"], 80))
    model = made(data)
    runner = runner_of(model, data)
    part = fit_trees(runner)
    base = score_targets(runner).base
    np.testing.assert_allclose(part.scores, np.tile(base, (len(part.scores), 1)))
    (answers,) = part.weights[members_of(model).trees.answers]
    answers = answers.reshape(MEMBERS, -1, 16, 3)
    np.testing.assert_allclose(answers[:, 0], np.broadcast_to(base, (MEMBERS, 16, 3)))
    assert not answers[:, 1:].any()


@pytest.mark.many
def test_several_numbers_and_rows_of_weight_0():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (150, 2)).astype("float32")
    step = np.where(x[:, 0] * x[:, 1] > 0, 1.0, 0.0)
    weight = rng.choice([0.0, 1.0, 2.0], 150)
    y = np.stack([step, 100 - 50 * step], axis=1)
    y[weight == 0] = 50  # no row that counts has such targets
    data = kk.load_arrays(x, y, sample_weight=weight)
    model = made(data, kk.mlp_regressor)
    runner = runner_of(model, data)
    part, targets = fit_trees(runner), score_targets(runner)
    assert targets.loss(part.scores) < 0.6 * targets.loss(np.tile(targets.base, (150 - 30, 1)))
    part.keep(1.0)
    np.testing.assert_allclose(scores_left_out(model, data, -1), part.scores, atol=1e-4)


def test_the_rows_and_the_columns_decide_on_trees(diabetes):
    def count(rows, columns=10, scores=1):
        spec = dataclasses.replace(diabetes.spec, sizes={"train": rows})
        return tree_count(spec, 8, columns, scores)

    assert count(999) == (100, 4) and count(1_000) == count(5_999) == (100, 6)
    assert count(6_000) == count(99_999) == (150, 6)
    assert count(500, scores=1_000) == (7, 4) and count(10_000, scores=100) == (19, 6)
    assert count(100_000)[0] == count(1_000, columns=0)[0] == 0
    assert tree_count(10, 8, 10, 1) == (0, 0)  # a plain width tells no rows
