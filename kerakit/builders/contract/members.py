"""The members of a network: networks side by side, whose scores are averaged."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import (
    BLEND,
    KERNEL_EXPONENT,
    KERNEL_ROWS,
    KERNEL_SCORES,
    LINEAR_TABLE,
    MEMBERS,
    NARROW,
    OUTPUT,
    REPEAT,
    STEPS,
    TREE_ANSWERS,
    TREE_QUESTIONS,
)
from kerakit.builders.contract.parts import network_of

if TYPE_CHECKING:
    import keras

__all__ = ["MemberKernel", "MemberNetwork", "MemberTrees", "Members", "members_of"]


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
    def width(self) -> int:
        """How many columns it reads."""
        return int(self.layers[0].input.shape[-1])

    @property
    def weights(self) -> list[keras.Variable]:
        """The trainable weights; the first axis of each is that of the members."""
        return [weight for layer in self.layers for weight in layer.trainable_weights]


@dataclasses.dataclass(frozen=True)
class MemberKernel:
    """The layers of the kernel ridge regression of members; see `kernel_scores`.

    Attributes:
        rows: `Dense` layer that holds the training rows.
        exponent: `Dense` layer with the two weights of the exponent.
        scores: `EinsumDense` layer. What each training row adds to the scores of each member.
    """

    rows: keras.layers.Dense
    exponent: keras.layers.Dense
    scores: keras.layers.EinsumDense


@dataclasses.dataclass(frozen=True)
class MemberTrees:
    """The layers of the boosted trees of members; see `answers_of_trees`.

    Attributes:
        questions: `Embedding` layer. The threshold and the column of each question.
        answers: `Embedding` layer. What is at the end of each way.
    """

    questions: keras.layers.Embedding
    answers: keras.layers.Embedding

    @property
    def count(self) -> int:
        """How many trees there are: each has one answer more than questions."""
        return self.answers.input_dim - self.questions.input_dim

    @property
    def depth(self) -> int:
        """How many questions a tree asks a row."""
        return (self.answers.input_dim // self.count).bit_length() - 1


@dataclasses.dataclass(frozen=True)
class Members:
    """The layers of a network with members.

    Attributes:
        count: int. How many members there are.
        networks: tuple of one or two `MemberNetwork`s, in the order of their scores in `blend`.
        columns: tensor of shape `(batch, width)`. Each network reads the first columns of it.
        line: `EinsumDense` layer. The line of each member.
        blend: the `Dense` layer that adds the scores of the line to those of the networks. Its
            kernel has a weight for the line, for each network, for `kernel` and for `trees`.
        mean: the layer that takes the mean over the members.
        steps: `EinsumDense` layer whose weights are the steps of the columns, or `None`.
        kernel: `MemberKernel`, or `None`.
        trees: `MemberTrees`, or `None`.
    """

    count: int
    networks: tuple[MemberNetwork, ...]
    columns: keras.KerasTensor
    line: keras.layers.EinsumDense
    blend: keras.layers.Dense
    mean: keras.Layer
    steps: keras.layers.EinsumDense | None
    kernel: MemberKernel | None
    trees: MemberTrees | None


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
    until, steps = network.layers.index(blend), by_name.get(STEPS)
    kernel = [by_name.get(name) for name in (KERNEL_ROWS, KERNEL_EXPONENT, KERNEL_SCORES)]
    trees = [by_name.get(name) for name in (TREE_QUESTIONS, TREE_ANSWERS)]
    layers = [
        layer
        for layer in network.layers[:until]
        if isinstance(layer, ours) and layer not in (line, steps, *kernel, *trees)
    ]
    networks = []
    for narrow in (False, True):
        own = tuple(layer for layer in layers if layer.name.startswith(NARROW) == narrow)
        if own:
            networks.append(MemberNetwork(narrow, own))
    # The narrow networks read all columns, the wide ones those before the steps.
    columns = networks[-1].layers[0].input if len(networks) > 1 else by_name[REPEAT].input
    count = int(mean.input.shape[1])
    kernel = None if None in kernel else MemberKernel(*kernel)
    trees = None if None in trees else MemberTrees(*trees)
    return Members(count, tuple(networks), columns, line, blend, mean, steps, kernel, trees)
