"""Features of the frozen part: computed once, kept in memory or in files, gone afterwards."""

import tempfile

import keras
import numpy as np
import pytest
from marks import first

import kerakit as kk
from kerakit.training.fine_tuning.features import FrozenFeatures
from kerakit.training.fine_tuning.parts import parts_of


class Watch(keras.callbacks.Callback):
    """Sees the files of features at the end of an epoch; then perhaps breaks off."""

    def __init__(self, folder, error=None):
        super().__init__()
        self.folder, self.error, self.seen = folder, error, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(sum(path.stat().st_size for path in files_in(self.folder)))
        if self.error is not None:
            raise self.error


def files_in(folder):
    """All files but those in which TensorFlow keeps the code it has rewritten."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if not path.name.startswith("__autograph")]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder that temporary files go to, for this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.training
@pytest.mark.parametrize("views", [pytest.param(0, marks=pytest.mark.slow), 2])
def test_every_image_is_read_once_and_once_for_each_view(shapes, make_model, make_stream, views):
    """And not in every one of the epochs in which the head trains on its features."""
    streamed = make_stream(shapes)
    model = make_model(shapes.spec, hidden=(8,))
    options = {"views": views, "early_stopping": 50, "verbose": 0}
    history = kk.fine_tune(model, streamed.data, strategy="head", **options)
    assert history.stages[0]["epochs"] > 10
    assert streamed.read == {"train": 60 * (1 + views), "validation": 18, "test": 0}


@pytest.mark.training
def test_a_head_that_is_solved_reads_every_image_once(shapes, make_model, make_stream):
    """However often it is solved: the features are those of a backbone that does not change."""
    streamed = make_stream(shapes)
    kk.fine_tune(make_model(shapes.spec), streamed.data, strategy="head", verbose=0)
    assert streamed.read == {"train": 60, "validation": 18, "test": 0}


@pytest.mark.slow
@pytest.mark.training
def test_streams_and_tables_make_the_same_head(shapes, make_model, make_stream):
    models = []
    for data in (shapes, make_stream(shapes).data):
        model = make_model(shapes.spec)
        kk.fine_tune(model, data, strategy="head", verbose=0)
        models.append(model)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.slow
@pytest.mark.training  # it takes as long as one
def test_the_rows_are_the_images_and_then_their_views(make_data, make_model):
    data = make_data(weights=True)
    model = make_model(data.spec)
    below = parts_of(model).below("rectify_2")  # two tensors cross
    frozen = FrozenFeatures(data, "standard", 2, 3, 512).of(below)
    plain, held = data.table("train"), data.table("validation")
    seen = frozen.table("train")
    np.testing.assert_array_equal(seen.target, np.tile(plain.target, 3))
    np.testing.assert_array_equal(seen.weight, np.tile(plain.weight, 3))
    np.testing.assert_array_equal(frozen.table("validation").target, held.target)
    for location, name in enumerate(("frozen_1", "frozen_2")):
        expected = below.predict(plain.features, verbose=0)[location]
        rows = seen.features[name]
        np.testing.assert_allclose(rows[:60], expected, atol=1e-5)
        views = rows[60:].reshape(2, *expected.shape)
        assert (abs(views - expected).max((2, 3, 4)) > 0.1).all()  # each is another picture
        assert (abs(views[0] - views[1]).max((1, 2, 3)) > 0.1).all()
        expected = below.predict(held.features, verbose=0)[location]
        np.testing.assert_allclose(frozen.table("validation").features[name], expected, atol=1e-5)
    assert frozen.spec.sizes == {"train": 180, "validation": 18, "test": 0}
    again = FrozenFeatures(data, "standard", 2, 3, 512).of(below)
    other = FrozenFeatures(data, "standard", 2, 4, 512).of(below)
    column = seen.features["frozen_1"]
    np.testing.assert_array_equal(again.table("train").features["frozen_1"], column)
    differs = other.table("train").features["frozen_1"] != column
    assert differs[60:].any((1, 2, 3)).all() and not differs[:60].any()


@pytest.mark.slow
@pytest.mark.training
def test_without_augmentation_there_are_no_copies(shapes, make_model):
    def head_of(augment, views):
        model = make_model(shapes.spec, hidden=(4,))
        options = {"augment": augment, "views": views, "early_stopping": 1, "verbose": 0}
        kk.fine_tune(model, shapes, strategy="head", **options)
        return model.get_layer("network").get_layer("head").get_weights()

    plain, copied = head_of("none", 0), head_of("standard", 2)
    for options in (("none", 2), (None, 2), ("standard", 0)):
        for one, other, changed in zip(head_of(*options), plain, copied, strict=True):
            np.testing.assert_array_equal(one, other)
            assert not np.array_equal(one, changed)


@pytest.mark.slow
@pytest.mark.training
def test_what_does_not_fit_in_memory_is_in_files_while_it_trains(shapes, make_model, temporary):
    watched = {}
    for cache_mb in (512, 0):
        model, watch = make_model(shapes.spec, hidden=(8,)), Watch(temporary)
        options = {"cache_mb": cache_mb, "callbacks": [watch], "views": 1, "verbose": 0}
        kk.fine_tune(model, shapes, strategy="head", early_stopping=3, **options)
        watched[cache_mb] = watch.seen
        assert not files_in(temporary)
    bytes_ = (60 * 2 + 18) * 16 * 4  # rows, features of the backbone, float32
    assert not any(watched[512]) and min(watched[0]) >= bytes_


@pytest.mark.slow
@pytest.mark.training
def test_a_head_is_solved_alike_from_files(shapes, make_model, temporary):
    weights = []
    for cache_mb in (512, 0):
        model = make_model(shapes.spec)
        kk.fine_tune(model, shapes, strategy="head", cache_mb=cache_mb, verbose=0)
        weights.append(model.get_weights())
    assert not files_in(temporary)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.training
@pytest.mark.parametrize("error", first(1, [RuntimeError("broken off"), KeyboardInterrupt()]))
def test_the_files_go_when_training_breaks_off(shapes, make_model, temporary, error):
    model, watch = make_model(shapes.spec, hidden=(8,)), Watch(temporary, error)
    with pytest.raises(type(error)):
        kk.fine_tune(model, shapes, strategy="head", cache_mb=0, callbacks=[watch], verbose=0)
    assert watch.seen[0] > 0 and not files_in(temporary)
