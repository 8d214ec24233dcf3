"""Sets of texts of TensorFlow Datasets, prepared here from a script of a few lines."""

import pytest
import tensorflow_datasets as tfds

from kerakit.data import load_tfds
from kerakit.errors import DataError


class TinyReviews(tfds.core.GeneratorBasedBuilder):
    """Reviews with a label, some without, as `imdb_reviews` has them."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = None

    def _info(self):
        features = {
            "text": tfds.features.Text(),
            "label": tfds.features.ClassLabel(names=["neg", "pos"]),
        }
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("text", "label"),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._rows(40), "test": self._rows(10, "é"), "unsupervised": self._rows(5)}

    def _generate_examples(self):
        raise NotImplementedError

    def _rows(self, count, word="good"):
        for row in range(count):
            yield row, {"text": f"{word} film {row}", "label": -1 if row == 7 else row % 2}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    TinyReviews(data_dir=folder).download_and_prepare()
    return folder


@pytest.mark.many
def test_texts_become_one_feature(prepared):
    data = load_tfds("tiny_reviews", data_dir=prepared)
    spec = data.spec
    assert (spec.task, spec.classes, spec.dataset) == (
        "binary",
        ("neg", "pos"),
        "tfds:tiny_reviews",
    )
    # Of 40 and of 10 one has no label.
    assert spec.sizes == {"train": 31, "validation": 8, "test": 9}
    assert spec.features[0].vocabulary[:2] == ("film", "good") and spec.feature_names == ("text",)
    table = data.table("test")
    found = sorted(zip(table.features["text"], table.target.tolist(), strict=True))
    assert found == sorted((f"é film {row}", row % 2) for row in range(10) if row != 7)


@pytest.mark.many
def test_options_and_targets(prepared):
    data = load_tfds("tiny_reviews", data_dir=prepared, pos_label="neg", validation_size=0)
    assert data.spec.classes == ("pos", "neg") and data.table("validation") is None
    for option in ({"groups": "label"}, {"image_size": 8}, {"exclude": "label"}, {"unit": "m"}):
        (name,) = option
        with pytest.raises(DataError, match=f"a set of texts, for which {name}= has no meaning"):
            load_tfds("tiny_reviews", data_dir=prepared, **option)
    with pytest.raises(DataError, match="the target 'text' is .*one class label per text"):
        load_tfds("tiny_reviews", data_dir=prepared, target="text")
