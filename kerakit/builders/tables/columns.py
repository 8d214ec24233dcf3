"""The columns that the layers of a network for tables read."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np

from kerakit.builders.parts import network_inputs
from kerakit.builders.tables.bins import bin_means
from kerakit.builders.tables.options import MlpOptions
from kerakit.builders.tables.preprocessing import ColumnOptions, tabular_preprocess
from kerakit.builders.tables.steps import step_columns

__all__ = ["MlpColumns", "mlp_columns"]


@dataclasses.dataclass(frozen=True)
class MlpColumns:
    """What the layers of a network read.

    Attributes:
        values: tensor of shape `(batch, width)`.
        line: tensor of those columns that the lines of members read, or `None`.
        line_width: int. How many these are; 0 where the lines read a column of zeros.
        bin_means: float array of shape `(width,)`: the mean of each bin, NaN for other columns.
        steps: tensor of the steps of the columns, or `None`.
    """

    values: keras.KerasTensor
    line: keras.KerasTensor | None
    line_width: int
    bin_means: np.ndarray
    steps: keras.KerasTensor | None


def mlp_columns(
    owner: str, inputs: Any, options: MlpOptions
) -> tuple[Any, keras.Model, list[keras.KerasTensor], MlpColumns]:
    """Return the inputs, the preprocessing, what it gives to the network, and its columns.

    Args:
        owner: str. The builder, for errors.
        inputs: `Spec`, or a plain width.
        options: `MlpOptions`.
    """
    members, bins = options.sizes.members > 1, options.sizes.bins
    encoding = ColumnOptions(embedding=options.embedding, bins=bins, bins_last=members)
    by_name, preprocess, tables = tabular_preprocess(inputs, encoding, owner=owner)
    values = network_inputs(preprocess)
    parts = [tensor for tensor in values if tensor.name == "dense"]
    dense = sum(tensor.shape[-1] for tensor in parts)
    for column, (name, rows, width) in enumerate(tables):
        ids = values[-1][:, column]
        parts.append(keras.layers.Embedding(rows, width, name=f"embed_{name}")(ids))
    joined = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="joined")(parts)
    means, line, steps, first = np.full(joined.shape[-1], np.nan), None, None, 0
    if members:
        found = bin_means(preprocess)
        first = dense - len(found)
        means[first:dense] = found
        line = joined[:, :first] if first else keras.ops.zeros_like(joined[:, :1])
        steps = step_columns(preprocess, parts[0], options.sizes.steps)
    return by_name, preprocess, values, MlpColumns(joined, line, first, means, steps)
