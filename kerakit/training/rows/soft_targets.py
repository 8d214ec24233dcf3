"""Class ids and rows of shares: which a loss takes, and its counterpart for the other."""

import inspect

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


def wants_rows(loss):
    """Return whether a loss takes one number per class rather than an id.

    All of Keras' own do but the sparse ones; of a loss from elsewhere it is not known, and
    it gets ids, as in plain Keras.

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


def row_loss(loss):
    """Return the loss that takes rows and agrees with `loss` where they are one-hot.

    Raises:
        ArgumentError: when there is none.
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
        f"augment='strong' mixes labels, which the loss {type(loss).__name__} does not take. "
        "Compile with a cross-entropy, or take augment='standard'."
    )


def row_metrics(metrics):
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


def as_rows(target, width):
    """Return targets as rows of `width` shares: ids of shape `(n,)` become one-hot rows."""
    if len(target.shape) > 1:
        return target
    if width == 1:
        return keras.ops.cast(keras.ops.reshape(target, (-1, 1)), "float32")
    return keras.ops.one_hot(keras.ops.cast(target, "int32"), width, dtype="float32")
