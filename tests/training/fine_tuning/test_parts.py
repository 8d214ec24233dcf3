"""A model cut in two is the same model; what is frozen stays as it is, to the bit."""

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.builders.pretrained.backbones.registry import BACKBONES
from kerakit.keras_compat import layers_of
from kerakit.training.fine_tuning.parts import freeze, parts_of


def assert_cut(parts, cut, images, crossing=None):
    """`above` of `below` is the model, and the model answers differently for each image."""
    below, above = parts.below(cut), parts.above(cut)
    expected = parts.model({"image": images}, training=False).numpy()
    assert expected.std(0).max() > 1e-3
    values = below({"image": images}, training=False)
    values = values if isinstance(values, list) else [values]
    assert crossing is None or len(values) == crossing
    named = {f"frozen_{location}": value for location, value in enumerate(values, 1)}
    assert [tensor.name for tensor in above.inputs] == list(named)
    np.testing.assert_allclose(above(named, training=False), expected, atol=1e-5)
    assert {id(w) for w in above.weights} <= {id(w) for w in parts.model.weights}


def images_of(data, rows=4):
    return data.table("test").features["image"][:rows]


@pytest.mark.many
def test_a_cut_at_any_layer_gives_the_model_again(shapes, make_model):
    """Between the first layer and the place where both branches meet two tensors cross."""
    parts = parts_of(make_model(shapes.spec))
    names = [layer.name for layer in parts.backbone.layers]
    counts = {}
    for cut in names[1:-1]:
        assert_cut(parts, cut, images_of(shapes))
        counts[cut] = len(parts.below(cut).outputs)
    expected = {"convolve_2": 2, "scale_2": 2, "rectify_2": 2}
    assert counts == {cut: expected.get(cut, 1) for cut in names[1:-1]}
    assert_cut(parts, None, images_of(shapes), crossing=1)


@pytest.mark.slow
@pytest.mark.training  # it takes as long as one
def test_the_stages_of_a_mobilenet_are_cut_where_one_tensor_crosses(make_data, make_pretrained):
    data = make_data(side=64)
    parts = parts_of(make_pretrained(data, "MobileNetV2_0.35"))
    assert parts.ends == BACKBONES["MobileNetV2_0.35"].stages
    for cut in (None, *parts.ends[:-1]):
        assert_cut(parts, cut, images_of(data), crossing=1)


@pytest.mark.slow
@pytest.mark.training  # it takes as long as one
@pytest.mark.parametrize(
    "name", ["EfficientNetLite0", pytest.param("ResNet50V2", marks=pytest.mark.slow)]
)
def test_the_last_stage_of_other_families_is_cut_off(shapes, make_pretrained, name):
    parts = parts_of(make_pretrained(shapes, name, head=(5,)))
    for cut in (None, parts.ends[-2]):
        assert_cut(parts, cut, images_of(shapes))


@pytest.mark.slow
def test_a_cell_that_reads_two_before_it_lets_two_tensors_cross(shapes, make_pretrained):
    parts = parts_of(make_pretrained(shapes, "NASNetMobile"))
    assert_cut(parts, parts.ends[-2], images_of(shapes), crossing=2)


@pytest.mark.backbone
def test_grey_images_of_another_size_are_prepared_below_the_cut(make_data, make_pretrained):
    data = make_data(side=24)
    parts = parts_of(make_pretrained(data, image_size=48))
    assert_cut(parts, parts.ends[-2], images_of(data))


@pytest.mark.slow
@pytest.mark.training  # it takes as long as one
def test_a_loaded_model_has_the_same_parts(shapes, make_pretrained, tmp_path):
    model = make_pretrained(shapes)
    model.save(tmp_path / "model.keras")
    parts = parts_of(keras.models.load_model(tmp_path / "model.keras"))
    assert parts.ends == BACKBONES["MobileNet_0.25"].stages
    expected = model({"image": images_of(shapes)}, training=False)
    actual = parts.model({"image": images_of(shapes)}, training=False)
    np.testing.assert_allclose(actual, expected, atol=1e-6)
    assert_cut(parts, parts.ends[-2], images_of(shapes))


def test_what_lies_above_the_cut_trains_but_for_normalisation(shapes, make_model):
    parts = parts_of(make_model(shapes.spec, hidden=(4,)))
    every = {"convolve_1", "convolve_2", "convolve_3", "dense_1", "output"}
    # A cut and what trains above it; all of the backbone's kernels lie in three layers.
    for cut, expected in (
        ("", every),
        ("convolve_1", every - {"convolve_1"}),
        ("rectify_2", {"convolve_3", "dense_1", "output"}),
        (None, {"dense_1", "output"}),
        ("", every),  # and back
    ):
        freeze(parts, cut)
        trained = {w.path.split("/")[-2] for w in parts.model.trainable_weights}
        assert trained == expected
        frozen = {w.path.split("/")[-2] for w in parts.model.non_trainable_weights}
        assert frozen == (every | {"scale_1", "scale_2", "scale_3"}) - expected


def normalisations(model):
    """Scale, offset, mean and variance of every normalisation, by path."""
    return {
        weight.path: weight.numpy()
        for layer in layers_of(model)
        if isinstance(layer, keras.layers.BatchNormalization)
        for weight in layer.weights
    }


def assert_only(model, before, changed):
    """All weights of the layers in `changed`, and no others, are different from before."""
    layers = {layer.name: layer for layer in layers_of(model) if layer.weights}
    layers = {n: la for n, la in layers.items() if not isinstance(la, keras.Model)}
    different, same = set(), set()
    for name, layer in layers.items():
        for weight in layer.weights:
            moved = not np.array_equal(weight.numpy(), before[weight.path])
            (different if moved else same).add(name)
    assert different == set(changed)
    assert same == set(layers) - set(changed)


@pytest.mark.training
@pytest.mark.parametrize(
    ("strategy", "hidden"),
    [
        ("full", (16,)),
        ("head", ()),
        pytest.param("full", (), marks=pytest.mark.slow),
        pytest.param("head", (16,), marks=pytest.mark.slow),
    ],
)
def test_every_stage_changes_its_layers_and_no_others(all_shapes, make_model, strategy, hidden):
    """Without validation rows every stage is kept, so that what it changed can be seen."""
    model = make_model(all_shapes.spec, hidden, dropout=0.2)
    before = {weight.path: weight.numpy() for weight in model.weights}
    kk.fine_tune(model, all_shapes, strategy=strategy, epochs=2, verbose=0)
    changed = {"output", *(f"dense_{location}" for location, _ in enumerate(hidden, 1))}
    if strategy == "full":
        changed |= {"convolve_1", "convolve_2", "convolve_3"}
    assert_only(model, before, changed)


@pytest.mark.slow
@pytest.mark.training
def test_the_last_stage_of_a_mobilenet_changes_alone(all_shapes, make_pretrained, make_stream):
    """And what lies below it sees every image once, not in every epoch."""
    streamed = make_stream(all_shapes)
    model = make_pretrained(all_shapes)
    before = {weight.path: weight.numpy() for weight in model.weights}
    history = kk.fine_tune(
        model, streamed.data, strategy="last_blocks", epochs=2, augment="none", verbose=0
    )
    assert [stage["stage"] for stage in history.stages] == ["head", "last_blocks"]
    trunk = model.get_layer("network").get_layer("backbone")
    names = [layer.name for layer in trunk.layers]
    above = trunk.layers[names.index("conv_pw_11_relu") + 1 :]
    kernels = {la.name for la in above if la.weights and "bn" not in la.name}
    assert len(kernels) == 4  # two blocks of two convolutions
    assert_only(model, before, kernels | {"output"})
    assert streamed.read == {"train": 2 * 78, "validation": 0, "test": 0}  # with the head's


@pytest.mark.slow
@pytest.mark.training
def test_lower_stages_take_shorter_steps(all_shapes, make_pretrained):
    """One step of gradient descent on all rows, against the gradients themselves."""
    entry, rate = BACKBONES["MobileNet_0.25"], 1.0
    options = {"augment": "none", "verbose": 0, "precision": "float32"}
    models = []
    for strategy in ("head", "full"):
        model = make_pretrained(all_shapes)
        model.compile(keras.optimizers.SGD(rate), loss="sparse_categorical_crossentropy")
        kk.fine_tune(model, all_shapes, strategy=strategy, epochs=1, batch_size=78, **options)
        models.append(model)
    solved, stepped = models
    freeze(parts_of(solved), "")
    gradients = gradients_of(solved, all_shapes.table("train"))
    trunk = solved.get_layer("network").get_layer("backbone")
    places = {layer.name: location for location, layer in enumerate(trunk.layers)}
    after = {weight.path: weight.numpy() for weight in stepped.weights}
    seen = set()
    for weight, gradient in gradients:
        layer = weight.path.split("/")[-2]
        # A layer learns more slowly for the end of its own stage, and of every one above it.
        above = [end for end in entry.stages if places[end] >= places.get(layer, np.inf)]
        taken = (weight.numpy() - after[weight.path]) / rate
        if weight.path.endswith("output/bias"):
            continue  # the probe has made its gradient all but nothing
        share = float((taken * gradient).sum() / (gradient**2).sum())
        assert share == pytest.approx(2.6 ** -len(above), rel=2e-2), weight.path
        rest = np.linalg.norm(taken - share * gradient)
        assert rest < 0.02 * np.linalg.norm(taken), weight.path
        seen.add(len(above))
    assert seen == {0, 1, 2, 3, 4, 5}


def gradients_of(model, table):
    import tensorflow as tf

    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        answer = model(table.features, training=True)
        loss = keras.ops.mean(keras.losses.sparse_categorical_crossentropy(table.target, answer))
    found = tape.gradient(loss, [weight.value for weight in weights])
    return [(w, g.numpy()) for w, g in zip(weights, found, strict=True)]


def test_parts_are_found_in_models_of_other_backbones(shapes, make_model):
    parts = parts_of(make_model(shapes.spec))
    assert parts.ends == ()
    assert parts.model.get_layer("network").layers[1:] == [parts.backbone, parts.head]
