"""The losses that Keras does not have."""

import keras
import numpy as np

__all__ = ["PerceptronLoss", "PinballLoss", "StandardizedLoss"]


@keras.saving.register_keras_serializable("kerakit")
class StandardizedLoss(keras.losses.Loss):
    """Squared or Huber error of several targets, each in its own standard deviations.

    Args:
        scale: sequence of floats in (0, inf). The targets' standard deviations.
        delta: float in (0, inf) or `None`. Errors beyond so many deviations count linearly
            (Huber 1964); `None` squares all. Defaults to `None`.
    """

    def __init__(self, scale, delta=None, reduction="sum_over_batch_size", name="standardized"):
        super().__init__(name=name, reduction=reduction)
        self.scale = [float(value) for value in scale]
        self.delta = delta

    def call(self, y_true, y_pred):
        error = (y_pred - y_true) / np.asarray(self.scale, "float32")
        loss = keras.ops.square(error)
        if self.delta is not None:
            size = keras.ops.abs(error)
            linear = self.delta * (size - 0.5 * self.delta)
            loss = keras.ops.where(size <= self.delta, 0.5 * loss, linear)
        return keras.ops.mean(loss, axis=-1)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "delta": self.delta}


@keras.saving.register_keras_serializable("kerakit")
class PinballLoss(keras.losses.Loss):
    """The tilted absolute error, least at the quantile (Koenker & Bassett 1978).

    For a level q and an error e = y - p it is q e where e > 0 and (q - 1) e elsewhere.

    Args:
        quantiles: sequence of levels in (0, 1), one per predicted column.
        scale: float in (0, inf). The loss is given in these units, usually the target's
            standard deviation. Defaults to `1.0`.

    Example:

    >>> loss = PinballLoss([0.1, 0.9])
    >>> float(loss(np.array([2.0]), np.array([[1.0, 1.0]])))  # (0.1 * 1 + 0.9 * 1) / 2
    0.5
    """

    def __init__(self, quantiles, scale=1.0, reduction="sum_over_batch_size", name="pinball"):
        super().__init__(name=name, reduction=reduction)
        self.quantiles = [float(level) for level in quantiles]
        self.scale = float(scale)

    def call(self, y_true, y_pred):
        levels = np.asarray(self.quantiles, "float32")
        y_true = keras.ops.reshape(y_true, (-1, 1))
        error = (y_true - y_pred) / self.scale
        return keras.ops.mean(keras.ops.maximum(levels * error, (levels - 1) * error), axis=-1)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles, "scale": self.scale}


@keras.saving.register_keras_serializable("kerakit")
class PerceptronLoss(keras.losses.Loss):
    """How far the best wrong class is ahead of the right one, or 0 (Rosenblatt 1958).

    It takes probabilities; the difference of two scores is that of their logarithms.
    Labels are integer class ids of shape `(batch,)`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="perceptron"):
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true, y_pred):
        scores = keras.ops.log(keras.ops.maximum(y_pred, 1e-37))
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        right = keras.ops.one_hot(labels, scores.shape[-1], dtype=scores.dtype)
        own = keras.ops.sum(scores * right, axis=-1)
        rival = keras.ops.max(scores - 1e9 * right, axis=-1)
        return keras.ops.relu(rival - own)
