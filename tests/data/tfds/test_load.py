"""Sets of TensorFlow Datasets that cannot be loaded."""

import pytest

from kerakit.data import load_tfds
from kerakit.errors import DataError


@pytest.fixture(scope="module")
def prepared(test_data):
    return test_data / "tfds"


@pytest.mark.many
def test_what_cannot_be_loaded_is_said_plainly(prepared, tmp_path):
    with pytest.raises(DataError, match="no set 'wine_qualty'. Did you mean 'wine_quality'"):
        load_tfds("wine_qualty", data_dir=prepared)
    with pytest.raises(DataError, match="cannot load 'wine_quality/blue': BuilderConfig blue"):
        load_tfds("wine_quality/blue", data_dir=prepared)
    with pytest.raises(DataError, match=r"titanic is not prepared in .*pass download=True"):
        load_tfds("titanic", data_dir=tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        load_tfds("titanic", data_dir=tmp_path / "nowhere")
    with pytest.raises(DataError, match="no column 'qualty'.*'quality'"):
        load_tfds("wine_quality/red", target="qualty", data_dir=prepared)


def test_what_is_for_images_is_refused_for_a_table(prepared):
    with pytest.raises(DataError, match="iris is a table, for which image_size= has no meaning"):
        load_tfds("iris", data_dir=prepared, image_size=28)
