"""An optimizer whose steps are shorter for lower layers."""

__all__ = ["with_rates"]


def with_rates(optimizer, factors):
    """Return a fresh optimizer of the same settings, with a share of the rate by variable.

    Args:
        optimizer: `keras.optimizers.Optimizer`.
        factors: dict from a variable's path to the share of the learning rate of its steps;
            1 where it is not named. Weight decay goes by the whole rate.
    """
    kind = type(optimizer)

    class Scaled(kind):
        def update_step(self, gradient, variable, learning_rate):
            own = self._trainable_variables[self._get_variable_index(variable)]
            factor = factors.get(own.path, 1.0)
            super().update_step(gradient, variable, learning_rate * factor)

    Scaled.__name__ = kind.__name__
    fresh = Scaled.from_config(optimizer.get_config())
    # Keras keeps what is not decayed beside the configuration.
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    if pattern is not None:
        fresh.exclude_from_weight_decay(var_names=[pattern.pattern])
    return fresh
