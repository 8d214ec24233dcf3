"""The learning rate of a linear model, from the curvature of its loss on the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
import tensorflow as tf

from kerakit.builders.contract import OUTPUT

if TYPE_CHECKING:
    from kerakit.data.tasks import Task
    from kerakit.training.rows.arrays import Arrays

__all__ = ["measured_learning_rate", "safe_learning_rate"]

_CURVATURES = {"linear": 2.0, "sigmoid": 0.25, "logistic": 0.25, "softmax": 0.5}


def measured_learning_rate(
    trainer: keras.Model,
    train: Arrays,
    task: Task,
    prepare: Callable[..., Any] | None = None,
) -> float:
    """Return the safe learning rate of a model whose only trained layer is `output`.

    Args:
        trainer: `keras.Model` that trains.
        train: `Arrays`. The training rows.
        task: `Task` of the data.
        prepare: function `(batch, step, training) -> batch` that raw images go through, or
            `None`.
    """
    output = trainer.get_layer(OUTPUT)
    values = train.values
    if prepare is not None:
        values, *_ = prepare((values, train.target), 0, False)
        values = keras.Model(trainer.input, output.input)(values, training=False)
        values = tf.reshape(values, (len(train), -1))
    elif not tf.is_tensor(values):
        values = values[0]
    l2 = float(output.kernel_regularizer.l2) if output.kernel_regularizer else 0.0
    outputs = output.units if task.answer in ("numbers", "labels") else 1
    weight = None if train.weight is None else train.weight.numpy()
    return safe_learning_rate(values.numpy(), task.head, outputs, l2, weight)


def safe_learning_rate(
    values: np.ndarray,
    head: Literal["linear", "sigmoid", "logistic", "softmax"],
    outputs: int,
    l2: float = 0.0,
    weight: np.ndarray | None = None,
) -> float:
    """Return one over the largest curvature of a linear model's loss.

    Steps of this length never overshoot (Nesterov 2004, Introductory Lectures on Convex
    Optimization, section 1.2.3). The curvature is that of the second-moment matrix of the
    rows, with a 1 for the bias, times the bound of the loss's second derivative: 2 for a
    squared error, 1/4 for a logistic loss, 1/2 for a softmax.

    Args:
        values: array of shape `(n, width)`. The input of the last layer.
        head: str. The `head` of a `Task`.
        outputs: int. Numbers or labels whose errors the loss averages; 1 for one label.
        l2: float. The penalty's factor.
        weight: array of shape `(n,)`, or `None`. Sample weights.

    Example:

    >>> safe_learning_rate(np.array([[1.0], [-1.0]]), "linear", outputs=1)  # moments: identity
    0.5
    """
    values = np.asarray(values, "float64")
    rows = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    weighted = rows if weight is None else rows * np.asarray(weight, "float64")[:, None]
    largest = np.linalg.eigvalsh(weighted.T @ rows / len(rows))[-1]
    bound = _CURVATURES[head] / outputs
    return float(1.0 / (bound * largest + 2.0 * l2))
