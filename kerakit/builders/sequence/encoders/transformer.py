"""Transformer encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import ops

if TYPE_CHECKING:
    from kerakit.builders.sequence.encoders.encoder import EncoderOptions

__all__ = ["transformer_steps"]

LEARNED_POSITIONS = (
    512  # as BERT (Devlin et al. 2019, arXiv:1810.04805); later steps share the last
)
# Wavelengths range from 2 pi to this times 2 pi (Vaswani et al. 2017, section 3.5).
_MAX_WAVELENGTH = 10_000.0


def transformer_steps(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode every step with all other steps, by self-attention.

    Each layer has self-attention and two dense layers with four times the units, both with layer
    normalisation before them and a residual path around them (Vaswani et al. 2017,
    arXiv:1706.03762; normalisation first: Xiong et al. 2020, arXiv:2002.04745).

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, 0.0 for padding; `None` without padding.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`.
    """
    units = options.units
    values = keras.layers.Dense(units, name="widen")(values)
    position = ops.cumsum(ops.ones_like(values[..., 0]), axis=1) - 1.0
    values = values + ops.cast(_positions(position, options), values.dtype)
    attended = None if mask is None else ops.cast(mask, "bool")[:, None, :]
    for number in range(1, options.layers + 1):
        normed = keras.layers.LayerNormalization(epsilon=1e-6, name=f"norm_{number}a")(values)
        mixed = keras.layers.MultiHeadAttention(
            options.heads,
            units // options.heads,
            dropout=options.dropout,
            name=f"attention_{number}",
        )(normed, normed, attention_mask=attended)
        values = values + _dropped(mixed, options, f"dropout_{number}a")
        normed = keras.layers.LayerNormalization(epsilon=1e-6, name=f"norm_{number}b")(values)
        hidden = keras.layers.Dense(4 * units, activation="gelu", name=f"wide_{number}")(normed)
        hidden = keras.layers.Dense(units, name=f"narrow_{number}")(hidden)
        values = values + _dropped(hidden, options, f"dropout_{number}b")
    return keras.layers.LayerNormalization(epsilon=1e-6, name="norm")(values)


def _dropped(values, options, name):
    if not options.dropout:
        return values
    return keras.layers.Dropout(options.dropout, name=name)(values)


def _positions(position, options):
    """The encoding of positions: tensor of shape `(batch, steps, units)`."""
    if options.positions == "learned":
        position = ops.cast(ops.minimum(position, LEARNED_POSITIONS - 1.0), "int32")
        return keras.layers.Embedding(LEARNED_POSITIONS, options.units, name="positions")(position)
    half = options.units // 2
    frequencies = (_MAX_WAVELENGTH ** (-np.arange(half) / half)).astype("float32")
    angles = ops.cast(position, "float32")[..., None] * frequencies
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
