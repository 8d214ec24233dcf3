"""`cnn_classifier`: convolutional networks for images."""

from __future__ import annotations

from typing import Literal

import keras

from kerakit.builders.heads import class_head, class_task
from kerakit.builders.images.lenet import lenet
from kerakit.builders.images.preprocessing import IMAGE, image_preprocess
from kerakit.builders.images.resnet import resnet
from kerakit.builders.images.vgg import vgg
from kerakit.builders.parts import assemble, spec_or_shape
from kerakit.builders.search_space import Choice, Range, searched
from kerakit.checks import check_choice, check_float, check_int
from kerakit.data.data import Data
from kerakit.data.spec import Spec
from kerakit.data.tasks import tasks_with

__all__ = ["cnn_classifier"]

ARCHITECTURES = {"lenet": lenet, "vgg": vgg, "resnet": resnet}


@searched(arch=Choice("lenet", "vgg", "resnet"), dropout=Range(0.0, 0.5))
def cnn_classifier(
    inputs: Data | Spec | tuple[int, int, int],
    *,
    classes: int | None = None,
    arch: Literal["lenet", "vgg", "resnet"] = "vgg",
    width: int | None = None,
    depth: int | None = None,
    dropout: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build a convolutional network for image classification: LeNet, VGG or ResNet.

    Images may have any size from 8 x 8 pixels up; the number of poolings follows from the size.
    Weights are initialised as in He et al. 2015 (arXiv:1502.01852). For (28, 28, 1) and 10
    classes:

    | arch     | layers with weights                         | parameters | before the output |
    |----------|---------------------------------------------|------------|-------------------|
    | `lenet`  | 2 convolutions, 2 dense, output             |     61,706 | (batch, 84)       |
    | `vgg`    | 3 stages of 2 convolutions, output          |    289,066 | (batch, 128)      |
    | `resnet` | 1 convolution, 3 stages of 3 blocks, output |    273,370 | (batch, 64)       |

    Of these parameters 896 (vgg) and 1,376 (resnet) are moving statistics of batch
    normalisation. The default had the highest validation accuracy, trained by the
    `"image_classification"` preset: on Fashion-MNIST (6,000 training rows, 10 epochs) lenet
    0.879, vgg 0.911 and 0.900 (two seeds), resnet 0.890; on MNIST (4,000, 6 epochs) 0.975,
    0.987 and 0.984; on the digits (1,150, 20 epochs) 0.986, 1.000 and 0.993.

    `"lenet"` is LeNet-5 (LeCun et al. 1998, doi:10.1109/5.726791) with ReLU instead of the
    scaled tanh, maximum pooling instead of trained average pooling, all maps connected, and
    softmax with log loss instead of distances to drawn digits. `"vgg"` has 3x3 convolutions
    between poolings (Simonyan & Zisserman 2015, arXiv:1409.1556), with batch normalisation
    (Ioffe & Szegedy 2015). An average over the pixels replaces its two dense layers, which had
    nine tenths of its weights (Lin et al. 2014, arXiv:1312.4400). `"resnet"` is the residual
    network with pre-activation (He et al. 2016, arXiv:1603.05027), by default ResNet-20.

    Args:
        inputs: `Data` or `Spec` of one image and one label, or a shape `(height, width,
            channels)` with 1 or 3 channels. Pixels are uint8, 0 to 255. They are normalised per
            channel by the statistics of the spec, or scaled to [-1, 1] for a plain shape.
        classes: int in [2, inf). Needed with a plain shape.
        arch: `"lenet"`, `"vgg"` or `"resnet"`. Defaults to `"vgg"`.
        width: int in [1, inf). Filters of the first stage; the other stages have a multiple of
            them. Defaults to `None`: 6 (lenet) and 16 (resnet) as in the papers, 32 for vgg.
        depth: int. Layers with weights, as in the names LeNet-5, VGG-16 and ResNet-20: at least
            4 for lenet; at least one per stage and the output for vgg; 8, 14, 20, ... (6 n +
            2) for resnet. Defaults to `None`: 5 for lenet (more for images of 56 pixels and
            more), two per stage and the output for vgg, 20 for resnet.
        dropout: float in [0, 1). Fraction of units that are dropped in training, before the
            output, and for lenet after both dense layers. Defaults to `0.0`.
        l2: float in [0, inf). The loss gains `l2 * sum(kernel ** 2)` for every layer. The
            `"image_classification"` preset has weight decay already. Defaults to `0.0`.

    Returns:
        `keras.Model`; uint8 images of shape `(batch, height, width, channels)` in (in a dict
        by the feature's name for a `Spec`), probabilities of shape `(batch, classes)` out.

    Raises:
        ArgumentError: when an argument is out of its range, the spec is not of one image and
            one label, or the image has fewer pixels a side than the network's stride.

    Example:

    >>> model = cnn_classifier((28, 28, 1), classes=10, arch="lenet")
    >>> model.count_params(), model.output_shape
    (61706, (None, 10))
    """
    owner = "cnn_classifier"
    check_choice(owner, "arch", arch, ARCHITECTURES)
    inputs = spec_or_shape(owner, inputs, IMAGE)
    if isinstance(inputs, Spec):
        check_choice(owner, "inputs.task", inputs.task, tasks_with(answer="label"))
    by_name, preprocess = image_preprocess(owner, inputs)
    task, classes = class_task(owner, inputs, classes)
    if width is not None:
        check_int(owner, "width", width, minimum=1)
    dropout = check_float(owner, "dropout", dropout, "[0.0, 1.0)")
    l2 = check_float(owner, "l2", l2, "[0.0, inf)")
    pixels = keras.Input(preprocess.output_shape[1:], name="pixels")
    values = ARCHITECTURES[arch](owner, pixels, width=width, depth=depth, dropout=dropout, l2=l2)
    answer = class_head(values, task, classes, l2)
    return assemble(by_name, preprocess, [pixels], answer, owner, inputs)
