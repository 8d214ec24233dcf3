"""Convolutional encoders of sequences."""

import keras

from kerakit.builders.sequence.masks import with_mask

__all__ = ["convolution_steps", "phrase_steps"]

# Filters as multiples of the units, and kernel sizes: 128 x 8, 256 x 5, 128 x 3 with units=128.
_STAGES = ((1, 8), (2, 5), (1, 3))
# Of the moving statistics. With that of Keras, 0.99, those of a small set have not settled
# when its training ends: three batches an epoch are common in the archives.
_MOMENTUM = 0.9
_PHRASES = (3, 4, 5)  # words


def convolution_steps(values, mask, options):
    """Encode every step in the light of those near it.

    The fully convolutional network of Wang et al. 2017 (arXiv:1611.06455): three convolutions
    over time of 8, 5 and 3 steps, each with batch normalisation (over the steps that are
    there) and max(x, 0). With more `layers` the three stages repeat.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, or `None` where all steps are there.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, units)`, zeros behind the end of a sequence.
    """
    seen = None if mask is None else keras.ops.cast(mask, "bool")
    for turn in range(1, options.layers + 1):
        for place, (times, size) in enumerate(_STAGES, start=1):
            name = f"{turn}{'abc'[place - 1]}"
            values = keras.layers.Conv1D(
                times * options.units,
                size,
                padding="same",
                kernel_initializer="he_uniform",
                name=f"conv_{name}",
            )(values)
            values = keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm_{name}")(
                values, mask=seen
            )
            values = with_mask(keras.layers.Activation("relu", name=f"relu_{name}")(values), mask)
            if options.dropout:
                values = keras.layers.Dropout(options.dropout, name=f"dropout_{name}")(values)
    return values


def phrase_steps(values, mask, options):
    """Encode every word as the phrases around it.

    Convolutions of 3, 4 and 5 words beside each other, each with max(x, 0): Kim 2014,
    arXiv:1408.5882. With more `layers` they repeat. Arguments as in `convolution_steps`.

    Returns:
        Tensor of shape `(batch, steps, 3 * units)`, zeros behind the end of a text.
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
