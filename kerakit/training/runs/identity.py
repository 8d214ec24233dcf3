"""The values that tell one training run from another, as JSON that can be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import keras

from kerakit.data.groups import joined_groups
from kerakit.files import fingerprint
from kerakit.keras_compat import layers_of
from kerakit.presets.settings import settings_of
from kerakit.training.rows.class_weights import class_weights
from kerakit.training.rows.raw import has_images

if TYPE_CHECKING:
    from kerakit.data.data import Data
    from kerakit.training.options import FitOptions

__all__ = ["architecture", "run_identity"]


def run_identity(
    model: keras.Model,
    data: Data,
    options: FitOptions,
    *,
    batch_size: int | None,
    precision: str,
    fixed_epochs: bool,
) -> dict[str, Any]:
    """Return all values that the weights of a run depend on, by the names that errors use.

    Args:
        model: `keras.Model`, compiled.
        data: `Data`.
        options: `FitOptions`.
        batch_size: int. Rows per step; `None` where each stage of a run has its own.
        precision: str. How the steps are computed, as it was asked for or measured.
        fixed_epochs: bool. Whether the learning rate depends on the number of epochs. A run
            whose rate does not may be given more epochs.
    """
    spec, settings = data.spec, settings_of(model)
    rate = model.optimizer.learning_rate
    has_rate = isinstance(rate, keras.Variable)  # else a schedule of Keras, in the configuration
    weights = class_weights(spec, options.class_weight, options.owner)
    stopping = options.early_stopping if spec.sizes.get("validation") else False
    identity = {
        # Data and split come first: with others the model's preprocessing differs too.
        "data": spec.fingerprint,
        "split": {**spec.sizes, "seed": spec.seed, **_groups(data)},
        "model": architecture(model),
        "preset": settings.preset.name,
        "loss": _nameless(keras.saving.serialize_keras_object(model.loss)),
        "optimizer": _optimizer(model.optimizer),
        "learning rate": float(str(rate.numpy())) if has_rate and not settings.measured else None,
        "schedule": repr(settings.schedule),
        "batch size": batch_size,
        "class weights": None if weights is None else list(weights),
        "early stopping": bool(stopping) and int(stopping),
        "patience": settings.preset.patience,
        "seed": options.seed,
        "precision": precision,
    }
    if has_images(spec):
        identity["augmentation"] = options.augment
    if fixed_epochs:
        identity["number of epochs"] = options.epochs
    return json.loads(json.dumps(identity, default=str))


def _groups(data):
    """What tells the groups of the rows from other groups; empty where there are none."""
    groups = joined_groups(data)
    return {} if groups is None else {"groups": fingerprint([groups])[:16]}


def architecture(model: keras.Model) -> str:
    """Return a hash of the settings of all layers, without their names.

    Keras numbers the names of layers by what was built before.
    """
    layers = [
        (type(layer).__name__, _nameless(layer.get_config()))
        for layer in layers_of(model, include_self=False)
        if not isinstance(layer, keras.Model)
    ]
    text = json.dumps(layers, sort_keys=True, default=str)
    return fingerprint([text])[:16]


def _optimizer(optimizer):
    """The settings of an optimizer but its rate; those of the inner one of a `LossScaleOptimizer`.

    The rate of a run may be set by a schedule or a callback, so that it stands by itself.
    """
    settings = {"class": type(optimizer).__name__, **_nameless(optimizer.get_config())}
    if isinstance(optimizer.learning_rate, keras.Variable):
        settings.pop("learning_rate", None)
    inner = getattr(optimizer, "inner_optimizer", None)
    return settings if inner is None else {**settings, "inner_optimizer": _optimizer(inner)}


def _nameless(config):
    if isinstance(config, dict):
        return {k: _nameless(v) for k, v in config.items() if k not in ("name", "shared_object_id")}
    return [_nameless(v) for v in config] if isinstance(config, (list, tuple)) else config
