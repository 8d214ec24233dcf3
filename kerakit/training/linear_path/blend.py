"""The weights by which a linear path and a network that trained without it are added."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerakit.builders.contract import BLEND, OUTPUT, split_model
from kerakit.solvers.logistic import mean_log_loss
from kerakit.training.held_out import predicted
from kerakit.training.linear_path.texts import GramPath

__all__ = ["blend", "network_alone"]

WEIGHTS = np.arange(0, 1.55, 0.1)  # candidates, of either path
# The prior is a normal distribution around the weights that the builder gave the layer. Twenty
# validation rows hardly change them, and a thousand rows outweigh the prior. From a half, all of
# `WEIGHTS` is within two standard deviations.
PRIOR_STD = 0.5
ROWS = 1024  # rows that are predicted at a time


@dataclasses.dataclass(frozen=True)
class Blended:
    """A linear path and a network that were added.

    Attributes:
        line: str. A line for the report.
        loss: float. The log loss of the validation rows.
        answers: array of shape `(n, ...)`. What the model predicts for these rows.
    """

    line: str
    loss: float
    answers: np.ndarray


def network_alone(model: keras.Model, inputs: Any = None) -> keras.Model:
    """Return the model that predicts by the network's scores, without the linear path.

    Args:
        model: `keras.Model` whose network has the layers `output` and `blend`.
        inputs: the inputs that the network reads without the path. Defaults to `None`: all.
    """
    _, network = split_model(model)
    after = keras.Model(network.get_layer(BLEND).output, network.output)
    scores = network.get_layer(OUTPUT).output
    inputs = network.input if inputs is None else inputs
    return keras.Model(inputs, after(ops.expand_dims(scores, -1)), name="alone")


def blend(runner: Any) -> Blended:
    """Give the layer `blend` the weights that fit the validation rows best.

    The weights minimise the log loss of the rows minus the logarithm of the prior.

    Args:
        runner: `Runner` with validation rows, whose linear path was solved.

    Reference:
        Heskes: Selecting Weighting Factors in Logarithmic Opinion Pools, NeurIPS 1997.
    """
    _, network = split_model(runner.model)
    layer = network.get_layer(BLEND)
    of_grams = isinstance(runner.path, GramPath)
    scores, target, weight = (_of_grams if of_grams else _of_arrays)(runner)
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
    after = keras.Model(layer.output, network.output)
    answers = after(np.float32(scores @ best)[..., None]).numpy()
    return Blended(line, float(losses[best]), answers)


def _of_arrays(runner):
    """The scores `(n, scores, 2)` of both paths, targets and weights of the validation rows."""
    validation = runner.arrays("validation")
    _, network = split_model(runner.model)
    paths = keras.Model(network.input, network.get_layer(BLEND).input)
    prepare, count = runner.plan.prepare, len(validation)

    @tf.function(autograph=False, reduce_retracing=True)
    def scored(rows):
        batch = validation.take(rows)
        values, target, *_ = batch if prepare is None else prepare(batch, 0, False)
        return paths(values, training=False), target

    size = getattr(runner.path, "rows_at_a_time", ROWS)
    chunks = [scored(tf.range(i, min(i + size, count))) for i in range(0, count, size)]
    scores, target = (np.concatenate(arrays) for arrays in zip(*chunks, strict=True))
    weight = np.ones(count) if validation.weight is None else validation.weight.numpy()
    return scores, target, weight


def _of_grams(runner):
    """As `_of_arrays`, of texts, whose n-grams have been counted."""
    block = runner.path.validation
    _, network = split_model(runner.model)
    scores = keras.Model(runner.alone_inputs, network.get_layer(OUTPUT).output)
    own = predicted(scores, runner.batches("validation"))[block.rows]
    weight = np.ones(len(own)) if block.weight is None else block.weight
    return np.stack([runner.path.scores(block), own], axis=-1), block.target, weight


def _penalty(pair, expected):
    """The negative logarithm of the prior, without its constant."""
    return np.sum((np.array(pair) - expected) ** 2) / (2 * PRIOR_STD**2)
