"""The kernel of members: what it solves, what the layers hold, and when it counts."""

import dataclasses

import keras
import numpy as np
import pytest
from member_cases import MEMBERS, made, runner_of, scores_left_out

import kerakit as kk
from kerakit.builders.contract import members_of, network_of
from kerakit.builders.tables.sizes import kernel_rows
from kerakit.training.members.beside import fit_beside
from kerakit.training.members.kernel import GAINS, fit_kernel


def rings(rows=120, seed=0, **options):
    """Points of a plane, which one ring is to tell from another: a line cannot."""
    rng = np.random.default_rng(seed)
    outer = rng.random(rows) < 0.4
    angle, radius = rng.uniform(0, 2 * np.pi, rows), np.where(outer, 2.0, 0.8)
    radius = radius + rng.normal(0, 0.2, rows)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")
    return kk.load_arrays(x, np.where(outer, "outer", "inner"), **options)


@pytest.fixture(scope="module")
def trained():
    data = rings()
    model = made(data)
    return model, data, kk.fit(model, data, epochs=1, verbose=0)


@pytest.mark.training
def test_the_layers_compute_the_scores_of_the_rows_left_out(trained):
    model, data, history = trained
    runner = runner_of(model, data)
    fit = fit_kernel(runner)
    scores = scores_left_out(model, data, 3)
    np.testing.assert_allclose(scores, fit.scores, rtol=1e-5)
    coefficients = members_of(model).kernel.scores.kernel.numpy()
    for member in range(MEMBERS):
        assert not coefficients[runner.fold == member, member].any()
        assert coefficients[runner.fold != member, member].all()
    target = runner.arrays("train").target.numpy()
    loss = np.mean(np.logaddexp(0, np.where(target == 1, -1, 1) * fit.scores[:, 0]))
    assert f"kernel {loss:.4g} (" in history.linear_path
    assert loss < 0.4 * float(history.linear_path.split("(line ")[1][:6])


@pytest.mark.training
def test_without_a_distance_to_any_row_the_answer_is_the_share_of_a_class(trained):
    """And values that are no distance away in float32 have a finite answer."""
    model, data, _ = trained
    far = np.full((1, 2), 1e30, "float32")
    assert np.isfinite(model.predict({"features": far}, verbose=0)).all()
    target = runner_of(model, data).arrays("train").target.numpy()
    share = np.log(target.mean() / (1 - target.mean()))
    bias = members_of(model).kernel.scores.bias.numpy()
    np.testing.assert_allclose(bias, np.full((MEMBERS, 1), share), rtol=1e-6)


@pytest.mark.training
@pytest.mark.export
@pytest.mark.slow
def test_it_is_saved_and_served(trained, tmp_path):
    model, data, _ = trained
    rows = data.table("test").features
    answers = model.predict(rows, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(rows, verbose=0), answers)
    assert members_of(loaded).kernel is not None
    kk.export(model, data, tmp_path / "served")
    served = kk.load_served(tmp_path / "served")(rows)
    np.testing.assert_allclose(served["probabilities"], answers, atol=1e-6)


@pytest.mark.training
def test_where_it_adds_nothing_the_model_holds_no_row():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 3)).astype("float32")
    data = kk.load_arrays(x, x @ np.array([1, -2, 3], "float32"), task="regression")
    model = made(data, kk.mlp_regressor)
    history = kk.fit(model, data, epochs=1, verbose=0)
    assert "(0%)" in history.linear_path.split("kernel ")[1][:14]
    kernel = members_of(model).kernel
    for layer in (kernel.rows, kernel.exponent, kernel.scores):
        assert not any(np.any(weight.numpy()) for weight in layer.weights)
    assert members_of(model).blend.kernel.numpy()[3] == 0


@pytest.mark.many
def test_a_fit_without_a_kernel_leaves_none_of_the_rows_before():
    """The second fit has more rows than the model was built for."""
    few, many = rings(60), rings(120)
    model = made(few)
    fit_kernel(runner_of(model, few)).keep(1.0)
    assert members_of(model).kernel.rows.kernel.numpy().any()
    assert fit_beside(runner_of(model, many))["kernel"] is None
    assert not any(weight.numpy().any() for weight in members_of(model).kernel.scores.weights)
    assert not members_of(model).kernel.rows.kernel.numpy().any()


def test_the_rows_and_the_columns_decide_on_a_kernel(diabetes):
    def rows(count, columns=10, outputs=8):
        spec = dataclasses.replace(diabetes.spec, sizes={"train": count - 10, "validation": 10})
        return kernel_rows(spec, columns, outputs)

    assert rows(5_000) == 5_000 and rows(1_000, columns=992) == 1_000
    assert rows(5_001) == rows(1_000, columns=993) == rows(5_000, outputs=191) == 0
    assert rows(1_000, columns=0) == kernel_rows(10, 10, 8) == 0  # a plain width tells no rows


@pytest.mark.many
def test_rows_of_weight_0_are_not_held():
    weight = np.random.default_rng(1).choice([0.0, 1.0, 3.0], 120)
    data = rings(sample_weight=weight)
    model = made(data)
    runner = runner_of(model, data)
    counts = runner.arrays("train").weight.numpy() > 0
    fit = fit_kernel(runner)
    held, _ = fit.weights[members_of(model).kernel.rows]
    assert held[:, : counts.sum()].all() and not held[:, counts.sum() :].any()
    other = made(rings(sample_weight=2 * weight))  # weights are relative
    again = fit_kernel(runner_of(other, rings(sample_weight=2 * weight)))
    np.testing.assert_allclose(again.scores[counts], fit.scores[counts], rtol=1e-6)


@pytest.mark.many
def test_a_model_built_for_other_rows():
    few, many = rings(60), rings(120)
    assert fit_kernel(runner_of(made(few), many)) is None  # more than it has units
    assert fit_kernel(runner_of(made(many), few)).scores.shape == (48, 1)


@pytest.mark.many
@pytest.mark.parametrize("task", ["multiclass", "multilabel", "targets", "roots"])
def test_each_answer_has_scores(task):
    """The mean loss of rows left out is below that of the answer without columns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2)).astype("float32")
    radius, builder, options = np.sqrt((x**2).sum(axis=1)), kk.mlp_regressor, {}
    if task == "multiclass":
        y, builder = np.digitize(radius, [0.8, 1.6]).astype(str), kk.mlp_classifier
    elif task == "multilabel":
        y, builder = np.stack([radius > 0.8, radius > 1.6], 1).astype(int), kk.mlp_classifier
        options = {"task": "multilabel"}
    else:
        y = np.stack([radius, 100 - radius], axis=1) if task == "targets" else (1 + radius) ** 2
    data = kk.load_arrays(x, y, **options)
    model = made(data, builder)
    runner = runner_of(model, data)
    if task == "roots":  # of scores s: targets 2 * (s + 3) ** 2 - 5
        root, power = (network_of(model).get_layer(name) for name in ("root", "power"))
        root.bias.assign([3.0])
        power.kernel.assign([[0.0, 2.0]])
        power.bias.assign([-5.0])
    scores, target = fit_kernel(runner).scores, runner.arrays("train").target.numpy()
    if task == "multiclass":
        shares = np.bincount(target) / len(target)
        losses = -np.log(np.exp(scores) / np.exp(scores).sum(1, keepdims=True))
        assert losses[np.arange(len(target)), target].mean() < -0.6 * shares @ np.log(shares)
    elif task == "multilabel":
        losses = np.logaddexp(0, np.where(target == 1, -1, 1) * scores)
        assert losses.mean() < 0.5
    else:
        spec = data.spec.target
        y = (target.reshape(len(target), -1) - spec.mean) / np.sqrt(spec.variance)
        if task == "roots":
            scores = 2 * (scores + 3) ** 2 - 5
        assert ((scores - y) ** 2).mean() < 0.3
    assert min(GAINS) == 1


@pytest.mark.many
def test_what_has_no_kernel(diabetes):
    assert members_of(kk.mlp_regressor(diabetes)).kernel.rows.units == 354
    for options in ({"quantiles": (0.1, 0.5, 0.9)}, {"hidden": (4,), "members": 2}):
        assert members_of(kk.mlp_regressor(diabetes, **options)).kernel is None
    assert members_of(kk.mlp_regressor(3, members=2)).kernel is None
    same = kk.load_arrays(
        {"x": np.r_[np.zeros(50), np.ones(4)]}, np.arange(54.0), task="regression", test_size=0.1
    )
    assert fit_kernel(runner_of(made(same, kk.mlp_regressor), same)) is None
