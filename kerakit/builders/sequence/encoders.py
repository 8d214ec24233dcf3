"""From sequences of vectors to a vector per step, or one for the whole."""

from keras import ops

from kerakit.builders.sequence.convolution import convolution_steps, phrase_steps
from kerakit.builders.sequence.masks import attended, masked_mean
from kerakit.builders.sequence.options import RECURRENT
from kerakit.builders.sequence.recurrent import recurrent_steps, recurrent_summary
from kerakit.builders.sequence.transformer import transformer_steps

__all__ = ["encode_steps", "summarize", "summarize_words"]

_STEPS = {"transformer": transformer_steps, "conv": convolution_steps}


def encode_steps(values, mask, options):
    """Encode every step of a batch of sequences.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, or `None` where all steps are there.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, width)`; what stands behind the end of a sequence
        means nothing.
    """
    return _STEPS.get(options.encoder, recurrent_steps)(values, mask, options)


def summarize(values, mask, options):
    """Encode whole sequences; arguments as in `encode_steps`.

    Returns:
        Tensor of shape `(batch, width)`: of recurrent cells the last state, else the mean over
        the steps; with `attention` a mean with learned weights.
    """
    if options.encoder in RECURRENT:
        return recurrent_summary(values, mask, options)
    values = _STEPS[options.encoder](values, mask, options)
    return attended(values, mask, "summary") if options.attention else masked_mean(values, mask)


def summarize_words(values, mask, options):
    """Encode whole texts; as `summarize`, but `"conv"` finds phrases, wherever they stand.

    Returns:
        Tensor of shape `(batch, width)`: of `"conv"`, the largest over the words of how well
        each phrase fits.
    """
    if options.encoder != "conv":
        return summarize(values, mask, options)
    values = phrase_steps(values, mask, options)
    return attended(values, mask, "summary") if options.attention else ops.max(values, axis=1)
