"""Column names as input names."""

import pytest

from kerakit.data.names import identifiers, near_match
from kerakit.errors import DataError


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("alcohol", "alcohol"),
        ("pH", "pH"),
        ("a_", "a_"),
        ("fixed acidity", "fixed_acidity"),
        ("sepal length (cm)", "sepal_length_cm"),
        ("home.dest", "home_dest"),
        ("Größe", "Groe"),
        ("2nd", "column_2nd"),
        ("_hidden", "hidden"),
        ("b64", "column_b64"),
        ("class", "column_class"),
        ("self", "column_self"),
        ("network", "column_network"),
        ("Preprocess", "column_Preprocess"),
    ],
)
def test_each_column_gets_an_identifier(column, name):
    assert identifiers([column]) == {column: name}


def test_a_name_without_a_latin_letter_gets_its_place():
    assert identifiers(["age", "年齢", "%"]) == {"age": "age", "年齢": "column_2", "%": "column_3"}


@pytest.mark.parametrize("columns", [("a b", "a-b"), ("pH", "ph"), ("x", "X%")])
def test_two_columns_of_one_identifier_are_both_named(columns):
    with pytest.raises(DataError) as caught:
        identifiers(columns, "wine.csv")
    assert "wine.csv" in str(caught.value)
    assert all(repr(column) in str(caught.value) for column in columns)


def test_near_match_ignores_case_and_stays_silent_when_nothing_is_near():
    assert near_match("QUALITY", ["alcohol", "quality"]) == " Did you mean 'quality'?"
    assert near_match("zzz", ["alcohol"]) == ""


@pytest.mark.export
def test_identifiers_name_the_inputs_of_a_saved_model(tmp_path):
    """The names that are mapped away do break a signature; what they become does not."""
    keras = pytest.importorskip("keras")
    tf = pytest.importorskip("tensorflow")
    names = list(identifiers(["_a", "class", "self", "b64", "network", "2 x"]).values())
    inputs = {name: keras.Input((), name=name) for name in names}
    columns = [keras.layers.Reshape((1,))(one) for one in inputs.values()]
    stacked = keras.layers.Concatenate()(columns)
    model = keras.Model(inputs, keras.layers.Dense(1, name="network")(stacked))
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [{name: tf.TensorSpec((None,), tf.float32, name=name) for name in names}]
    archive.add_endpoint("serving_default", lambda x: model(x), input_signature=signature)
    archive.write_out(tmp_path / "model", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    assert set(served.structured_input_signature[1]) == set(names)
