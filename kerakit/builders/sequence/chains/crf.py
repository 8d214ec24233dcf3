"""A linear-chain conditional random field: tags of a sentence that are chosen together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerakit.data.tagged.schemes import is_allowed

__all__ = ["LinearChainCRF"]

# The score of what a scheme forbids: in sums over sequences its exponential is 0, and no sequence
# with it is the best one while another is there.
_FORBIDDEN, _NEVER = -1e4, -1e9
_TINY = 1e-30  # under a logarithm: a tag that nothing leads to
_AHEAD = 1e-3  # logarithm by which the tag of the best sequence is at least ahead of the others


@keras.saving.register_keras_serializable("kerakit")
class LinearChainCRF(keras.layers.Layer):
    """Turn the scores of tags into their probabilities in a sequence that obeys a scheme.

    The score of a sequence is the sum of the scores of its tags, of a trained weight for each pair
    of neighbours, and of those for its first and its last tag; its probability is in proportion to
    the exponential. Sequences that the scheme does not allow have none.

    Args:
        tags: sequence of str. The classes, `"O"` among them.
        scheme: str. One of `kerakit.data.tagged.schemes.SCHEMES`.

    Input: `[scores, real]` of shapes `(batch, steps, tags)` and `(batch, steps)`, at least one
    step; `real` is 1.0 for tokens and 0.0 for the padding behind them.

    Output: logarithms of shape `(batch, steps, tags)`, whose softmax are the marginal
    probabilities (the forward-backward algorithm). The tag of the best sequence (Viterbi) always
    has the highest: where the marginal probability of another tag is higher, it is raised just
    above that one. So the highest of each token make a sequence that the scheme allows.

    Reference:
        Lafferty, McCallum & Pereira: Conditional Random Fields, ICML 2001; Lample et al.: Neural
        Architectures for Named Entity Recognition, 2016 (arXiv:1603.01360).
    """

    def __init__(self, tags: Sequence[str], scheme: str, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.tags, self.scheme = list(tags), scheme
        pairs = [[not is_allowed(a, b, scheme) for b in self.tags] for a in self.tags]
        self._off = np.array(pairs, "float32")
        self._off_first = np.array([not is_allowed(None, a, scheme) for a in tags], "float32")
        self._off_last = np.array([not is_allowed(a, None, scheme) for a in tags], "float32")

    def build(self, input_shape: Any) -> None:
        count = len(self.tags)
        self.transitions = self.add_weight((count, count), "zeros", name="transitions")
        self.first = self.add_weight((count,), "zeros", name="first")
        self.last = self.add_weight((count,), "zeros", name="last")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "tags": self.tags, "scheme": self.scheme}

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def call(self, inputs: Sequence[Any]) -> Any:
        scores, real = inputs
        marginal = self.log_marginals(scores, real)
        best = ops.one_hot(self.best_tags(scores, real), len(self.tags), dtype="float32")
        others = ops.max(marginal + _FORBIDDEN * best, axis=-1, keepdims=True)
        return ops.where(best > 0, ops.maximum(marginal, others + _AHEAD), marginal)

    def log_marginals(self, scores: Any, real: Any) -> Any:
        """Return logarithms whose softmax are the marginal probabilities of the tags.

        Args:
            scores, real: tensors of shapes `(batch, steps, tags)` and `(batch, steps)`.
        """
        steps, real = self._steps(scores, real, _FORBIDDEN)
        weights = ops.exp(self.transitions + _FORBIDDEN * self._off)
        forward, _ = self._forward(steps, real, weights)

        def before(behind, step):
            score, is_real = _unpacked(step)
            behind = ops.where(is_real, _log_product(behind + score, ops.transpose(weights)), 0.0)
            return behind, behind

        rest = _packed(steps[1:], real[1:])
        _, backward = ops.scan(before, ops.zeros_like(steps[0]), rest, reverse=True)
        backward = ops.concatenate([backward, ops.zeros_like(steps[:1])], axis=0)
        found = ops.transpose(forward + backward, (1, 0, 2))
        return found - ops.max(found, axis=-1, keepdims=True)

    def best_tags(self, scores: Any, real: Any) -> Any:
        """Return the sequence with the highest score: int32 ids of shape `(batch, steps)`.

        Args:
            scores, real: as for `log_marginals`. The ids of padding have no meaning.
        """
        steps, real = self._steps(scores, real, _NEVER)
        pairs = self.transitions + _NEVER * self._off

        def ahead(best, step):
            score, is_real = _unpacked(step)
            reached = ops.max(best[:, :, None] + pairs, axis=1) + score
            reached = reached - ops.max(reached, axis=-1, keepdims=True)
            best = ops.where(is_real, reached, best)
            return best, best

        rest = _packed(steps[1:], real[1:])
        end, best = ops.scan(ahead, steps[0], rest)
        best = ops.concatenate([steps[:1], best], axis=0)[:-1]

        def back(tag, step):
            reached, is_real = _unpacked(step)
            found = ops.argmax(reached + ops.take(ops.transpose(pairs), tag, axis=0), axis=-1)
            tag = ops.where(is_real[:, 0], ops.cast(found, "int32"), tag)
            return tag, tag

        final = ops.cast(ops.argmax(end, axis=-1), "int32")
        _, tags = ops.scan(back, final, _packed(best, real[1:]), reverse=True)
        return ops.transpose(ops.concatenate([tags, final[None]], axis=0))

    def negative_log_likelihood(self, target: Any, scores: Any) -> Any:
        """Return minus the logarithm of the probability of each sequence: shape `(batch,)`.

        Args:
            target: int tensor of shape `(batch, steps)`. The true tags, and -1 behind the last.
            scores: tensor of shape `(batch, steps, tags)`.
        """
        steps, real = self._steps(scores, ops.cast(target >= 0, "float32"), _FORBIDDEN)
        pairs = self.transitions + _FORBIDDEN * self._off
        end, total = self._forward(steps, real, ops.exp(pairs))
        partition = total + ops.logsumexp(end[-1], axis=-1)
        hot = ops.one_hot(ops.transpose(ops.maximum(target, 0)), len(self.tags), dtype="float32")
        hot = hot * ops.cast(real, "float32")
        along = ops.sum(hot[1:] * ops.matmul(hot[:-1], pairs), axis=(0, 2))
        return partition - ops.sum(hot * steps, axis=(0, 2)) - along

    def _steps(self, scores, real, off):
        """Scores with those of the ends, and what is real: step by step, then by rows."""
        real = ops.cast(real, "float32")
        is_last = real * (1.0 - ops.pad(real[:, 1:], [[0, 0], [0, 1]]))
        is_first = real * (1.0 - ops.pad(real[:, :-1], [[0, 0], [1, 0]]))
        scores = ops.cast(scores, "float32")
        scores = scores + is_first[..., None] * (self.first + off * self._off_first)
        scores = scores + is_last[..., None] * (self.last + off * self._off_last)
        return ops.transpose(scores, (1, 0, 2)), ops.transpose(real)[..., None] > 0

    def _forward(self, steps, real, weights):
        """The forward scores of each step, less their maximum; and the sum of these maxima.

        Without the maximum, a sum over thousands of steps would leave no digits for a tag.
        """

        def ahead(carried, step):
            (before, total), (score, is_real) = carried, _unpacked(step)
            reached = _log_product(before, weights) + score
            highest = ops.max(reached, axis=-1, keepdims=True)
            found = (
                ops.where(is_real, reached - highest, before),
                ops.where(is_real, total + highest, total),
            )
            return found, found

        first = (steps[0], ops.zeros_like(steps[0][:, :1]))
        (_, total), (forward, _) = ops.scan(ahead, first, _packed(steps[1:], real[1:]))
        return ops.concatenate([steps[:1], forward], axis=0), total[:, 0]


def _packed(steps, real):
    # Keras' scan takes one tensor alone where the number of steps is not known beforehand.
    return ops.concatenate([steps, ops.cast(real, "float32")], axis=-1)


def _unpacked(step):
    return step[..., :-1], step[..., -1:] > 0


def _log_product(logs, weights):
    """log(exp(logs) @ weights), with the maximum taken out."""
    highest = ops.max(logs, axis=-1, keepdims=True)
    return ops.log(ops.matmul(ops.exp(logs - highest), weights) + _TINY) + highest
