"""Convolutional networks: shapes, counts by hand, preprocessing, precision, life after saving."""

import keras
import numpy as np
import pytest
from builder_battery import run_builder_battery
from marks import first

from kerakit.builders import cnn_classifier
from kerakit.data.spec import Feature, Spec
from kerakit.training.speed.precision import precision_of

ARCHITECTURES = ["lenet", "vgg", "resnet"]


def image_spec(shape=(8, 8, 1), classes=("a", "b", "c"), task="multiclass", **statistics):
    feature = Feature("image", kind="image", dtype="uint8", shape=shape, **statistics)
    return Spec(task=task, features=(feature,), classes=classes)


def pixels(shape, rows=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, *shape), dtype="uint8")


def network_of(model):
    return model.get_layer("network")


@pytest.mark.training
@pytest.mark.parametrize(
    ("arch", "classes"),
    [
        ("lenet", ("a", "b", "c")),
        ("lenet", ("a", "b")),
        pytest.param("vgg", ("a", "b", "c"), marks=pytest.mark.slow),
        pytest.param("vgg", ("a", "b"), marks=pytest.mark.slow),
        pytest.param("resnet", ("a", "b", "c"), marks=pytest.mark.slow),
        pytest.param("resnet", ("a", "b"), marks=pytest.mark.slow),
    ],
)
def test_networks_pass_the_battery(arch, classes, tmp_path):
    spec = image_spec((9, 12, 3), classes, mean=(90.0, 100, 110), variance=(9.0, 16, 25))
    keras.utils.set_random_seed(0)
    rows, labels = {"image": pixels((9, 12, 3))}, np.arange(6, dtype="int32") % len(classes)
    model, answer = run_builder_battery(
        cnn_classifier, spec, tmp_path, rows, labels, arch=arch, dropout=0.2, l2=1e-4
    )
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [
        ("image", "uint8", (None, 9, 12, 3))
    ]
    assert answer.shape == (6, len(classes))


@pytest.mark.many
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize(
    "shape", first(3, [(8, 8, 1), (33, 50, 3), (28, 28, 1), (96, 64, 3), (224, 224, 3)])
)
def test_any_size_will_do(arch, shape):
    network = network_of(cnn_classifier(shape, classes=7, arch=arch))
    assert network.output_shape == (None, 7)
    last = [t for t in (layer.output for layer in network.layers) if len(t.shape) == 4][-1]
    # Enough halvings that the last map is small, and it is never empty.
    assert min(last.shape[1:3]) >= 1 and max(last.shape[1:3]) <= 16


def test_lenet_has_the_parameters_of_the_textbook():
    model = cnn_classifier((28, 28, 1), classes=10, arch="lenet")
    # 28x28 -> 14x14 of 6 -> 10x10 -> 5x5 of 16, flattened to 400.
    counts = [6 * 25 + 6, 16 * 150 + 16, 400 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10]
    own = [layer.count_params() for layer in network_of(model).layers if layer.weights]
    assert own == counts and model.count_params() == 61706


@pytest.mark.backbone
def test_vgg_at_its_paper_s_size_is_vgg16():
    model = cnn_classifier((224, 224, 3), classes=10, arch="vgg", width=64, depth=14)
    original = keras.applications.VGG16(include_top=False, weights=None)
    ours = [layer for layer in network_of(model).layers if isinstance(layer, keras.layers.Conv2D)]
    theirs = [layer for layer in original.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [c.kernel.shape for c in ours] == [c.kernel.shape for c in theirs]
    filters = sum(c.filters for c in ours)
    # Normalisation has scale, offset, mean and variance in place of the bias.
    expected = original.count_params() - filters + 4 * filters + 512 * 10 + 10
    assert model.count_params() == expected


def residual_count(width, blocks, channels, classes, stem):
    """Weights of a residual network: kernels, and scale, offset, mean, variance per channel."""
    count, before = stem**2 * channels * width, width
    for stage in range(3):
        filters = width * 2**stage
        for _ in range(blocks):
            count += 4 * before + 9 * before * filters + 4 * filters + 9 * filters**2
            count += before * filters * (before != filters)
            before = filters
    return count + 4 * before + before * classes + classes


@pytest.mark.many
@pytest.mark.parametrize(
    ("shape", "width", "depth", "stem"),
    [((28, 28, 1), None, None, 3), ((32, 32, 3), 8, 14, 3), ((224, 224, 3), 32, 8, 7)],
)
def test_resnet_has_the_parameters_of_its_formula(shape, width, depth, stem):
    model = cnn_classifier(shape, classes=10, arch="resnet", width=width, depth=depth)
    blocks = ((depth or 20) - 2) // 6
    assert model.count_params() == residual_count(width or 16, blocks, shape[2], 10, stem)
    layers = network_of(model).layers
    convolutions = [layer for layer in layers if "convolve" in layer.name]
    assert len(convolutions) + 1 == (depth or 20)  # and the output
    sizes = [network_of(model).get_layer(f"stage_{s}_1_add").output.shape[1] for s in (1, 2, 3)]
    first = {28: 28, 32: 32, 224: 56}[shape[0]]
    assert sizes == [first, first // 2, first // 4]


@pytest.mark.many
def test_the_docstring_states_the_parameters():
    counts = {"vgg": (289066, 896), "resnet": (273370, 1376)}
    for arch, (total, moving) in counts.items():
        network = network_of(cnn_classifier((28, 28, 1), classes=10, arch=arch))
        assert network.count_params() == total
        assert sum(int(np.prod(w.shape)) for w in network.non_trainable_weights) == moving
        assert f"{total:,}" in cnn_classifier.__doc__ and f"{moving:,}" in cnn_classifier.__doc__


def test_a_new_residual_block_adds_to_what_it_got():
    network = network_of(cnn_classifier((8, 8, 1), classes=3, arch="resnet", depth=8))
    for layer in network.layers:
        if layer.name.endswith("convolve_2"):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    probe = keras.Model(
        network.input,
        [network.get_layer("stem_convolve").output, network.get_layer("stage_1_1_add").output],
    )
    stem, after = probe(np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("f4"))
    np.testing.assert_array_equal(np.asarray(stem), np.asarray(after))


def test_pixels_are_standardised_by_the_spec_or_brought_to_the_unit_range():
    spec = image_spec((4, 4, 3), mean=(10.0, 20.0, 30.0), variance=(4.0, 1e-9, 100.0))
    preprocess = cnn_classifier(spec, arch="lenet", depth=4).get_layer("preprocess")
    image = np.broadcast_to(np.array([14, 21, 0], "uint8"), (1, 4, 4, 3))
    answer = np.asarray(preprocess({"image": keras.ops.convert_to_tensor(image)}))
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer[0, 2, 3], [2, 1, -3], rtol=1e-6)  # channel 2 is constant
    for options in ({"inputs": (8, 8, 1), "classes": 3}, {"inputs": image_spec()}):
        model = cnn_classifier(**options)
        image = keras.ops.convert_to_tensor(np.array([0, 255] * 32, "uint8").reshape(1, 8, 8, 1))
        image = image if "classes" in options else {"image": image}
        answer = np.asarray(model.get_layer("preprocess")(image))
        np.testing.assert_allclose(answer.ravel(), [-1, 1] * 32, rtol=1e-6)


@pytest.mark.many
def test_the_same_seed_gives_the_same_network_and_another_another():
    def first_kernel(seed):
        keras.utils.set_random_seed(seed)
        return network_of(cnn_classifier((8, 8, 1), classes=3)).trainable_weights[0].numpy()

    np.testing.assert_array_equal(first_kernel(1), first_kernel(1))
    assert np.abs(first_kernel(1) - first_kernel(2)).max() > 0


def test_kernels_start_as_in_he_and_carry_the_penalty():
    network = network_of(cnn_classifier((32, 32, 3), classes=10, arch="vgg", l2=0.5))
    kernels = [w for w in network.trainable_weights if w.name == "kernel"]
    last = network.get_layer("stage_3_2_convolve").kernel.numpy()
    assert last.std() == pytest.approx(np.sqrt(2 / (9 * 128)), rel=0.02)
    expected = sum(0.5 * (k.numpy() ** 2).sum() for k in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-4)
    assert not network_of(cnn_classifier((8, 8, 1), classes=3)).losses


@pytest.mark.training
@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.filterwarnings("ignore:.*overwrite:UserWarning")
def test_mixed_precision_trains_and_answers_in_float32(arch):
    keras.utils.set_random_seed(0)
    model = cnn_classifier((8, 8, 1), classes=3, arch=arch)
    images, labels = pixels((8, 8, 1), 32), np.arange(32) % 3
    exact = model(images).numpy()
    with precision_of(model, "mixed_bfloat16"):
        network = network_of(model)
        normal = np.random.default_rng(0).normal(size=(32, 8, 8, 1)).astype("f4")
        network.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        computed = [layer for layer in network.layers if layer.compute_dtype == "bfloat16"]
        assert computed
        network.train_on_batch(normal, labels)
        assert network(normal).dtype == "float32"
        assert {w.dtype for w in network.weights} == {"float32"}
    after = model(images).numpy()
    assert np.isfinite(after).all() and np.abs(after - exact).max() > 0
