"""A linear path and a network that train apart, and the weights by which they are added."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerakit.builders.contract import BLEND, OUTPUT, split_model
from kerakit.solvers.logistic import mean_log_loss

__all__ = ["blend", "network_alone"]

WEIGHTS = np.arange(0, 1.55, 0.1)  # of either path
# From what the builder began with, which is what is expected without evidence: twenty validation
# rows hardly move it, a thousand move it where they will.
DEVIATION = 0.5  # of each weight: from a half, all of `WEIGHTS` is within two of it
ROWS = 1024  # that are answered at a time


def network_alone(model):
    """Return the model that answers by the network's own scores, without the linear path.

    Args:
        model: `keras.Model` whose network has the layers `output` and `blend`.
    """
    _, network = split_model(model)
    behind = keras.Model(network.get_layer(BLEND).output, network.output)
    own = network.get_layer(OUTPUT).output
    return keras.Model(network.input, behind(ops.expand_dims(own, -1)), name="alone")


def blend(runner):
    """Give the layer `blend` the weights that fit the validation rows best; return a str on it.

    They minimise the log loss of all rows, plus what a normal prior around the weights that the
    layer has says.

    Args:
        runner: `Runner` with validation rows, whose linear path was solved.

    Reference:
        Heskes: Selecting Weighting Factors in Logarithmic Opinion Pools, NeurIPS 1997.
    """
    held = runner.arrays("validation")
    _, network = split_model(runner.model)
    layer = network.get_layer(BLEND)
    paths = keras.Model(network.input, layer.input)

    @tf.function(autograph=False, reduce_retracing=True)
    def answer(rows):
        batch = held.take(rows)
        values, target, *_ = batch if runner.prepare is None else runner.prepare(batch, 0, False)
        return paths(values, training=False), target

    parts = [answer(tf.range(i, min(i + ROWS, len(held)))) for i in range(0, len(held), ROWS)]
    scores, target = (np.concatenate(part) for part in zip(*parts, strict=True))
    weight = np.ones(len(held)) if held.weight is None else held.weight.numpy()
    losses = {
        (linear, own): mean_log_loss(scores @ (linear, own), target, weight)
        for linear in WEIGHTS
        for own in WEIGHTS
    }
    begun = layer.kernel.numpy()[:, 0]
    best = min(losses, key=lambda pair: weight.sum() * losses[pair] + _doubt(pair, begun))
    layer.kernel.assign(np.array(best, "float32")[:, None])
    return (
        f"blend: {best[0]:.1f} of the linear path and {best[1]:.1f} of the network, validation "
        f"log loss {losses[best]:.4g}"
    )


def _doubt(pair, expected):
    return np.sum((np.array(pair) - expected) ** 2) / (2 * DEVIATION**2)
