"""The families of networks trained on ImageNet, as rows of the table of backbones."""

from kerakit.builders.pretrained.backbones.backbone import KERAS, Backbone

__all__ = ["FAMILIES"]

_KERNELS = "weights_tf_dim_ordering_tf_kernels"


def _mobilenet():
    stages = tuple(f"conv_pw_{block}_relu" for block in (1, 3, 5, 11, 13))
    widths = (("0.25", 218544, 50.6), ("0.5", 829536, 63.7), ("0.75", 1832976, 68.4))
    for width, parameters, top_1 in (*widths, ("1.0", 3228864, 70.6)):
        digits = "1_0" if width == "1.0" else f"{width[2]}_{width[3:] or '0'}"
        weights = f"mobilenet_{digits}_{{side}}_tf[_no_top].h5"
        name = "MobileNet" if width == "1.0" else f"MobileNet_{width}"
        source = "arXiv:1704.04861, table 6"
        yield Backbone(
            name=name,
            family="MobileNet",
            mode="tf",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            source=source,
            weights=weights,
        )


def _mobilenet_v2():
    stages = ("expanded_conv_project_BN", "block_2_add", "block_5_add", "block_12_add")
    stages += ("out_relu",)
    source = "github.com/tensorflow/models, research/slim/nets/mobilenet/README.md"
    for width, parameters, top_1 in (
        ("0.35", 410208, 60.3),
        ("0.5", 706224, 65.4),
        ("0.75", 1382064, 69.8),
        ("1.0", 2257984, 71.8),
        ("1.3", 3766048, 74.4),
        ("1.4", 4363712, 75.0),
    ):
        name = "MobileNetV2" if width == "1.0" else f"MobileNetV2_{width}"
        weights = f"mobilenet_v2_{_KERNELS}_{width}_{{side}}[_no_top].h5"
        yield Backbone(
            name=name,
            family="MobileNetV2",
            mode="tf",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            source=source,
            weights=weights,
        )


def _mobilenet_v3():
    small = ("activation", "expanded_conv_project_bn", "expanded_conv_2_add")
    small += ("expanded_conv_7_add", "activation_17")
    large = ("expanded_conv_add", "expanded_conv_2_add", "expanded_conv_5_add")
    large += ("expanded_conv_11_add", "activation_19")
    source = f"{KERAS}/mobilenet"
    for kind, width, parameters, top_1 in (
        ("Small", "0.75", 583160, 65.4),
        ("Small", "1.0", 939120, 68.1),
        ("Large", "0.75", 1808736, 73.3),
        ("Large", "1.0", 2996352, 75.6),
    ):
        name = f"MobileNetV3{kind}" + ("" if width == "1.0" else f"_{width}")
        stages = small if kind == "Small" else large
        weights = f"weights_mobilenet_v3_{kind.lower()}_224_{width}_float[_no_top_v2].h5"
        yield Backbone(
            name=name,
            family="MobileNetV3",
            mode="inside",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            source=source,
            weights=weights,
        )


def _efficientnet():
    # The letters of the blocks that end the strides 2, 4, 8 and 16.
    for name, size, parameters, top_1, ends in (
        ("B0", 224, 4049571, 77.1, "1a 2b 3b 5c"),
        ("B1", 240, 6575239, 79.1, "1b 2c 3c 5d"),
        ("B2", 260, 7768569, 80.1, "1b 2c 3c 5d"),
        ("B3", 300, 10783535, 81.6, "1b 2c 3c 5e"),
        ("B4", 380, 17673823, 82.9, "1b 2d 3d 5f"),
        ("B5", 456, 28513527, 83.6, "1c 2e 3e 5g"),
        ("B6", 528, 40960143, 84.0, "1c 2f 3f 5h"),
        ("B7", 600, 64097687, 84.3, "1d 2g 3g 5j"),
    ):
        stages = _blocks(ends, "project_bn")
        weights = f"efficientnet{name.lower()}[_notop].h5"
        name, family = f"EfficientNet{name}", "EfficientNet"
        yield Backbone(
            name=name,
            family=family,
            size=size,
            mode="inside",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _efficientnet_v2():
    for name, size, parameters, top_1, ends in (
        ("B0", 224, 5919312, 78.7, "1a 2b 3b 5e"),
        ("B1", 240, 6931124, 79.8, "1b 2c 3c 5f"),
        ("B2", 260, 8769374, 80.5, "1b 2c 3c 5f"),
        ("B3", 300, 12930622, 82.0, "1b 2c 3c 5g"),
        ("S", 384, 20331360, 83.9, "1b 2d 3d 5i"),
        ("M", 480, 53150388, 85.3, "1c 2e 3e 5n"),
        ("L", 480, 117746848, 85.7, "1d 2g 3g 5s"),
    ):
        stages = _blocks(ends, "project_activation")
        weights = f"efficientnetv2-{name.lower()}[_notop].h5"
        name, family = f"EfficientNetV2{name}", "EfficientNetV2"
        yield Backbone(
            name=name,
            family=family,
            size=size,
            mode="inside",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _blocks(ends, alone):
    """Stages of an EfficientNet; the first block of a kind has no residual sum."""
    names = [f"block{end}_{alone if end[1] == 'a' else 'add'}" for end in ends.split()]
    return (*names, "top_activation")


def _resnet():
    for depth, second, third, counts, tops in (
        (50, 4, 6, (23587712, 23564800), (74.9, 76.0)),
        (101, 4, 23, (42658176, 42626560), (76.4, 77.2)),
        (152, 8, 36, (58370944, 58331648), (76.6, 78.0)),
    ):
        blocks = ("conv2_block3_out", f"conv3_block{second}_out", f"conv4_block{third}_out")
        for version, count, top_1 in zip(("", "V2"), counts, tops, strict=True):
            name, family = f"ResNet{depth}{version}", f"ResNet{version}"
            weights = f"{name.lower()}_{_KERNELS}[_notop].h5"
            ends = ("conv1_conv", "post_relu") if version else ("conv1_relu", "conv5_block3_out")
            stages, mode = (ends[0], *blocks, ends[1]), "tf" if version else "caffe"
            yield Backbone(
                name=name,
                family=family,
                mode=mode,
                parameters=count,
                top_1=top_1,
                stages=stages,
                weights=weights,
            )


def _convnext():
    # A residual sum is no layer of its own there. The downsampling layer after it ends a stage.
    for name, parameters, top_1 in (
        ("Tiny", 27820128, 81.3),
        ("Small", 49454688, 82.3),
        ("Base", 87566464, 85.3),
        ("Large", 196230336, 86.3),
        ("XLarge", 348147968, 86.7),
    ):
        prefix = f"convnext_{name.lower()}"
        halvings = (f"{prefix}_downsampling_block_{number}" for number in range(3))
        stages = (f"{prefix}_stem", *halvings, "layer_normalization")
        weights, mode = f"{prefix}[_notop].h5", "inside"
        name, family = f"ConvNeXt{name}", "ConvNeXt"
        yield Backbone(
            name=name,
            family=family,
            mode=mode,
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _densenet():
    stages = ("conv1_relu", "pool2_conv", "pool3_conv", "pool4_conv", "relu")
    for depth, parameters, top_1 in (
        (121, 7037504, 75.0),
        (169, 12642880, 76.2),
        (201, 18321984, 77.3),
    ):
        name, weights = f"DenseNet{depth}", f"densenet{depth}_{_KERNELS}[_notop].h5"
        yield Backbone(
            name=name,
            family="DenseNet",
            mode="torch",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _inception():
    stem = ("activation_2", "activation_4")
    for name, smallest, parameters, top_1, stages in (
        ("InceptionV3", 75, 21802784, 77.9, (*stem, "mixed2", "mixed7", "mixed10")),
        (
            "InceptionResNetV2",
            75,
            54336736,
            80.3,
            (*stem, "block35_10_ac", "block17_20_ac", "conv_7b_ac"),
        ),
        (
            "Xception",
            71,
            20861480,
            79.0,
            ("block1_conv2_act", "add", "add_1", "add_10", "block14_sepconv2_act"),
        ),
    ):
        words = {"InceptionV3": "inception_v3", "InceptionResNetV2": "inception_resnet_v2"}
        weights = f"{words.get(name, 'xception')}_{_KERNELS}[_notop].h5"
        yield Backbone(
            name=name,
            family=name,
            size=299,
            smallest=smallest,
            mode="tf",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _vgg():
    stages = tuple(f"block{number}_pool" for number in range(1, 6))
    for name, parameters in (("VGG16", 14714688), ("VGG19", 20024384)):
        weights = f"{name.lower()}_{_KERNELS}[_notop].h5"
        yield Backbone(
            name=name,
            family="VGG",
            mode="caffe",
            parameters=parameters,
            top_1=71.3,
            stages=stages,
            weights=weights,
        )


def _nasnet():
    # Every cell takes the outputs of the two cells before it: no single tensor separates them.
    for name, size, parameters, top_1, cells, last in (
        ("Mobile", 224, 4269716, 74.4, (3, 8), 187),
        ("Large", 331, 84916818, 82.5, (5, 12), 259),
    ):
        inner = (f"normal_concat_{cell}" for cell in cells)
        stages = ("stem_bn1", "reduction_concat_stem_1", *inner, f"activation_{last}")
        weights = f"nasnet_{name.lower()}[_no_top].h5"
        yield Backbone(
            name=f"NASNet{name}",
            family="NASNet",
            size=size,
            mode="tf",
            parameters=parameters,
            top_1=top_1,
            stages=stages,
            weights=weights,
        )


def _lite():
    source = "github.com/tensorflow/tpu, models/official/efficientnet/lite/README.md"
    stages = _blocks("1a 2b 3b 5c", "project_normalize")
    stages = tuple(stage.replace("block", "block_") for stage in stages[:-1]) + ("top_activate",)
    name, family = "EfficientNetLite0", "EfficientNetLite"
    yield Backbone(
        name=name,
        family=family,
        mode="lite",
        parameters=3413024,
        top_1=75.1,
        stages=stages,
        source=source,
    )


FAMILIES = (_lite, _mobilenet, _mobilenet_v2, _mobilenet_v3, _efficientnet, _efficientnet_v2)
FAMILIES += (_resnet, _convnext, _densenet, _inception, _vgg, _nasnet)
"""Generators of `Backbone`s."""
