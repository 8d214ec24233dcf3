"""Classifiers on pretrained backbones: preprocessing, sizes, parts, counts, life after saving."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from builder_battery import run_builder_battery
from sklearn.linear_model import LogisticRegression

import kerakit as kk
from kerakit.builders import pretrained_classifier
from kerakit.builders.pretrained import classifier
from kerakit.builders.pretrained.backbones.registry import entry_of
from kerakit.data.images.decode import resize_image
from kerakit.data.spec import Feature, Spec
from kerakit.training.speed.precision import precision_of

SMALL = {"backbone": "MobileNet_0.25", "weights": None}


def image_spec(shape=(32, 32, 3), classes=("a", "b", "c"), task="multiclass", **statistics):
    feature = Feature("image", kind="image", dtype="uint8", shape=shape, **statistics)
    return Spec(task=task, features=(feature,), classes=classes)


def pixels(shape, rows=4, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, *shape), dtype="uint8")


def preprocessed(model, images):
    preprocess = model.get_layer("preprocess")
    assert not preprocess.weights
    return np.asarray(preprocess(keras.ops.convert_to_tensor(images)))


applications = keras.applications
FAMILIES = {
    "MobileNet_0.25": applications.mobilenet.preprocess_input,
    "MobileNetV2_0.35": applications.mobilenet_v2.preprocess_input,
    "MobileNetV3Small": applications.mobilenet_v3.preprocess_input,
    "EfficientNetB0": applications.efficientnet.preprocess_input,
    "EfficientNetV2B0": applications.efficientnet_v2.preprocess_input,
    "ResNet50": applications.resnet.preprocess_input,
    "ResNet50V2": applications.resnet_v2.preprocess_input,
    "ConvNeXtTiny": applications.convnext.preprocess_input,
    "DenseNet121": applications.densenet.preprocess_input,
    "InceptionV3": applications.inception_v3.preprocess_input,
    "InceptionResNetV2": applications.inception_resnet_v2.preprocess_input,
    "Xception": applications.xception.preprocess_input,
    "VGG16": applications.vgg16.preprocess_input,
    "VGG19": applications.vgg19.preprocess_input,
    "NASNetMobile": applications.nasnet.preprocess_input,
    "EfficientNetLite0": lambda images: (images - 127) / 128,
}


@pytest.fixture
def stand_in(monkeypatch):
    """A network of one layer for every named backbone, where the preprocessing is the point."""

    def load(name, weights, input_shape):
        return keras.Sequential([keras.Input(input_shape), keras.layers.Conv2D(2, 3, strides=2)])

    monkeypatch.setattr(classifier, "load_backbone", load)


@pytest.mark.many
@pytest.mark.parametrize("backbone", FAMILIES)
def test_pixels_become_what_the_family_takes(backbone, stand_in):
    check_pixels(backbone)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", FAMILIES)
def test_pixels_become_what_the_family_takes_before_the_real_network(backbone):
    check_pixels(backbone)
    keras.utils.clear_session(free_memory=True)


def check_pixels(backbone):
    shape = (80, 76, 3)
    model = pretrained_classifier(shape, classes=3, backbone=backbone, weights=None)
    images = pixels(shape)
    expected = FAMILIES[backbone](images.astype("float32"))
    answer = preprocessed(model, images)
    assert answer.dtype == np.float32
    scale = np.abs(expected).max()
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5 * scale)


def test_grey_is_shown_as_three_equal_channels(stand_in):
    model = pretrained_classifier((32, 40, 1), classes=3, **SMALL)
    images = pixels((32, 40, 1))
    expected = np.repeat(images, 3, axis=-1) / 127.5 - 1
    np.testing.assert_allclose(preprocessed(model, images), expected, atol=1e-5)
    model = pretrained_classifier(image_spec((32, 40, 1)), **SMALL)
    assert model({"image": images}).shape == (4, 3)


@pytest.mark.many
@pytest.mark.parametrize(
    ("shape", "size"),
    [((48, 32, 3), 96), ((20, 24, 1), (40, 64)), ((301, 200, 3), 64), ((400, 340, 3), None)],
)
def test_images_are_resized_as_the_loader_does(shape, size, stand_in):
    model = pretrained_classifier(shape, classes=3, image_size=size, crop=1.0, **SMALL)
    images = pixels(shape, rows=2)
    size = size or 224
    size = size if isinstance(size, tuple) else (size, size)
    seen = (preprocessed(model, images) + 1) * 127.5
    wanted = np.stack([resize_image(image, size).numpy() for image in images])
    # The loader stores whole pixel values, and the model does not round.
    difference = np.abs(np.rint(seen) - wanted)
    # Where to crop half a pixel is rounded another way, if at all: smooth images do not care.
    assert seen.shape == (2, *size, 3) and np.median(difference) < 1e-3


@pytest.mark.many
@pytest.mark.parametrize(
    ("shape", "size", "crop", "part"),
    [
        ((256, 256, 3), None, 0.875, (224, 224)),
        ((240, 300, 3), None, 0.875, (224, 224)),  # never less than what is seen
        ((64, 96, 3), 32, 0.875, (56, 56)),
        ((64, 96, 3), (32, 64), 0.875, (42, 84)),
        ((64, 96, 3), (32, 64), 0.5, (32, 64)),
        ((64, 96, 3), 64, 0.875, (64, 64)),
        ((40, 50, 3), 64, 0.875, (40, 40)),  # small pictures are seen whole
    ],
)
def test_of_larger_images_the_centre_is_seen(shape, size, crop, part, stand_in):
    model = pretrained_classifier(shape, classes=3, image_size=size, crop=crop, **SMALL)
    top, left = ((side - kept) // 2 for side, kept in zip(shape, part, strict=False))
    (images,) = pixels(shape, rows=1)
    centre = images[top : top + part[0], left : left + part[1]]
    seen = (preprocessed(model, images[None]) + 1) * 127.5
    wanted = tf.cast(resize_image(centre, seen.shape[1:3]), tf.float32).numpy()
    np.testing.assert_allclose(seen[0], wanted, atol=1.01)
    assert np.median(np.abs(np.rint(seen[0]) - wanted)) < 1e-3


@pytest.mark.many
@pytest.mark.parametrize(
    ("shape", "backbone", "seen"),
    [
        ((32, 32, 3), "MobileNet_0.25", (32, 32)),
        ((224, 100, 3), "MobileNet_0.25", (224, 100)),
        ((225, 100, 3), "MobileNet_0.25", (224, 224)),
        ((225, 100, 3), "EfficientNetB1", (225, 100)),
        ((75, 100, 3), "InceptionV3", (75, 100)),
    ],
)
def test_the_size_is_the_image_s_own_up_to_the_network_s(shape, backbone, seen, stand_in):
    model = pretrained_classifier(shape, classes=3, backbone=backbone, weights=None)
    assert model.get_layer("preprocess").output_shape == (None, *seen, 3)
    layers = [layer.name for layer in model.get_layer("preprocess").layers]
    assert ("resize" in layers) == (seen != shape[:2])
    # The size that it has asks for nothing.
    same = pretrained_classifier(
        shape, classes=3, backbone="MobileNet_0.25", weights=None, image_size=shape[:2]
    )
    asked = {layer.name for layer in same.get_layer("preprocess").layers}
    assert not asked & {"resize", "centre"}


@pytest.mark.backbone
@pytest.mark.parametrize(
    ("shape", "backbone", "least"),
    [
        ((31, 64, 3), "MobileNet_0.25", 32),
        pytest.param((64, 74, 1), "InceptionV3", 75, marks=pytest.mark.slow),
    ],
)
def test_small_images_are_enlarged_on_purpose_only(shape, backbone, least):
    with pytest.raises(kk.ArgumentError, match=rf"at least {least} .*Pass image_size=96 to enl"):
        pretrained_classifier(shape, classes=3, backbone=backbone, weights=None)
    model = pretrained_classifier(
        shape, classes=3, backbone=backbone, weights=None, image_size=least
    )
    assert model(pixels(shape)).shape == (4, 3)


@pytest.mark.backbone
def test_the_parts_have_their_names():
    model = pretrained_classifier(image_spec(), head=(7, 5), l2=0.5, **SMALL)
    network = model.get_layer("network")
    assert [layer.name for layer in model.layers[-2:]] == ["preprocess", "network"]
    assert [layer.name for layer in network.layers] == ["pixels", "backbone", "head"]
    backbone, head = network.get_layer("backbone"), network.get_layer("head")
    names = ["maps", "average", "dense_1", "dense_2", "dropout", "output", "probabilities"]
    assert [layer.name for layer in head.layers] == names
    assert entry_of(backbone).name == "MobileNet_0.25" and backbone.trainable
    assert (head.get_layer("dense_1").units, head.get_layer("dropout").rate) == (7, 0.2)
    kernels = [head.get_layer(name).kernel.numpy() for name in ("dense_1", "dense_2", "output")]
    penalty = sum(0.5 * (kernel**2).sum() for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(penalty, rel=1e-5)
    assert "dropout" not in [
        layer.name
        for layer in pretrained_classifier(image_spec(), dropout=0, **SMALL)
        .get_layer("network")
        .get_layer("head")
        .layers
    ]


@pytest.mark.slow
@pytest.mark.backbone
def test_the_docstring_states_shapes_and_parameters():
    document = pretrained_classifier.__doc__
    for name in ("EfficientNetLite0", "MobileNetV2_0.35", "ResNet50"):
        model = pretrained_classifier((224, 224, 3), classes=10, backbone=name, weights=None)
        network = model.get_layer("network")
        backbone, head = network.get_layer("backbone"), network.get_layer("head")
        (line,) = [line for line in document.splitlines() if f"| `{name}`" in line]
        shape = ", ".join(map(str, backbone.output_shape[1:]))
        assert f"(batch, {shape})" in line
        assert f"{backbone.count_params():,} + {head.count_params():,} " in line
        assert head.count_params() == backbone.output_shape[-1] * 10 + 10


@pytest.mark.slow
@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")])
def test_it_trains_and_comes_back(classes, tmp_path):
    keras.utils.set_random_seed(0)
    task = "binary" if len(classes) == 2 else "multiclass"
    rows, labels = {"image": pixels((32, 32, 1), 8)}, np.arange(8) % len(classes)
    spec = image_spec((32, 32, 1), classes, task)
    model, answer = run_builder_battery(
        pretrained_classifier, spec, tmp_path, rows, labels, **SMALL
    )
    assert answer.shape == (8, len(classes))
    again = keras.models.load_model(tmp_path / "model.keras")
    assert entry_of(again.get_layer("network").get_layer("backbone")).name == "MobileNet_0.25"


ALONE = """
import sys
import keras, numpy as np
for folder in sys.argv[1:]:
    model = keras.models.load_model(folder + "/model.keras")
    saved = np.load(folder + "/answer.npz")
    answer = model.predict(saved["images"], verbose=0)
    np.testing.assert_allclose(answer, saved["answer"], rtol=1e-4, atol=1e-6)
assert "kerakit" not in sys.modules
"""


@pytest.mark.backbone
@pytest.mark.slow
def test_saved_models_need_no_kerakit(tmp_path):
    folders = []
    for name in ("MobileNetV3Small", "EfficientNetB0", "ConvNeXtTiny", "VGG16", "DenseNet121"):
        keras.utils.set_random_seed(0)
        model = pretrained_classifier(
            (40, 48, 1), classes=3, backbone=name, weights=None, image_size=32
        )
        (tmp_path / name).mkdir()
        folders.append(str(tmp_path / name))
        images = pixels((40, 48, 1), 2)
        np.savez(
            tmp_path / name / "answer.npz",
            images=images,
            answer=model.predict(images, verbose=0),
        )
        model.save(tmp_path / name / "model.keras")
        keras.utils.clear_session(free_memory=True)
    done = subprocess.run([sys.executable, "-c", ALONE, *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.backbone
def test_preprocess_computes_in_float32_whatever_the_precision():
    images = pixels((40, 40, 3))
    exact = preprocessed(pretrained_classifier((40, 40, 3), classes=3, **SMALL), images)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = pretrained_classifier((40, 40, 3), classes=3, **SMALL)
    finally:
        keras.config.set_dtype_policy("float32")
    answer = preprocessed(model, images)
    assert answer.dtype == np.float32 and np.array_equal(answer, exact)
    assert model(images).dtype == "float32"


@pytest.mark.slow
@pytest.mark.backbone
@pytest.mark.filterwarnings("ignore:.*overwrite:UserWarning")
@pytest.mark.training
def test_mixed_precision_trains_and_answers_in_float32():
    keras.utils.set_random_seed(0)
    model = pretrained_classifier((32, 32, 3), classes=3, head=(4,), **SMALL)
    network = model.get_layer("network")
    values = preprocessed(model, pixels((32, 32, 3), 16))
    with precision_of(model, "mixed_bfloat16", images=True):
        inner = network.get_layer("backbone").get_layer("conv_pw_3")
        assert inner.compute_dtype == "bfloat16"
        assert network.get_layer("head").get_layer("output").compute_dtype == "float32"
        network.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        network.train_on_batch(values, np.arange(16) % 3)
        assert network(values).dtype == "float32"
        assert {weight.dtype for weight in network.weights} == {"float32"}
    assert np.isfinite(model(pixels((32, 32, 3)))).all()


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda **o: pretrained_classifier((32, 32), classes=3, **o), r"'inputs'.*\(32, 32\)"),
        (lambda **o: pretrained_classifier((32, 32, 4), classes=3, **o), "1 channel"),
        (lambda **o: pretrained_classifier((32, 32, 3), **o), "'classes'.*Got None"),
        (lambda **o: pretrained_classifier((32, 32, 3), classes=1, **o), r"'classes'.*\[2, inf\)"),
        (lambda **o: pretrained_classifier(image_spec(), classes=3, **o), "None with a Spec"),
        (lambda **o: pretrained_classifier(image_spec(task="multilabel"), **o), "'multilabel'"),
        (lambda **o: pretrained_classifier(image_spec(), dropout=1, **o), r"'dropout'.*\[0.0, 1.0"),
        (lambda **o: pretrained_classifier(image_spec(), l2=-1, **o), "'l2'"),
        (lambda **o: pretrained_classifier(image_spec(), head=4, **o), "'head'"),
        (lambda **o: pretrained_classifier(image_spec(), head=(0,), **o), r"'head'.*\(0,\)"),
        (lambda **o: pretrained_classifier(image_spec(), image_size=31, **o), r"\[32, inf\).*31"),
        (lambda **o: pretrained_classifier(image_spec(), image_size=(64,), **o), "'image_size'"),
        (lambda **o: pretrained_classifier(image_spec(), image_size=64.0, **o), "'image_size'"),
        (lambda **o: pretrained_classifier(image_spec(), crop=0.0, **o), r"'crop'.*\(0.0, 1.0\]"),
        (
            lambda **o: pretrained_classifier(image_spec(), backbone="MobileNetV2_0.3"),
            "'backbone'.*pretrained_classifier.*kerakit list backbones.*'MobileNetV2_0.35'",
        ),
    ],
)
def test_bad_arguments_are_named_before_anything_is_built(build, words):
    with pytest.raises(kk.ArgumentError, match=words):
        build(backbone="VGG19", weights=None)


def test_other_than_one_image_is_refused(iris):
    with pytest.raises(kk.ArgumentError, match="one image.*'numeric'"):
        pretrained_classifier(iris.spec, **SMALL)


@pytest.mark.slow
@pytest.mark.backbone
def test_real_features_tell_bees_from_ants(test_data, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(test_data / "keras_home"))
    data = kk.load_images(str(test_data / "images" / "hymenoptera"), image_size=160)
    model = pretrained_classifier(data.spec, backbone="MobileNetV2_0.35")
    network = model.get_layer("network")
    maps = network.get_layer("backbone")(model.get_layer("preprocess").output)
    average = network.get_layer("head").get_layer("average")(maps)
    features = keras.Model(model.get_layer("preprocess").inputs, average)

    def part(split):
        rows = list(split.batch(64).as_numpy_iterator())
        values = np.concatenate([features(x) for x, *_ in rows])
        return values, np.concatenate([y for _, y, *_ in rows])

    score = LogisticRegression(max_iter=2000).fit(*part(data.train)).score(*part(data.test))
    assert score > 0.8  # measured 0.863; 0.458 with random weights
