"""The layer names that other stages read, and the questions that they ask of a model.

Long because there is one place for all of them.
No other file of kerakit spells such a name (`tests/builders/test_contract.py` parses them all).
A model of the user's own has some of these layers, or none: every question has an answer then
too. Nothing here imports Keras before a model is at hand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kerakit.checks import short_repr, shortlist
from kerakit.errors import DataError
from kerakit.keras_compat import keep_on, kept_on, layers_of

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kerakit.data.spec import Spec

__all__ = [
    "AUTO_PENALTY",
    "BACKBONE",
    "BLEND",
    "HEAD",
    "LINEAR_CHARACTERS",
    "LINEAR_SERIES",
    "LINEAR_WINDOW",
    "LINEAR_WORDS",
    "MASK",
    "NETWORK",
    "OUTPUT",
    "PERCEPTRON",
    "PREDICTION",
    "PREPROCESS",
    "PROBABILITIES",
    "RESERVED",
    "UNSCALE",
    "LinearHead",
    "LinearPath",
    "activation_of",
    "answer_by_column",
    "check_inputs",
    "frequency_name",
    "input_kind_of",
    "input_names",
    "is_convex",
    "is_perceptron",
    "linear_head_of",
    "linear_path_of",
    "network_of",
    "output_of",
    "prediction_column",
    "preprocess_of",
    "quantile_layer_name",
    "quantiles_of",
    "remember_spec",
    "scale_of",
    "spec_of",
    "split_model",
    "submodels_of",
    "task_of",
]

# Sub-models. A model is `preprocess` and then `network`; that of a pretrained model is
# `backbone` and then `head`.
PREPROCESS, NETWORK = "preprocess", "network"
BACKBONE, HEAD = "backbone", "head"

# The input of the network that tells which steps of a series are there.
MASK = "mask"

# The builder whose models are told apart from others by their name only.
PERCEPTRON = "perceptron_classifier"

# Layers of the network, the last ones first.
PREDICTION = "prediction"  # drops the axis of a single number
PROBABILITIES = "probabilities"
UNSCALE = "unscale"  # from standard deviations of the target to its unit
BLEND = "blend"  # adds the scores of a linear path to those of the network, by two weights
OUTPUT = "output"  # the last dense layer
AUTO_PENALTY = "auto_penalty"  # before it: its L2 penalty is chosen when it is solved

RESERVED = frozenset({OUTPUT, BLEND, UNSCALE, PROBABILITIES, PREDICTION, PREPROCESS, NETWORK})
"""Names that no layer of a backbone of the user's own can have."""

# The layers of a linear path, which `fit` solves before the first epoch.
_LINEAR, _FREQUENCY = "linear.", "frequency."
LINEAR_WINDOW = _LINEAR + "window"  # a forecaster's: from the window to the horizon
LINEAR_SERIES = _LINEAR + "series"  # from the values of a labelled series to its scores
LINEAR_WORDS = _LINEAR + "words"  # weights of n-grams of words
LINEAR_CHARACTERS = _LINEAR + "characters"  # weights of n-grams of characters

_QUANTILES = "quantiles_"


def frequency_name(linear: str) -> str:
    """Return the name of the layer with the document frequencies of a layer of n-grams.

    Example:

    >>> frequency_name(LINEAR_WORDS)
    'frequency.words'
    """
    return _FREQUENCY + linear.removeprefix(_LINEAR)


# The parts of a model.


def split_model(model: keras.Model) -> tuple[keras.Model | None, keras.Model]:
    """Return `(preprocess, network)` of a model, or `(None, model)` where it lacks one of them."""
    found = _submodels(getattr(model, "layers", ()))
    if PREPROCESS in found and NETWORK in found:
        return found[PREPROCESS], found[NETWORK]
    return None, model


def preprocess_of(model: keras.Model) -> keras.Model | None:
    """Return the sub-model `preprocess` of a model, the model itself if it is one, or `None`."""
    if getattr(model, "name", "") == PREPROCESS:
        return model
    found = [part for part in getattr(model, "layers", ()) if part.name == PREPROCESS]
    return found[0] if found else None


def network_of(model: keras.Model) -> keras.Model:
    """Return the sub-model `network` of a model; a model without one is its own network."""
    return _submodels(model.layers).get(NETWORK, model)


def submodels_of(model: keras.Model, names: Iterable[str]) -> dict[str, keras.Model]:
    """Return the sub-models of these names, at any depth, as far as a model has them."""
    found = _submodels(layers_of(model))
    return {name: found[name] for name in names if name in found}


def _submodels(layers):
    import keras

    found = {}
    for layer in layers:
        if isinstance(layer, keras.Model):
            found.setdefault(layer.name, layer)
    return found


def _layers(model):
    """The layers of the network in order, those of models inside it among them."""
    import keras

    layers = layers_of(network_of(model), include_self=False)
    return [layer for layer in layers if not isinstance(layer, keras.Model)]


def _layer(model, name):
    return next((layer for layer in _layers(model) if layer.name == name), None)


# What a network answers with.


def output_of(model: keras.Model) -> keras.Layer | None:
    """Return the layer `output` of a network, its last dense layer, or `None`."""
    return _layer(model, OUTPUT)


def answer_by_column(model: keras.Model) -> keras.KerasTensor:
    """Return what the network answers, of shape `(batch, 1)` where it predicts one number.

    Keras averages a loss over the last axis, so that a single number per row needs an axis of
    its own in training.
    """
    import keras

    network = network_of(model)
    for layer in network.layers:
        if layer.name == PREDICTION and isinstance(layer, keras.layers.Reshape):
            return layer.input
    return network.outputs[0] if isinstance(network, keras.Sequential) else network.output


def activation_of(model: keras.Model) -> str:
    """Return how a model's answer is made: `"softmax"`, `"sigmoid"` or `"linear"`."""
    import keras

    layer = _layer(model, PROBABILITIES) or _layers(model)[-1]
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    name = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return name if name in ("softmax", "sigmoid") else "linear"


def scale_of(model: keras.Model) -> np.ndarray:
    """Return the targets' standard deviations by which a model multiplies its answer.

    Returns:
        float array of shape `(targets,)`; `[1.0]` for a model that does not un-scale.
    """
    import numpy as np

    layer = _layer(model, UNSCALE)
    return np.atleast_1d(1.0 if layer is None else layer.scale)


def is_convex(model: keras.Model) -> bool:
    """Return whether only the layer `output` has weights, so that the usual losses are convex."""
    return [layer.name for layer in _layers(model) if layer.weights] == [OUTPUT]


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
    layers = [layer for layer in _layers(model) if not isinstance(layer, keras.layers.InputLayer)]
    names = [layer.name for layer in layers]
    place = names.index(OUTPUT)
    output, after = layers[place], layers[place + 1 :]
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


def is_perceptron(model: keras.Model) -> bool:
    """Return whether a model was built by `perceptron_classifier`.

    Its layers are those of a logistic regression; the name of the model tells them apart.
    """
    return model.name == PERCEPTRON and is_convex(model)


def input_kind_of(model: keras.Model) -> str | None:
    """Return the kind of a model's single input, as far as its layers tell.

    Returns:
        `"image"`, `"series"` or `"text"`; `None` for anything else, such as columns of a
        table.

    Example:

    >>> from kerakit.builders import sequence_classifier
    >>> input_kind_of(sequence_classifier((None, 12), classes=9, units=16))
    'series'
    """
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1:
        return None
    path = linear_path_of(model)
    if path is not None and path.kind == "grams":
        return "text"
    if len(inputs[0].shape) == 4:
        return "image"
    masked = any(tensor.name == MASK for tensor in network_of(model).inputs)
    return "series" if masked or len(inputs[0].shape) == 3 else None


def task_of(model: keras.Model) -> str | None:
    """Return the task that a model is built for, as far as its layers tell.

    Returns:
        `"regression"`, `"binary"`, `"multiclass"`, `"multilabel"`, `"forecast"` or
        `"tagging"`; `None` where the model has no static output shape. A forecaster of the
        user's own looks like a regression of several targets.

    Example:

    >>> from kerakit.builders import mlp_classifier
    >>> task_of(mlp_classifier(4, classes=3))
    'multiclass'
    """
    try:
        shape = tuple(model.output_shape)
    except (AttributeError, TypeError, ValueError):
        return None
    activation = activation_of(model)
    if activation == "softmax":
        return "tagging" if len(shape) == 3 else "binary" if shape[-1] == 2 else "multiclass"
    if activation == "sigmoid":
        return "multilabel"
    return "regression" if _layer(model, LINEAR_WINDOW) is None else "forecast"


# The linear path.


@dataclasses.dataclass(frozen=True)
class LinearPath:
    """The linear path beside a network.

    Attributes:
        kind: `"window"` of a forecaster, `"series"` of a classifier of series, or `"grams"` of a
            classifier of texts.
        layers: tuple of layers whose weights are solved; several for `"grams"`.
        frequencies: tuple of layers with the document frequencies beside them, for `"grams"`.
        blend: the layer that adds the path's scores to the network's, but for `"window"`.
        unscale: the layer that un-scales the answer, for `"window"`.
    """

    kind: str
    layers: tuple[keras.Layer, ...]
    frequencies: tuple[keras.Layer, ...] = ()
    blend: keras.Layer | None = None
    unscale: keras.Layer | None = None


def linear_path_of(model: keras.Model) -> LinearPath | None:
    """Return the linear path of a network, or `None`.

    A model of the user's own may have a layer of one of these names. It has no linear path
    unless all layers that belong to one are there.
    """
    layers = {layer.name: layer for layer in network_of(model).layers}
    names = [name for name in layers if name.startswith(_LINEAR)]
    if LINEAR_WINDOW in layers:
        unscale, solved = layers.get(UNSCALE), (layers[LINEAR_WINDOW],)
        return None if unscale is None else LinearPath("window", solved, unscale=unscale)
    if not names or not layers.keys() >= {BLEND, OUTPUT}:
        return None
    if LINEAR_SERIES in layers:
        return LinearPath("series", (layers[LINEAR_SERIES],), blend=layers[BLEND])
    frequencies = [layers.get(frequency_name(name)) for name in names]
    if None in frequencies:
        return None
    solved = tuple(layers[name] for name in names)
    return LinearPath("grams", solved, tuple(frequencies), blend=layers[BLEND])


# Quantile levels.


def prediction_column(levels: Sequence[float]) -> int:
    """Return the index of the level that is the prediction: the middle one.

    Of an even number of levels it is the one nearest to 0.5.

    Example:

    >>> prediction_column((0.1, 0.5, 0.9)), prediction_column((0.5, 0.9))
    (1, 0)
    """
    if len(levels) % 2:
        return len(levels) // 2
    return min(range(len(levels)), key=lambda index: abs(levels[index] - 0.5))


def quantile_layer_name(levels: Iterable[float]) -> str:
    """Return the name of the last layer of a quantile regressor, which states its levels.

    Saving and loading a model keep the names of its layers. A level is written with as many
    digits as it takes to read the same number back.

    Example:

    >>> quantile_layer_name((1e-7, 1 / 3, 0.9))
    'quantiles_1e-07_0.3333333333333333_0.9'
    """
    return _QUANTILES + "_".join(repr(float(level)) for level in levels)


def quantiles_of(model: keras.Model) -> tuple[float, ...] | None:
    """Return the levels that a model predicts, or `None` where it predicts no quantiles.

    Example:

    >>> from kerakit.builders import linear_regressor
    >>> quantiles_of(linear_regressor(3, quantiles=(0.1, 0.5, 0.9)))
    (0.1, 0.5, 0.9)
    """
    for layer in network_of(model).layers:
        if layer.name.startswith(_QUANTILES):
            try:
                return tuple(float(part) for part in layer.name[len(_QUANTILES) :].split("_"))
            except ValueError:
                return None  # a layer of the user's own
    return None


# A model and data.


def input_names(model: keras.Model) -> list[str] | None:
    """Return the names of a model's inputs in order.

    Args:
        model: `keras.Model`.

    Returns:
        list of str; `None` for a subclassed model that was never called, which has no fixed
        inputs.
    """
    structure = _input_structure(model)
    if isinstance(structure, dict):
        return list(structure)
    inputs = getattr(model, "inputs", None)
    return [tensor.name for tensor in inputs] if inputs else None


def remember_spec(model: keras.Model, spec: Spec) -> None:
    """Keep with a model the `Spec` of the data that it is for, for `spec_of`.

    It lives as long as the model does, in this process. A saved model does not have it.
    """
    keep_on(model, "spec", spec)


def spec_of(model: keras.Model) -> Spec | None:
    """Return the `Spec` of the data that a model was built for or trained on, if that is known.

    Example:

    >>> from kerakit.builders import mlp_regressor
    >>> spec_of(mlp_regressor(3)) is None
    True
    """
    return kept_on(model, "spec")


def check_inputs(owner: str, model: keras.Model, spec: Spec, *, single_by_name: bool = True):
    """Check that the inputs of a model are the features of the data.

    Args:
        owner: str. The function that got both, for errors.
        model: `keras.Model`.
        spec: `Spec` of the data.
        single_by_name: bool. Whether the names must agree where model and data have one each.
            Defaults to `True`.

    Raises:
        DataError: when the model has an input without a feature, the data a feature without
            an input, or a feature another shape than its input.
    """
    names, features = input_names(model), spec.feature_names
    if names is None:
        return
    _check_shapes(owner, model, names, spec)
    if not single_by_name and len(names) == len(features) == 1:
        return
    absent = [name for name in names if name not in features]
    unused = [name for name in features if name not in names]
    if absent or unused:
        problems = []
        if absent:
            problems.append(f"the model takes {shortlist(absent, 3)}, which the data does not have")
        if unused:
            problems.append(f"the data has {shortlist(unused, 3)}, which the model does not take")
        raise DataError(
            f"The model of {owner} does not match the data: {'; '.join(problems)}. Use the data "
            "that the model was built for, or name every keras.Input as its feature."
        )


def _check_shapes(owner, model, names, spec):
    """Check the shapes of the inputs that have a feature of their name, or that are the only one.

    A size that is `None` is any, and a size of 1 at the end makes no difference.
    """
    features = {feature.name: feature for feature in spec.features}
    single = spec.features[0] if len(names) == len(features) == 1 else None
    structure = _input_structure(model)
    # `model.inputs` of a dict are in the order of the sorted names.
    tensors = list(structure.values()) if isinstance(structure, dict) else model.inputs
    for name, tensor in zip(names, tensors, strict=True):
        feature = features.get(name, single)
        if feature is None:
            continue
        want, have = (_sizes(shape) for shape in (tensor.shape[1:], feature.shape))
        pairs = zip(want, have, strict=False)
        if len(want) != len(have) or any(None not in pair and len({*pair}) > 1 for pair in pairs):
            raise DataError(
                f"The model of {owner} does not match the data: its input {short_repr(name)} takes "
                f"the shape {tuple(tensor.shape[1:])}, and the data's {short_repr(feature.name)} "
                f"has {tuple(feature.shape)}. Build the model from data.spec."
            )


def _sizes(shape):
    sizes = list(shape)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return sizes


def _input_structure(model: keras.Model) -> Any:
    try:
        return model.input
    except (AttributeError, ValueError, RuntimeError):
        return None
