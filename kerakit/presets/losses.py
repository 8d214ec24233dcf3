"""The losses that Keras does not have."""

import keras
import numpy as np

from kerakit.checks import check_float

__all__ = ["PerceptronLoss", "PinballLoss", "SmoothedCrossentropy", "StandardizedLoss"]


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


@keras.saving.register_keras_serializable("kerakit")
class SmoothedCrossentropy(keras.losses.Loss):
    """Log loss against labels of which a share goes to all classes alike.

    Label smoothing (Szegedy et al. 2016, arXiv:1512.00567, section 7), for a `loss=` of
    `compile`. Keras has it for probability rows alone; this takes class ids as well, so that
    one compiled model trains on the mixed labels of MixUp and CutMix and is evaluated on
    plain ids. No preset takes it: on images it made the probabilities too modest and the
    validation log loss worse (`PRESETS["image_classification"].reason`).

    Args:
        label_smoothing: float in [0, 1). With k classes the right one aims at
            `1 - label_smoothing + label_smoothing / k`, every other at
            `label_smoothing / k`. Defaults to `0.1`.

    Call arguments:
        y_true: class ids of shape `(batch,)` or `(batch, 1)`, or rows of probabilities of
            shape `(batch, classes)`.
        y_pred: probabilities of shape `(batch, classes)`.

    Example:

    >>> loss = SmoothedCrossentropy(0.1)
    >>> predicted = np.array([[0.7, 0.2, 0.1]])
    >>> by_id, by_row = loss(np.array([0]), predicted), loss(np.array([[1, 0, 0]]), predicted)
    >>> round(float(by_id), 4), float(by_id) == float(by_row)  # mostly -log(0.7)
    (0.4633, True)
    """

    def __init__(
        self,
        label_smoothing=0.1,
        reduction="sum_over_batch_size",
        name="smoothed_crossentropy",
    ):
        super().__init__(name=name, reduction=reduction)
        self.label_smoothing = check_float(
            "SmoothedCrossentropy", "label_smoothing", label_smoothing, "[0.0, 1.0)"
        )

    def call(self, y_true, y_pred):
        classes = y_pred.shape[-1]
        if len(y_true.shape) < 2 or y_true.shape[-1] == 1:
            ids = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
            y_true = keras.ops.one_hot(ids, classes, dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(
            y_true, y_pred, label_smoothing=self.label_smoothing
        )

    def get_config(self):
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
