"""The layers that predict a target, or its square root where `kk.fit` chooses so."""

from __future__ import annotations

import keras
from keras import ops

from kerakit.builders.contract import POWER, ROOT
from kerakit.builders.parts import in_float32

__all__ = ["EXPONENTS", "power_of_scores"]

# Larger scores are not squared: the square of an Infinity times the weight 0 is no number.
LARGEST = 1e6
EXPONENTS = (1, 2)
"""The power of the scores that each weight of the layer `power` takes."""


@in_float32()
def power_of_scores(scores: keras.KerasTensor) -> keras.KerasTensor:
    """Turn scores into standardised targets: themselves, or their squares.

    A target that grows by factors, as a price or a weight does, is nearer to a line after its
    square root was taken (Box & Cox 1964, doi:10.1111/j.2517-6161.1964.tb00553.x). The layers
    `root` and `power` give the scores themselves until `kk.fit` sets their weights. Negative
    numbers keep their sign.

    Args:
        scores: tensor of shape `(batch, targets)`.

    Returns:
        Tensor of shape `(batch, targets)`: for the scores s, the weights k of `power` and the
        biases a of `root` and b of `power`, with u = s + a:
        `k[0] * s + k[1] * u * abs(u) + b`.
    """
    targets = scores.shape[-1]
    layers = keras.layers
    root = layers.EinsumDense(
        "bt,t->bt",
        (targets,),
        bias_axes="t",
        kernel_initializer="ones",
        trainable=False,
        dtype="float32",
        name=ROOT,
    )
    roots = ops.clip(root(scores), -LARGEST, LARGEST)
    powers = ops.stack([scores, roots * ops.abs(roots)], axis=-1)
    power = layers.EinsumDense(
        "btp,tp->bt",
        (targets,),
        bias_axes="t",
        trainable=False,
        dtype="float32",
        name=POWER,
    )
    answer = power(powers)
    power.kernel.assign([[1.0, 0.0]] * targets)
    return answer
