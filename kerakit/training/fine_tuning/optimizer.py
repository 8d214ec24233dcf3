"""The optimizer of a stage, whose steps are shorter for lower layers, and of what is saved."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from kerakit.keras_compat import compile_arguments, trained_variable

__all__ = ["with_fresh_optimizer", "with_rates"]


def with_rates(
    optimizer: keras.optimizers.Optimizer, factors: Mapping[str, float]
) -> keras.optimizers.Optimizer:
    """Return a fresh optimizer of the same settings, with a fraction of the rate per variable.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        factors: dict from the path of a variable to the fraction of the learning rate of its
            steps; 1 for a variable without an entry. Weight decay has the whole rate.
    """
    kind = type(optimizer)

    class Scaled(kind):
        def update_step(self, gradient, variable, learning_rate):
            factor = factors.get(trained_variable(self, variable).path, 1.0)
            super().update_step(gradient, variable, learning_rate * factor)

    Scaled.__name__ = kind.__name__
    fresh = Scaled.from_config(optimizer.get_config())
    # Keras keeps the variables that are not decayed beside the configuration.
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if pattern is not None:
        fresh.exclude_from_weight_decay(var_names=[pattern.pattern])
    return fresh


def with_fresh_optimizer(model: keras.Model) -> keras.Model:
    """Return a model of the same layers that is compiled alike, with an optimizer without state.

    Each stage of fine-tuning has an optimizer of its own, from none of which training can go on.
    A file that holds this optimizer trains on, by Keras too.

    Args:
        model: `keras.Model`, compiled.
    """
    given = compile_arguments(model)
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    fresh = keras.Model(model.input, model.output, name=model.name)
    names = ("loss", "loss_weights", "metrics", "weighted_metrics")
    fresh.compile(optimizer, **{name: given.get(name) for name in names})
    optimizer.build(fresh.trainable_variables)  # Keras warns of a file without the variables
    return fresh
