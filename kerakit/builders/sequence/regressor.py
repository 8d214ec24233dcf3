"""`sequence_regressor`: a number for each whole series."""

from __future__ import annotations

from typing import Literal

import keras

from kerakit.builders.heads import number_answer, number_head, number_targets
from kerakit.builders.parts import spec_or_shape
from kerakit.builders.search_space import Choice, searched
from kerakit.builders.sequence.encoders.encoder import ENCODERS, Positions
from kerakit.builders.sequence.series_preprocessing import SERIES
from kerakit.builders.sequence.whole_series import whole_series
from kerakit.checks import check_choice
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

    Series may have any number of steps, as in `sequence_classifier`. `"rocket"`, the default, is
    not trained but solved, as there; the series that are left out tell by their squared errors.

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
    series = whole_series(
        owner,
        inputs,
        encoder,
        units=units,
        layers=layers,
        bidirectional=bidirectional,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        attention=attention,
        heads=heads,
        positions=positions,
        l2=l2,
    )
    if encoder == "rocket":
        return series.model(number_answer(series.fixed_scores(len(mean)), mean, std))
    return series.model(number_head(series.summary(), mean, std, float(l2)))
