"""What cannot be fine-tuned is refused in one sentence, before anything is written."""

import keras
import numpy as np
import pytest

import kerakit as kk
from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature, Spec


@pytest.fixture(scope="module")
def one_model(shapes, make_model):
    """A model that no call changes: it is refused every time."""
    return make_model(shapes.spec)


@pytest.fixture
def refused(shapes, one_model, tmp_path):
    """Checks that a call is refused with words that match, and leaves no trace."""

    def check(words, model=None, data=None, **options):
        model = one_model if model is None else model
        before = model.get_weights() if isinstance(model, keras.Model) else []
        run = tmp_path / "run"
        options = {"run_dir": run, "verbose": 0, "epochs": 1, **options}
        with pytest.raises(ValueError, match=words) as caught:
            kk.fine_tune(model, shapes if data is None else data, **options)
        assert isinstance(caught.value, kk.KerakitError), repr(caught.value)
        assert len(str(caught.value)) < 500 and not run.exists()
        after = model.get_weights() if isinstance(model, keras.Model) else []
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one, other)

    return check


@pytest.mark.many
def test_a_model_without_a_backbone(refused, shapes):
    words = "kk.pretrained_classifier.*without 'backbone' and 'head'; kk.fit trains any model"
    refused(words, kk.cnn_classifier(shapes.spec))


@pytest.mark.parametrize("model", ["MobileNetV2", None])
def test_what_is_no_model(refused, shapes, model):
    with pytest.raises(kk.ArgumentError, match="takes a model of kk.pretrained_classifier"):
        kk.fine_tune(model, shapes)


def test_a_head_that_flattens(refused, shapes):
    maps = keras.Input((2, 2, 4))
    scores = keras.layers.Dense(3, name="output")(keras.layers.Flatten()(maps))
    answer = keras.layers.Softmax(name="probabilities")(scores)
    head = keras.Model(maps, answer, name="head")
    image = keras.Input((32, 32, 3), dtype="uint8", name="image")
    preprocess = keras.Model(
        {"image": image}, keras.layers.Rescaling(1 / 255)(image), name="preprocess"
    )
    pixels = keras.Input((32, 32, 3))
    trunk = keras.Model(pixels, keras.layers.Conv2D(4, 16, 16)(pixels), name="backbone")
    network = keras.Model(pixels, head(trunk(pixels)), name="network")
    model = keras.Model({"image": image}, network(preprocess({"image": image})))
    refused("begins with an average over the pixels.*Got a Flatten", model)


@pytest.mark.many
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategy": "last_block"}, "'strategy'.*Did you mean 'last_blocks'"),
        ({"strategy": None}, "'strategy'.*one of 'auto', 'head', 'last_blocks', 'full'"),
        ({"strategy": "full", "batch_size": 1}, r"'batch_size'.*\[2, inf\).*Got 1"),
        ({"augment": "strong"}, "augment='strong', which mixes labels; take"),
        ({"augment": "standart"}, "'augment'.*Did you mean 'standard'"),
        ({"views": -1}, r"'views'.*\[0, inf\).*Got -1"),
        ({"views": 1.5}, "'views'.*int.*Got 1.5"),
        ({"epochs": 0}, "'epochs'.*Got 0"),
        ({"early_stopping": 0}, "'early_stopping'.*Got 0"),
        ({"precision": "float16"}, "'precision'.*Got 'float16'"),
        ({"seed": -1}, "'seed'.*Got -1"),
        ({"cache_mb": -1}, "'cache_mb'.*Got -1"),
        ({"class_weight": {"disc": 2.0}}, "'class_weight'.*'disc', 'stripes', 'square'"),
        ({"class_weight": "equal"}, "'class_weight'.*'balanced'"),
    ],
)
def test_arguments_out_of_their_range(refused, options, words):
    refused(words, **options)


def test_tables(refused):
    """The error speaks of the data, not of an argument that was not given."""
    refused("(?i)image", data=kk.load_builtin("iris"), strategy="head")


def test_arrays_that_are_no_data(refused, shapes):
    table = shapes.table("train")
    refused("'data'.*Got a tuple.*kk.load_", data=(table.features["image"], table.target))


def test_images_of_another_size(refused, make_data):
    refused(r"\(32, 32, 3\).*\(40, 40, 3\)|\(40, 40, 3\).*\(32, 32, 3\)", data=make_data(side=40))


@pytest.mark.many
@pytest.mark.parametrize(("trained", "given"), [(3, 2), (2, 3)])
def test_data_of_another_number_of_classes(refused, make_data, make_model, trained, given):
    refused("class", make_model(make_data(classes=trained).spec), make_data(classes=given))


def test_numbers_to_predict(refused, shapes):
    table = shapes.table("train")
    numbers = Table(table.features, table.target.astype("float32"))
    feature = Feature("image", "image", "uint8", (32, 32, 3))
    spec = Spec(
        task="regression",
        features=(feature,),
        sizes={"train": 60, "validation": 60, "test": 60},
    )
    refused("(?i)class|regression", data=Data(numbers, numbers, numbers, spec), strategy="head")


@pytest.mark.parametrize("where", ["a file", "in use"])
def test_a_run_directory_that_cannot_be_had(shapes, one_model, tmp_path, where):
    model = one_model
    if where == "a file":
        (tmp_path / "run").write_text("")
        with pytest.raises(kk.ArgumentError, match="'run_dir'.*folder"):
            kk.fine_tune(model, shapes, run_dir=tmp_path / "run", verbose=0)
    else:
        from kerakit.training.runs.lock import locked_run

        with locked_run(tmp_path), pytest.raises(kk.RunError, match="in use by another process"):
            kk.fine_tune(model, shapes, run_dir=tmp_path, verbose=0)
