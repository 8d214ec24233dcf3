"""The linear probe: scikit-learn's logistic regression of the frozen features."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

import kerakit as kk
from kerakit.data.data import Table
from kerakit.training.fine_tuning.probe import CS, chosen_c, solve_probe


def averages(model, table):
    """The average over the pixels of what the backbone gives, computed by Keras alone."""
    pixels = model.get_layer("preprocess").predict(table.features, verbose=0)
    trunk = model.get_layer("network").get_layer("backbone")
    return trunk.predict(pixels, verbose=0).mean((1, 2))


def regression(values, target, c, weight=None):
    """The answer of scikit-learn, solved to the last digits, for any rows.

    Pareto scaling: standard scores times the square root of how far a column varies, as a part
    of what all of them that vary do.
    """
    scaler = StandardScaler().fit(values)
    alive = scaler.var_[scaler.var_ > 1e-6]
    share = (scaler.var_ / alive.mean()) ** 0.25
    solver = LogisticRegression(C=c, tol=1e-8, max_iter=20_000)
    solver.fit(scaler.transform(values) * share, target, sample_weight=weight)
    return lambda rows: solver.predict_proba(scaler.transform(rows) * share)


def best_c(splits, values, target, weight):
    """The C with the lowest mean log loss over the splits, far enough from the next."""
    means = {}
    for c in CS:
        found = []
        for fitted, others in splits:
            answer = regression(values[fitted], target[fitted], c, weight[fitted])
            chances = answer(values[others])
            found.append(log_loss(target[others], chances, sample_weight=weight[others]))
        means[c] = np.mean(found)
    first, second = sorted(means.values())[:2]
    assert second - first > 1e-4
    return min(means, key=means.get)


def folded(values, target, weight, seed=0):
    splits = StratifiedKFold(5, shuffle=True, random_state=seed).split(values, target)
    return best_c(list(splits), values, target, weight)


def probed(model, data, **options):
    options = {"strategy": "head", "verbose": 0, **options}
    return kk.fine_tune(model, data, **options)


def answers(model, table):
    return model.predict(table.features, verbose=0)


@pytest.mark.training
@pytest.mark.parametrize(
    ("classes", "weights"),
    [(2, False), *(pytest.param(3, way, marks=pytest.mark.slow) for way in (False, True))],
)
def test_the_head_is_the_logistic_regression(make_data, make_model, classes, weights):
    """C is cross-validated; the validation rows measure, and are then fitted too."""
    data = make_data(classes=classes, weights=weights)
    model = make_model(data.spec)
    train, held, test = (data.table(split) for split in ("train", "validation", "test"))
    values, others, rows = (averages(model, table) for table in (train, held, test))
    own = [np.ones(len(t)) if t.weight is None else t.weight for t in (train, held)]
    c = folded(values, train.target, own[0])
    history = probed(model, data)
    (head,) = history.stages
    assert head["C"] == c and head["kept"] and head["epochs"] == 1
    chances = regression(values, train.target, c, own[0])(others)
    loss = log_loss(held.target, chances, sample_weight=own[1])
    right = np.average(chances.argmax(1) == held.target, weights=own[1])
    assert head["val_loss"] == pytest.approx(loss, abs=1e-3)
    assert head["val_accuracy"] == pytest.approx(right)
    assert history.history["val_loss"] == [head["val_loss"]]
    both = np.concatenate([values, others]), np.concatenate([train.target, held.target])
    expected = regression(*both, c, np.concatenate(own))(rows)
    np.testing.assert_allclose(answers(model, test), expected, atol=1e-3)
    for other in (
        regression(values, train.target, c, own[0])(rows),
        *([regression(*both, c)(rows)] if weights else []),
    ):
        assert abs(expected - other).max() > 3e-3  # what it must not be is far enough


@pytest.mark.slow
@pytest.mark.training
def test_class_weights_count_and_no_validation_rows_are_needed(all_shapes, make_model):
    model = make_model(all_shapes.spec)
    train, test = all_shapes.table("train"), all_shapes.table("test")
    values, rows = averages(model, train), averages(model, test)
    own = {"disc": 4.0, "stripes": 1.0, "square": 0.5}
    weight = np.array([4.0, 1.0, 0.5])[train.target]
    history = probed(model, all_shapes, class_weight=own)
    (head,) = history.stages
    assert head["C"] == folded(values, train.target, weight)
    expected = regression(values, train.target, head["C"], weight)(rows)
    plain = regression(values, train.target, head["C"])(rows)
    assert abs(expected - plain).max() > 0.05
    np.testing.assert_allclose(answers(model, test), expected, atol=1e-3)
    assert head["val_loss"] is None and head["val_accuracy"] is None and head["kept"]
    assert "val_loss" not in history.history


@pytest.mark.slow
@pytest.mark.training
def test_a_solved_head_sees_the_images_as_they_are(shapes, make_model):
    models = []
    for options in ({"augment": "none"}, {"augment": "standard", "views": 3}):
        model = make_model(shapes.spec)
        probed(model, shapes, **options)
        models.append(model)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.training
def test_a_penalised_head_is_trained_not_solved(shapes, make_model):
    """The penalty that was asked for is the user's own; the probe would put another there."""
    history = probed(make_model(shapes.spec, l2=1e-3), shapes)
    assert history.stages[0]["epochs"] > 1 and "C" not in history.stages[0]


def blobs(rows, width=6):
    """Two classes of numbers far from zero, some wider than others, which overlap."""
    rng = np.random.default_rng(0)
    values = rng.normal(1e3, np.linspace(5, 15, width), (rows, width)).astype("float32")
    score = values[:, 0] + values[:, 1] - 2e3 + rng.normal(0, 8, rows)
    return values, (score > 0).astype("int32")


def linear_head(width, units=1):
    maps = keras.Input((1, 1, width))
    values = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(maps, keras.layers.Dense(units, name="output")(values), name="head")


def test_columns_that_never_change_say_nothing():
    """Dead features are the rule after a ReLU; some are not zero."""
    values, target = blobs(200)
    values[:, 2], values[:, 4] = 0.0, 1234.567
    head = linear_head(6)
    tables = [Table({"frozen_1": values[a:b]}, target[a:b]) for a, b in ((0, 90), (90, 150))]
    solve_probe(head, tables, 0.1)
    kernel = head.get_layer("output").kernel.numpy()
    assert np.isfinite(kernel).all() and not kernel[[2, 4]].any()
    alive = [0, 1, 3, 5]
    expected = regression(values[:150, alive], target[:150], 0.1)(values[150:, alive])
    score = head.predict(values[150:].reshape(50, 1, 1, 6), verbose=0)[:, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-score)), expected[:, 1], atol=1e-3)


def test_the_strength_of_many_rows_is_chosen_on_the_validation_rows():
    values, target = blobs(5_060, width=3)
    values[5_001:] += np.random.default_rng(1).normal(0, 20, (59, 3))  # they favour a small one
    tables = [Table({"frozen_1": values[a:b]}, target[a:b]) for a, b in ((0, 5001), (5001, 5060))]
    split = [(np.arange(5_001), np.arange(5_001, 5_060))]
    expected = best_c(split, values, target, np.ones(5_060))
    assert chosen_c(*tables) == expected
    assert expected < chosen_c(tables[0])  # without them, a fifth of the training rows


def test_a_class_of_one_row_needs_no_folds():
    values, target = blobs(30)
    target[:] = 0
    target[3] = 1
    c = chosen_c(Table({"frozen_1": values}, target))
    assert min(CS) < c < max(CS)
