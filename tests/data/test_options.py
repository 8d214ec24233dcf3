"""Parameters that the loaders of tables check before they read."""

import pytest

from kerakit.data import load_csv
from kerakit.errors import ArgumentError

TABLE = "alcohol,quality\n" + "1,2\n3,4\n" * 10


@pytest.mark.parametrize(
    "options",
    [
        {"test": 3},
        {"test_size": 0},
        {"test_size": 1.0},
        {"test_size": -0.1},
        {"validation_size": 1.5},
        {"seed": -1},
        {"seed": 0.5},
        {"task": "forecast"},
        {"separator": ",,"},
        {"encoding": "utf-99"},
        {"exclude": 3},
        {"column_types": ["numeric"]},
        {"columns": 4},
    ],
)
def test_bad_parameters_are_refused_by_name(write, options):
    (name,) = options
    with pytest.raises(ArgumentError, match=f"The '{name}' parameter of load_csv must be"):
        load_csv(write(TABLE), "quality", **options)


def test_the_path_must_be_one():
    with pytest.raises(ArgumentError, match="The 'path' parameter of load_csv must be"):
        load_csv(3, "quality")
