"""Labelled sequences, which are classified whole: `.ts` files."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING, Any

from kerakit.checks import check, naming
from kerakit.data.options import Options
from kerakit.data.sequences.assemble import sequence_data
from kerakit.data.sequences.ts_file import is_ts_file, read_ts
from kerakit.status import telling
from kerakit.warn import warn

if TYPE_CHECKING:
    from kerakit.data.data import Data

__all__ = ["load_sequences"]


@telling("Reading {}")
def load_sequences(
    source: str | os.PathLike[str],
    *,
    test: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    seed: int = 0,
    dataset: str | None = None,
) -> Data:
    """Load labelled sequences from `.ts` files to classify whole sequences.

    A `.ts` file (UCR and UEA archives) holds sequences of numbers, each with one label. The
    sequences have one or several channels, and equal or different lengths. The splits that
    `test=` and `validation=` do not give are drawn at random from `source`, each class in
    proportion. Statistics come from the training sequences only.

    To forecast a series, use `load_series`.

    Args:
        source: str or path. A `.ts` file.
        test, validation: str or path. `.ts` files with the same channels and labels. Default to
            `None`: a fraction of `source` is split off.
        test_size: float in `(0.0, 1.0)`. Fraction of the sequences to test on. Defaults to
            `0.2`.
        validation_size: float in `[0.0, 1.0)`. Fraction of the other sequences to validate on;
            0 for none. Defaults to `0.2`.
        seed: int in `[0, inf)`. Seed of the split. Defaults to `0`.
        dataset: str. Name of the data in reports. Defaults to `None`: the file's name.

    Returns:
        `Data` of the task `"binary"` or `"multiclass"`. The input `series` is float32 of shape
        `(steps,)` or `(steps, channels)`; shorter sequences end in NaN. The target is an int32
        class id.

    Raises:
        DataError: when a file, value or label cannot be used; the message has the file and the
            line.
        ArgumentError: when an argument has a value that it cannot have.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "steps.ts")
    >>> lines = [f"{n},{n + 1},{n + 2}:up" for n in range(10)]
    >>> lines += [f"{n},{n - 1}:down" for n in range(10)]
    >>> header = ["@univariate true", "@classLabel true up down", "@data"]
    >>> _ = path.write_text("\\n".join([*header, *lines]))
    >>> data = load_sequences(path)
    >>> data.spec.task, data.spec.sizes, data.spec.classes
    ('binary', {'train': 13, 'validation': 3, 'test': 4}, ('down', 'up'))
    >>> data.table("train").features["series"].shape
    (13, 3)
    """
    owner = "load_sequences"
    check(dataset is None or isinstance(dataset, str), owner, "dataset", "a str or None", dataset)
    options = Options(owner, test_size=test_size, validation_size=validation_size, seed=seed)
    files: dict[str, Any] = {"source": source, "validation": validation, "test": test}
    for parameter, file in files.items():
        check(
            is_ts_file(file) or (file is None and parameter != "source"),
            owner,
            parameter,
            "the path of a .ts file of labelled sequences (load_series loads a series to forecast)",
            file,
        )
    with naming(owner):
        sequences = {
            "train" if parameter == "source" else parameter: read_ts(file)
            for parameter, file in files.items()
            if file is not None
        }
        data, notes = sequence_data(
            sequences, options, dataset=dataset or pathlib.Path(source).name
        )
    for note in notes:
        warn(note)
    return data
