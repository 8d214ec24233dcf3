"""The members of a network: networks side by side, whose scores are averaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import (
    BLEND,
    LINEAR_TABLE,
    MEMBERS,
    NARROW,
    OUTPUT,
    REPEAT,
)
from kerakit.builders.contract.parts import network_of

if TYPE_CHECKING:
    import keras

__all__ = ["MemberNetwork", "Members", "members_of"]


@dataclasses.dataclass(frozen=True)
class MemberNetwork:
    """A network that every member has, with weights of its own.

    Attributes:
        narrow: bool. Whether it is the second, narrow network.
        layers: tuple of `Rescaling`, `EinsumDense`, `Activation`, `Multiply` and `Dropout` layers,
            in order: what each member computes from the columns, up to the scores. A `Multiply`
            layer multiplies what the `Activation` before it takes and gives.
    """

    narrow: bool
    layers: tuple[keras.Layer, ...]

    @property
    def weights(self) -> list[keras.Variable]:
        """The trainable weights; the first axis of each is that of the members."""
        return [weight for layer in self.layers for weight in layer.trainable_weights]


@dataclasses.dataclass(frozen=True)
class Members:
    """The layers of a network with members.

    Attributes:
        count: int. How many members there are.
        networks: tuple of one or two `MemberNetwork`s, in the order of their scores in `blend`.
        columns: tensor of shape `(batch, width)` that all networks read.
        line: `EinsumDense` layer. The line of each member.
        blend: the `Dense` layer that adds the scores of the line to those of the networks. Its
            kernel has a weight for the line and for each network.
        mean: the layer that takes the mean over the members.
    """

    count: int
    networks: tuple[MemberNetwork, ...]
    columns: keras.KerasTensor
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
    if not by_name.keys() >= {MEMBERS, OUTPUT, BLEND, LINEAR_TABLE, REPEAT}:
        return None
    ours = keras.layers.EinsumDense, keras.layers.Activation, keras.layers.Dropout
    ours = (*ours, keras.layers.Rescaling, keras.layers.Multiply)
    mean, line, blend = by_name[MEMBERS], by_name[LINEAR_TABLE], by_name[BLEND]
    until = network.layers.index(blend)
    layers = [
        layer for layer in network.layers[:until] if isinstance(layer, ours) and layer is not line
    ]
    networks = []
    for narrow in (False, True):
        own = tuple(layer for layer in layers if layer.name.startswith(NARROW) == narrow)
        if own:
            networks.append(MemberNetwork(narrow, own))
    columns = by_name[REPEAT].input
    return Members(int(mean.input.shape[1]), tuple(networks), columns, line, blend, mean)
