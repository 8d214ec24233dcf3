"""`load_backbone`: a network by name, with weights trained on ImageNet."""

from __future__ import annotations

import numbers
import os

import keras

from kerakit.builders.pretrained.backbones.published import published_weights, trained_side
from kerakit.builders.pretrained.backbones.registry import find_backbone
from kerakit.builders.pretrained.backbones.weights import load_weights
from kerakit.checks import check
from kerakit.keras_compat import layer_names_from_zero

__all__ = ["load_backbone"]

# Keras' EfficientNet files have these standard deviations instead of variances. A network that
# Keras builds for them divides by their roots once more
# (github.com/tensorflow/tensorflow/issues/49930).
_STDS = (0.229, 0.224, 0.225)


def load_backbone(
    name: str,
    *,
    include_top: bool = False,
    weights: str | os.PathLike[str] | None = "imagenet",
    input_shape: tuple[int | None, int | None, int] | None = None,
) -> keras.Model:
    """Load a convolutional network pretrained on ImageNet, for a classifier of your own.

    The network is that of `keras.applications`; EfficientNetLite0 is kerakit's own. It takes
    pixels as the `preprocess_input` function of its family returns them;
    `pretrained_classifier` makes that a part of the model. `kerakit list backbones` lists the
    names. The names of the layers do not depend on models that the process built before.

    Args:
        name: str. As in `keras.applications`, with the width where there are several:
            `"MobileNetV2"`, `"MobileNetV2_0.35"`, `"EfficientNetB0"`.
        include_top: bool. Whether to end with the probabilities of ImageNet's 1,000 classes.
            Defaults to `False`.
        weights: `"imagenet"`; the path of a `.weights.h5`, an `.h5` (as published) or a
            `.keras` file of the same network, with or without top; or `None` for random
            weights. `"imagenet"` uses the file in `$KERAS_HOME/models` (else
            `~/.keras/models`) and downloads it if there is none. MobileNet and MobileNetV2
            have files for images of 128, 160, 192 and 224 (V2 also 96) pixels; if only the file
            for 224 pixels is there, it is used. Defaults to `"imagenet"`.
        input_shape: `(height, width, 3)`, in pixels, sides of at least 32 (75 for
            InceptionV3 and InceptionResNetV2, 71 for Xception) or `None` for any size.
            Defaults to `None`: `(None, None, 3)`; with top, the size it was trained on.

    Returns:
        `keras.Model`; floats of shape `(batch, height, width, 3)` in; floats of shape `(batch,
        height / 32, width / 32, channels)` out (rounded up or down by the family), with top
        probabilities of shape `(batch, 1000)`.

    Raises:
        ArgumentError: when there is no such name, the images are too small, or the weights
            cannot be found or downloaded or are those of another network.

    Example:

    >>> model = load_backbone("MobileNetV2_0.35", weights=None, input_shape=(96, 96, 3))
    >>> model.count_params(), model.output_shape
    (410208, (None, 3, 3, 1280))
    """
    owner = "load_backbone"
    entry = find_backbone(owner, name)
    check(isinstance(include_top, bool), owner, "include_top", "True or False", include_top)
    expected = "'imagenet', None, or the path of a file"
    is_path = isinstance(weights, (str, os.PathLike))
    check(weights is None or is_path, owner, "weights", expected, weights)
    shape = _checked_shape(owner, entry, include_top, input_shape)
    if entry.mode == "lite":
        from kerakit.builders.pretrained.backbones.lite0 import efficientnet_lite0

        return efficientnet_lite0(include_top=include_top, weights=weights, input_shape=shape)
    if weights == "imagenet":
        side = trained_side(entry, shape)
        weights = published_weights(
            owner,
            entry,
            include_top,
            shape,
            lambda: _build(entry, include_top, (side, side, 3), "imagenet"),
        )
    elif weights is not None and not os.path.isfile(weights):
        problem = "is a folder" if os.path.isdir(weights) else "does not exist"
        check(False, owner, "weights", f"{expected} (this one {problem})", os.fspath(weights))
    model = _build(entry, include_top, shape, None)
    if weights is not None:
        load_weights(owner, model, weights, entry.name)
        if entry.family == "EfficientNet":
            _scale_variance(model)
    return model


def _build(entry, include_top, shape, weights):
    name, _, width = entry.name.partition("_")
    options = {"alpha": float(width or 1)} if entry.family.startswith("MobileNet") else {}
    function = getattr(keras.applications, name)
    with layer_names_from_zero():
        return function(include_top=include_top, weights=weights, input_shape=shape, **options)


def _scale_variance(model):
    """Correct the normalisation if the weights are those of Keras' ImageNet file."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            variance = keras.ops.convert_to_numpy(layer.adapt_variance)
            if abs(variance - _STDS).max() < 1e-3:
                layer.adapt_variance.assign(variance * _STDS)
                layer.finalize_state()


def _checked_shape(owner, entry, include_top, shape):
    if shape is None:
        return (entry.size, entry.size, 3) if include_top else (None, None, 3)
    ok = isinstance(shape, (tuple, list)) and len(shape) == 3 and shape[2] == 3
    smallest, sides = entry.smallest, tuple(shape[:2]) if ok else ()
    whole = [s is None or isinstance(s, numbers.Integral) and s >= smallest for s in sides]
    if include_top:
        whole += [side is not None for side in sides]
    expected = f"(height, width, 3), sides in [{smallest}, inf) for {entry.name}"
    check(ok and all(whole), owner, "input_shape", expected, shape)
    return tuple(None if side is None else int(side) for side in shape)
