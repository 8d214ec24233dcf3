"""Tables of TensorFlow Datasets."""

import pytest

from kerakit.data import load_tfds


@pytest.fixture(scope="module")
def prepared(test_data):
    return test_data / "tfds"


@pytest.mark.many
@pytest.mark.filterwarnings("ignore:.*like an identifier")
@pytest.mark.parametrize(
    ("name", "rows", "task", "classes", "width"),
    [
        ("wine_quality/red", 1599, "regression", 0, 11),
        ("wine_quality/white", 4898, "regression", 0, 11),
        ("titanic", 1309, "binary", 2, 13),
        ("penguins/processed", 334, "multiclass", 3, 4),
        ("iris", 150, "multiclass", 3, 4),
        ("german_credit_numeric", 1000, "binary", 2, 24),
    ],
)
def test_tabular_sets_load_with_their_sizes(prepared, name, rows, task, classes, width):
    spec = load_tfds(name, data_dir=prepared).spec
    assert sum(spec.sizes.values()) == rows
    assert (spec.task, len(spec.classes)) == (task, classes)
    assert sum(feature.size for feature in spec.features) == width


@pytest.mark.many
@pytest.mark.filterwarnings("ignore:.*like an identifier")
def test_labels_and_strings_are_words(prepared):
    data = load_tfds("titanic", data_dir=prepared)
    features = {feature.name: feature for feature in data.spec.features}
    assert data.spec.classes == ("died", "survived")
    assert set(features["sex"].vocabulary) == {"male", "female"}
    assert features["home_dest"].column == "home.dest"
    assert isinstance(data.table("train").features["name"][0], str)
    assert features["age"].kind == "numeric"


@pytest.mark.many
def test_vectors_stay_vectors_and_columns_are_mapped(prepared):
    (feature,) = load_tfds("iris", data_dir=prepared).spec.features
    assert (feature.name, feature.shape) == ("features", (4,))
    assert 5.7 < feature.mean[0] < 6.0  # sepal length; 5.84 over all rows
    wine = load_tfds("wine_quality/red", data_dir=prepared, exclude="pH").spec
    assert "fixed_acidity" in wine.feature_names and "pH" not in wine.feature_names


@pytest.mark.many
def test_another_target_can_be_asked_for(prepared):
    data = load_tfds("wine_quality/red", target="alcohol", data_dir=prepared)
    assert data.spec.target.names == ("alcohol",)
    assert "alcohol" not in data.spec.feature_names and "quality" in data.spec.feature_names
