"""Weights of backbones: published files, files by path, what is refused, without a network."""

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import h5py
import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders import load_backbone
from kerakit.builders.pretrained.backbones import published
from kerakit.builders.pretrained.backbones.registry import BACKBONES

pytestmark = pytest.mark.backbone

V1_TOP, V1 = "mobilenet_2_5_224_tf.h5", "mobilenet_2_5_224_tf_no_top.h5"
V2 = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"


@pytest.fixture
def keras_home(test_data, tmp_path, monkeypatch):
    """A `KERAS_HOME` with the real weights of two networks."""
    shutil.copytree(test_data / "keras_home", tmp_path / "home")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty"))
    return tmp_path / "empty"


def images(side=224, rows=2):
    return np.random.default_rng(0).uniform(-1, 1, (rows, side, side, 3)).astype("f4")


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def save_as_keras_2(model, path):
    layers = [layer for layer in model.layers if layer.weights]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name for layer in layers]
        for layer in layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [weight.name for weight in layer.weights]
            for weight in layer.weights:
                group[weight.name] = keras.ops.convert_to_numpy(weight)


@pytest.mark.parametrize(
    ("name", "file", "top"),
    [
        ("MobileNet_0.25", V1_TOP, True),
        pytest.param("MobileNet_0.25", V1, False, marks=pytest.mark.slow),
        pytest.param("MobileNetV2_0.35", V2, False, marks=pytest.mark.slow),
    ],
)
def test_published_weights_answer_as_in_keras(keras_home, name, file, top):
    model = load_backbone(name, include_top=top, input_shape=(224, 224, 3))
    kind, width = name.split("_")
    original = getattr(keras.applications, kind)(
        alpha=float(width),
        include_top=top,
        weights=str(keras_home / file),
        input_shape=(224, 224, 3),
    )
    np.testing.assert_array_equal(model(images()), original(images()))
    by_path = load_backbone(name, include_top=top, weights=keras_home / file)
    assert same_weights(by_path, model)


@pytest.mark.slow
@pytest.mark.filterwarnings("error::UserWarning")
def test_weights_for_224_pixels_serve_other_sizes_without_a_word(keras_home):
    native = load_backbone("MobileNetV2_0.35")
    for shape in ((96, 96, 3), (64, 100, 3), (160, 160, 3)):
        other = load_backbone("MobileNetV2_0.35", input_shape=shape)
        assert same_weights(other, native) and other.input_shape == (None, *shape)


@pytest.mark.slow
def test_the_file_for_the_size_goes_first(keras_home):
    model = load_backbone("MobileNetV2_0.35", weights=None)
    save_as_keras_2(model, keras_home / V2.replace("224", "96"))
    assert same_weights(load_backbone("MobileNetV2_0.35", input_shape=(96, 96, 3)), model)
    assert not same_weights(load_backbone("MobileNetV2_0.35", input_shape=(128, 128, 3)), model)


@pytest.mark.slow
def test_a_file_with_top_serves_without(keras_home):
    model = load_backbone("MobileNet_0.25", weights=keras_home / V1_TOP)
    whole = load_backbone("MobileNet_0.25", include_top=True)
    assert all(
        np.array_equal(a, b) for a, b in zip(model.get_weights(), whole.get_weights(), strict=False)
    )
    assert same_weights(model, load_backbone("MobileNet_0.25"))


# Names that Python asks the machine for when it goes to the network.
OFFLINE = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        raise SystemExit(f"asked the network: {event} {arguments}")
sys.addaudithook(watch)
import kerakit as kk
print(kk.load_backbone("MobileNetV2_0.35", input_shape=(64, 64, 3)).count_params())
"""


@pytest.mark.slow
@pytest.mark.process
def test_weights_that_are_there_are_used_without_the_network(keras_home):
    done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split() == ["410208"], done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("MobileNet_0.25", ".weights.h5"),
        pytest.param("EfficientNetLite0", ".keras", marks=pytest.mark.slow),
        pytest.param("MobileNet_0.25", ".keras", marks=pytest.mark.slow),
        pytest.param("EfficientNetLite0", ".weights.h5", marks=pytest.mark.slow),
        # Files of 112 MB.
        pytest.param("ConvNeXtTiny", ".weights.h5", marks=pytest.mark.slow),
        pytest.param("ConvNeXtTiny", ".keras", marks=pytest.mark.slow),
    ],
)
def test_own_files_come_back(name, suffix, tmp_path):
    keras.utils.set_random_seed(0)
    model = load_backbone(name, weights=None, input_shape=(64, 64, 3))
    path = tmp_path / f"file{suffix}"
    model.save_weights(path) if suffix == ".weights.h5" else model.save(path)
    keras.utils.set_random_seed(1)
    again = load_backbone(name, weights=str(path), input_shape=(96, 64, 3))
    assert same_weights(model, again)
    keras.utils.clear_session(free_memory=True)


@pytest.mark.slow
def test_the_backbone_of_a_classifier_is_taken(tmp_path):
    model = kk.pretrained_classifier(
        (32, 32, 3), classes=3, backbone="MobileNet_0.25", weights=None
    )
    model.save(tmp_path / "model.keras")
    again = load_backbone("MobileNet_0.25", weights=tmp_path / "model.keras")
    assert same_weights(again, model.get_layer("network").get_layer("backbone"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of MobileNet 0.25: whole and cut ones, with and without top, and some nonsense."""
    folder = tmp_path_factory.mktemp("weights")
    model = load_backbone("MobileNet_0.25", weights=None)
    model.save_weights(folder / "plain.weights.h5")
    model.save(folder / "plain.keras")
    save_as_keras_2(model, folder / "old.h5")
    few = keras.applications.MobileNet(alpha=0.25, weights=None, classes=10)
    few.save(folder / "ten.keras")
    few.save_weights(folder / "ten.weights.h5")
    for name in ("plain.weights.h5", "plain.keras", "old.h5"):
        whole = (folder / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(whole[: len(whole) // 2])
    (folder / "text.h5").write_text("weights")
    shutil.copy(folder / "plain.weights.h5", folder / "new.h5")
    return folder


@pytest.mark.slow
def test_an_h5_of_keras_2_comes_back(files):
    again = load_backbone("MobileNet_0.25", weights=files / "old.h5")
    assert same_weights(again, load_backbone("MobileNet_0.25", weights=files / "plain.keras"))


CONV1 = r"\(3, 3, 3, 8\).*\(3, 3, 3, 16\)"


OTHER_FILES = [
    ("cut_old.h5", "MobileNet_0.25", False, "damaged or incomplete"),
    ("cut_plain.weights.h5", "MobileNet_0.25", False, "damaged or incomplete"),
    ("old.h5", "MobileNet_0.5", False, f"than MobileNet_0.5 has.*{CONV1}"),
    ("ten.keras", "MobileNet_0.25", True, "has 10 classes, the model 1000"),
    ("cut_plain.keras", "MobileNet_0.25", False, "damaged or incomplete"),
    ("plain.keras", "MobileNet_0.5", False, f"than MobileNet_0.5 has.*conv1.*{CONV1}"),
    ("plain.keras", "VGG16", False, r"\(3, 3, 3, 8\).*block1_conv1"),
    ("plain.weights.h5", "VGG16", False, "'block1_conv1' has 2 weights, in the file 1"),
    ("plain.weights.h5", "EfficientNetLite0", False, "'stem'"),
    ("old.h5", "MobileNet_0.25", True, "135 weights.*has 137.*lacks the classification"),
    ("plain.weights.h5", "MobileNet_0.25", True, "'conv_preds' has 2 weights, in the file 0"),
    ("ten.weights.h5", "MobileNet_0.25", True, r"'conv_preds'.*256, 1000\).*256, 10\)"),
]


@pytest.mark.parametrize(
    ("file", "name", "top", "words"),
    [
        *(pytest.param(*case, marks=pytest.mark.slow) for case in OTHER_FILES),
        ("nothing.h5", "MobileNet_0.25", False, "'weights'.*does not exist.*nothing.h5"),
        (".", "MobileNet_0.25", False, "'weights'.*is a folder"),
        ("text.h5", "MobileNet_0.25", False, "no weights file of Keras"),
        ("new.h5", "MobileNet_0.25", False, "end with .weights.h5. Rename it"),
        ("plain.weights.h5", "MobileNet_0.5", False, r"'conv1'.*\(3, 3, 3, 16\).*\(3, 3, 3, 8\)"),
        ("plain.keras", "MobileNet_0.25", True, "135 weights.*has 137.*lacks the classification"),
    ],
)
def test_files_that_do_not_fit_are_named_with_what_differs(files, file, name, top, words):
    with pytest.raises(kk.ArgumentError, match=words) as caught:
        load_backbone(name, include_top=top, weights=str(files / file))
    assert str(files) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.slow
def test_nothing_is_changed_by_a_file_that_does_not_fit(files):
    from kerakit.builders.pretrained.backbones.weights import load_weights

    model = load_backbone("MobileNet_0.25", include_top=True, weights=None)
    before = model.get_weights()
    for file in ("ten.keras", "old.h5", "cut_plain.keras"):
        with pytest.raises(kk.ArgumentError, match="^me: "):
            load_weights("me", model, files / file)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.slow
def test_efficientnet_normalises_as_it_was_trained(tmp_path):
    # Keras' files hold the mean, and the deviation where the variance belongs.
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    model = load_backbone("EfficientNetB0", weights=None, input_shape=(32, 32, 3))
    (layer,) = [x for x in model.layers if isinstance(x, keras.layers.Normalization)]
    layer.adapt_mean.assign(mean)
    layer.adapt_variance.assign(deviation)
    for file in ("file.weights.h5", "again.weights.h5"):  # scaled once, not twice
        model.save_weights(tmp_path / file)
        model = load_backbone("EfficientNetB0", weights=tmp_path / file, input_shape=(32, 32, 3))
        (layer,) = [x for x in model.layers if isinstance(x, keras.layers.Normalization)]
        probe = keras.Model(model.input, layer.output)
        pixels = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype("f4")
        expected = (pixels / 255 - mean) / deviation
        np.testing.assert_allclose(np.asarray(probe(pixels)), expected, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    saved = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(saved(pixels), model(pixels), rtol=1e-5, atol=1e-6)


UNREACHABLE = """
import os, sys, time, urllib.request
from kerakit.builders import load_backbone
import kerakit as kk
for name, proxy in zip(("MobileNetV2_0.35", "VGG16"), sys.argv[1:]):
    os.environ["https_proxy"] = proxy
    urllib.request.install_opener(None)
    start = time.monotonic()
    try:
        load_backbone(name, input_shape=(96, 96, 3))
    except kk.ArgumentError as error:
        print(round(time.monotonic() - start, 1), error)
"""


@pytest.mark.slow
@pytest.mark.process
def test_without_the_network_the_error_comes_at_once_and_names_the_ways_out(empty_home):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxies = ["http://127.0.0.1:9", f"http://127.0.0.1:{silent.getsockname()[1]}"]
        done = subprocess.run(
            [sys.executable, "-c", UNREACHABLE, *proxies],
            capture_output=True,
            text=True,
            timeout=120,  # without a limit of its own it would wait for the silent one for ever
        )
    refused, hung = done.stdout.splitlines()
    assert float(refused.split()[0]) < 3.5 and float(hung.split()[0]) < 20
    assert "refused" in refused and "no answer within 4 seconds" in hung
    assert V2.replace("224", "96") in refused and str(empty_home / "models") in refused
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in hung
    for line in (refused, hung):
        assert all(w in line for w in ("KERAS_HOME", "weights=PATH", "pip install kerakit[off"))
    assert not (empty_home / "models").exists()


@pytest.fixture
def host(monkeypatch):
    """A host that is there, and refuses its first page as that of the weights does."""

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(400)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(published, "HOST", f"http://127.0.0.1:{server.server_port}/")
    yield
    server.shutdown()
    server.server_close()


def test_what_is_not_there_is_fetched(host, empty_home):
    entry, asked = BACKBONES["MobileNet_0.25"], []

    def fetch():
        asked.append(1)
        (empty_home / "models").mkdir()
        (empty_home / "models" / V1).write_text("weights")

    for _ in range(2):
        path = published.published_weights("me", entry, False, (None, None, 3), fetch)
        assert path == empty_home / "models" / V1
    assert asked == [1]


def test_a_download_that_breaks_off_names_the_ways_out(host, empty_home):
    def fetch():
        raise Exception("URL fetch failure on https://host/file.h5: 403 -- Forbidden")

    with pytest.raises(kk.ArgumentError, match="403 -- Forbidden.*KERAS_HOME.*weights=PATH"):
        published.published_weights("me", BACKBONES["VGG19"], True, (224, 224, 3), fetch)


def test_a_damaged_file_in_keras_home_is_named(empty_home):
    (empty_home / "models").mkdir()
    (empty_home / "models" / V1).write_bytes(b"\x89HDF\r\n\x1a\n")
    start = time.thread_time()
    with pytest.raises(kk.ArgumentError, match=f"{V1} cannot be read, so it is damaged"):
        load_backbone("MobileNet_0.25")
    assert time.thread_time() - start < 4 and os.environ["KERAS_HOME"] == str(empty_home)
