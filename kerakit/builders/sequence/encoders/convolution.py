"""Convolutional encoders of sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from kerakit.builders.sequence.encoders.masks import with_mask

if TYPE_CHECKING:
    from kerakit.builders.sequence.encoders.encoder import EncoderOptions

__all__ = ["convolution_steps", "phrase_steps"]

# Filters as multiples of the units, and kernel sizes: 128 x 8, 256 x 5, 128 x 3 with units=128.
_STAGES = ((1, 8), (2, 5), (1, 3))
# Of the moving statistics. With Keras' momentum, 0.99, they have not converged when the training
# on a small set ends: three batches per epoch are common in the archives.
_MOMENTUM = 0.9
_PHRASES = (3, 4, 5)  # words


def convolution_steps(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode every step with the steps near it, by a fully convolutional network.

    The fully convolutional network of Wang et al. 2017 (arXiv:1611.06455): three convolutions
    over time of 8, 5 and 3 steps, each with batch normalisation (without padding) and ReLU.
    With more `layers` the three stages repeat.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, 0.0 for padding; `None` without padding.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`, zeros for padding.
    """
    is_step = None if mask is None else keras.ops.cast(mask, "bool")
    for turn in range(1, options.layers + 1):
        for letter, (times, size) in zip("abc", _STAGES, strict=True):
            name = f"{turn}{letter}"
            values = keras.layers.Conv1D(
                times * options.units,
                size,
                padding="same",
                kernel_initializer="he_uniform",
                name=f"conv_{name}",
            )(values)
            values = keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm_{name}")(
                values, mask=is_step
            )
            values = with_mask(keras.layers.Activation("relu", name=f"relu_{name}")(values), mask)
            if options.dropout:
                values = keras.layers.Dropout(options.dropout, name=f"dropout_{name}")(values)
    return values


def phrase_steps(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode every word with the phrases around it.

    Parallel convolutions of 3, 4 and 5 words, each with ReLU (Kim 2014, arXiv:1408.5882). With
    more `layers` they repeat. Arguments as in `convolution_steps`.

    Returns:
        Tensor of shape `(batch, steps, 3 * units)`, zeros for padding.
    """
    for turn in range(1, options.layers + 1):
        parts = [
            keras.layers.Conv1D(
                options.units,
                size,
                padding="same",
                activation="relu",
                name=f"phrase_{turn}_{size}",
            )(values)
            for size in _PHRASES
        ]
        joined = keras.layers.Concatenate(name=f"phrases_{turn}")(parts)
        values = with_mask(joined, mask)
    return values
