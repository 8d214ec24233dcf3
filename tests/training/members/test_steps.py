"""The steps that members read: where they are, and that they stay there."""

import dataclasses

import keras
import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from training_cases import Stop

import kerakit as kk
from kerakit.builders.contract import members_of, network_of, preprocess_of
from kerakit.training.members import steps as steps_file
from kerakit.training.members.steps import grow_steps
from kerakit.training.members.trainer import member_trainer
from kerakit.training.options import FitOptions
from kerakit.training.runner import Runner

ROWS = 6_000  # from so many on there are steps


def table(seed=0, rows=ROWS):
    """Columns of 200 and of 50 whole numbers, one of 2, and one of letters."""
    rng = np.random.default_rng(seed)
    return {
        "fine": rng.integers(0, 200, rows).astype("float32"),
        "coarse": rng.integers(0, 50, rows).astype("float32"),
        "two": rng.integers(0, 2, rows).astype("float32"),
        "letter": rng.choice(list("ab"), rows),
    }


def loaded(x, y, **options):
    """`Data` of which all rows but ten are training rows."""
    test = {name: column[:10] for name, column in x.items()}
    return kk.load_arrays(x, y, test=(test, y[:10]), validation_size=0, **options)


def made(data, builder=kk.mlp_regressor, **options):
    keras.utils.set_random_seed(0)
    model = builder(data, **{"bins": 2, "members": 2, **options})
    kk.compile(model)
    return model


def grown(model, data):
    """The line about the steps."""
    return grow_steps(Runner(model, data, FitOptions(owner="fit", epochs=1)))


def places(model, data, column):
    """The neighbouring values, in units of the table, between which a column has steps."""
    layer = members_of(model).steps
    number = [feature.name for feature in data.spec.features].index(column)
    feature = data.spec.features[number]
    slope, offset = np.asarray(layer.kernel)[number], np.asarray(layer.bias)[number]
    assert not offset[slope == 0].any()
    slope, offset = slope[slope > 0], offset[slope > 0]
    scale, mean = feature.variance**0.5, feature.mean
    return [
        (round(float(a), 2), round(float(b), 2))
        for a, b in zip(
            mean - offset / slope * scale, mean + (1 - offset) / slope * scale, strict=True
        )
    ]


@pytest.mark.many
def test_a_jump_of_the_target_has_its_step_between_the_two_values_beside_it():
    x = table()
    data = loaded(x, np.where(x["fine"] > 137, 5.0, 1.0), task="regression")
    model = made(data)
    assert grown(model, data) == "steps: 1 thresholds of 1 columns, from 100 boosted trees"
    assert places(model, data, "fine") == [(137, 138)]
    assert places(model, data, "coarse") == places(model, data, "two") == []


@pytest.mark.many
def test_the_gains_are_those_of_gradient_boosting_in_scikit_learn(monkeypatch):
    """All rows in each tree: the thresholds of most gain are those of the same forest there."""
    monkeypatch.setattr(steps_file, "TREES", 10)
    x = table()
    y = np.sin(x["fine"] / 20) + (x["coarse"] > 30) * x["two"]
    data = loaded(x, y + np.random.default_rng(1).normal(0, 0.3, ROWS))
    model = made(data)
    grown(model, data)
    forest = GradientBoostingRegressor(
        n_estimators=10, max_leaf_nodes=24, max_depth=None, min_samples_leaf=20, random_state=0
    )
    names = ("fine", "coarse", "two")
    rows = np.column_stack([*(x[name] for name in names), x["letter"] == "b"])
    forest.fit(rows, data.table("train").target)
    gains = {}
    for tree in (each.tree_ for each in forest.estimators_[:, 0]):
        for node in np.flatnonzero(tree.children_left >= 0):
            both = tree.children_left[node], tree.children_right[node]
            error = tree.impurity * tree.weighted_n_node_samples
            key = (tree.feature[node], int(tree.threshold[node]))
            gains[key] = gains.get(key, 0) + error[node] - sum(error[child] for child in both)
    count = members_of(model).steps.kernel.shape[1]
    assert sum(key[0] == 0 for key in gains) > count
    for number, name in enumerate(names[:2]):
        found = {key: gain for key, gain in gains.items() if key[0] == number}
        best = sorted(sorted(found, key=found.get)[-count:])
        assert places(model, data, name) == [(low, low + 1) for _, low in best]


@pytest.mark.many
@pytest.mark.parametrize("answer", ["classes", "rare", "labels", "targets", "quantiles", "weights"])
def test_every_answer_has_steps(answer, monkeypatch):
    """A class, a label or a target jumps at 40 of one column, and another one at 20 of the other.

    Of rows without a weight nothing is known.
    """
    monkeypatch.setattr(steps_file, "TREES", 20)
    x, options, builder = table(), {}, kk.mlp_classifier
    fine, coarse = (x["fine"] > 40).astype(int), (x["coarse"] > 20).astype(int)
    y = fine + coarse
    if answer == "classes":
        y = np.array(list("abc"))[y]
    elif answer == "rare":
        y = np.where(fine & coarse & (x["fine"] < 44), "rare", "usual")
    elif answer == "labels":
        y, options = np.stack([fine, coarse, 1 - fine], axis=1), {"task": "multilabel"}
    else:
        builder = kk.mlp_regressor
        y = y.astype(float)
        if answer == "targets":
            y = np.stack([1e6 * fine, 1e-3 * coarse], axis=1)
        elif answer == "weights":
            there = np.random.default_rng(1).integers(0, 2, ROWS).astype("float32")
            y, options = np.where(there > 0, y, x["coarse"] % 7), {"sample_weight": there}
    model_options = {"quantiles": (0.1, 0.5, 0.9)} if answer == "quantiles" else {}
    data = loaded(x, y, **({"task": "regression"} if y.dtype.kind == "f" else {}), **options)
    model = made(data, builder, **model_options)
    grown(model, data)
    expected = [(40, 41), (43, 44)] if answer == "rare" else [(40, 41)]
    assert places(model, data, "fine") == expected
    assert places(model, data, "coarse") == [(20, 21)]


@pytest.mark.many
@pytest.mark.filterwarnings("ignore:.*nearly all others")
def test_near_and_far_values_have_ramps_that_float32_computes():
    """Neighbours that float32 hardly tells apart, far from 0 and near it."""
    rng = np.random.default_rng(0)
    far = 1 + rng.integers(0, 8, ROWS) * 2.0**-22
    near = rng.integers(0, 8, ROWS) * 1e-7
    near[:3], far[:3] = 1e3, -1e3
    x = {"far": far.astype("float32"), "near": near.astype("float32")}
    data = loaded(x, rng.normal(size=ROWS) + (near > 3.5e-7))
    model = made(data)
    grown(model, data)
    layer = members_of(model).steps
    rows = keras.Model(network_of(model).input, [layer.input, layer.output])
    values, steps = rows(preprocess_of(model)(data.table("train").features))
    slope, offset = (np.asarray(weight, "float64") for weight in layer.weights)
    exact = np.asarray(values, "float64")[..., None] * slope + offset
    clipped = np.clip(np.asarray(steps), 0, 1)
    assert slope.any() and np.abs(clipped - np.clip(exact, 0, 1)).max() < 2.0**-9


@pytest.mark.many
def test_a_column_of_many_values_can_have_a_step_at_each_255th_part_of_them():
    x = {"values": np.random.default_rng(0).permutation(ROWS).astype("float32")}
    data = loaded(x, np.where(x["values"] > 1_000, 5.0, 1.0), task="regression")
    model = made(data)
    grown(model, data)
    ((low, high),) = sorted(places(model, data, "values"), key=lambda ends: abs(ends[0] - 1_000))[
        :1
    ]
    assert high == low + 1 and abs(low - 1_000) <= ROWS / 255 / 2


@pytest.mark.many
def test_side_by_side_they_compute_what_the_layers_compute_of_steps(diabetes):
    model = made(dataclasses.replace(diabetes.spec, sizes={"train": ROWS}))
    network, members = network_of(model), members_of(model)
    rng = np.random.default_rng(0)
    for weight in [*members.steps.weights, *members.line.weights, *network.trainable_weights]:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    values = rng.normal(size=(2, 5, network.input.shape[1])).astype("float32")
    ours = np.asarray(member_trainer(model).scores(values.reshape(10, -1)))
    parts = keras.Model(network.input, members.blend.input)
    for member in range(2):
        scores = np.asarray(parts(values[member]))[:, member]  # of the line and of each network
        expected = scores[..., :1] + scores[..., 1:3]
        np.testing.assert_allclose(ours[:, member], np.moveaxis(expected, -1, 0), rtol=1e-4)


@pytest.mark.training
@pytest.mark.slow
def test_a_run_that_goes_on_and_a_trained_model_keep_their_steps(tmp_path):
    x = table()
    data = loaded(x, np.where(x["fine"] > 137, 5.0, 1.0), task="regression")
    other = loaded(x, np.where(x["fine"] > 20, 5.0, 1.0), task="regression")
    whole, stopped, resumed = (made(data) for _ in range(3))
    kk.find_learning_rate(whole, data, steps=20)
    assert not np.asarray(members_of(whole).steps.kernel).any()
    options = {"epochs": 2, "verbose": 0}
    history = kk.fit(whole, data, **options)
    with pytest.raises(KeyboardInterrupt):
        kk.fit(stopped, data, run_dir=tmp_path, callbacks=[Stop(1)], **options)
    rest = kk.fit(resumed, data, run_dir=tmp_path, callbacks=[Stop()], **options)
    assert rest.history == history.history
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    kk.fit(whole, other, **options)
    assert places(whole, data, "fine") == [(137, 138)]
