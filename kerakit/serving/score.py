"""Scoring a file: columns in, one column per output out."""

import csv as csv_format
import pathlib

import numpy as np

from kerakit.checks import check_int
from kerakit.errors import DataError
from kerakit.files import atomic_path

__all__ = ["LABEL_SEPARATOR", "score_file"]

LABEL_SEPARATOR = ";"

_PARQUET = (".parquet", ".pq")
_ORDER = ("prediction", "lower", "upper", "label", "labels", "confidence", "probabilities")


def score_file(served, csv, out, batch_size, text):
    """Write the answers of `served` to the rows of the file `csv` to the file `out`.

    Args:
        served: `Served`.
        csv, out: paths.
        batch_size: int.
        text: dict. How the text of the file is laid out, for `read_delimited`.

    Returns:
        int, the number of rows.
    """
    batch_size = check_int("predict_csv", "batch_size", batch_size, minimum=1)
    path = pathlib.Path(csv)
    columns, place, typed = _read(path, text)
    features = {}
    for feature in served.spec.features:
        name = next((n for n in (feature.column, feature.name) if n in columns), None)
        if name is None:
            raise DataError(
                f"{path}: there is no column {(feature.column or feature.name)!r}, which the model "
                f"takes. The columns are {', '.join(map(repr, columns))}."
            )
        features[feature.name] = _values(feature, name, columns[name], typed, path, place)
    rows = len(next(iter(features.values())))
    with atomic_path(out) as aside, open(aside, "w", newline="", encoding="utf-8") as file:
        writer = csv_format.writer(file, lineterminator="\n")
        for start in range(0, rows, batch_size):
            stop = start + batch_size
            answer = served({name: column[start:stop] for name, column in features.items()})
            ordered = {name: answer[name] for name in _ORDER if name in answer}
            table = dict(_flat(ordered, served.spec))
            if start == 0:
                writer.writerow(table)
            writer.writerows(zip(*table.values(), strict=True))
    return rows


def _read(path, text):
    """`(columns, place, typed)` of a file: Arrow columns by name."""
    from kerakit.data.delimited import read_delimited

    try:
        if path.suffix.lower() in _PARQUET:
            import pyarrow as pa
            import pyarrow.parquet

            try:
                table = pyarrow.parquet.read_table(path)
            except pa.ArrowException as error:
                raise DataError(f"{path} cannot be read as Parquet: {error}") from error
            columns = dict(zip(table.column_names, table.columns, strict=True))
            return columns, lambda row: f"{path}, row {row + 1}", True
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not content:
        raise DataError(f"{path} is empty. Expected rows of values.")
    columns, place, _ = read_delimited(content, str(path), **text)
    return columns, place, False


def _values(feature, name, column, typed, path, place):
    """A column of the file as the model takes it."""
    from kerakit.data.columns import Numbers, read_column

    if feature.shape != ():
        raise DataError(
            f"The model takes {feature.name!r} as an array of shape {feature.shape}, which a file "
            "of columns cannot hold. Use load_served."
        )
    read = read_column(column, None, typed, f"{path}, column {name!r}")
    if feature.dtype == "string":
        return read.texts().strings()
    if isinstance(read, Numbers):
        values = read.values
    else:
        wrong = read.odd[read.codes]
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{place(row)}, column {name!r}: {read.written[read.codes[row]]!r} is not a "
                "number. Correct it, or leave the cell empty."
            )
        values = read.numbers()
    with np.errstate(over="ignore"):
        values = values.astype("float32")
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise DataError(f"{place(row)}, column {name!r}: the value is infinite or beyond float32.")
    return values


def _flat(answer, spec):
    """Name and values of each column of the file to write."""
    for name, values in answer.items():
        if name == "labels":
            yield name, [LABEL_SEPARATOR.join(filter(None, row)) for row in values]
        elif values.ndim == 1:
            yield name, values
        elif name == "probabilities":
            for label, column in zip(spec.classes, values.T, strict=True):
                yield f"probability_{label}", column
        else:
            for target, column in zip(spec.target.names, values.T, strict=True):
                yield f"{name}_{target}", column
