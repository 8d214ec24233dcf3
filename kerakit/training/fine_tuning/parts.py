"""The parts of a pretrained model, and where its backbone can be cut in two."""

import dataclasses

import keras

from kerakit.builders.contract import BACKBONE, HEAD, NETWORK, PREPROCESS, submodels_of
from kerakit.builders.pretrained.backbones.stages import entry_of
from kerakit.errors import ArgumentError
from kerakit.keras_compat import inputs_of_calls, is_made_in, layer_of, layers_of

__all__ = ["Parts", "freeze", "parts_of"]


@dataclasses.dataclass(frozen=True)
class Parts:
    """What a model of `pretrained_classifier` is made of.

    Attributes:
        model: `keras.Model`, images in, probabilities out.
        preprocess, backbone, head: `keras.Model`s inside it.
        ends: tuple of str. The layers of the backbone that its stages end with, the lowest
            first; empty where the backbone is not one of the registry.
    """

    model: keras.Model
    preprocess: keras.Model
    backbone: keras.Model
    head: keras.Model
    ends: tuple[str, ...]

    def below(self, cut):
        """Return the model from images to what the layer `cut` of the backbone lets through.

        Args:
            cut: str, a layer of the backbone; or `None` for all of it and the average over
                the pixels with which the head begins.
        """
        values = self.preprocess(self.model.input)
        if cut is None:
            return keras.Model(self.model.input, self.head.layers[1](self.backbone(values)))
        crossing = _crossing(self.backbone, cut)
        return keras.Model(
            self.model.input, keras.Model(self.backbone.input, crossing)(values), name="below"
        )

    def above(self, cut):
        """Return the model from what `below(cut)` gives to probabilities.

        Its inputs are named `frozen_1`, ... It shares all layers with the model.
        """
        if cut is None:
            inputs = {"frozen_1": keras.Input(self.backbone.output_shape[-1:], name="frozen_1")}
            first = self.head.layers[1].output
            answer = keras.Model(first, self.head.output)(inputs["frozen_1"])
            return keras.Model(inputs, answer, name="above")
        crossing = _crossing(self.backbone, cut)
        inputs = {
            f"frozen_{place}": keras.Input(
                tensor.shape[1:], dtype="float32", name=f"frozen_{place}"
            )
            for place, tensor in enumerate(crossing, 1)
        }
        upper = keras.Model(crossing, self.backbone.output)
        return keras.Model(inputs, self.head(upper(list(inputs.values()))), name="above")


def parts_of(model):
    """Return the `Parts` of a model.

    Raises:
        ArgumentError: when it has no backbone, or another head.
    """
    needed = (PREPROCESS, NETWORK, BACKBONE, HEAD)
    found = submodels_of(model, needed) if isinstance(model, keras.Model) else {}
    missing = [name for name in needed if name not in found]
    if missing:
        raise ArgumentError(
            "fine_tune takes a model of kk.pretrained_classifier, in which 'preprocess' is "
            f"followed by a 'network' of 'backbone' and 'head'. Got {model!r}, without "
            f"{' and '.join(map(repr, missing))}; kk.fit trains any model."
        )
    average = found[HEAD].layers[1]
    if not isinstance(average, keras.layers.GlobalAveragePooling2D):
        raise ArgumentError(
            "fine_tune takes a head that begins with an average over the pixels, as that of "
            f"kk.pretrained_classifier does. Got a {type(average).__name__}."
        )
    backbone = found[BACKBONE]
    entry = entry_of(backbone)
    ends = () if entry is None else entry.stages
    return Parts(model, found[PREPROCESS], backbone, found[HEAD], tuple(ends))


def freeze(parts, cut):
    """Make trainable what lies above a cut, but never batch normalisation.

    On a few hundred images the statistics of a batch are noise beside those of a million:
    the layers keep theirs, and their scales and offsets, in every strategy.

    Args:
        parts: `Parts`.
        cut: str, the layer of the backbone below which (and at which) all is frozen; `None`
            for the whole backbone; `""` for nothing.
    """
    layers = parts.backbone.layers
    names = [layer.name for layer in layers]
    parts.model.trainable = True
    first = len(layers) if cut is None else 0 if cut == "" else names.index(cut) + 1
    for place, layer in enumerate(layers):
        layer.trainable = place >= first
    for layer in layers_of(parts.backbone, include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _crossing(backbone, cut):
    """The tensors that layers up to `cut` give to layers after it; one where it cuts well."""
    layers = backbone.layers
    place = [layer.name for layer in layers].index(cut)
    below = {id(layer) for layer in layers[: place + 1]}
    crossing = {}
    for layer in layers[place + 1 :]:
        for tensor in inputs_of_calls(layer):
            if id(layer_of(tensor)) in below and is_made_in(tensor, backbone):
                crossing[id(tensor)] = tensor
    return list(crossing.values())
