"""Which models are solved: linear ones with the preset of their task, and fixed features."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from kerakit.builders.contract import LinearHead, LinearPath, linear_head_of, linear_path_of
from kerakit.data.tasks import TASKS
from kerakit.errors import ArgumentError
from kerakit.keras_compat import compile_arguments
from kerakit.presets.preset_loss import preset_loss
from kerakit.presets.settings import settings_of
from kerakit.training.options import FitOptions
from kerakit.warn import warn

__all__ = ["solved_options", "solved_part"]


def solved_part(runner: Any) -> LinearHead | LinearPath | None:
    """Return what `fit` solves of a model, or `None` where it trains.

    Args:
        runner: `Runner`.

    Raises:
        ArgumentError: when the rows of a model that cannot train do not fit in memory.
    """
    model, options = runner.model, runner.options
    path = linear_path_of(model)
    if path is not None and path.is_whole:
        if runner.fits:
            return path
        raise ArgumentError(
            f"{options.owner} solves a model with encoder='rocket' from rows in memory. The rows "
            f"are larger than cache_mb={options.cache_mb:g}. Pass a larger cache_mb=, or build the "
            "model with encoder='auto'."
        )
    head = linear_head_of(model) if _is_left_to_its_preset(model) else None
    answers = TASKS[runner.data.spec.task].answer in ("numbers", "label", "labels")
    if head is not None and answers and options.augment == "none":
        if runner.fits or head.kind == "linear":
            return head
        _say(options, "the rows do not fit in cache_mb: trained by gradient descent, not solved")
    if _asks_for_a_penalty(model):
        warn(
            f"l2='auto' has no effect on this model: {options.owner} chooses a penalty only where "
            "it solves the model. Compile it with the preset of its task, or build it with a "
            "number for l2."
        )
    return None


def solved_options(options: FitOptions) -> FitOptions:
    """Return the options of a run that solves: one epoch, of all rows, in float32."""
    return dataclasses.replace(
        options, epochs=1, batch_size=None, early_stopping=False, precision="float32"
    )


def _is_left_to_its_preset(model):
    """Whether `compile` was given a preset of the model's task, and nothing else to follow.

    A loss, an optimizer, a learning rate, a schedule or a weight decay of the user's own is
    followed step by step. So are the textbook presets.
    """
    settings, given = settings_of(model), compile_arguments(model)
    if not settings.measured or model.optimizer.weight_decay:
        return False
    usual, weight = preset_loss(model, settings.preset)
    return _named(given.get("loss")) == _named(usual) and given.get("loss_weights") == weight


def _named(loss):
    """A loss as it is compared: by its name, or by its class and settings."""
    return (type(loss), loss.get_config()) if isinstance(loss, keras.losses.Loss) else loss


def _asks_for_a_penalty(model: keras.Model) -> bool:
    head = linear_head_of(model)
    return head is not None and head.auto


def _say(options, line):
    if options.verbose != 0:
        print(line, flush=True)
