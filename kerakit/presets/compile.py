"""`compile`: a preset, and whatever the user wants otherwise."""

import dataclasses

import keras

from kerakit.builders.contract import activation_of, is_convex, quantiles_of, scale_of
from kerakit.checks import check, check_choice, check_float
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.presets.losses import PerceptronLoss, PinballLoss, StandardizedLoss
from kerakit.presets.schedules import Schedule, get_schedule
from kerakit.presets.table import FULL_BATCH, PRESETS, Preset

__all__ = ["Settings", "compile", "settings_of"]

HUBER_DELTA = 1.345  # 95 % efficiency on normal errors (Huber 1964; Holland & Welsch 1977)
# Kernels alone are decayed, against overfitting (no bias decay, He et al. 2019,
# arXiv:1812.01187, section 3.1). Keras asks by TensorFlow's names, such as gamma:0.
UNDECAYED = r"(^|/)(bias|gamma|beta)(:\d+)?$"
_NUMBERS = ("mean_squared_error", "huber", "pinball")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What `compile` decided beyond what Keras keeps, for `fit` to follow.

    Attributes:
        preset: `Preset`.
        schedule: `Schedule`, or `None` where the rate is measured or the optimizer is the
            user's own.
    """

    preset: Preset
    schedule: Schedule | None


def compile(
    model,
    preset,
    *,
    learning_rate=None,
    loss=None,
    metrics=None,
    optimizer=None,
    schedule=None,
):
    """Compile a model by a preset; every value can be overridden.

    Numeric targets are predicted in their own units, and the loss counts in standard
    deviations of the target, so that a learning rate means the same whatever the unit.
    A model without a hidden layer is convex: the presets of a task train it on all rows
    at once, by steps as long as the measured curvature allows. Where the optimizer decays
    weights, biases and normalisation are left out, unless it is an object of the caller's.

    Args:
        model: `keras.Model`.
        preset: str, a key of `PRESETS`, or a `Preset`.
        learning_rate: float in (0, inf). The highest rate. Defaults to the preset's.
        loss: any Keras loss. Defaults to the preset's.
        metrics: list of Keras metrics. Defaults to the accuracy for classes and the mean
            absolute error for numbers.
        optimizer: a Keras optimizer or the name of one. A Keras optimizer object keeps its
            own learning rate. Defaults to the preset's.
        schedule: str, a key of `SCHEDULES`, or a `Schedule`. Defaults to the preset's.

    Raises:
        ArgumentError: when a value is out of its range, or the preset does not fit the model's
            output.

    Example:

    >>> from kerakit.builders import mlp_regressor
    >>> model = mlp_regressor(11)
    >>> compile(model, "regression", learning_rate=3e-4)
    >>> type(model.optimizer).__name__, model.loss
    ('Adam', 'mean_squared_error')
    """
    check(isinstance(model, keras.Model), "compile", "model", "a keras.Model", model)
    if not isinstance(preset, Preset):
        preset = PRESETS[check_choice("compile", "preset", preset, PRESETS)]
    if learning_rate is not None:
        check_float("compile", "learning_rate", learning_rate, "(0.0, inf)")
    chosen = preset
    if is_convex(model) and preset.loss in _CONVEX and optimizer is None:
        chosen = dataclasses.replace(FULL_BATCH, name=preset.name, loss=preset.loss)
    weight = None
    if loss is None:
        loss, weight = _loss(model, preset)
    optimizer, curve = _optimizer(chosen, learning_rate, optimizer, schedule)
    tags = len(getattr(model, "output_shape", ())) == 3 and activation_of(model) == "softmax"
    # Padded tokens weigh nothing, which is for weighted metrics to see.
    kind = "weighted_metrics" if tags else "metrics"
    counted = {kind: _metrics(model) if metrics is None else metrics}
    model.compile(optimizer=optimizer, loss=loss, loss_weights=weight, **counted)
    model.kerakit_settings = Settings(chosen, curve)


def settings_of(model):
    """Return the `Settings` of a model; those of a plain Keras compile if it had no preset."""
    settings = getattr(model, "kerakit_settings", None)
    return settings or Settings(PRESETS["adam"], None)


_CONVEX = ("mean_squared_error", "sparse_categorical_crossentropy", "binary_crossentropy")


def _loss(model, preset):
    """The loss, and its weight, that count in standard deviations of the target."""
    activation = activation_of(model)
    name = preset.loss or {task.activation: task.loss for task in TASKS.values()}[activation]
    expected = {task.loss: task.activation for task in TASKS.values()}.get(name, "softmax")
    expected = "linear" if name in _NUMBERS else expected
    if activation != expected:
        raise ArgumentError(
            f"The '{preset.name}' preset trains a {expected} output. Got model "
            f"'{model.name}' with a {activation} one; take the preset of its task."
        )
    deviation = scale_of(model)
    quantiles = quantiles_of(model)
    if (name == "pinball") != (quantiles is not None):
        raise ArgumentError(
            "The 'quantile_regression' preset and quantiles= of the builder go together. Got the "
            f"'{preset.name}' preset and a model '{model.name}' built with quantiles={quantiles}."
        )
    if name == "pinball":
        return PinballLoss(quantiles, float(deviation[0])), None
    if name == "perceptron":
        return PerceptronLoss(), None
    if name not in _NUMBERS:
        return name, None
    delta = HUBER_DELTA if name == "huber" else None
    if len(deviation) > 1:
        return StandardizedLoss(deviation, delta), None
    scale = float(deviation[0])
    weight = None if scale == 1.0 else 1 / scale**2
    return (keras.losses.Huber(delta * scale) if delta else "mean_squared_error"), weight


def _optimizer(preset, learning_rate, optimizer, schedule):
    """The optimizer, and the `Schedule` of its rate (`None`: its own, or measured)."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        if learning_rate is not None:
            raise ArgumentError(
                "compile takes a learning_rate or an optimizer object that has one, not both. "
                f"Got {learning_rate!r} and {optimizer.name!r}."
            )
        return optimizer, None if schedule is None else get_schedule(schedule, 1e-3)
    options = dict(preset.options) if optimizer in (None, preset.optimizer) else {}
    rate = learning_rate or preset.learning_rate
    if isinstance(schedule, Schedule):
        if learning_rate is not None:
            schedule = dataclasses.replace(schedule, learning_rate=learning_rate)
        curve = schedule
    elif rate is None and schedule is None:
        curve = None
    else:
        curve = get_schedule(schedule or preset.schedule, rate or 1e-2)
    config = {"learning_rate": curve.learning_rate if curve else 1e-2, **options}
    name = optimizer or preset.optimizer
    try:
        made = keras.optimizers.get({"class_name": name, "config": config})
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"The 'optimizer' parameter of compile must be a Keras optimizer. Got {name!r} instead."
        ) from error
    made.exclude_from_weight_decay(var_names=[UNDECAYED])
    return made, curve


def _metrics(model):
    activation = activation_of(model)
    if activation == "softmax":
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
    if activation == "sigmoid":
        return [keras.metrics.BinaryAccuracy(name="accuracy")]
    if quantiles_of(model):
        return []  # the mean error of several quantiles says nothing
    return [keras.metrics.MeanAbsoluteError(name="mae")]
