"""Transformer encoders."""

import keras
import numpy as np
from keras import ops

__all__ = ["transformer_steps"]

LEARNED_POSITIONS = (
    512  # of BERT (Devlin et al. 2019, arXiv:1810.04805); later steps share the last
)
_SLOWEST = 10_000.0  # wavelengths from 2 pi to this times 2 pi (Vaswani et al. 2017, section 3.5)


def transformer_steps(values, mask, options):
    """Encode every step in the light of all others.

    Layers of self-attention and of two dense layers with four times the units, each behind a
    layer normalisation and beside a residual path (Vaswani et al. 2017, arXiv:1706.03762; the
    normalisation first: Xiong et al. 2020, arXiv:2002.04745).

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, or `None` where all steps are there.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`.
    """
    units = options.units
    values = keras.layers.Dense(units, name="widen")(values)
    place = ops.cumsum(ops.ones_like(values[..., 0]), axis=1) - 1.0
    values = values + ops.cast(_positions(place, options), values.dtype)
    seen = None if mask is None else ops.cast(mask, "bool")[:, None, :]
    for number in range(1, options.layers + 1):
        normed = keras.layers.LayerNormalization(epsilon=1e-6, name=f"norm_{number}a")(values)
        mixed = keras.layers.MultiHeadAttention(
            options.heads,
            units // options.heads,
            dropout=options.dropout,
            name=f"attention_{number}",
        )(normed, normed, attention_mask=seen)
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


def _positions(place, options):
    """What tells steps apart: tensor of shape `(batch, steps, units)`."""
    if options.positions == "learned":
        place = ops.cast(ops.minimum(place, LEARNED_POSITIONS - 1.0), "int32")
        return keras.layers.Embedding(LEARNED_POSITIONS, options.units, name="positions")(place)
    half = options.units // 2
    speeds = (_SLOWEST ** (-np.arange(half) / half)).astype("float32")
    angles = ops.cast(place, "float32")[..., None] * speeds
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
