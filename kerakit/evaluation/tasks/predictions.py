"""Predictions of the model and the baselines for the test split, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerakit.data.tasks import TASKS
from kerakit.errors import DataError
from kerakit.evaluation.batches import batches
from kerakit.evaluation.checks import check_predictions, check_shape, check_targets, dataset_name
from kerakit.evaluation.inputs import arrange

if TYPE_CHECKING:
    import keras

    from kerakit.data.data import Data
    from kerakit.data.spec import Spec
    from kerakit.evaluation.errors.confident_errors import ConfidentErrors

__all__ = ["no_rows", "predict_batch", "predict_test"]


def predict_batch(
    model: keras.Model, features: Mapping[str, Any], spec: Spec, quantiles: Any = None
) -> np.ndarray:
    """Return the predictions of a model for one batch, whose shape is checked.

    Args:
        model: `keras.Model`.
        features: dict from name to tensor of shape `(n, ...)`.
        spec: `Spec`.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.

    Returns:
        float32 array of shape `(n, ...)`.
    """
    p = np.asarray(model.predict_on_batch(arrange(model, features)), np.float32)
    check_shape(p.shape, spec, quantiles)
    return p


def predict_test(
    model: keras.Model,
    data: Data,
    baselines: Mapping[str, Any],
    quantiles: Sequence[float] | None = None,
    errors: ConfidentErrors | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the test targets, and the predictions of the model and the baselines.

    Only targets and predictions are kept; features are read batch by batch. The model computes
    in the present precision of its layers: a prediction function that Keras traced earlier,
    while training in mixed precision, is traced again.

    Args:
        model: `keras.Model`.
        data: `Data`.
        baselines: dict from name to a function of a batch of features.
        quantiles: tuple of floats or `None`. Levels of a quantile regressor.
        errors: `ConfidentErrors` or `None`. It gets every batch of the only feature, or of the
            parts of a text, joined.

    Returns:
        `(y, answers)`: the targets, of shape `(n,)`, or `(n, targets)` for numbers; and a dict
        from `"model"` and the baselines' names to arrays, first axis `n`.

    Raises:
        DataError: when predictions or targets do not fit the data, or there is no test row.
        KerakitError: when predictions are NaN or infinite.
    """
    spec = data.spec
    model.make_predict_function(force=True)
    targets, batches_of = [], {name: [] for name in ("model", *baselines)}
    for features, target, *_ in batches(data, "test"):
        p = predict_batch(model, features, spec, quantiles)
        targets.append(np.asarray(target))
        batches_of["model"].append(p)
        for name, predict in baselines.items():
            batches_of[name].append(predict(features))
        if errors is not None:
            errors.add(_shown(features, spec), targets[-1], p)
    if not targets:
        raise no_rows(spec)
    y = np.concatenate(targets)
    answers = {name: np.concatenate(found) for name, found in batches_of.items()}
    if TASKS[spec.task].answer == "numbers" and quantiles is None:
        y = y.reshape(len(y), -1)
        answers = {name: p.reshape(len(y), -1) for name, p in answers.items()}
    check_targets(y, spec)
    check_predictions(answers["model"], spec)
    return y, answers


def _shown(features, spec):
    """The only feature, or the parts of texts joined by a space."""
    columns = [features[name] for name in spec.feature_names]
    if len(columns) == 1:
        return columns[0]
    import tensorflow as tf

    return tf.strings.join(columns, " ")


def no_rows(spec: Spec) -> DataError:
    """Return the error that a test split turned out to be empty."""
    return DataError(
        f"evaluate: {dataset_name(spec)} has no test {TASKS[spec.task].scored}s to measure on. "
        "Load it with a test split."
    )
