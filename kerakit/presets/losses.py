"""Losses that Keras does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerakit.checks import check_float

__all__ = ["PerceptronLoss", "PinballLoss", "SmoothedCrossentropy", "StandardizedLoss"]


@keras.saving.register_keras_serializable("kerakit")
class StandardizedLoss(keras.losses.Loss):
    """Squared or Huber error of several targets, divided by their standard deviations.

    Args:
        scale: sequence of floats in (0, inf). The targets' standard deviations.
        delta: float in (0, inf) or `None`. Errors of more standard deviations count linearly
            (Huber 1964); with `None` all errors are squared. Defaults to `None`.
    """

    def __init__(
        self,
        scale: Sequence[float],
        delta: float | None = None,
        reduction: str = "sum_over_batch_size",
        name: str = "standardized",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.scale = [float(value) for value in scale]
        self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = (y_pred - y_true) / np.asarray(self.scale, "float32")
        loss = keras.ops.square(error)
        if self.delta is not None:
            size = keras.ops.abs(error)
            linear = self.delta * (size - 0.5 * self.delta)
            loss = keras.ops.where(size <= self.delta, 0.5 * loss, linear)
        return keras.ops.mean(loss, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "delta": self.delta}


@keras.saving.register_keras_serializable("kerakit")
class PinballLoss(keras.losses.Loss):
    """The pinball loss of quantile regression (Koenker & Bassett 1978).

    For a level q and an error e = y - p it is q e if e > 0, else (q - 1) e. Its mean has its
    minimum at the quantile.

    Args:
        quantiles: sequence of levels in (0, 1), one per predicted column.
        scale: float in (0, inf), or a sequence of them, one per channel of a forecast. The loss
            is divided by it; usually the standard deviation of the target. Defaults to `1.0`.
        squared_weights: bool. Whether sample weights are meant for squared errors, as those of
            the windows of several series are: the loss takes their square roots. Defaults to
            `False`.

    Call arguments:
        y_true: numbers of shape `(batch,)` or `(batch, 1)`, or `(batch, horizon[, channels])`.
        y_pred: quantiles: a last axis of levels in addition, in place of an axis of one.

    Example:

    >>> loss = PinballLoss([0.1, 0.9])
    >>> float(loss(np.array([2.0]), np.array([[1.0, 1.0]])))  # (0.1 * 1 + 0.9 * 1) / 2
    0.5
    """

    def __init__(
        self,
        quantiles: Sequence[float],
        scale: float | Sequence[float] = 1.0,
        squared_weights: bool = False,
        reduction: str = "sum_over_batch_size",
        name: str = "pinball",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.quantiles = [float(level) for level in quantiles]
        several = isinstance(scale, (Sequence, np.ndarray))
        self.scale = [float(value) for value in scale] if several else float(scale)
        self.squared_weights = squared_weights

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if sample_weight is not None and self.squared_weights:
            sample_weight = keras.ops.sqrt(keras.ops.convert_to_tensor(sample_weight))
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        levels = np.asarray(self.quantiles, "float32")
        y_true = keras.ops.reshape(y_true, (-1, *y_pred.shape[1:-1], 1))
        error = (y_true - y_pred) / np.asarray(self.scale, "float32")[..., np.newaxis]
        loss = keras.ops.maximum(levels * error, (levels - 1) * error)
        # A number for each row, by which a weight of the row can be multiplied.
        return keras.ops.mean(loss, axis=tuple(range(1, len(loss.shape))))

    def get_config(self) -> dict[str, Any]:
        own = {"scale": self.scale, "squared_weights": self.squared_weights}
        return {**super().get_config(), "quantiles": self.quantiles, **own}


@keras.saving.register_keras_serializable("kerakit")
class PerceptronLoss(keras.losses.Loss):
    """The perceptron criterion (Rosenblatt 1958).

    It is the score of the best wrong class less the score of the true class, but at least 0.
    The loss takes probabilities: the difference of two scores is that of their logarithms.
    Labels are integer class ids of shape `(batch,)`.
    """

    def __init__(self, reduction: str = "sum_over_batch_size", name: str = "perceptron") -> None:
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        scores = keras.ops.log(keras.ops.maximum(y_pred, 1e-37))
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        right = keras.ops.one_hot(labels, scores.shape[-1], dtype=scores.dtype)
        true_score = keras.ops.sum(scores * right, axis=-1)
        best_wrong = keras.ops.max(scores - 1e9 * right, axis=-1)
        return keras.ops.relu(best_wrong - true_score)


@keras.saving.register_keras_serializable("kerakit")
class SmoothedCrossentropy(keras.losses.Loss):
    """Log loss with label smoothing (Szegedy et al. 2016, arXiv:1512.00567, section 7).

    It is for the `loss=` of `compile`. Keras has label smoothing for rows of probabilities
    only. This loss takes class ids too, so that one compiled model can train on the mixed
    labels of MixUp and CutMix and be evaluated on class ids. No preset uses it: on images it
    made the validation log loss worse (`PRESETS["image_classification"].reason`).

    Args:
        label_smoothing: float in [0, 1). With k classes the target of the true class is
            `1 - label_smoothing + label_smoothing / k`, that of every other class
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
        label_smoothing: float = 0.1,
        reduction: str = "sum_over_batch_size",
        name: str = "smoothed_crossentropy",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.label_smoothing = check_float(
            "SmoothedCrossentropy", "label_smoothing", label_smoothing, "[0.0, 1.0)"
        )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        classes = y_pred.shape[-1]
        if len(y_true.shape) < 2 or y_true.shape[-1] == 1:
            ids = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
            y_true = keras.ops.one_hot(ids, classes, dtype=y_pred.dtype)
        return keras.losses.categorical_crossentropy(
            y_true, y_pred, label_smoothing=self.label_smoothing
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
