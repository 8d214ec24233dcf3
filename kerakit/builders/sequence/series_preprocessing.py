"""The `preprocess` sub-model for labelled series: raw numbers in, steps and a mask out."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import PREPROCESS
from kerakit.builders.parts import in_float32
from kerakit.checks import check, short_repr
from kerakit.data.spec import Spec
from kerakit.errors import ArgumentError

__all__ = ["SERIES", "series_preprocess"]

SERIES = "a shape (steps,) or (steps, channels), where steps may be None"  # for errors


@in_float32()
def series_preprocess(
    owner: str, inputs: Spec | tuple
) -> tuple[dict[str, keras.KerasTensor] | keras.KerasTensor, keras.Model]:
    """Build the input of a model of whole series and the `preprocess` sub-model behind it.

    Channels are standardised by the training values. NaN at the end is padding. NaN inside a
    series is a missing value and becomes the mean; if training series have missing values, each
    channel also gets an indicator.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec` with one sequence of numbers, or a shape `(steps,)` or `(steps,
            channels)`, steps an int or `None`.

    Returns:
        Tuple `(inputs, preprocess)`: a dict of one `keras.Input` by its name (for a plain
        shape, that input itself, named `series`), and the sub-model with the outputs `values`
        of shape `(batch, steps, channels)` and `mask` of shape `(batch, steps)`, both float32.

    Raises:
        ArgumentError: when there is no such sequence, or another feature beside it.
    """
    name, shape, mean, variance, gaps = _described(owner, inputs)
    series = keras.Input(shape, name=name)
    values = series if len(shape) == 2 else series[..., None]
    known = ops.cast(ops.isfinite(values), "float32")
    has_value = ops.max(known, axis=-1)
    # A step is no padding if the step itself or a later one has a value.
    later = ops.flip(ops.cumsum(ops.flip(has_value, axis=1), axis=1), axis=1)
    mask = ops.cast(later > 0, "float32")
    values = ops.where(known > 0, values, 0.0)
    # Not a Normalization: TensorFlow may make its division a product, whose last digit differs.
    offset, factor = (-mean).tolist(), (1.0 / np.sqrt(variance)).tolist()
    values = keras.layers.Rescaling(1.0, offset, dtype="float32", name="preprocess.centre")(values)
    values = keras.layers.Rescaling(factor, dtype="float32", name="preprocess.normalize")(values)
    values = values * known
    if gaps:
        values = ops.concatenate([values, mask[..., None] * (1.0 - known)], axis=-1)
    by_name = {name: series} if isinstance(inputs, Spec) else series
    return by_name, keras.Model(by_name, [values, mask], name=PREPROCESS)


def _described(owner, inputs):
    if isinstance(inputs, Spec):
        kinds = {feature.name: feature.kind for feature in inputs.features}
        if list(kinds.values()) != ["sequence"]:
            raise ArgumentError(
                f"{owner} takes one sequence of numbers and no other feature. Got features of the "
                f"kinds {short_repr(kinds)}. kk.load_sequences makes such data."
            )
        (feature,) = inputs.features
        mean, variance = np.atleast_1d(feature.mean), np.atleast_1d(feature.variance)
        variance = np.where(variance > 0, variance, 1.0)
        gaps = bool(np.any(feature.missing))
        return feature.name, tuple(feature.shape), mean, variance, gaps
    ok = isinstance(inputs, (tuple, list)) and len(inputs) in (1, 2)
    ok = ok and all(_is_size(size) for size in inputs[1:]) and _is_size(inputs[0], free=True)
    expected = f"a Data, a Spec, or {SERIES}"
    check(ok, owner, "inputs", expected, inputs)
    channels = inputs[1] if len(inputs) == 2 else 1
    return "series", tuple(inputs), np.zeros(channels), np.ones(channels), False


def _is_size(value, free=False):
    is_int = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return is_int or (free and value is None)
