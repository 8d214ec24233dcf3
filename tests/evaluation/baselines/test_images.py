import dataclasses

import numpy as np
import pytest

from kerakit.data.data import Data, Table
from kerakit.data.spec import Feature
from kerakit.evaluation.baselines import images as module
from kerakit.evaluation.baselines.images import fit_pixels, small_size
from kerakit.evaluation.baselines.tables import fit_baselines


@pytest.mark.many
@pytest.mark.parametrize("channels, classes", [(1, 10), (3, 3)])
def test_it_is_scikit_learns_logistic_regression_on_pixels(pictures, channels, classes):
    from sklearn.linear_model import LogisticRegression

    data = pictures.digits(channels, classes)
    train, test = data.table("train"), data.table("test")
    flat = [t.features["image"].reshape(len(t), -1).astype("float64") / 255 for t in (train, test)]
    mean = flat[0].mean(axis=0)
    direct = LogisticRegression(C=1.0, max_iter=100).fit(flat[0] - mean, train.target)
    predict, note = fit_pixels(data)
    expected = direct.predict_proba(flat[1] - mean)
    np.testing.assert_allclose(predict(test.features), expected, atol=1e-3)
    assert np.mean(predict(test.features).argmax(1) == test.target) > 0.85
    words = "8 × 8 × 3" if channels == 3 else "8 × 8"
    assert note == (
        f"The logistic baseline uses the pixels of images of {words}. It was fitted on all "
        f"{len(train):,} training rows, in at most 100 steps."
    )


def test_pixels_are_averages_of_blocks():
    images = np.zeros((2, 32, 64, 3), "uint8")
    images[1, :2, :4, 1] = [[0, 0, 255, 255], [255, 255, 255, 255]]  # a block of 2 x 4: 6/8
    rows = module._pixels(images, small_size(images.shape[1:])).reshape(2, 16, 16, 3)
    assert rows.dtype == np.float32 and not rows[0].any()
    assert rows[1, 0, 0].tolist() == [0, 0.75, 0] and rows[1].sum() == 0.75


@pytest.mark.parametrize(
    "shape, size",
    [
        ((8, 8), (8, 8)), ((16, 16), (16, 16)), ((17, 17), (9, 9)), ((28, 28), (14, 14)),
        ((32, 32), (16, 16)), ((224, 224), (16, 16)), ((1, 1000), (1, 16)),
    ],
)  # fmt: skip
def test_sizes_are_at_most_sixteen(shape, size):
    assert small_size((*shape, 3)) == size


@pytest.mark.parametrize("stream", [False, True])
def test_rows_are_drawn_with_the_seed_and_it_is_said(pictures, monkeypatch, stream):
    data = pictures.digits()
    if stream:
        data = Data(data.train, None, data.test, data.spec)
    monkeypatch.setattr(module, "MAX_ROWS", 300)
    monkeypatch.setattr("kerakit.evaluation.batches.MAX_IMAGE_VALUES", 64 * 100)  # 11 batches
    predict, note = fit_pixels(data)
    assert "fitted on 300 of 1,078 training rows, drawn with seed 0" in note
    chosen = np.sort(np.random.default_rng(0).choice(1078, 300, replace=False))
    table = pictures.digits().table("train").take(chosen)
    same, _ = fit_pixels(Data(table, None, table, data.spec))
    test = pictures.digits().table("test").features
    np.testing.assert_allclose(predict(test), same(test), atol=1e-6)


def test_cost_is_bounded():
    """Rows x pixels x classes stay below the bound, or there is nothing to fit."""
    for shape, classes in (((28, 28, 1), 10), ((224, 224, 3), 2), ((64, 64, 3), 100)):
        size, rows = module._plan(shape, classes, 60_000)
        outputs = 1 if classes == 2 else classes
        assert max(size) <= 16 and 4_000 < rows <= 10_000
        assert size[0] * size[1] * shape[2] * outputs * rows <= module.MAX_CELLS
    assert module._plan((28, 28, 1), 10, 60_000) == ((14, 14), 10_000)
    assert module._plan((64, 64, 3), 100, 60_000) == ((8, 8), 4166)


def _omitted(data):
    baselines, notes = fit_baselines(data)
    assert list(baselines) in (["majority"], ["mean"])
    assert len(notes) == 1 and notes[0].startswith("The logistic baseline was left out: ")
    return notes[0]


def test_where_it_is_left_out_the_reason_is_said(pictures):
    images, ids = pictures.numbered(6), np.int32([0, 1] * 3)

    def data(train=None, **changes):
        made = pictures.data(images, ids, images, ids, ("ant", "bee"))
        train, spec = train or made.table("train"), dataclasses.replace(made.spec, **changes)
        return Data(train, None, made.table("test"), spec)

    image = data().spec.features[0]
    mixed = Table({"image": images, "x": np.zeros(6, "float32")}, ids)
    assert "other features besides" in _omitted(data(mixed, features=(image, Feature("x"))))
    free = Feature("image", "image", "uint8", (None, None, 3))
    assert "not of one size" in _omitted(data(features=(free,)))
    assert "one class only" in _omitted(data(Table({"image": images}, 0 * ids)))
    numbers = Table({"image": images}, ids.astype("float32"))
    assert "not for regression" in _omitted(data(numbers, task="regression", classes=()))
    many = tuple(f"c{i}" for i in range(30_000))
    table = Table({"image": np.zeros((40_000, 2, 2, 1), "uint8")}, np.arange(40_000) % 30_000)
    assert "30,000 classes" in _omitted(data(table, classes=many, class_counts=()))


@pytest.mark.many
def test_streams_that_are_long_or_of_unknown_length(pictures):
    data = pictures.digits()
    spec = pictures.spec((8, 8, 1), data.spec.classes, class_counts=data.spec.class_counts)
    unknown = Data(data.train.filter(lambda *row: True), None, data.test, spec)
    assert "unknown" in _omitted(unknown)
    known = fit_baselines(Data(data.train, None, data.test, spec))[0]  # the stream says it
    assert list(known) == ["majority", "logistic"]
    spec = pictures.spec((8, 8, 1), data.spec.classes, train=2**25)
    long = Data(data.train, None, data.test, spec)
    assert "2.0 GiB of streamed training images" in _omitted(long)


def test_majority_of_streamed_images_is_counted(pictures):
    data = pictures.digits()
    spec = pictures.spec((8, 8, 1), data.spec.classes, train=1078)
    baselines, _ = fit_baselines(Data(data.train, None, data.test, spec))
    target = data.table("train").target
    features = data.table("test").take(slice(2)).features
    np.testing.assert_allclose(baselines["majority"](features), [np.bincount(target) / 1078] * 2)
