"""The registry against the networks as Keras builds them: parameters, stages, cuts, file names."""

import dataclasses
import os
import subprocess
import sys

import keras
import pytest

import kerakit as kk
from kerakit.builders import load_backbone
from kerakit.builders.pretrained.backbones.registry import BACKBONES, entry_of, find_backbone
from kerakit.keras_compat import inputs_of_calls, layer_of

# The others, and all file names, take two minutes in all.
FIRST = ["MobileNetV2_0.35"]
REST = [pytest.param(n, marks=pytest.mark.slow) for n in BACKBONES if n not in FIRST]


def ancestors(layer):
    """The operations that lead to a layer's output, itself included."""
    found, todo = {}, [layer]
    while todo:
        operation = todo.pop()
        if id(operation) not in found:
            found[id(operation)] = operation
            todo += [layer_of(tensor) for tensor in inputs_of_calls(operation)]
    return found


def crossing(model, layer):
    """The tensors that go from what leads to a layer to the rest of the model."""
    below = ancestors(layer)
    crossed = {id(t): t for t in model.outputs if id(layer_of(t)) in below}
    for operation in model.operations:
        if id(operation) not in below:
            for tensor in inputs_of_calls(operation):
                if id(layer_of(tensor)) in below:
                    crossed[id(tensor)] = tensor
    return list(crossed.values())


@pytest.mark.backbone
@pytest.mark.parametrize("name", [*FIRST, *REST])
def test_a_network_is_as_the_registry_says(name):
    """Built for the smallest images that it takes; smaller ones are refused."""
    entry = BACKBONES[name]
    side = entry.smallest
    with pytest.raises(kk.ArgumentError, match=rf"\[{side}, inf\) for {name}"):
        load_backbone(name, weights=None, input_shape=(side + 5, side - 1, 3))
    model = load_backbone(name, weights=None, input_shape=(side, side + 5, 3))
    assert all(size >= 1 for size in model.output_shape[1:])
    assert model.count_params() == entry.parameters
    order = [operation.name for operation in model.operations]
    places = [order.index(stage) for stage in entry.stages]
    assert places == sorted(places) and len(set(places)) == len(places) == 5
    assert entry.stages[-1] == model.layers[-1].name
    assert model.output is model.get_layer(entry.stages[-1]).output
    if entry.family != "NASNet":
        for stage in entry.stages:
            layer = model.get_layer(stage)
            assert [id(t) for t in crossing(model, layer)] == [id(layer.output)], stage
    sides = [model.get_layer(stage).output.shape[1] for stage in entry.stages]
    assert sides == sorted(sides, reverse=True) and sides[0] > sides[-1] >= 1
    assert entry_of(model) is entry
    if name == "NASNetMobile":  # two tensors cross where it is cut
        counts = [len(crossing(model, model.get_layer(stage))) for stage in entry.stages]
        assert counts == [1, 2, 2, 2, 1]
    del model
    keras.utils.clear_session(free_memory=True)


@pytest.mark.slow
@pytest.mark.backbone
def test_layers_are_named_alike_whatever_was_built_before():
    def names():
        model = load_backbone("MobileNetV3Small", weights=None)
        return [layer.name for layer in model.layers], [w.path for w in model.weights]

    first = names()
    before = keras.layers.Activation("relu").name
    assert names() == first
    after = keras.layers.Activation("relu").name
    # The caller's own numbers go on as if nothing had been built.
    number = [int(name.partition("_")[2] or 0) for name in (before, after)]
    assert number[1] == number[0] + 1


@pytest.mark.slow
@pytest.mark.backbone
def test_random_weights_follow_the_seed():
    def kernel(seed):
        keras.utils.set_random_seed(seed)
        return load_backbone("MobileNet_0.25", weights=None).weights[0].numpy()

    one, again, other = kernel(1), kernel(1), kernel(2)
    assert (one == again).all() and (one != other).any()


@pytest.mark.slow
@pytest.mark.backbone
@pytest.mark.parametrize(
    "name", ["MobileNetV3Small", pytest.param("EfficientNetLite0", marks=pytest.mark.slow)]
)
def test_an_entry_is_known_after_saving_and_by_another_name(name, tmp_path):
    model = load_backbone(name, weights=None, input_shape=(64, 64, 3))
    keras.Model(model.inputs, model.outputs, name="backbone").save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert entry_of(again) is BACKBONES[name]


@pytest.mark.backbone
def test_other_models_are_no_entry():
    cut = load_backbone("MobileNet_0.25", weights=None)
    cut = keras.Model(cut.input, cut.get_layer("conv_pw_11_relu").output)
    top = load_backbone("MobileNet_0.25", weights=None, include_top=True)
    others = [cut, top, kk.cnn_classifier((28, 28, 1), classes=3), keras.layers.Dense(3)]
    assert [entry_of(other) for other in others] == [None] * 4


@pytest.mark.backbone
@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("MobileNetV2_0.35", 1000),
        pytest.param("EfficientNetLite0", 1000, marks=pytest.mark.slow),
    ],
)
def test_with_top_it_gives_probabilities_at_its_native_size(name, classes):
    model = load_backbone(name, include_top=True, weights=None)
    assert model.input_shape == (None, 224, 224, 3) and model.output_shape == (None, classes)


def test_the_registry_is_read_only_and_every_entry_has_a_source():
    with pytest.raises(TypeError):
        BACKBONES["mine"] = None
    entry = BACKBONES["ResNet50"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.size = 1
    assert all(
        e.source and e.mode in ("tf", "torch", "caffe", "lite", "inside")
        for e in BACKBONES.values()
    )
    assert all(40 < e.top_1 < 90 for e in BACKBONES.values())
    assert len({(e.parameters, e.stages) for e in BACKBONES.values()}) == len(BACKBONES)


@pytest.mark.backbone
def test_names_that_there_are_not_are_refused_with_the_nearest():
    assert find_backbone("me", "MobileNetV2_1.0") is BACKBONES["MobileNetV2"]
    assert find_backbone("me", "MobileNetV3Small_1.0") is BACKBONES["MobileNetV3Small"]
    for name, near in (
        ("mobilenetv2", "'MobileNetV2'"),
        ("MobileNetV2_0.3", "'MobileNetV2_0.35'"),
        ("efficientnet_b0", "'EfficientNetB0'"),
        ("ResNet50_1.0", "'ResNet50'"),
    ):
        with pytest.raises(kk.ArgumentError, match="kerakit list backbones") as caught:
            load_backbone(name)
        assert near in str(caught.value) and repr(name) in str(caught.value)
    with pytest.raises(kk.ArgumentError, match="Got 7"):
        load_backbone(7)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"include_top": "no"}, "'include_top'.*True or False"),
        ({"input_shape": (224, 224)}, r"'input_shape'.*Got \(224, 224\)"),
        ({"input_shape": (224, 224, 1)}, r"'input_shape'.*\(height, width, 3\)"),
        ({"input_shape": 224}, "'input_shape'.*Got 224"),
        ({"input_shape": (None, 224, 3), "include_top": True}, "'input_shape'"),
        ({"weights": 3}, "'weights'.*Got 3"),
        ({"weights": "imagnet"}, "'weights'.*does not exist.*'imagnet'"),
    ],
)
def test_bad_arguments_are_named(options, words):
    with pytest.raises(kk.ArgumentError, match=words):
        load_backbone("MobileNet_0.25", **options)


# Keras finds a file of nonsense under the name that it expects, and says so; under another
# name it would go on to download, which fails with another word at a closed port.
FILES = """
import sys
from kerakit.builders.pretrained.backbones.load import _build
from kerakit.builders.pretrained.backbones.published import file_name, _folders, trained_side
from kerakit.builders.pretrained.backbones.registry import BACKBONES
folder = _folders()[0]
folder.mkdir()
for case in sys.argv[1:]:
    name, side, top = case.split("/")
    entry, shape, top = BACKBONES[name], (int(side), int(side), 3), top == "top"
    side = trained_side(entry, shape)
    (folder / file_name(entry, top, shape)).write_bytes(b"nonsense")
    try:
        _build(entry, top, (side, side, 3), "imagenet")
    except Exception as error:
        print("\\n=", case, "missed" if "URL fetch failure" in str(error) else "read")
"""
NAMES = ["MobileNet_0.25/160/-", "MobileNet_0.5/96/-", "MobileNet/224/top", "MobileNetV2/96/-"]
NAMES += ["MobileNetV2_0.35/224/top", "MobileNetV3Small_0.75/64/-", "MobileNetV3Large/224/top"]
NAMES += ["EfficientNetB0/224/-", "EfficientNetV2B0/224/top", "EfficientNetV2S/384/-"]
NAMES += ["ResNet50/224/-", "ResNet50V2/224/top", "ConvNeXtTiny/224/-", "DenseNet121/224/-"]
NAMES += ["InceptionV3/299/-", "Xception/299/top", "VGG16/224/-", "NASNetMobile/224/-"]
NAMES += ["NASNetMobile/224/top", "InceptionResNetV2/299/-"]


@pytest.mark.backbone
@pytest.mark.slow
def test_files_have_the_names_that_keras_gives_them(tmp_path):
    proxies = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), **proxies}
    done = subprocess.run(
        [sys.executable, "-c", FILES, *NAMES], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("= ")]
    assert [case for case, _ in found] == NAMES
    # Without a checksum Keras reads the file at once; with one it notes it and asks for another.
    noted = done.stdout.count("A local file was found")
    read = [case for case, how in found if how == "read"]
    assert noted + len(read) == len(NAMES) and all(c.startswith("MobileNet") for c in read)
