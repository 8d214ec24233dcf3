"""Other spellings of a category in requests, as the graph reads them."""

import numpy as np
import pytest

import kerakit as kk
from kerakit.data.spec import Feature, Spec
from kerakit.serving import load_served
from kerakit.serving.exporting.wire_spelling import respelling

SPEC = Spec(
    "regression",
    tuple(
        Feature(name, "categorical", "string", vocabulary=words)
        for name, words in {
            "shop": ("3", "007", ""),
            "stock": ("3", "12"),
            "open": ("True", "False"),
            "town": ("caf\u00e9", "Rome"),
            "mark": (" a", "b"),
        }.items()
    ),
)


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("shop", "3.0", "3"),
        ("shop", "7", "007"),
        ("shop", " 3 ", "3"),
        ("shop", "12.0", "12"),  # unknown either way
        ("shop", "9.0", "9.0"),
        ("shop", "1", "True"),  # unknown either way
        ("shop", "", ""),
        ("stock", "12.0", "12"),
        ("stock", "7", "007"),  # unknown either way
        ("open", "true", "True"),
        ("open", "0", "False"),
        ("town", "cafe\u0301", "caf\u00e9"),
        ("town", "rome", "rome"),
        ("mark", " a", " a"),
    ],
)
def test_another_spelling_is_read_as_the_category(name, sent, read):
    function, _ = respelling(SPEC)
    row = {feature.name: np.array([feature.vocabulary[0]], object) for feature in SPEC.features}
    answer = function(row | {name: np.array([sent], object)})
    assert answer[name].numpy()[0].decode() == read if name != "mark" else answer[name][0] == read
    others = [key for key in row if key not in (name, "mark")]
    assert all(answer[key].numpy()[0].decode() == row[key][0] for key in others)


@pytest.mark.parametrize("numbers", [{"kind": "numeric"}, {"kind": "text", "dtype": "string"}])
def test_numbers_and_texts_are_left_alone(numbers):
    function, tables = respelling(Spec("regression", (Feature("a", **numbers),)))
    assert not tables
    assert function({"a": " 3.0"}) == {"a": " 3.0"}


@pytest.mark.export
@pytest.mark.training
def test_an_export_answers_another_spelling_as_the_category(tmp_path):
    x = {"shop": [str(i % 5) for i in range(60)], "open": ["true", "false", "true"] * 20}
    data = kk.load_arrays(x, np.arange(60) % 5 * 9.0)
    model = kk.linear_regressor(data)
    kk.compile(model)
    kk.fit(model, data, epochs=1, verbose=0)
    served = load_served(kk.export(model, data, tmp_path / "shops", verify=False))
    usual = served({"shop": ["3", "1", "no"], "open": ["true", "false", "true"]})
    other = served({"shop": ["3.0", " 1", "99.0"], "open": ["TRUE", "0", " true"]})
    np.testing.assert_array_equal(other["prediction"], usual["prediction"])
