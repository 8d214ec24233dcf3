"""Built-in sets that are series: one to forecast, and labelled sequences."""

import numpy as np

from kerakit.data.builtin.generated import mackey_glass
from kerakit.data.options import Options
from kerakit.data.sequences.assemble import Sequences, sequence_data
from kerakit.data.series.forecast import forecast_data
from kerakit.data.series.options import SeriesOptions
from kerakit.data.series.source import read_series

__all__ = ["builtin_forecast", "builtin_sequences"]

_OWNER = "load_builtin"
_STEPS = 8  # rows of a digit


def builtin_forecast(name, **options):
    """Return `Data` of the windows of `mackey_glass`.

    Args:
        name: str. The set.
        options: as in `SeriesOptions`.
    """
    options = SeriesOptions(_OWNER, **options)
    series = read_series(mackey_glass(), options, name=name)
    return forecast_data({"train": series}, options, dataset=name)[0]


def builtin_sequences(name, x, y, target, **options):
    """Return `Data` of labelled sequences.

    Args:
        name: str. The set.
        x: array of shape `(n, steps)`, or of digits `(n, 64)`, which become 8 steps of 8.
        y: n labels.
        target: str. The target's name.
        options: as in `Options`.
    """
    if name == "digits":
        x = np.reshape(x, (-1, _STEPS, _STEPS))
    sequences = Sequences(
        name=name,
        values=list(x),
        labels=[str(label) for label in y],
        place=lambda row: f"{name}, sequence {row} (counted from 0)",
    )
    parts = {"train": sequences}
    return sequence_data(parts, Options(_OWNER, **options), dataset=name, target=target)[0]
