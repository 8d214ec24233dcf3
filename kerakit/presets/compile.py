"""`compile`: the preset of a model's task, or another one, and any value of it changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import keras

from kerakit.builders.contract import (
    BACKBONE,
    activation_of,
    input_kind_of,
    is_convex,
    is_perceptron,
    prediction_column,
    quantiles_of,
    submodels_of,
    task_of,
)
from kerakit.checks import check, check_choice, check_float, check_int
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.presets.members import with_members
from kerakit.presets.metrics import formed_metrics
from kerakit.presets.optimizer import KerasSchedule, make_optimizer
from kerakit.presets.preset import Preset
from kerakit.presets.preset_loss import preset_loss
from kerakit.presets.schedules import Schedule
from kerakit.presets.settings import keep_settings
from kerakit.presets.table import FULL_BATCH, PRESETS

__all__ = ["compile", "default_preset"]

_CONVEX = ("mean_squared_error", "sparse_categorical_crossentropy", "binary_crossentropy")

ScheduleName = Literal["constant", "cosine", "one_cycle", "step"]


def compile(
    model: keras.Model,
    preset: str | Preset | None = None,
    *,
    learning_rate: float | KerasSchedule | None = None,
    loss: Any = None,
    metrics: Sequence[Any] | None = None,
    optimizer: str | keras.optimizers.Optimizer | None = None,
    schedule: ScheduleName | Schedule | KerasSchedule | None = None,
    batch_size: int | None = None,
    patience: int | None = None,
    weight_decay: float | None = None,
) -> None:
    """Compile a model with the loss, optimizer and learning-rate schedule of a preset.

    Numeric targets are predicted in their own units. The loss divides errors by the standard
    deviation of the target, so that a learning rate means the same for every unit.

    A model without a hidden layer has a convex loss. With the preset of its task, and no other
    loss, optimizer, learning rate, schedule or weight decay, `fit` solves it. What cannot be
    solved, such as a network with dropout before its only layer, trains on all rows at once, with
    the highest learning rate that the measured curvature of the loss allows. A `Preset` of your
    own is used as it is.

    The presets of tables train models with members in batches of 64 rows (256 from 6,000 rows on),
    at a learning rate of 0.008 for numbers and 0.003 for classes. The preset
    `"quantile_regression"` trains a forecaster with the batches, patience and clipping of
    `"forecasting"`.

    Weight decay is applied to kernels only, not to biases and normalisation, unless `optimizer`
    is an optimizer object.

    Args:
        model: `keras.Model`.
        preset: str, a key of `PRESETS`, or a `Preset`. Defaults to `None`: the preset of the
            model's task, which its layers tell.
        learning_rate: float in (0, inf). The highest learning rate of the schedule; or a
            schedule of `keras.optimizers.schedules`, which counts the optimizer's steps and lets
            no callback set the rate. Defaults to the preset's.
        loss: any Keras loss. Defaults to the preset's.
        metrics: list of Keras metrics: names, functions or objects. Class ids and
            probabilities get the form that a metric takes: for two classes `"AUC"`,
            `"Precision"`, `"Recall"`, `"F1Score"` and the like get the probability of the
            positive class, unless their options name a class or an average. A metric that takes
            one-hot rows gets them. A metric with a number for every class gives their mean.
            Defaults to the accuracy for classes and the mean absolute error for numbers.
        optimizer: a Keras optimizer or the name of one. An optimizer object keeps its own
            learning rate and weight decay. Defaults to the preset's.
        schedule: str, a key of `SCHEDULES`, a `Schedule`, or a Keras schedule as in
            `learning_rate`. Each `fit` follows it from its start. `"constant"` leaves the rate to
            callbacks and to you. Defaults to the preset's.
        batch_size: int in [1, inf). Rows per step. Defaults to the preset's.
        patience: int in [1, inf). `fit` stops after so many epochs without a lower validation
            loss. Defaults to the preset's.
        weight_decay: float in [0, inf). Fraction of the kernels that a step subtracts, times the
            learning rate. Defaults to the preset's.

    Raises:
        ArgumentError: when a value is out of its range, or the preset or a metric does not fit
            the model's output.

    Example:

    >>> from kerakit.builders import mlp_regressor
    >>> from kerakit.presets import settings_of
    >>> model = mlp_regressor(11)
    >>> compile(model)
    >>> settings_of(model).preset.name
    'regression'
    >>> compile(model, "robust_regression", learning_rate=3e-4, batch_size=16)
    >>> type(model.optimizer).__name__, type(model.loss).__name__
    ('Adam', 'Huber')
    """
    check(isinstance(model, keras.Model), "compile", "model", "a keras.Model", model)
    if preset is None:
        preset = default_preset(model)
    own = isinstance(preset, Preset)
    if not own:
        preset = PRESETS[check_choice("compile", "preset", preset, PRESETS)]
    if isinstance(learning_rate, KerasSchedule):
        check(schedule is None, "compile", "schedule", "None beside a Keras schedule", schedule)
        learning_rate, schedule = None, learning_rate
    if learning_rate is not None:
        check_float("compile", "learning_rate", learning_rate, "(0.0, inf)")
    chosen = preset
    if is_convex(model) and preset.loss in _CONVEX and optimizer is None and not own:
        chosen = dataclasses.replace(FULL_BATCH, name=preset.name, loss=preset.loss)
    if optimizer is None and not own:
        chosen = with_members(chosen, model)
    if not own:
        chosen = _of_forecast(chosen, model)
    chosen = _changed(chosen, optimizer, batch_size, patience, weight_decay)
    loss_weight = None
    if loss is None:
        loss, loss_weight = preset_loss(model, preset)
    made, settings = make_optimizer(chosen, learning_rate, optimizer, schedule)
    tags = len(getattr(model, "output_shape", ())) == 3 and activation_of(model) == "softmax"
    # Padded tokens have the weight 0, which only weighted metrics use.
    kind = "weighted_metrics" if tags else "metrics"
    by_kind = {kind: _metrics(model) if metrics is None else _formed(model, metrics)}
    model.compile(optimizer=made, loss=loss, loss_weights=loss_weight, **by_kind)
    keep_settings(model, settings)


def default_preset(model: keras.Model) -> str:
    """Return the name of the preset that suits a model's task and kind of input.

    Raises:
        ArgumentError: when the model has no static output shape, so that its task is unknown.

    Example:

    >>> from kerakit.builders import cnn_classifier, linear_regressor
    >>> default_preset(linear_regressor(3, quantiles=(0.1, 0.5, 0.9)))
    'quantile_regression'
    >>> default_preset(cnn_classifier((28, 28, 1), classes=10))
    'image_classification'
    """
    task = task_of(model)
    if task is None:
        raise ArgumentError(
            f"compile cannot tell the task of the model {model.name!r}, which has no static "
            "output shape. Name a preset, such as kk.compile(model, 'multiclass')."
        )
    if quantiles_of(model) is not None:
        return "quantile_regression"
    if TASKS[task].answer != "label":
        return TASKS[task].preset
    if is_perceptron(model):
        return "perceptron"
    if submodels_of(model, [BACKBONE]):
        return "fine_tuning"
    by_kind = {
        "image": "image_classification",
        "series": "sequence_classification",
        "text": "text_classification",
    }
    return by_kind.get(input_kind_of(model), TASKS[task].preset)


def _of_forecast(preset, model):
    """The preset of quantiles with the batches, patience and clipping of forecasters, for one."""
    if preset.loss != "pinball" or task_of(model) != "forecast":
        return preset
    like = PRESETS["forecasting"]
    names = ("learning_rate", "schedule", "batch_size", "patience", "min_steps", "options")
    return dataclasses.replace(preset, **{name: getattr(like, name) for name in names})


def _changed(preset, optimizer, batch_size, patience, weight_decay):
    """The preset with the values that the user gave instead of its own."""
    changes = {}
    if batch_size is not None:
        batch_size = check_int("compile", "batch_size", batch_size, minimum=1)
        changes |= {"batch_size": batch_size, "min_steps": 1}
    if patience is not None:
        changes["patience"] = check_int("compile", "patience", patience, minimum=1)
    if weight_decay is not None:
        check_float("compile", "weight_decay", weight_decay, "[0.0, inf)")
        if isinstance(optimizer, keras.optimizers.Optimizer):
            raise ArgumentError(
                "compile takes a weight_decay or an optimizer object that has one, not both. "
                f"Got {weight_decay!r} and {optimizer.name!r}."
            )
        options = dict(preset.options) if optimizer in (None, preset.optimizer) else {}
        changes["options"] = {**options, "weight_decay": weight_decay}
        changes["optimizer"] = optimizer or preset.optimizer
    return dataclasses.replace(preset, **changes)


def _formed(model, metrics):
    """The user's metrics, which get targets and predictions in the form that they take."""
    task = task_of(model)
    if task is None or isinstance(metrics, dict):  # of a model of the user's own
        return metrics
    levels, classes = quantiles_of(model), 0
    if TASKS[task].is_classification:
        classes = model.output_shape[-1]
    column = None if levels is None else prediction_column(levels)
    return formed_metrics("compile", metrics, TASKS[task].answer, classes, column)


def _metrics(model):
    activation = activation_of(model)
    if activation == "softmax":
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
    if activation == "sigmoid":
        return [keras.metrics.BinaryAccuracy(name="accuracy")]
    if quantiles_of(model):
        return []  # the mean error of several quantiles has no meaning
    return [keras.metrics.MeanAbsoluteError(name="mae")]
