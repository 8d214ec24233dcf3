"""The parts of a pretrained model, and how its backbone is cut into frozen and trained layers."""

from __future__ import annotations

import dataclasses
import reprlib

import keras

from kerakit.builders.contract import BACKBONE, HEAD, NETWORK, PREPROCESS, submodels_of
from kerakit.builders.pretrained.backbones.registry import entry_of
from kerakit.errors import ArgumentError
from kerakit.keras_compat import inputs_of_calls, is_made_in, layer_of, layers_of

__all__ = ["Parts", "freeze", "parts_of"]


@dataclasses.dataclass(frozen=True)
class Parts:
    """The parts of a model of `pretrained_classifier`.

    Attributes:
        model: `keras.Model`, images in, probabilities out.
        preprocess, backbone, head: `keras.Model`s inside it.
        ends: tuple of str. The last layer of each stage of the backbone, the lowest first;
            empty where the backbone is not one of the registry.
    """

    model: keras.Model
    preprocess: keras.Model
    backbone: keras.Model
    head: keras.Model
    ends: tuple[str, ...]

    def cut_of(self, stage: str) -> str | None:
        """Return the layer up to which a stage of fine-tuning freezes the backbone.

        Args:
            stage: str. `"head"`, `"last_blocks"` or `"full"`.

        Returns:
            A `cut` of `freeze`: `None` for the whole backbone, `""` for no layer.
        """
        if stage == "last_blocks":
            return self.ends[-2]
        return None if stage == "head" else ""

    def below(self, cut: str | None) -> keras.Model:
        """Return the model from images to the tensors that leave the frozen layers.

        Args:
            cut: str, the last frozen layer of the backbone; or `None` for the whole backbone
                and the average over the pixels with which the head begins.
        """
        values = self.preprocess(self.model.input)
        if cut is None:
            return keras.Model(self.model.input, self.head.layers[1](self.backbone(values)))
        crossing = _crossing(self.backbone, cut)
        return keras.Model(
            self.model.input, keras.Model(self.backbone.input, crossing)(values), name="below"
        )

    def above(self, cut: str | None) -> keras.Model:
        """Return the model from the output of `below(cut)` to probabilities.

        Its inputs are named `frozen_1`, `frozen_2` and so on. It shares all layers with the
        model.
        """
        if cut is None:
            inputs = {"frozen_1": keras.Input(self.backbone.output_shape[-1:], name="frozen_1")}
            first = self.head.layers[1].output
            output = keras.Model(first, self.head.output)(inputs["frozen_1"])
            return keras.Model(inputs, output, name="above")
        crossing = _crossing(self.backbone, cut)
        inputs = {
            f"frozen_{n}": keras.Input(tensor.shape[1:], dtype="float32", name=f"frozen_{n}")
            for n, tensor in enumerate(crossing, 1)
        }
        upper = keras.Model(crossing, self.backbone.output)
        return keras.Model(inputs, self.head(upper(list(inputs.values()))), name="above")


def parts_of(model: keras.Model) -> Parts:
    """Return the `Parts` of a model.

    Raises:
        ArgumentError: when the model has no backbone, or another head.
    """
    needed = (PREPROCESS, NETWORK, BACKBONE, HEAD)
    found = submodels_of(model, needed) if isinstance(model, keras.Model) else {}
    missing = [name for name in needed if name not in found]
    if missing:
        raise ArgumentError(
            "fine_tune takes a model of kk.pretrained_classifier, in which 'preprocess' is "
            f"followed by a 'network' of 'backbone' and 'head'. Got {reprlib.repr(model)}, without "
            f"{' and '.join(map(repr, missing))}; kk.fit trains any model."
        )
    average = found[HEAD].layers[1]
    if not isinstance(average, keras.layers.GlobalAveragePooling2D):
        raise ArgumentError(
            "fine_tune takes a model whose head begins with an average over the pixels, like the "
            f"head of kk.pretrained_classifier. Got a {type(average).__name__}."
        )
    backbone = found[BACKBONE]
    entry = entry_of(backbone)
    ends = () if entry is None else entry.stages
    return Parts(model, found[PREPROCESS], backbone, found[HEAD], tuple(ends))


def freeze(parts: Parts, cut: str | None) -> None:
    """Freeze the backbone up to a layer, and batch normalisation everywhere; the rest trains.

    On a few hundred images the statistics of a batch are noise compared with those of a million
    images. In every strategy these layers keep their statistics, scales and offsets.

    Args:
        parts: `Parts`.
        cut: str, the last frozen layer of the backbone; `None` freezes the whole backbone, `""`
            no layer of it.
    """
    layers = parts.backbone.layers
    names = [layer.name for layer in layers]
    parts.model.trainable = True
    first = len(layers) if cut is None else 0 if cut == "" else names.index(cut) + 1
    for index, layer in enumerate(layers):
        layer.trainable = index >= first
    for layer in layers_of(parts.backbone, include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _crossing(backbone, cut):
    """The tensors that layers up to `cut` give to layers after it; one at the end of a stage."""
    layers = backbone.layers
    index = [layer.name for layer in layers].index(cut)
    below = {id(layer) for layer in layers[: index + 1]}
    crossing = {}
    for layer in layers[index + 1 :]:
        for tensor in inputs_of_calls(layer):
            if id(layer_of(tensor)) in below and is_made_in(tensor, backbone):
                crossing[id(tensor)] = tensor
    return list(crossing.values())
