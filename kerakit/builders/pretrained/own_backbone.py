"""A backbone of the user's own: what it must be, and how it is put into a classifier."""

from __future__ import annotations

import keras

from kerakit.builders.contract import BACKBONE, RESERVED
from kerakit.checks import check, check_choice, shortlist
from kerakit.errors import ArgumentError

__all__ = ["check_own_backbone", "own_size", "own_trunk"]

PREPROCESSING = ("tf", "torch", "caffe")


def check_own_backbone(
    owner: str, backbone: keras.Model, preprocessing: str | None, weights: object
) -> None:
    """Check that a model can be the backbone of a classifier.

    Args:
        owner: str. The builder, for errors.
        backbone: `keras.Model`.
        preprocessing, weights: as in `pretrained_classifier`.

    Raises:
        ArgumentError: when it cannot; the message says why.
    """
    kept = "left out with a backbone of your own, which has its weights already"
    check(weights == "imagenet", owner, "weights", kept, weights)
    if preprocessing is not None:
        check_choice(owner, "preprocessing", preprocessing, PREPROCESSING)
    problem = _problem(backbone)
    if problem is not None:
        raise ArgumentError(
            f"The 'backbone' parameter of {owner} must be a Functional or Sequential keras.Model "
            "from images (batch, height, width, 3) to feature maps (batch, height, width, "
            f"channels). {problem}"
        )


def _problem(backbone):
    """Why a model is no backbone, a sentence; `None` if it is one."""
    inputs, outputs = getattr(backbone, "inputs", None), getattr(backbone, "outputs", None)
    if not inputs or not outputs:
        return "Got a subclassed or unbuilt model, whose layers have no fixed inputs and outputs."
    if len(inputs) > 1 or len(outputs) > 1:
        return f"Got a model of {len(inputs)} inputs and {len(outputs)} outputs."
    shape, answer = tuple(inputs[0].shape), tuple(outputs[0].shape)
    if len(shape) != 4 or shape[3] != 3:
        return f"Got a model that takes the shape {shape}."
    if len(answer) != 4 or answer[3] is None:
        return (
            f"Got a model whose output has the shape {answer}. End it before the pooling: "
            "keras.Model(model.input, model.get_layer(NAME).output)."
        )
    taken = sorted(RESERVED & {layer.name for layer in backbone.layers})
    if taken:
        return f"Its layers {shortlist(taken, 5)} have names that kerakit uses; rename them."
    return None


def own_size(
    owner: str,
    backbone: keras.Model,
    image: tuple[int, int],
    image_size: int | tuple[int, int] | None,
) -> tuple[int, int]:
    """Return height and width of the images that a backbone of the user's own sees.

    That is its fixed input size, else `image_size`, else the size of the images.
    """
    fixed = tuple(backbone.inputs[0].shape[1:3])
    if image_size is None:
        size = image
    else:
        size = (image_size, image_size) if isinstance(image_size, int) else image_size
        ok = isinstance(size, (tuple, list)) and len(size) == 2
        ok = ok and all(isinstance(side, int) and side >= 1 for side in size)
        expected = "an int or (height, width) in the range [1, inf)"
        check(ok, owner, "image_size", expected, image_size)
        pairs = zip(fixed, size, strict=True)
        ok = all(side is None or side == wanted for side, wanted in pairs)
        expected = f"left out or {fixed}, the fixed input size of the backbone"
        check(ok, owner, "image_size", expected, image_size)
    return tuple(wanted if side is None else side for side, wanted in zip(fixed, size, strict=True))


def own_trunk(backbone: keras.Model) -> keras.Model:
    """Return the sub-model `backbone`, which shares its layers with the user's model."""
    return keras.Model(backbone.inputs, backbone.outputs[0], name=BACKBONE)
