"""The scores of members: the mean over what their parts predict."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerakit.builders.contract import BLEND, LINEAR_TABLE, MEMBERS
from kerakit.builders.parts import in_float32
from kerakit.builders.tables.columns import MlpColumns
from kerakit.builders.tables.members.kernel import kernel_scores
from kerakit.builders.tables.members.networks import member_network, narrow_network
from kerakit.builders.tables.members.trees import tree_scores
from kerakit.builders.tables.options import MlpOptions
from kerakit.builders.tables.sizes import kernel_rows, tree_count

__all__ = ["member_scores"]


def member_scores(
    inputs: object,
    columns: MlpColumns,
    scores: int,
    options: MlpOptions,
    *,
    numbers: bool = False,
    quantiles: bool = False,
) -> keras.KerasTensor:
    """Build the parts of all members; return the means of their scores, `(batch, scores)`.

    Args:
        inputs: `Spec`, or a plain width.
        columns: `MlpColumns`.
        scores: int. How many there are.
        options: `MlpOptions`.
        numbers: bool. Whether the scores are those of numbers. Defaults to `False`.
        quantiles: bool. Whether they are those of quantiles. Defaults to `False`.
    """
    members, width = options.sizes.members, columns.line_width
    networks, beside = _networks(columns, scores, options, numbers), []
    if options.sizes.narrow_dropout is not None and not quantiles:
        rows = kernel_rows(inputs, width, members * scores)
        if rows:
            beside.append(kernel_scores(columns.line, rows, members, scores))
        trees, depth = tree_count(inputs, members, width, scores)
        if trees:
            beside.append(tree_scores(columns.line, trees, depth, members, scores))
    return _mean_of_members(columns.line, networks, beside)


def _networks(columns, scores, options, numbers):
    values, means, sizes = columns.values, columns.bin_means, options.sizes
    members = sizes.members
    # The loss is a mean over the members.
    shared = {"activation": options.activation, "l2": options.l2 / members}
    networks = [
        member_network(
            values,
            members,
            scores,
            hidden=sizes.hidden,
            dropout=sizes.dropout,
            centres=np.nan_to_num(means) if numbers else None,
            **shared,
        )
    ]
    if sizes.narrow_dropout is not None:
        shared |= {"dropout": sizes.narrow_dropout, "steps": columns.steps}
        networks.append(narrow_network(values, members, scores, bins=~np.isnan(means), **shared))
    return networks


@in_float32()
def _mean_of_members(
    linear: keras.KerasTensor,
    networks: Sequence[keras.KerasTensor],
    beside: Sequence[keras.KerasTensor],
) -> keras.KerasTensor:
    """The mean over the members: of each a line, what its networks add, and what stands beside."""
    layers = keras.layers
    line = layers.EinsumDense(
        "bi,mio->bmo",
        networks[0].shape[1:],
        bias_axes="mo",
        kernel_initializer="zeros",
        dtype="float32",
        name=LINEAR_TABLE,
    )(linear)
    blend = layers.Dense(1, use_bias=False, trainable=False, dtype="float32", name=BLEND)
    parts = ops.stack([line, *networks, *beside], axis=-1)
    scores = ops.squeeze(blend(parts), axis=-1)
    shares = [1.0, *[1.0 / len(networks)] * len(networks), *[0.0] * len(beside)]
    blend.kernel.assign([[share] for share in shares])
    return layers.GlobalAveragePooling1D(dtype="float32", name=MEMBERS)(scores)
