"""What makes a training run this one and no other, as JSON values that can be compared."""

import json

import keras

from kerakit.files import fingerprint
from kerakit.keras_compat import layers_of

__all__ = ["architecture", "run_identity"]


def run_identity(
    model,
    spec,
    settings,
    *,
    batch_size,
    epochs,
    class_weights,
    early_stopping,
    seed,
    precision,
    augment,
):
    """Return everything that the weights of a run depend on, as a dict of JSON values.

    Args:
        model: `keras.Model`, compiled.
        spec: `Spec` of the data.
        settings: `Settings` of the model.
        batch_size: int. Rows per step.
        epochs: int, or `None` where the learning rate does not depend on their number: such
            a run may be given more epochs.
        class_weights: float array, or `None`.
        early_stopping: bool or int.
        seed: int.
        precision: str. How it computes; what was measured is part of it.
        augment: str, a key of `LEVELS`, or `None` for data without images.
    """
    optimizer = model.optimizer.get_config()
    optimizer.pop("name", None)
    if epochs is not None or settings.preset.learning_rate is None:
        optimizer.pop("learning_rate", None)  # it changes on the way
    identity = {
        "model": architecture(model),
        "data": spec.fingerprint,
        "split": {**spec.sizes, "seed": spec.seed},
        "preset": settings.preset.name,
        "loss": _nameless(keras.saving.serialize_keras_object(model.loss)),
        "optimizer": {"class": type(model.optimizer).__name__, **optimizer},
        "schedule": repr(settings.schedule),
        "batch size": batch_size,
        "class weights": None if class_weights is None else list(class_weights),
        "early stopping": bool(early_stopping) and int(early_stopping),
        "patience": settings.preset.patience,
        "seed": seed,
        "precision": precision,
    }
    if augment is not None:
        identity["augmentation"] = augment
    if epochs is not None:
        identity["number of epochs"] = epochs
    return json.loads(json.dumps(identity, default=str))


def architecture(model):
    """Return a hash of the layers' settings; names number what was built, and do not count."""
    layers = [
        (type(layer).__name__, _nameless(layer.get_config()))
        for layer in layers_of(model, include_self=False)
        if not isinstance(layer, keras.Model)
    ]
    text = json.dumps(layers, sort_keys=True, default=str)
    return fingerprint([text])[:16]


def _nameless(config):
    if isinstance(config, dict):
        return {k: _nameless(v) for k, v in config.items() if k not in ("name", "shared_object_id")}
    return [_nameless(v) for v in config] if isinstance(config, (list, tuple)) else config
