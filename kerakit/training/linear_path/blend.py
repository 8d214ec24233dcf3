"""The weights by which a linear path and a network that trained without it are added."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerakit.builders.contract import BLEND, OUTPUT, split_model
from kerakit.solvers.logistic import mean_log_loss

__all__ = ["blend", "network_alone"]

WEIGHTS = np.arange(0, 1.55, 0.1)  # candidates, of either path
# The prior is a normal distribution around the weights that the builder gave the layer. Twenty
# validation rows hardly change them, and a thousand rows outweigh the prior. From a half, all of
# `WEIGHTS` is within two standard deviations.
PRIOR_STD = 0.5
ROWS = 1024  # rows that are predicted at a time


def network_alone(model: keras.Model) -> keras.Model:
    """Return the model that predicts by the network's scores, without the linear path.

    Args:
        model: `keras.Model` whose network has the layers `output` and `blend`.
    """
    _, network = split_model(model)
    after = keras.Model(network.get_layer(BLEND).output, network.output)
    scores = network.get_layer(OUTPUT).output
    return keras.Model(network.input, after(ops.expand_dims(scores, -1)), name="alone")


def blend(runner: Any) -> tuple[str, float]:
    """Give the layer `blend` the weights that fit the validation rows best.

    The weights minimise the log loss of the rows minus the logarithm of the prior.

    Args:
        runner: `Runner` with validation rows, whose linear path was solved.

    Returns:
        A line for the report, and the log loss of the validation rows.

    Reference:
        Heskes: Selecting Weighting Factors in Logarithmic Opinion Pools, NeurIPS 1997.
    """
    validation = runner.arrays("validation")
    _, network = split_model(runner.model)
    layer = network.get_layer(BLEND)
    paths = keras.Model(network.input, layer.input)

    prepare, count = runner.plan.prepare, len(validation)

    @tf.function(autograph=False, reduce_retracing=True)
    def predicted(rows):
        batch = validation.take(rows)
        values, target, *_ = batch if prepare is None else prepare(batch, 0, False)
        return paths(values, training=False), target

    size = getattr(runner.path, "rows_at_a_time", ROWS)
    chunks = [predicted(tf.range(i, min(i + size, count))) for i in range(0, count, size)]
    scores, target = (np.concatenate(arrays) for arrays in zip(*chunks, strict=True))
    weight = np.ones(count) if validation.weight is None else validation.weight.numpy()
    losses = {
        (linear, network_weight): mean_log_loss(scores @ (linear, network_weight), target, weight)
        for linear in WEIGHTS
        for network_weight in WEIGHTS
    }
    initial = layer.kernel.numpy()[:, 0]
    best = min(losses, key=lambda pair: weight.sum() * losses[pair] + _penalty(pair, initial))
    layer.kernel.assign(np.array(best, "float32")[:, None])
    line = (
        f"blend: {best[0]:.1f} of the linear path and {best[1]:.1f} of the network, validation "
        f"log loss {losses[best]:.4g}"
    )
    return line, float(losses[best])


def _penalty(pair, expected):
    """The negative logarithm of the prior, without its constant."""
    return np.sum((np.array(pair) - expected) ** 2) / (2 * PRIOR_STD**2)
