"""The hidden layers of a network for tables that stands alone."""

from __future__ import annotations

import keras

from kerakit.builders.tables.options import ACTIVATION, MlpOptions

__all__ = ["hidden_layers"]


def hidden_layers(values: keras.KerasTensor, options: MlpOptions) -> keras.KerasTensor:
    """Build the hidden layers of a network alone.

    Args:
        values: tensor of shape `(batch, width)`.
        options: `MlpOptions`.

    Returns:
        Tensor of shape `(batch, units)`.
    """
    penalty = keras.regularizers.L2(options.l2) if options.l2 else None
    normalization, layers = options.normalization, keras.layers
    for number, units in enumerate(options.sizes.hidden, 1):
        before = values
        values = layers.Dense(
            units,
            kernel_initializer="he_normal",
            kernel_regularizer=penalty,
            use_bias=normalization != "batch",
            name=f"dense_{number}",
        )(values)
        if normalization == "batch":
            values = layers.BatchNormalization(name=f"normalize_{number}")(values)
        elif normalization == "layer":
            values = layers.LayerNormalization(name=f"normalize_{number}")(values)
        values = layers.Activation(options.activation or ACTIVATION, name=f"activate_{number}")(
            values
        )
        if options.sizes.dropout:
            values = layers.Dropout(options.sizes.dropout, name=f"dropout_{number}")(values)
        if options.residual:
            if before.shape[-1] != units:
                before = layers.Dense(units, use_bias=False, name=f"project_{number}")(before)
            values = layers.Add(name=f"add_{number}")([before, values])
    return values
