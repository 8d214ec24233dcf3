"""Keys and values that every store of MLflow takes."""

from kerakit.integrations.mlflow.names import entries, key, parameter_value


def test_a_key_has_only_characters_that_mlflow_allows():
    assert key("test", "rmse") == "test/rmse"
    assert key("baseline", "k/n n", "R² (π=3%)") == "baseline/k_n n/R² _π_3__"
    # MLflow refuses what is no plain relative path.
    assert key("..", "", " ", ".5") == "__/_/_/.5"


def test_long_keys_and_values_are_cut_by_bytes():
    assert len(key("é" * 200).encode()) == 240
    assert parameter_value("x" * 6001) == "x" * 5997 + "..."
    assert parameter_value("é" * 2998) == "é" * 2998 and parameter_value((64, 32)) == "(64, 32)"
    assert len(parameter_value("数" * 6000).encode()) <= 6000


def test_two_names_never_share_a_key():
    values = entries([(("a b",), 1), (("a?",), 2), (("a!",), 3), (("a_",), 4)])
    assert values == {"a b": 1, "a_": 2, "a__2": 3, "a__3": 4}
