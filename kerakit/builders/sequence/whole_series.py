"""What the builders of models of whole series share: the input, and what reads it."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from kerakit.builders.contract import MASK
from kerakit.builders.parts import assemble
from kerakit.builders.sequence.encoders.encoder import EncoderOptions, summarize
from kerakit.builders.sequence.encoders.rocket import rocket_scores
from kerakit.builders.sequence.series_preprocessing import series_preprocess
from kerakit.checks import check, check_float
from kerakit.data.spec import Spec

__all__ = ["WholeSeries", "whole_series"]

# Options of a trained encoder that have no effect on "rocket", as they are where left out.
_LEFT_OUT = {
    "units": None,
    "layers": 1,
    "bidirectional": False,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "attention": False,
    "heads": 4,
    "positions": "sinusoidal",
    "l2": 0.0,
}


@dataclasses.dataclass(frozen=True)
class WholeSeries:
    """The input of a model of whole series, and what reads it.

    Attributes:
        owner: str. The builder, and the name of its model.
        given: what the user gave as the input: `Spec`, or a plain shape.
        inputs: dict of `keras.Input` by name, or one `keras.Input`.
        preprocess: `keras.Model` named `preprocess`.
        network_in: list of the network's inputs `values` and `mask`.
        options: `EncoderOptions` of the trained encoder; `None` where there is none.
    """

    owner: str
    given: Spec | tuple
    inputs: dict[str, keras.KerasTensor] | keras.KerasTensor
    preprocess: keras.Model
    network_in: list[keras.KerasTensor]
    options: EncoderOptions | None

    def summary(self) -> keras.KerasTensor:
        """Encode the series by the trained encoder: tensor of shape `(batch, width)`."""
        summary = summarize(*self.network_in, self.options)
        if self.options.dropout:
            summary = keras.layers.Dropout(self.options.dropout, name="dropout")(summary)
        return summary

    def fixed_scores(self, scores: int) -> keras.KerasTensor:
        """Compute scores by fixed convolutions: tensor of shape `(batch, scores)`."""
        return rocket_scores(*self.network_in, self._typical_steps(), scores)

    def model(self, answer: keras.KerasTensor) -> keras.Model:
        """Return the model that answers so."""
        return assemble(
            self.inputs, self.preprocess, self.network_in, answer, self.owner, self.given
        )

    def _typical_steps(self):
        """The steps of the middle training series, or of a shape; `None` if they are unknown."""
        if not isinstance(self.given, Spec):
            return self.given[0]
        (feature,) = self.given.features
        if feature.quantiles:
            return int(feature.quantiles[len(feature.quantiles) // 2])
        return feature.shape[0]


def whole_series(
    owner: str, inputs: Spec | tuple, encoder: str, *, l2: float, **options: Any
) -> WholeSeries:
    """Check the options of a model of whole series, and build its input.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec` of one series, or a shape `(steps,)` or `(steps, channels)`.
        encoder: str. `"rocket"`, `"auto"` (`"conv"` beside it), or a trained encoder.
        l2: float.
        options: the other options of `sequence_classifier`, by name.

    Raises:
        ArgumentError: when an option is out of its range, or has no effect on the encoder.
    """
    check_float(owner, "l2", l2, "[0.0, inf)")
    if encoder == "rocket":
        for name, left_out in _LEFT_OUT.items():
            value = {**options, "l2": l2}[name]
            expected = "left out with encoder='rocket', which is solved"
            check(value == left_out, owner, name, expected, value)
        made = None
    else:
        trained = "conv" if encoder == "auto" else encoder
        units = options.pop("units")
        usual = 128 if trained == "conv" else 64
        units = usual if units is None else units
        made = EncoderOptions(owner=owner, encoder=trained, units=units, **options)
    by_name, preprocess = series_preprocess(owner, inputs)
    network_in = [
        keras.Input(tensor.shape[1:], name=name)
        for tensor, name in zip(preprocess.outputs, ("values", MASK), strict=True)
    ]
    return WholeSeries(owner, inputs, by_name, preprocess, network_in, made)
