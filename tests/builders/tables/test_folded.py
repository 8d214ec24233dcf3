"""Members that are folded answer as those that train, in fewer operations."""

import dataclasses

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.contract import BLEND, members_of, network_of
from kerakit.builders.folded import folded


def columns(rows=60, classes=0, seed=0):
    rng = np.random.default_rng(seed)
    table = {
        "a": rng.normal(size=rows).astype("float32"),
        "b": rng.exponential(size=rows).astype("float32"),
        "city": rng.choice(["Oslo", "Rome", "Lima"], rows),
    }
    target = table["a"] + table["b"]
    if classes:
        target = np.array(["red", "green", "blue"])[np.digitize(target, [0.5, 1.5])[:rows]]
    return kk.load_arrays(table, target)


def long(data, rows=10_000):
    """Data that say they have many rows: their networks read steps."""
    return dataclasses.replace(data.spec, sizes={"train": rows, "validation": 0, "test": 0})


def filled(model, parts=slice(None), seed=0):
    """A model with random weights where `kk.fit` sets some, and these parts in its answer."""
    rng = np.random.default_rng(seed)
    members = members_of(model)
    ours = [members.line, *(layer for each in members.networks for layer in each.layers)]
    ours += [] if members.steps is None else [members.steps]
    ours += [] if members.kernel is None else [members.kernel.rows, members.kernel.scores]
    ours += [] if members.trees is None else [members.trees.questions, members.trees.answers]
    for layer in ours:
        for weight in layer.weights:
            weight.assign(rng.normal(scale=0.5, size=weight.shape))
    if members.kernel is not None:
        members.kernel.exponent.kernel.assign([[-0.1], [-0.2]])
    if members.trees is not None:
        asked = members.trees.questions.embeddings
        columns = rng.integers(0, members.line.kernel.shape[1], asked.shape[0])
        asked.assign(np.stack([asked.numpy()[:, 0], columns], axis=1))
    blend = np.zeros(members.blend.kernel.shape[0])
    blend[parts] = rng.uniform(0.2, 1, len(blend[parts]))
    members.blend.kernel.assign(blend[:, None])
    return model


def operations(model):
    """The kinds of operations in the graph of an answer."""
    import tensorflow as tf

    function = tf.function(lambda rows: model(rows, training=False), autograph=False)
    rows = {name: keras.ops.convert_to_tensor(v[:1]) for name, v in features().items()}
    return {node.op for node in function.get_concrete_function(rows).graph.as_graph_def().node}


def answers(model, rows):
    return np.asarray(model(rows, training=False))


def features(seed=1):
    return columns(seed=seed).table("test").features


CASES = {
    "three classes": lambda: kk.mlp_classifier(columns(classes=3), members=4),
    "a number": lambda: kk.mlp_regressor(columns(), members=3),
    "with steps": lambda: kk.mlp_regressor(long(columns())),
    "classes with steps": lambda: kk.mlp_classifier(long(columns(classes=3))),
    "quantiles": lambda: kk.mlp_regressor(columns(), members=3, quantiles=(0.1, 0.5, 0.9)),
    "no hidden layers": lambda: kk.mlp_regressor(columns(), members=3, hidden=()),
    "one network": lambda: kk.mlp_regressor(columns(), members=3, hidden=(8,)),
    "three layers": lambda: kk.mlp_classifier(columns(classes=3), members=2, hidden=(8, 4, 6)),
    "silu": lambda: kk.mlp_classifier(columns(classes=3), members=2, activation="silu"),
}


LONG = ("classes with steps", "three layers", "silu", "one network")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.slow) if c in LONG else c for c in CASES]
)
def test_the_answers_are_the_same(case):
    model = filled(CASES[case]())
    answer, rows = folded(model), features()
    assert answer is not model
    expected = answers(model, rows)
    assert np.ptp(expected, axis=0).max() > 0.1
    np.testing.assert_allclose(answers(answer, rows), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5), ids=["line", "wide", "narrow", "kernel", "trees"])
def test_a_part_without_weight_is_left_out(part):
    model = filled(CASES["three classes"](), parts=[part])
    answer, rows = folded(model), features()
    np.testing.assert_allclose(
        answers(answer, rows),
        answers(model, rows),
        rtol=1e-5,
        atol=1e-6,
    )
    whole = folded(filled(CASES["three classes"]()))
    assert answer.count_params() < whole.count_params()


def test_trees_that_were_not_grown_are_left_out():
    model = filled(CASES["a number"](), parts=[4])
    trees, rows = members_of(model).trees, features()
    ways = trees.answers.embeddings.numpy()
    before = folded(model).count_params()
    trees.answers.embeddings.assign(ways * (np.arange(len(ways)) < len(ways) // 2)[:, None])
    answer = folded(model)
    assert answer.count_params() < 0.6 * before
    np.testing.assert_allclose(answers(answer, rows), answers(model, rows), rtol=1e-5, atol=1e-5)


def test_there_are_no_products_of_many_matrices():
    """For these, TensorFlow wakes threads, which costs more than the product of a row."""
    model = filled(CASES["three classes"]())
    assert "Einsum" in operations(model)
    assert not operations(folded(model)) & {"Einsum", "BatchMatMulV2"}


def test_the_model_stays_as_it_is():
    model = filled(CASES["three classes"]())
    weights, rows = model.get_weights(), features()
    before = answers(model, rows)
    answer = folded(model)
    kept = answers(answer, rows)
    for now, then in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, then)
    assert members_of(model).count == 4  # its layers still have one input
    np.testing.assert_array_equal(answers(model, rows), before)
    network_of(model).get_layer(BLEND).kernel.assign([[0.0]] * 5)
    np.testing.assert_array_equal(answers(answer, rows), kept)


def test_a_plain_width_is_folded_too():
    model = filled(kk.mlp_regressor(3, members=3))
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(
        answers(folded(model), rows), answers(model, rows), rtol=1e-5, atol=1e-5
    )


def test_other_models_are_returned_as_they_are():
    alone = kk.mlp_regressor(columns(), members=1)
    assert folded(alone) is alone
    inner = kk.mlp_regressor(columns(), members=3)
    doubled = keras.Model(inner.input, keras.layers.Rescaling(2.0)(inner.output))
    assert folded(doubled) is doubled
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = kk.mlp_regressor(columns(), members=3)
    finally:
        keras.config.set_dtype_policy("float32")
    assert folded(half) is half
