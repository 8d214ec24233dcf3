"""Sets of images of TensorFlow Datasets."""

import numpy as np
import pytest
import tensorflow_datasets as tfds
from marks import first, needs

from kerakit.data import load_tfds
from kerakit.data.storage.mapped import is_mapped
from kerakit.errors import DataError

pytestmark = pytest.mark.many


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    """Pictures of one grey value each and of two sizes, some without a label."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = None

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=["cat", "dog"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._rows(range(40)), "test": self._rows(range(100, 110))}

    def _generate_examples(self):
        raise NotImplementedError

    def _rows(self, values):
        for value in values:
            sides = (6, 8) if value % 3 else (12, 10)
            pixels = np.full((*sides, 3), value, np.uint8)
            yield value, {"image": pixels, "label": -1 if value % 100 == 7 else value % 2}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    TinyPictures(data_dir=folder).download_and_prepare()
    return folder


@pytest.mark.parametrize("cache", first(1, [{}, {"cache_mb": 0, "disk_mb": 0}]))
def test_pictures_become_one_feature_with_the_sets_own_splits(tiny, cache, pictures):
    with pytest.warns(UserWarning, match="2 of 50 images .*'record [0-9]+': no label") as caught:
        data = load_tfds("tiny_pictures", data_dir=tiny, **cache)
    assert [warning.filename for warning in caught if warning.category is UserWarning] == [__file__]
    spec = data.spec
    assert (spec.task, spec.classes, spec.dataset) == (
        "binary",
        ("cat", "dog"),
        "tfds:tiny_pictures",
    )
    # Of 40 and of 10 one has no label. Sizes differ: a square of the median of 6 and 10.
    assert spec.sizes == {"train": 31, "validation": 8, "test": 9}
    assert spec.features[0].shape == (6, 6, 3) and spec.target.names == ("label",)
    rows = pictures.every(data)  # 31 and 8 of the training split, then 9 of the test split
    known = [[(value, value % 2) for value in values] for values in (range(40), range(100, 110))]
    assert sorted(rows[:39]) == [row for row in known[0] if row[0] != 7]
    assert sorted(rows[39:]) == [row for row in known[1] if row[0] != 107]
    train = np.array([value for value, _ in rows[:31]])
    np.testing.assert_allclose(spec.features[0].mean, train.mean())


@pytest.mark.filterwarnings("ignore:.*are left out")
def test_another_size_and_positive_class(tiny):
    data = load_tfds("tiny_pictures", data_dir=tiny, image_size=(4, 5), channels=1, pos_label="cat")
    assert data.spec.features[0].shape == (4, 5, 1) and data.spec.classes == ("dog", "cat")


def test_what_is_for_tables_is_refused_for_images(tiny):
    with pytest.raises(DataError, match="pictures is a set of images, for which exclude= has no"):
        load_tfds("tiny_pictures", data_dir=tiny, exclude="label")
    with pytest.raises(DataError, match="for which task= has no meaning"):
        load_tfds("tiny_pictures", data_dir=tiny, task="regression")
    with pytest.raises(DataError, match="the target 'image' is .*one class label"):
        load_tfds("tiny_pictures", data_dir=tiny, target="image")


@pytest.fixture(scope="module")
def prepared(test_data):
    return test_data / "tfds"


@pytest.fixture(scope="module")
@needs("large")
def mnist(prepared):
    return load_tfds("mnist", data_dir=prepared)


def pairs(images, ids):
    return sorted((image.tobytes(), int(i)) for image, i in zip(images, ids, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "splits", [("test",), pytest.param(("train", "validation"), marks=pytest.mark.slow)], ids=str
)
def test_mnist_is_what_tfds_reads(prepared, mnist, splits):
    spec = mnist.spec
    assert spec.sizes == {"train": 48_000, "validation": 12_000, "test": 10_000}
    assert (spec.task, spec.classes, spec.dataset) == (
        "multiclass",
        tuple("0123456789"),
        "tfds:mnist",
    )
    known = tfds.load("mnist", data_dir=prepared, split=splits[0], batch_size=-1)
    known = tfds.as_numpy(known)
    tables = [mnist.table(split) for split in splits]
    found = np.concatenate([table.features["image"] for table in tables])
    ids = np.concatenate([table.target for table in tables])
    assert pairs(found, ids) == pairs(known["image"], known["label"])


@pytest.mark.slow
def test_mnist_has_known_statistics(mnist):
    # Of all 60,000 training images the mean is 0.1307 and the standard deviation 0.3081 (of 255).
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
