"""Two answers to one question, added by weights."""

import keras
from keras import ops

from kerakit.builders.contract import BLEND

__all__ = ["blended"]


def blended(linear, network, share=0.5):
    """Return the scores of a linear path and of a network, added by the layer `blend`.

    `kk.fit` trains the network by itself where it has solved the linear path, and then gives
    the layer the two weights that fit the validation rows best.

    Args:
        linear, network: tensors of shape `(batch, scores)`.
        share: float in [0, 1]. The weight of the linear path before there is evidence, and of
            the network what is left to 1. Defaults to `0.5`.

    Returns:
        Tensor of shape `(batch, scores)`.
    """
    both = ops.stack([linear, network], axis=-1)
    layer = keras.layers.Dense(1, use_bias=False, dtype="float32", name=BLEND)
    scores = ops.squeeze(layer(both), axis=-1)
    layer.kernel.assign([[share], [1.0 - share]])
    return scores
