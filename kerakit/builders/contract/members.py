"""The members of a network: networks side by side, whose scores are averaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import BLEND, LINEAR_TABLE, MEMBERS, OUTPUT
from kerakit.builders.contract.parts import network_of

if TYPE_CHECKING:
    import keras

__all__ = ["Members", "members_of"]


@dataclasses.dataclass(frozen=True)
class Members:
    """The layers of a network with members.

    Attributes:
        count: int. How many members there are.
        layers: tuple of `EinsumDense`, `Activation` and `Dropout` layers, in order: what each
            member computes, up to its scores.
        line: `EinsumDense` layer. The line of each member.
        blend: the layer that adds the scores of the line to those of the network.
        mean: the layer that takes the mean over the members.
    """

    count: int
    layers: tuple[keras.Layer, ...]
    line: keras.layers.EinsumDense
    blend: keras.layers.Dense
    mean: keras.Layer


def members_of(model: keras.Model) -> Members | None:
    """Return the members of a network, or `None` where it has none.

    Example:

    >>> from kerakit.builders import mlp_regressor
    >>> members_of(mlp_regressor(3, members=4)).count, members_of(mlp_regressor(3, members=1))
    (4, None)
    """
    import keras

    network = network_of(model)
    by_name = {layer.name: layer for layer in network.layers}
    if not by_name.keys() >= {MEMBERS, OUTPUT, BLEND, LINEAR_TABLE}:
        return None
    kinds = keras.layers.EinsumDense, keras.layers.Activation, keras.layers.Dropout
    mean, line = by_name[MEMBERS], by_name[LINEAR_TABLE]
    after = network.layers.index(by_name[OUTPUT]) + 1
    layers = tuple(
        layer for layer in network.layers[:after] if isinstance(layer, kinds) and layer is not line
    )
    return Members(int(mean.input.shape[1]), layers, line, by_name[BLEND], mean)
