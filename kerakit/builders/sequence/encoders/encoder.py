"""Encoders: from sequences of vectors to a vector per step, or one for the whole sequence."""

from __future__ import annotations

import dataclasses
from typing import Literal

import keras
from keras import ops

from kerakit.builders.sequence.encoders.convolution import convolution_steps, phrase_steps
from kerakit.builders.sequence.encoders.masks import attended, masked_mean
from kerakit.builders.sequence.encoders.recurrent import recurrent_steps, recurrent_summary
from kerakit.builders.sequence.encoders.transformer import transformer_steps
from kerakit.checks import check, check_choice, check_float, check_int

__all__ = [
    "ENCODERS",
    "RECURRENT",
    "Encoder",
    "EncoderOptions",
    "Positions",
    "encode_steps",
    "summarize",
    "summarize_words",
]

RECURRENT = ("lstm", "gru", "rnn")
ENCODERS = (*RECURRENT, "transformer", "conv")
Encoder = Literal["lstm", "gru", "rnn", "transformer", "conv"]
Positions = Literal["sinusoidal", "learned"]


@dataclasses.dataclass(frozen=True)
class EncoderOptions:
    """The options of an encoder, as `sequence_classifier` documents them.

    Attributes:
        owner: str. The builder, for errors.

    Raises:
        ArgumentError: when a value is out of its range, or belongs to another encoder.
    """

    owner: str
    encoder: str
    units: int
    layers: int
    bidirectional: bool = False
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    attention: bool = False
    heads: int = 4
    positions: str = "sinusoidal"

    def __post_init__(self):
        owner = self.owner
        check_choice(owner, "encoder", self.encoder, ENCODERS)
        check_int(owner, "units", self.units, minimum=1)
        check_int(owner, "layers", self.layers, minimum=1)
        for name in ("dropout", "recurrent_dropout"):
            check_float(owner, name, getattr(self, name), "[0.0, 1.0)")
        for name in ("bidirectional", "attention"):
            check(isinstance(getattr(self, name), bool), owner, name, "a bool", getattr(self, name))
        if self.encoder not in RECURRENT:
            for name in ("bidirectional", "recurrent_dropout"):
                expected = f"left out with encoder={self.encoder!r}, which is not recurrent"
                check(not getattr(self, name), owner, name, expected, getattr(self, name))
        check_choice(owner, "positions", self.positions, ("sinusoidal", "learned"))
        if self.encoder == "transformer":
            heads = check_int(owner, "heads", self.heads, minimum=1)
            expected = f"a multiple of heads={heads}, and even"
            check(self.units % heads == 0 == self.units % 2, owner, "units", expected, self.units)


_STEPS = {"transformer": transformer_steps, "conv": convolution_steps}


def encode_steps(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode every step of a batch of sequences.

    Args:
        values: tensor of shape `(batch, steps, width)`.
        mask: tensor of shape `(batch, steps)`, 0.0 for padding; `None` without padding.
        options: `EncoderOptions`.

    Returns:
        Tensor of shape `(batch, steps, width)`; the values of padding have no meaning.
    """
    return _STEPS.get(options.encoder, recurrent_steps)(values, mask, options)


def summarize(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode whole sequences; arguments as in `encode_steps`.

    Returns:
        Tensor of shape `(batch, width)`: the last state of a recurrent encoder, else the mean
        over the steps; with `attention` a mean with learned weights.
    """
    if options.encoder in RECURRENT:
        return recurrent_summary(values, mask, options)
    values = _STEPS[options.encoder](values, mask, options)
    return attended(values, mask, "summary") if options.attention else masked_mean(values, mask)


def summarize_words(
    values: keras.KerasTensor, mask: keras.KerasTensor | None, options: EncoderOptions
) -> keras.KerasTensor:
    """Encode whole texts, as `summarize` does, but by `phrase_steps` for `"conv"`.

    Returns:
        Tensor of shape `(batch, width)`: for `"conv"` the maximum over the words.
    """
    if options.encoder != "conv":
        return summarize(values, mask, options)
    values = phrase_steps(values, mask, options)
    return attended(values, mask, "summary") if options.attention else ops.max(values, axis=1)
