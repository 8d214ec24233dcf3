"""Steps of Adam as one operation, beside those of Keras."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerakit.training.loop.fused_adam import LARGE, fused_adam

pytestmark = pytest.mark.training

SHAPE = (LARGE // 2, 2)
GRADIENTS = np.random.default_rng(0).normal(size=(20, *SHAPE)).astype("float32")


def trained(optimizer, block):
    """Weights and state after 20 steps, taken in a graph."""
    variable = keras.Variable(np.linspace(-1, 1, LARGE, dtype="float32").reshape(SHAPE))
    optimizer.build([variable])

    @tf.function(autograph=False)
    def step(gradient):
        with block(optimizer):
            optimizer.apply([gradient], [variable])

    for gradient in GRADIENTS:
        step(tf.constant(gradient))
    graph = step.get_concrete_function(tf.constant(GRADIENTS[0])).graph.as_graph_def()
    return variable.numpy(), [np.array(each) for each in optimizer.variables], str(graph)


def nothing(optimizer):
    return contextlib.nullcontext()


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.Adam(0.01),
        lambda: keras.optimizers.Adam(0.1, beta_1=0.5, beta_2=0.9, epsilon=1e-3, clipnorm=1.0),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 20)),
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), 8.0),
        lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5),
    ],
    ids=["Adam", "other settings", "AdamW", "a schedule", "a scaled loss", "an average"],
)
def test_the_weights_and_the_state_are_those_of_keras(make):
    weights, state, graph = trained(make(), fused_adam)
    wanted, state_wanted, _ = trained(make(), nothing)
    assert "ResourceApplyAdam" in graph
    np.testing.assert_allclose(weights, wanted, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(state, state_wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


class Louder(keras.optimizers.Adam):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(2 * gradient + 1, variable, learning_rate)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.SGD(0.01),
        lambda: keras.optimizers.Adam(0.01, amsgrad=True),
        lambda: Louder(0.01),
    ],
    ids=["SGD", "amsgrad", "a subclass"],
)
def test_other_optimizers_are_left_alone(make):
    weights, _, graph = trained(make(), fused_adam)
    assert "ResourceApplyAdam" not in graph
    np.testing.assert_array_equal(weights, trained(make(), nothing)[0])


def test_gradients_of_few_rows_are_left_to_keras():
    def trained(block):
        optimizer, table = keras.optimizers.Adam(0.1), keras.Variable(np.ones(SHAPE, "float32"))
        optimizer.build([table])
        rows = tf.IndexedSlices(tf.ones((2, 2)), tf.constant([1, 3]), tf.constant(SHAPE))
        with block(optimizer):
            optimizer.apply([rows], [table])
        return table.numpy()

    np.testing.assert_allclose(trained(fused_adam), trained(nothing), rtol=1e-6)
    assert trained(fused_adam)[0, 0] == 1 > trained(fused_adam)[1, 0]


def test_small_variables_are_left_to_keras():
    def trained(block):
        optimizer, small = keras.optimizers.Adam(0.1), keras.Variable(np.ones(LARGE - 1, "float32"))
        optimizer.build([small])

        @tf.function(autograph=False)
        def step():
            with block(optimizer):
                optimizer.apply([tf.ones(LARGE - 1)], [small])

        return str(step.get_concrete_function().graph.as_graph_def())

    assert "ResourceApplyAdam" not in trained(fused_adam)


def test_afterwards_the_optimizer_is_as_before():
    optimizer = keras.optimizers.Adam()
    with fused_adam(optimizer):
        assert "update_step" in vars(optimizer)
    assert "update_step" not in vars(optimizer)
