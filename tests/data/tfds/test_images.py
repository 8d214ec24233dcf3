"""Sets of images of TensorFlow Datasets."""

import numpy as np
import pytest

from kerakit.data import load_tfds
from kerakit.data.storage.mapped import is_mapped
from kerakit.errors import DataError


@pytest.fixture(scope="module")
def prepared(test_data):
    return test_data / "tfds"


@pytest.fixture(scope="module")
def mnist(prepared):
    return load_tfds("mnist", data_dir=prepared)


def pairs(images, ids):
    return sorted((image.tobytes(), int(i)) for image, i in zip(images, ids, strict=True))


def test_mnist_is_what_tfds_reads(prepared, mnist):
    import tensorflow_datasets as tfds

    spec = mnist.spec
    assert spec.sizes == {"train": 48_000, "validation": 12_000, "test": 10_000}
    assert (spec.task, spec.classes, spec.dataset) == (
        "multiclass",
        tuple("0123456789"),
        "tfds:mnist",
    )
    for splits in (("test",), ("train", "validation")):
        known = tfds.load("mnist", data_dir=prepared, split=splits[0], batch_size=-1)
        known = tfds.as_numpy(known)
        tables = [mnist.table(split) for split in splits]
        found = np.concatenate([table.features["image"] for table in tables])
        ids = np.concatenate([table.target for table in tables])
        assert pairs(found, ids) == pairs(known["image"], known["label"])


def test_mnist_has_known_statistics(mnist):
    # Of all 60,000 training images the mean is 0.1307 and the deviation 0.3081 (of 255).
    (feature,) = mnist.spec.features
    assert feature.shape == (28, 28, 1) and feature.maximum == (255.0,)
    assert feature.mean[0] / 255 == pytest.approx(0.1307, abs=3e-4)
    assert np.sqrt(feature.variance[0]) / 255 == pytest.approx(0.3081, abs=3e-4)
    counts = np.bincount(mnist.table("validation").target)
    np.testing.assert_allclose(counts, np.array(mnist.spec.class_counts) / 4, atol=1)


@pytest.mark.slow
def test_another_size_positive_and_file_or_stream(prepared, mnist):
    small = load_tfds("mnist", data_dir=prepared, image_size=14, cache_mb=0)
    assert small.spec.features[0].shape == (14, 14, 1)
    assert is_mapped(small.table("train").features["image"])
    features, target = next(iter(small.test))
    first = mnist.table("test")
    assert target == first.target[0]
    halves = first.features["image"][0].reshape(14, 2, 14, 2).mean(axis=(1, 3))
    assert np.corrcoef(features["image"].numpy().ravel(), halves.ravel())[0, 1] > 0.97
    stream = load_tfds("mnist", data_dir=prepared, cache_mb=0, disk_mb=0)
    assert stream.spec == mnist.spec and stream.table("train") is None
    for (one, i), (two, j) in zip(stream.train.take(200), mnist.train.take(200), strict=True):
        assert i == j and np.array_equal(one["image"], two["image"])


def test_what_is_for_tables_is_refused_for_images(prepared):
    with pytest.raises(DataError, match="mnist is a set of images, for which exclude= has no"):
        load_tfds("mnist", data_dir=prepared, exclude="label")
    with pytest.raises(DataError, match="for which task= has no meaning"):
        load_tfds("mnist", data_dir=prepared, task="regression")
    with pytest.raises(DataError, match="the target 'image' is .*one class label"):
        load_tfds("mnist", data_dir=prepared, target="image")
