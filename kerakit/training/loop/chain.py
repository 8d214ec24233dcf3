"""What a trainer needs of a tagger that chooses the tags of a sentence together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from kerakit.builders.contract import OUTPUT, crf_of

__all__ = ["ChainLoss", "chain_loss"]


@dataclasses.dataclass(frozen=True)
class ChainLoss:
    """The loss and the answers of a tagger with a linear-chain CRF, from the scores of its tags.

    Attributes:
        scores: function of the network's input that returns the scores of the tags, of shape
            `(batch, steps + 1, tags)`; it takes `training`.
        likelihood: function of the true tags, -1 for padding, and these scores: minus the
            logarithm of the probability of each sentence.
        marginals: function of the scores and of 1.0 for each token: logarithms whose softmax are
            the probabilities of the tags.
        answers: the same, but the best sequence always has the highest.
    """

    scores: Callable[..., Any]
    likelihood: Callable[..., Any]
    marginals: Callable[..., Any]
    answers: Callable[..., Any]

    def loss(self, target: Any, real: Any, scores: Any) -> Any:
        """Return the mean over the tokens: a float tensor of shape `()`.

        Args:
            target: int tensor of shape `(batch, steps)`.
            real: tensor of that shape, above 0 for tokens.
            scores: what `scores` returned.
        """
        target = keras.ops.where(real > 0, target, -1)
        target = keras.ops.pad(target, [[0, 0], [0, 1]], constant_values=-1)
        tokens = keras.ops.sum(keras.ops.cast(real > 0, "float32"))
        return keras.ops.sum(self.likelihood(target, scores)) / keras.ops.maximum(tokens, 1.0)

    def probabilities(self, real: Any, scores: Any, training: bool) -> Any:
        """Return the probabilities of the tags: shape `(batch, steps, tags)`.

        Args:
            real, scores: as for `loss`.
            training: bool. Whether the best sequence is left out, which takes time.
        """
        real = keras.ops.pad(keras.ops.cast(real > 0, "float32"), [[0, 0], [0, 1]])
        logs = self.marginals(scores, real) if training else self.answers([scores, real])
        return keras.ops.softmax(logs[:, :-1])


def chain_loss(network: keras.Model) -> ChainLoss | None:
    """Return the `ChainLoss` of a network, or `None` where its tags are chosen one by one.

    Args:
        network: `keras.Model`.
    """
    layer = crf_of(network)
    if layer is None:
        return None
    scores = keras.Model(network.input, network.get_layer(OUTPUT).output)
    # Functions, because Keras would track a model in an attribute as one layer more.
    return ChainLoss(
        scores.__call__, layer.negative_log_likelihood, layer.log_marginals, layer.__call__
    )
