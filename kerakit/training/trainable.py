"""The checks of a model before it trains: Keras knows its graph, and its answers fit the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from kerakit.builders.contract import check_inputs, input_names, quantiles_of
from kerakit.checks import check
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError, DataError
from kerakit.keras_compat import compile_arguments

if TYPE_CHECKING:
    from kerakit.data.spec import Spec

__all__ = ["check_model"]

_OVERRIDES = ("train_step", "test_step", "compute_loss", "compute_metrics")


def check_model(owner: str, model: keras.Model, spec: Spec) -> None:
    """Check that `fit` can train a model on data.

    Args:
        owner: str. The function that the user called, for errors.
        model: what the user gave as the model.
        spec: `Spec` of the data.

    Raises:
        ArgumentError: when it is no model that `fit` trains, or is not compiled.
        DataError: when it takes or answers something else than the data have.
    """
    check(isinstance(model, keras.Model), owner, "model", "a keras.Model", model)
    _check_graph(owner, model)
    if not model.compiled:
        raise ArgumentError(
            f"{owner} needs a compiled model. Call kk.compile(model, preset) first."
        )
    check_inputs(owner, model, spec)
    _check_answers(owner, model, spec)


def _check_graph(owner, model):
    kind = type(model).__name__
    own = [name for name in _OVERRIDES if getattr(type(model), name) is not _usual(name)]
    if own:
        raise ArgumentError(
            f"{owner} trains by Keras' own {own[0]}. Got a {kind}, which overrides it. Train the "
            "model with model.fit, or build it as keras.Model(inputs, outputs)."
        )
    if input_names(model) is None or not getattr(model, "outputs", None):
        raise ArgumentError(
            f"{owner} needs a model whose inputs and outputs Keras knows: of a builder, "
            "keras.Model(inputs, outputs), or keras.Sequential with a keras.Input. Got a "
            f"{kind} without them. A subclassed model becomes one by keras.Model(inputs, "
            "model(inputs)); model.fit trains it as it is."
        )


def _usual(name):
    return getattr(keras.Model, name)


def _check_answers(owner, model, spec):
    """Check the size of the last axis of a single output, where the loss is one of Keras' own."""
    loss = compile_arguments(model).get("loss")
    own_loss = callable(loss) and not type(loss).__module__.startswith(("keras.", "kerakit."))
    shape = tuple(model.outputs[0].shape)
    if own_loss or len(model.outputs) != 1 or quantiles_of(model):
        return
    answer, names = TASKS[spec.task].answer, spec.target.names
    if answer in ("label", "labels", "tags"):
        width, what = len(spec.classes), "classes"
        good = shape[-1] in (None, width) or (width == 2 and shape[-1] == 1)
    elif answer == "numbers":
        width, what = len(names), "targets"
        have = shape[-1] if len(shape) > 1 else 1
        good = have in (None, width)
    else:
        width, what = spec.series.horizon, "steps of the horizon"
        good = len(shape) < 2 or shape[1] in (None, width)
    if not good:
        answers = f"the shape {shape[1:]}" if shape[1:] else "one number"
        raise DataError(
            f"The model of {owner} does not match the data: it answers with {answers}, and the "
            f"data have {width} {what}. Build the model from data.spec."
        )
