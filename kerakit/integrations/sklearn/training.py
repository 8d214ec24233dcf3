"""From arrays to a trained model: the `Data`, the builder that was asked for, and `fit`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from kerakit.checks import check, check_choice, check_float
from kerakit.data.data import Data, Table
from kerakit.data.names import near_match
from kerakit.data.spec import Feature, Spec, Target
from kerakit.data.split import split_off
from kerakit.data.tables.date_features import describe_column
from kerakit.data.tables.statistics import describe_target
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.integrations.seeding import seeded

__all__ = ["Rows", "build", "builder_function", "training_data", "unknown_options"]


@dataclasses.dataclass(frozen=True)
class Rows:
    """Training rows as they were read.

    Attributes:
        task: str. `"regression"`, `"binary"`, `"multiclass"` or `"multilabel"`.
        columns: dict from input name to the name of the column.
        kinds: dict from input name to the kind of the column, as `infer_kinds` gives it; empty
            for one input that is described by `describe`.
        features: dict from input name to array of shape `(n,)` or `(n, d)`.
        target: float32 array of shape `(n,)` or `(n, targets)`, int32 class ids, or float32 0 or
            1 of shape `(n, labels)`.
        describe: function from the training values of the one input to its `Feature`, or `None`
            for columns.
        target_names: tuple of strings.
        classes: tuple of strings, empty for regression.
        weight: float64 array of shape `(n,)`, or `None`. How often each row counts.
        class_weight: float64 array of shape `(n,)`, or `None`. The weight of each row's class,
            in the loss alone.
    """

    task: str
    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    features: Mapping[str, np.ndarray]
    target: np.ndarray
    target_names: tuple[str, ...]
    describe: Callable[[np.ndarray], Feature] | None = None
    classes: tuple[str, ...] = ()
    weight: np.ndarray | None = None
    class_weight: np.ndarray | None = None


def training_data(rows: Rows, owner: str, validation_fraction: float, seed: int) -> Data:
    """Return the `Data` of training rows: a training and a validation split, no test split.

    A weight counts as repetition: means and variances of numbers are weighted too.

    Args:
        rows: `Rows`.
        owner: str. The estimator, for errors.
        validation_fraction: float in `[0.0, 1.0)`. Too few rows for half a validation row give
            none. Classes keep their proportions.
        seed: int. Seed of the split.
    """
    fraction = check_float(owner, "validation_fraction", validation_fraction, "[0.0, 1.0)")
    count = len(rows.target)
    chosen, held = np.arange(count), np.arange(0)
    if round(count * fraction) >= 1 and count > 1:
        classes = rows.target if rows.classes and rows.target.ndim == 1 else None
        chosen, held = split_off(count, fraction, (seed, 1), classes)
    whole = Table(dict(rows.features), rows.target, _loss_weight(rows))
    train = whole.take(chosen)
    weight = None if rows.weight is None else rows.weight[chosen]
    if rows.describe is not None:
        features = tuple(map(rows.describe, train.features.values()))
    else:
        features = tuple(
            _weighted(
                describe_column(name, values, rows.columns[name], rows.kinds[name]), values, weight
            )
            for name, values in train.features.items()
        )
    spec = Spec(
        task=rows.task,
        features=features,
        target=_target(rows, train.target, weight),
        classes=rows.classes,
        class_counts=_class_counts(rows, train.target),
        sizes={"train": len(chosen), "validation": len(held), "test": 0},
        seed=seed,
        dataset=owner,
    )
    return Data(train, whole.take(held) if len(held) else None, None, spec)


def builder_function(
    builder: str | Callable[..., keras.Model], builders: Mapping[str, Callable], owner: str
) -> Callable[..., keras.Model]:
    """Return the function that a `builder` parameter means.

    Raises:
        ArgumentError: when it is neither a name in `builders` nor a function.
    """
    if callable(builder):
        return builder
    known = f"a function (spec) -> keras.Model, or one of {', '.join(map(repr, builders))}"
    check(isinstance(builder, str), owner, "builder", known, builder)
    return builders[check_choice(owner, "builder", builder, builders)]


def unknown_options(function: Callable, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options that a builder does not take, each with ` Did you mean 'x'?` or `""`."""
    parameters = inspect.signature(function).parameters
    if any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters.values()):
        return {}
    names = list(parameters)[1:]  # the first takes the spec
    return {name: near_match(name, names) for name in options if name not in names}


def build(
    function: Callable[..., keras.Model],
    spec: Spec,
    options: Mapping[str, Any],
    owner: str,
    seed: int,
) -> keras.Model:
    """Return the model of a builder, with initial weights that depend on `seed` alone.

    Raises:
        ArgumentError: when the builder does not take an option or returns no model, or the
            model's answers have another width than the task.
    """
    name = getattr(function, "__name__", type(function).__name__)
    for option, hint in unknown_options(function, options).items():
        raise ArgumentError(
            f"{owner} got the parameter {option!r}, which neither {owner} nor its builder {name} "
            f"has.{hint}"
        )
    with seeded(seed):
        model = function(spec, **options)
    check(
        isinstance(model, keras.Model), owner, "builder", "a function (spec) -> keras.Model", model
    )
    width = len(spec.classes)
    shape = getattr(model, "output_shape", None)
    if width and isinstance(shape, tuple) and shape[1:] != (width,):
        raise ArgumentError(
            f"The builder {name} of {owner} gave a model with answers of shape {shape}. Expected "
            f"(None, {width}): a probability for each class, for two classes too."
        )
    return model


def _class_counts(rows, target):
    if not rows.classes:
        return ()
    if target.ndim == 2:
        return tuple(target.sum(axis=0).astype(int).tolist())
    return tuple(np.bincount(target, minlength=len(rows.classes)).tolist())


def _loss_weight(rows):
    """The weight of each row in the loss, `None` where all are 1; sample weights have mean 1."""
    weight = rows.class_weight
    if rows.weight is not None:
        mean_one = rows.weight * (len(rows.weight) / rows.weight.sum())
        weight = mean_one if weight is None else weight * mean_one
    return None if weight is None else weight.astype(np.float32)


def _target(rows, values, weight):
    if TASKS[rows.task].answer != "numbers":
        return Target(rows.target_names)
    mean, variance = describe_target(values)
    if weight is not None:
        moments = [_moments(column, weight) for column in values.reshape(len(values), -1).T]
        mean, variance = (tuple(one) for one in zip(*moments, strict=True))
    # Errors of a constant target are counted in its own unit.
    variance = tuple(1.0 if value == 0 else value for value in variance)
    return Target(rows.target_names, None, mean, variance)


def _weighted(feature, values, weight):
    """The feature with weighted moments."""
    if weight is None or values.dtype == object:
        return feature
    if values.ndim == 1:
        mean, variance = _moments(values, weight)
    else:
        mean, variance = zip(*(_moments(column, weight) for column in values.T), strict=True)
    return dataclasses.replace(feature, mean=mean, variance=variance)


def _moments(values, weight):
    """Weighted mean and variance of the values that are there."""
    known = ~np.isnan(values)
    values, weight = values[known].astype(np.float64), weight[known]
    if not len(values):
        return 0.0, 0.0
    mean = np.average(values, weights=weight)
    return float(mean), float(np.average((values - mean) ** 2, weights=weight))
