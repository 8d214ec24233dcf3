"""Class ids and one-hot rows as targets: which of them a loss takes, and its counterpart."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from kerakit.errors import ArgumentError
from kerakit.presets.losses import PerceptronLoss

__all__ = ["as_rows", "row_loss", "row_metrics", "wants_rows"]

_LOSSES = keras.losses
_METRICS = keras.metrics
_SPARSE_METRICS = {
    "sparse_categorical_accuracy": _METRICS.CategoricalAccuracy,
    "sparse_categorical_crossentropy": _METRICS.CategoricalCrossentropy,
    "sparse_top_k_categorical_accuracy": _METRICS.TopKCategoricalAccuracy,
    _METRICS.SparseCategoricalAccuracy: _METRICS.CategoricalAccuracy,
    _METRICS.SparseCategoricalCrossentropy: _METRICS.CategoricalCrossentropy,
    _METRICS.SparseTopKCategoricalAccuracy: _METRICS.TopKCategoricalAccuracy,
}


def wants_rows(loss: Any) -> bool:
    """Return whether a loss takes one number per class rather than a class id.

    All losses of Keras do, except the sparse ones. For a loss from elsewhere it is not known,
    and the loss gets ids, as in plain Keras.

    Example:

    >>> wants_rows("categorical_crossentropy"), wants_rows("sparse_categorical_crossentropy")
    (True, False)
    """
    if isinstance(loss, str):
        loss = _LOSSES.get(loss)
    if not callable(loss):
        return False
    kind = loss if inspect.isfunction(loss) else type(loss)
    return kind.__module__.startswith("keras.") and "sparse" not in kind.__name__.lower()


def row_loss(loss: Any, owner: str = "fit") -> Any:
    """Return the loss that takes rows and agrees with `loss` on one-hot rows.

    Args:
        loss: a Keras loss: a name, a function or an object.
        owner: str. The function that the user called, for errors. Defaults to `"fit"`.

    Raises:
        ArgumentError: when there is no such loss.
    """
    if isinstance(loss, str):
        loss = _LOSSES.get(loss)
    if loss is _LOSSES.sparse_categorical_crossentropy:
        return _LOSSES.categorical_crossentropy
    if isinstance(loss, _LOSSES.SparseCategoricalCrossentropy):
        config = loss.get_config()
        if config.pop("ignore_class", None) is None:
            config.pop("axis", None)
            return _LOSSES.CategoricalCrossentropy.from_config(config)
    elif not isinstance(loss, PerceptronLoss):
        return loss
    raise ArgumentError(
        f"{owner} with augment='strong' mixes labels. Got a model with the loss "
        f"{type(loss).__name__}, which does not take mixed labels. Compile the model with a "
        "cross-entropy, or use augment='standard'."
    )


def row_metrics(metrics: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return the metrics with those that take ids replaced by those that take rows."""
    if not metrics:
        return metrics
    return [_row_metric(metric) for metric in metrics]


def _row_metric(metric):
    if isinstance(metric, str):
        kind = _SPARSE_METRICS.get(metric)
        return metric if kind is None else kind(name=metric)
    kind = _SPARSE_METRICS.get(type(metric))
    if kind is None:
        return metric
    config = metric.get_config()
    for name in ("from_sorted_ids", "ignore_class"):
        config.pop(name, None)
    return kind.from_config(config)


def as_rows(target: Any, width: int) -> Any:
    """Return targets as rows of `width` numbers; ids of shape `(n,)` become one-hot rows."""
    if len(target.shape) > 1:
        return target
    if width == 1:
        return keras.ops.cast(keras.ops.reshape(target, (-1, 1)), "float32")
    return keras.ops.one_hot(keras.ops.cast(target, "int32"), width, dtype="float32")
