"""What of a model is linear: its head, or a path beside its network."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from kerakit.builders.contract.layer_names import (
    AUTO_PENALTY,
    BLEND,
    LINEAR,
    LINEAR_LEVELS,
    LINEAR_ROCKET,
    LINEAR_SERIES,
    LINEAR_TABLE,
    LINEAR_WINDOW,
    MEMBERS,
    OUTPUT,
    PERCEPTRON,
    POWER,
    PREDICTION,
    PROBABILITIES,
    ROCKET,
    ROOT,
    STANDARDISED,
    THRESHOLDS,
    UNSCALE,
    frequency_name,
)
from kerakit.builders.contract.parts import network_layers, network_of, split_model

if TYPE_CHECKING:
    import keras
    import numpy as np

__all__ = [
    "LinearHead",
    "LinearPath",
    "beside_path",
    "is_convex",
    "is_perceptron",
    "linear_head_of",
    "linear_path_of",
]


def is_convex(model: keras.Model) -> bool:
    """Return whether only the layer `output` has weights, so that the usual losses are convex."""
    return [layer.name for layer in network_layers(model) if layer.weights] == [OUTPUT]


def is_perceptron(model: keras.Model) -> bool:
    """Return whether a model was built by `perceptron_classifier`.

    Its layers are those of a logistic regression; the name of the model tells them apart.
    """
    return model.name == PERCEPTRON and is_convex(model)


@dataclasses.dataclass(frozen=True)
class LinearHead:
    """The layer `output` of a model that is linear but for what makes scores an answer.

    Attributes:
        output: `keras.layers.Dense`, without an activation of its own in the solved model.
        kind: str. The `head` of a `Task`: how the scores of `output` become the answer.
        mean, std: float arrays of shape `(targets,)`. A score times `std` plus `mean` is the
            prediction, for a `kind` of `"linear"`.
        l2: float. The factor of its penalty.
        auto: bool. Whether the penalty is chosen on rows that are not fitted.
    """

    output: keras.layers.Dense
    kind: str
    mean: np.ndarray
    std: np.ndarray
    l2: float
    auto: bool


def linear_head_of(model: keras.Model) -> LinearHead | None:
    """Return the head of a model whose best weights can be computed, or `None`.

    All weights of such a model are those of a dense layer `output`, which trains, with a bias
    and no penalty but L2. Nothing before the layer is random, and what follows it is a head of
    the builders.

    Example:

    >>> from kerakit.builders import logistic_classifier, mlp_classifier
    >>> linear_head_of(logistic_classifier(4, classes=2, l2=0.1)).kind
    'logistic'
    >>> linear_head_of(mlp_classifier(4, classes=2))
    """
    import keras
    import numpy as np

    if not is_convex(model):
        return None
    layers = [
        layer for layer in network_layers(model) if not isinstance(layer, keras.layers.InputLayer)
    ]
    names = [layer.name for layer in layers]
    index = names.index(OUTPUT)
    output, after = layers[index], layers[index + 1 :]
    own = getattr(getattr(output, "activation", None), "__name__", None)
    kind, penalty = _head_kind(own, after), getattr(output, "kernel_regularizer", None)
    plain = (
        isinstance(output, keras.layers.Dense)
        and output.use_bias
        and output.trainable
        and (penalty is None or type(penalty) is keras.regularizers.L2)
        and not (output.bias_regularizer or output.activity_regularizer)
        and not (output.kernel_constraint or output.bias_constraint)
    )
    random = any(getattr(layer, "seed_generator", None) for layer in layers)
    if kind is None or not plain or random or (kind == "logistic" and output.units != 1):
        return None
    unscale = layers[names.index(UNSCALE)] if UNSCALE in names else None
    scale = (1.0, 0.0) if unscale is None else (unscale.scale, unscale.offset)
    std, mean = (np.broadcast_to(np.float32(value), output.units) for value in scale)
    l2 = 0.0 if penalty is None else float(penalty.l2)
    return LinearHead(output, kind, mean, std, l2, AUTO_PENALTY in names)


def _head_kind(activation, after):
    """The `head` of a `Task` that a dense layer with an activation and the layers after it make."""
    names = {layer.name for layer in after}
    if activation != "linear":
        return activation if activation in ("softmax", "sigmoid") and not names else None
    if names <= {UNSCALE, PREDICTION}:
        return "linear"
    kinds = sorted(type(layer).__name__ for layer in after)
    if kinds == ["Concatenate", "Rescaling", "Softmax"]:  # of 0 and the one score
        return "logistic"
    alone = names == {PROBABILITIES}
    if kinds == ["Softmax"] and alone:
        return "softmax"
    if kinds == ["Activation"] and alone and after[0].activation.__name__ == "sigmoid":
        return "sigmoid"
    return None


@dataclasses.dataclass(frozen=True)
class LinearPath:
    """The linear path beside a network.

    Attributes:
        kind: `"window"` of a forecaster, `"series"` or `"rocket"` of a model of whole series,
            `"grams"` of a classifier of texts, or `"table"` of members.
        layers: tuple of layers whose weights are solved; several for `"grams"` and `"rocket"`.
        frequencies: tuple of layers with the document frequencies beside them, for `"grams"`.
        blend: the layer that adds the path's scores to the network's. `None` for `"window"`, and
            where a model is nothing but its path.
        unscale: the layer that un-scales the answer, for `"window"`.
        levels: the layer with what each level of a forecaster of quantiles adds to the line, in
            scales of the window, or `None`.
        powers: tuple of the layers `root` and `power` that make targets of the scores, for
            `"table"`; empty where there are none.
        thresholds: tuple of the layers whose thresholds are set before, for `"rocket"`.
        standardised: tuple of the layers that standardise what each of `layers` reads, for
            `"rocket"`.
        total: the layer that adds the scores of the layers, for `"rocket"`.
    """

    kind: str
    layers: tuple[keras.Layer, ...]
    frequencies: tuple[keras.Layer, ...] = ()
    blend: keras.Layer | None = None
    unscale: keras.Layer | None = None
    levels: keras.Layer | None = None
    powers: tuple[keras.Layer, ...] = ()
    thresholds: tuple[keras.Layer, ...] = ()
    standardised: tuple[keras.Layer, ...] = ()
    total: keras.Layer | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the model has no network beside the path."""
        return self.kind == "rocket" and self.blend is None


def linear_path_of(model: keras.Model) -> LinearPath | None:
    """Return the linear path of a network, or `None`.

    A model of the user's own may have a layer of one of these names. It has no linear path
    unless all layers that belong to one are there.
    """
    layers = {layer.name: layer for layer in network_of(model).layers}
    names = [name for name in layers if name.startswith(LINEAR)]
    if LINEAR_WINDOW in layers:
        unscale, solved = layers.get(UNSCALE), (layers[LINEAR_WINDOW],)
        levels = layers.get(LINEAR_LEVELS)
        if unscale is None:
            return None
        return LinearPath("window", solved, unscale=unscale, levels=levels)
    if ROCKET in layers and len(layers.keys() & {BLEND, OUTPUT}) != 1:
        return _rocket(layers)
    if not names or not layers.keys() >= {BLEND, OUTPUT}:
        return None
    if LINEAR_TABLE in layers and MEMBERS in layers:
        powers = tuple(layers[name] for name in (ROOT, POWER) if name in layers)
        return LinearPath("table", (layers[LINEAR_TABLE],), blend=layers[BLEND], powers=powers)
    if LINEAR_SERIES in layers:
        return LinearPath("series", (layers[LINEAR_SERIES],), blend=layers[BLEND])
    frequencies = [layers.get(frequency_name(name)) for name in names]
    if None in frequencies:
        return None
    solved = tuple(layers[name] for name in names)
    return LinearPath("grams", solved, tuple(frequencies), blend=layers[BLEND])


def beside_path(
    model: keras.Model, path: LinearPath
) -> tuple[keras.Model | None, keras.KerasTensor | list[keras.KerasTensor]]:
    """Return what the network of a model reads without its linear path.

    Args:
        model: `keras.Model`.
        path: its `LinearPath`.

    Returns:
        `(preprocess, inputs)`: a model that gives these inputs, and the inputs of the network.
        The n-grams of texts, which only their path reads, are not among them.
    """
    import keras

    preprocess, network = split_model(model)
    if path.kind != "grams":
        return preprocess, network.input
    return keras.Model(preprocess.input, preprocess.outputs[0]), network.inputs[0]


def _rocket(layers):
    solved, thresholds, standardised = (
        tuple(layer for name, layer in layers.items() if name.startswith(start))
        for start in (LINEAR_ROCKET, THRESHOLDS, STANDARDISED)
    )
    return LinearPath(
        "rocket",
        solved,
        blend=layers.get(BLEND),
        thresholds=thresholds,
        standardised=standardised,
        total=layers[ROCKET],
    )
