"""From the flags of a recipe to a series."""

import numpy as np
import pytest

from kerakit.errors import DataError
from kerakit.workflow import SeriesFlags
from kerakit.workflow.sequences import load_series_data


def test_the_flags_say_how_a_file_of_a_series_is_written(tmp_path):
    path = tmp_path / "größe.tsv"
    rows = [f"|{day}|\t|1.{day:03d},5|" for day in range(20)]
    rows[3] = "|3|\t|verloren|"
    path.write_bytes("\n".join(["nr\tgröße", *rows]).encode("latin-1"))
    flags = {"value": "größe", "window": 2, "horizon": 1, "test_size": 0.2, "quote": "|"}
    flags |= {"encoding": "latin-1", "separator": "tab", "na_values": "verloren"}
    with pytest.warns(UserWarning, match="1 of 20 values are missing"):
        data = load_series_data(
            SeriesFlags(series=str(path), decimal=",", thousands=".", dataset="", **flags)
        )
    expected = [np.nan if day == 3 else 1000.5 + day for day in range(20)]
    np.testing.assert_array_equal(data.table("train").features["window"].series, expected)
    with pytest.raises(DataError, match="Pass decimal=',' and thousands='.'"):
        load_series_data(SeriesFlags(series=str(path), dataset="", **flags))
