"""The layers that predict a target by a root of it, which `kk.fit` chooses."""

from __future__ import annotations

import keras
from keras import ops

from kerakit.builders.contract import POWER, ROOT
from kerakit.builders.parts import in_float32

__all__ = ["EXPONENTS", "power_of_scores"]

# Of the square and the cube of a score; those of an Infinity or a column that was read in a wrong
# unit would be no finite numbers.
LARGEST = 1e6
EXPONENTS = (1, 2, 3)
"""The power of the scores that each weight of the layer `power` takes."""


@in_float32()
def power_of_scores(scores: keras.KerasTensor) -> keras.KerasTensor:
    """Turn scores into standardised targets: themselves, or their squares or cubes.

    A target that grows by factors, as a price or a weight does, is nearer to a line after a root
    was taken of it (Box & Cox 1964, doi:10.1111/j.2517-6161.1964.tb00553.x). The layers `root` and
    `power` give the scores themselves until `kk.fit` sets their weights. Negative numbers keep
    their sign.

    Args:
        scores: tensor of shape `(batch, targets)`.

    Returns:
        Tensor of shape `(batch, targets)`: for the scores s, the weights k of `power` and the
        biases a of `root` and b of `power`, with u = s + a:
        `k[0] * s + k[1] * u * abs(u) + k[2] * u ** 3 + b`.
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
    powers = ops.stack([scores, roots * ops.abs(roots), roots * roots * roots], axis=-1)
    power = layers.EinsumDense(
        "btp,tp->bt",
        (targets,),
        bias_axes="t",
        trainable=False,
        dtype="float32",
        name=POWER,
    )
    answer = power(powers)
    power.kernel.assign([[1.0] + [0.0] * (len(EXPONENTS) - 1)] * targets)
    return answer
