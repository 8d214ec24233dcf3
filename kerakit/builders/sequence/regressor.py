"""`sequence_regressor`: a number for each whole series."""

from __future__ import annotations

from typing import Literal

import keras

from kerakit.builders.contract import MASK
from kerakit.builders.heads import number_answer, number_head, number_targets
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.search_space import Choice, searched
from kerakit.builders.sequence.encoders.encoder import (
    ENCODERS,
    EncoderOptions,
    Positions,
    summarize,
)
from kerakit.builders.sequence.encoders.rocket import (
    check_untrained,
    rocket_scores,
    typical_steps,
)
from kerakit.builders.sequence.series_preprocessing import SERIES, series_preprocess
from kerakit.checks import check_choice, check_float
from kerakit.data.data import Data
from kerakit.data.spec import Spec

__all__ = ["sequence_regressor"]

RegressorEncoder = Literal["rocket", "conv", "lstm", "gru", "rnn", "transformer"]


@searched(encoder=Choice("rocket", "conv", "lstm"))
def sequence_regressor(
    inputs: Data | Spec | tuple[int | None] | tuple[int | None, int],
    *,
    encoder: RegressorEncoder = "rocket",
    units: int | None = None,
    layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    attention: bool = False,
    heads: int = 4,
    positions: Positions = "sinusoidal",
    l2: float = 0.0,
) -> keras.Model:
    """Build a sequence regressor, which predicts one number for a series.

    Series may have any number of steps, as in `sequence_classifier`. With `"rocket"`, the default,
    `kk.fit` solves a ridge regression on features of fixed convolutions in one epoch; its penalty
    and kinds of features have the lowest error of series that are left out one at a time.

    Args:
        inputs: `Data` or `Spec` of one series and one number, or a shape `(steps,)` or `(steps,
            channels)`, where steps may be `None`: any number.
        encoder: `"rocket"`, `"conv"`, `"lstm"`, `"gru"`, `"rnn"` or `"transformer"`, as in
            `sequence_classifier`. Defaults to `"rocket"`, which takes none of the other options.
        units, layers, bidirectional, dropout, recurrent_dropout, attention, heads, positions, l2:
            as in `sequence_classifier`.

    Returns:
        `keras.Model`; float32 series of shape `(batch, steps)` or `(batch, steps, channels)` in
        (in a dict by the feature's name for a `Spec`), numbers of shape `(batch,)` out.

    Raises:
        ArgumentError: when an argument is out of its range, or the spec is not of one series
            and numbers.

    Reference:
        Tan et al.: Time Series Extrinsic Regression, 2021 (doi:10.1007/s10618-021-00745-9).

    Example:

    >>> model = sequence_regressor((None, 3), encoder="gru", units=8)
    >>> model.output_shape, model.count_params()
    ((None,), 321)
    """
    owner = "sequence_regressor"
    inputs = spec_or_shape(owner, inputs, SERIES)
    mean, std = number_targets(owner, inputs, None)
    check_choice(owner, "encoder", encoder, ("rocket", *ENCODERS))
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    if encoder == "rocket":
        check_untrained(
            owner,
            units=units,
            layers=None if layers == 1 else layers,
            bidirectional=bidirectional,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            attention=attention,
            l2=l2,
        )
        by_name, preprocess, network_in = _parts(owner, inputs)
        scores = rocket_scores(*network_in, typical_steps(inputs), len(mean))
        answer = number_answer(scores, mean, std)
        return assemble(by_name, preprocess, network_in, answer, owner, inputs)
    options = EncoderOptions(
        owner=owner,
        encoder=encoder,
        units=(128 if encoder == "conv" else 64) if units is None else units,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        attention=attention,
        heads=heads,
        positions=positions,
    )
    by_name, preprocess, network_in = _parts(owner, inputs)
    summary = summarize(*network_in, options)
    if options.dropout:
        summary = keras.layers.Dropout(options.dropout, name="dropout")(summary)
    answer = number_head(summary, mean, std, l2)
    return assemble(by_name, preprocess, network_in, answer, owner, inputs)


def _parts(owner, inputs):
    """The inputs by name, `preprocess`, and the inputs of the network."""
    by_name, preprocess = series_preprocess(owner, inputs)
    names = ("values", MASK)
    network_in = [
        keras.Input(tensor.shape[1:], name=name)
        for tensor, name in zip(preprocess.outputs, names, strict=True)
    ]
    return by_name, preprocess, network_in
