"""What the user of a series can decide."""

import numpy as np
import pytest

from kerakit.data import load_series
from kerakit.errors import ArgumentError

COUNT = np.arange(20.0)


def test_default_lengths_follow_the_season():
    known = load_series(np.sin(np.arange(400)), season=12, dataset="waves").spec
    assert (known.series.horizon, known.series.window, known.dataset) == (12, 48, "waves")
    assert known.series.step is None
    unknown = load_series(np.sin(np.arange(400))).spec.series
    assert (unknown.horizon, unknown.window, unknown.season) == (1, 4, 1)
    chosen = load_series(np.sin(np.arange(400)), season=12, horizon=2).spec.series
    assert (chosen.horizon, chosen.window) == (2, 24)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"window": 0}, r"'window' .* int in the range \[1, inf\)"),
        ({"horizon": 1.5}, "'horizon'"),
        ({"stride": None}, "'stride'"),
        ({"season": 0}, "'season'"),
        ({"calendar": "dya"}, "'calendar' .*Did you mean 'day'"),
        ({"gaps": "fil"}, "'gaps' .*Did you mean 'fill'"),
        ({"test_size": 0}, r"'test_size' .*float in the range \(0.0, 1.0\), or an int in .*\[1"),
        ({"test_size": 1.0}, "'test_size'"),
        ({"test_size": True}, "'test_size'"),
        ({"validation_size": -1}, r"'validation_size' .*\[0, inf\)"),
        ({"value": 3}, "'value'"),
        ({"time": 3}, "'time'"),
        ({"unit": 3}, "'unit'"),
        ({"seed": -1}, "'seed'"),
    ],
)
def test_parameters_are_checked(options, message):
    with pytest.raises(ArgumentError, match=message):
        load_series(COUNT, **options)


@pytest.mark.parametrize("name", ["toy.ts", "TOY.TS"])
def test_labelled_sequences_are_told_where_to_go(name):
    message = (
        r"parameter of load_series must be a CSV or Parquet file, .* \(load_sequences loads "
        rf"\.ts files of labelled sequences\)\. Got '{name}' instead"
    )
    with pytest.raises(ArgumentError, match="'source' " + message):
        load_series(name)
    for split in ("test", "validation"):
        with pytest.raises(ArgumentError, match=f"'{split}' " + message):
            load_series(COUNT, **{split: name})
