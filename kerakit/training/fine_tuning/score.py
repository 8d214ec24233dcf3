"""Log loss and accuracy of a classifier on a split, in float32, as it will be served."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np
import tensorflow as tf

from kerakit.status import show_done, telling
from kerakit.training.speed.batch_norm import fused_batch_norm

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data

__all__ = ["Score", "score"]

MIN_PROBABILITY = 1e-7  # probabilities are clipped there, as in Keras


@dataclasses.dataclass(frozen=True)
class Score:
    """The log losses and hits of a classifier on some rows.

    Attributes:
        losses: float array of shape `(rows,)`. The log loss of each row.
        right: bool array of shape `(rows,)`. Whether the predicted class is right.
        weight: float array of shape `(rows,)`, which sums to 1.
    """

    losses: np.ndarray
    right: np.ndarray
    weight: np.ndarray

    @property
    def loss(self) -> float:
        """The mean log loss."""
        return float(self.weight @ self.losses)

    @property
    def accuracy(self) -> float:
        """The fraction of right answers."""
        return float(self.weight @ self.right)

    def fall_from(self, before: Score) -> tuple[float, float]:
        """Return by how much the log loss fell on the same rows, and the standard error of that.

        The error is that of a mean of paired differences (as in Student's paired test), NaN
        for a single row.

        Args:
            before: `Score` of another model.

        Example:

        >>> weight = np.full(4, 0.25)
        >>> one, other = (Score(np.array(x), weight > 0, weight) for x in ([4, 2, 2, 4], [1] * 4))
        >>> fall, error = other.fall_from(one)
        >>> fall, round(error, 4)
        (2.0, 0.5774)
        """
        falls = before.losses - self.losses
        fall = self.weight @ falls
        count = np.count_nonzero(self.weight)
        # For equal weights: the standard deviation over the square root of the number of rows.
        spread = np.sum(np.square(self.weight * (falls - fall)))
        error = np.sqrt(count / (count - 1) * spread) if count > 1 else np.nan
        return float(fall), float(error)


@telling("Validating the stage")
def score(
    model: keras.Model, data: Data, split: Literal["train", "validation", "test"], rows: int = 32
) -> Score | None:
    """Return the `Score` of a classifier on a split, or `None` without that split.

    Args:
        model: `keras.Model`, a dict of features in, probabilities out.
        data: `Data`.
        split: `"train"`, `"validation"` or `"test"`.
        rows: int. Rows at a time. Defaults to `32`.
    """
    batches = data.batches(split, rows)
    if batches is None:
        return None
    run = tf.function(
        lambda features: model(features, training=False), autograph=False, reduce_retracing=True
    )
    losses, right, weights = [], [], []
    with fused_batch_norm(model):
        for features, target, *weight in batches:
            probabilities, target = run(features).numpy(), target.numpy()
            chosen = np.clip(probabilities[np.arange(len(target)), target], MIN_PROBABILITY, 1.0)
            losses.append(-np.log(chosen))
            right.append(probabilities.argmax(1) == target)
            weights.append(weight[0].numpy() if weight else np.ones(len(target)))
            show_done(len(losses) * rows, data.spec.sizes.get(split))
    losses, right, weights = map(np.concatenate, (losses, right, weights))
    return Score(losses.astype("float64"), right, weights / weights.sum(dtype="float64"))
