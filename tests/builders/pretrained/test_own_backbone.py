"""Backbones of the user's own: trained, saved and served like others, or refused in a line."""

import keras
import numpy as np
import pytest
from builder_battery import run_builder_battery
from marks import first

import kerakit as kk
from kerakit.builders import pretrained_classifier
from kerakit.data.spec import Feature, Spec


def image_spec(shape, classes=("a", "b", "c")):
    feature = Feature("image", kind="image", dtype="uint8", shape=shape)
    return Spec(task="multiclass", features=(feature,), classes=classes)


def pixels(shape, rows):
    return np.random.default_rng(0).integers(0, 256, (rows, *shape), dtype="uint8")


def own_backbone(side=32):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Conv2D(5, 3, strides=2, activation="relu"),
        ]
    )


@pytest.mark.training
@pytest.mark.parametrize("preprocessing", first(1, ["torch", None, "tf", "caffe"]))
def test_a_backbone_of_your_own_passes_the_battery(preprocessing, tmp_path):
    rows, labels = {"image": pixels((40, 48, 1), 8)}, np.arange(8) % 3
    spec, mine = image_spec((40, 48, 1)), own_backbone()
    options = {"backbone": mine, "preprocessing": preprocessing}
    model, answer = run_builder_battery(
        pretrained_classifier, spec, tmp_path, rows, labels, **options
    )
    network = model.get_layer("network")
    assert network.get_layer("backbone").output_shape == (None, 7, 7, 5)
    assert model.get_layer("preprocess").output_shape == (None, 32, 32, 3)
    assert network.get_layer("backbone").layers[1] is mine.layers[0]  # the layers are shared
    values = model.get_layer("preprocess")(rows).numpy()
    expected = {None: (0, 255), "tf": (-1, 1), "torch": (-2.2, 2.7), "caffe": (-124, 152)}
    low, high = expected[preprocessing]
    assert low <= values.min() < values.max() <= high


@pytest.mark.training
def test_a_backbone_of_your_own_is_fine_tuned(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (30, 16, 16, 3), dtype="uint8")
    data = kk.load_arrays({"image": images}, np.arange(30) % 2, task="binary")
    model = pretrained_classifier(data, backbone=own_backbone(16))
    before = [w.numpy() for w in model.get_layer("network").get_layer("backbone").weights]
    history = kk.fine_tune(model, data, strategy="head", views=0, verbose=0)
    after = [w.numpy() for w in model.get_layer("network").get_layer("backbone").weights]
    assert np.isfinite(history.history["loss"]).all()
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def model_to(*layers, shape=(32, 32, 3)):
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (Subclassed, {}, "subclassed or unbuilt"),
        (lambda: keras.Sequential([keras.layers.Conv2D(2, 3)]), {}, "subclassed or unbuilt"),
        (lambda: model_to(keras.layers.Flatten()), {}, r"output has the shape \(None, 3072\)"),
        (lambda: model_to(keras.layers.ReLU(), shape=(32, 32, 1)), {}, r"takes the shape .*1\)"),
        (lambda: model_to(keras.layers.Conv2D(2, 3, name="output")), {}, "'output' have names"),
        (own_backbone, {"image_size": 64}, r"'image_size'.*\(32, 32\), the fixed input size"),
        (own_backbone, {"weights": None}, "'weights'.*which has its weights already"),
        (own_backbone, {"preprocessing": "lite"}, "'preprocessing'.*'tf', 'torch', 'caffe'"),
    ],
)
def test_a_model_that_is_no_backbone_is_refused(make, options, words):
    with pytest.raises(kk.ArgumentError, match=words) as error:
        pretrained_classifier((32, 32, 3), classes=3, backbone=make(), **options)
    assert len(str(error.value)) <= 500


def test_two_outputs_are_no_feature_maps():
    pixels_in = keras.Input((32, 32, 3))
    model = keras.Model(pixels_in, [pixels_in, keras.layers.ReLU()(pixels_in)])
    with pytest.raises(kk.ArgumentError, match="1 inputs and 2 outputs"):
        pretrained_classifier((32, 32, 3), classes=3, backbone=model)


def test_a_named_backbone_knows_its_preprocessing():
    with pytest.raises(kk.ArgumentError, match="'preprocessing'.*MobileNetV2_0.35, whose prepro"):
        pretrained_classifier(
            (32, 32, 3), classes=3, backbone="MobileNetV2_0.35", preprocessing="tf"
        )


def test_a_backbone_of_any_size_takes_the_images_as_they_are():
    mine = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3)])
    model = pretrained_classifier((20, 24, 3), classes=3, backbone=mine)
    assert model.get_layer("preprocess").output_shape == (None, 20, 24, 3)
    model = pretrained_classifier((20, 24, 3), classes=3, backbone=mine, image_size=(10, 12))
    assert model.get_layer("preprocess").output_shape == (None, 10, 12, 3)
