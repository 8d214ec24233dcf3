"""Steps of the numeric columns, at places that `fit` finds before the first epoch."""

from __future__ import annotations

import keras

from kerakit.builders.contract import STEPS
from kerakit.builders.tables.preprocessing import NORMALIZE

__all__ = ["step_columns"]


def step_columns(
    preprocess: keras.Model, values: keras.KerasTensor, steps: int
) -> keras.KerasTensor | None:
    """Build the steps of the numeric columns: each is `clip((x - a) / (b - a), 0, 1)`.

    A layer that does not train holds `1 / (b - a)` and `-a / (b - a)`. Both are 0 in a new model,
    and so are the steps. `kk.fit` sets them at the thresholds of trees; see `grow_steps`.

    Args:
        preprocess: the sub-model whose first output begins with the normalised numbers.
        values: tensor of shape `(batch, width)`. That output.
        steps: int. Steps of a column.

    Returns:
        Tensor of shape `(batch, columns * steps)`, or `None` where there are no numbers or steps.
    """
    layers = {layer.name: layer for layer in preprocess.layers}
    if not steps or NORMALIZE not in layers:
        return None
    columns = int(layers[NORMALIZE].mean.shape[-1])
    within = keras.layers.EinsumDense(
        "bc,cs->bcs",
        (columns, steps),
        bias_axes="cs",
        kernel_initializer="zeros",
        trainable=False,
        dtype="float32",
        name=STEPS,
    )(values[:, :columns])
    clipped = keras.layers.ReLU(max_value=1.0, dtype="float32", name=f"{STEPS}.clip")(within)
    return keras.ops.reshape(clipped, (-1, columns * steps))
