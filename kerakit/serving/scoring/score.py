"""`predict_csv`: a file of rows in, a file of answers out, one block of rows at a time."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from kerakit.checks import check_int
from kerakit.data.columns.number_format import NumberFormat
from kerakit.data.columns.spelling import spellings_of
from kerakit.data.files.signature import HEAD, is_parquet
from kerakit.data.options import check_text, names
from kerakit.data.table_files.json_rows import JSON, is_json
from kerakit.data.table_files.parquet_stream import ParquetStream
from kerakit.data.tables.unknown import UnknownValues
from kerakit.errors import ArgumentError, DataError
from kerakit.files import atomic_path
from kerakit.serving.answering.cells import feature_values
from kerakit.serving.answering.columns import answer_columns
from kerakit.serving.scoring.columns import columns_of_features
from kerakit.serving.scoring.kept import as_written, find_kept, kept_names
from kerakit.serving.scoring.output import PARQUET, open_answers
from kerakit.serving.scoring.progress import ScoreProgress
from kerakit.serving.scoring.series import forecast_file
from kerakit.serving.served import load_served
from kerakit.status import status
from kerakit.warn import warn

__all__ = ["predict_csv"]


def predict_csv(
    path: str | os.PathLike[str],
    csv: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    batch_size: int = 4096,
    columns: Sequence[str] | None = None,
    separator: str | None = None,
    quote: str | None = '"',
    encoding: str = "utf-8",
    na_values: Sequence[str] | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    keep: str | Sequence[str] = (),
    verbose: bool | Literal["auto"] = "auto",
) -> int:
    """Score a file of CSV, JSON lines or Parquet with an exported model: an answer per row.

    The file is read, answered and written in blocks, so that memory does not grow with it. A
    forecaster is different: the file has one row for each step of time, and the answers are the
    steps after its last row.

    Args:
        path: path of an export.
        csv: path of a CSV (or TSV, also gzipped, or Parquet) file with the columns of the
            training data, under their names in that data or in the model. Other columns are
            ignored.
        out: path of the file to write, CSV or (`.parquet`, `.pq`) Parquet, with one column
            per output: `prediction`, `lower` and `upper` (`prediction_TARGET` for several
            targets); `label` (or `labels`, joined by `;`), `confidence` and
            `probability_CLASS`; of a forecaster the times ahead (where the file has times at
            equal steps) and the channels. The file is written whole or not at all.
        batch_size: int in [1, inf). Rows that the model answers at a time. Defaults to
            4096 (tests/benchmarks/scoring_speed.py).
        columns, separator, quote, encoding: as for `load_csv`.
        na_values, decimal, thousands: as for `load_csv`. Default to `None`: as in the training
            data.
        keep: str, or sequence of str. Columns of the file, such as an id, that are written before
            the answers, as they were written. Defaults to `()`.
        verbose: bool, or `"auto"` to show progress on a terminal only. Defaults to
            `"auto"`.

    Returns:
        int, the number of rows.

    Raises:
        DataError: when a file cannot be read, a column is missing, or a cell is not a
            number. The message names its line (of a Parquet file its row, counted from 0).
        ArgumentError: when there is no export at `path`, or another parameter has a wrong
            value.

    Example:

    ```python
    kk.serving.predict_csv("saved_models/wine", "new.csv", "scores.csv")
    ```
    """
    owner = "predict_csv"
    batch_size = check_int(owner, "batch_size", batch_size, minimum=1)
    text = _check_text(owner, columns, separator, quote, encoding)
    na_values = None if na_values is None else names(owner, "na_values", na_values)
    keep = kept_names(owner, keep)
    source, out = pathlib.Path(csv), pathlib.Path(out)
    _check_files(source, out)
    stream = _open(source, text)
    with status("Loading the model", verbose and "auto"):
        served = load_served(path)
    na_values = served.spec.na_values if na_values is None else na_values
    form = NumberFormat.checked(
        owner,
        served.spec.decimal if decimal is None else decimal,
        served.spec.thousands if thousands is None else thousands,
    )
    if served.spec.series is not None:
        with _no_empty_folders(out):
            return forecast_file(
                served, source, out, text=text, na_values=na_values, format=form, keep=keep
            )
    if form.decimal != ".":  # a comma is then seldom the separator
        stream = _open(source, {**text, "decimal": form.decimal})
    found = columns_of_features(served.spec, stream.names, source, stream.hint)
    keep = find_kept(keep, stream.names, served, source)
    unknown = _unknown_values(served.spec, found)
    blocks = _blocks(stream, served.spec, found, keep, na_values, form, source)
    batches = _batches(_counted(blocks, unknown), batch_size)
    rows = 0
    with (
        ScoreProgress(verbose) as progress,
        _no_empty_folders(out),
        atomic_path(out) as aside,
        open_answers(aside) as write,
    ):
        for values in batches:
            kept = dict(zip(keep, values[len(found) :], strict=True))
            write(kept | answer_columns(served.answer(values[: len(found)]), served.spec))
            rows += len(values[0])
            progress.show(rows, stream.fraction_read())
    for column in unknown.values():
        warning = column.warning(str(source))
        if warning:
            warn(warning)
    return rows


def _unknown_values(spec, found):
    """Dict from the index of a categorical feature to the count of its unknown values."""
    return {
        index: UnknownValues(name, spellings_of(feature))
        for index, (feature, name) in enumerate(zip(spec.features, found, strict=True))
        if feature.kind == "categorical"
    }


def _counted(blocks, unknown):
    """Yield the blocks, and count the unknown values of each."""
    for values in blocks:
        for index, column in unknown.items():
            column.add(values[index])
        yield values


def _blocks(stream, spec, found, keep, na_values, form, file):
    """Yield the values of all features and kept columns, block by block: lists of arrays."""
    wanted = list(dict.fromkeys([*found, *keep]))
    untyped = not isinstance(stream, ParquetStream)
    for first, columns in stream.blocks(wanted):

        def location(row, first=first):
            return stream.location(first + row)

        yield [
            feature_values(
                feature,
                columns[name],
                name=name,
                typed=stream.typed,
                na_values=na_values,
                file=file,
                location=location,
                format=form,
            )
            for feature, name in zip(spec.features, found, strict=True)
        ] + [as_written(columns[name], untyped) for name in keep]


def _batches(blocks, size):
    """Yield batches of `size` rows, the last one of the rows that are left.

    A batch of another size costs time and memory: the kernels are prepared for each size.
    """
    left = None
    for values in blocks:
        if left is not None:
            values = [_joined(pair) for pair in zip(left, values, strict=True)]
        whole = len(values[0]) // size * size
        for start in range(0, whole, size):
            yield [column[start : start + size] for column in values]
        left = [column[whole:] for column in values] if len(values[0]) > whole else None
    if left is not None:
        yield left


def _joined(pair):
    if isinstance(pair[0], np.ndarray):
        return np.concatenate(pair)
    import pyarrow as pa

    return pa.concat_arrays(pair)


def _open(path, text):
    head = b""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = file.read(HEAD)
    if path.suffix.lower() in PARQUET or is_parquet(head):
        if text["columns"] is not None:
            raise DataError(
                f"The 'columns' parameter of predict_csv is for text, and the Parquet file {path} "
                "names its columns. Leave it out."
            )
        return ParquetStream(path)
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if suffixes & {*JSON} or is_json(head):
        from kerakit.data.table_files.json_rows import JsonStream

        return JsonStream(path)
    from kerakit.data.table_files.delimited_stream import DelimitedStream

    return DelimitedStream(path, **text)


def _check_text(owner, columns, separator, quote, encoding):
    check_text(owner, separator, quote, encoding)
    columns = None if columns is None else names(owner, "columns", columns)
    return {"columns": columns, "separator": separator, "quote": quote, "encoding": encoding}


def _check_files(source, out):
    if source.is_dir():
        raise DataError(f"predict_csv reads a CSV or Parquet file. {source} is a folder.")
    if source.exists() and not source.is_file():
        raise DataError(
            f"predict_csv reads a file more than once, and {source} is not a regular file. Save it "
            "first."
        )
    if out.is_dir():
        raise ArgumentError(
            f"The 'out' parameter of predict_csv must be a file. {out} is a folder."
        )
    if source.exists() and not source.stat().st_size:
        raise DataError(f"predict_csv needs rows of values. {source} is empty.")
    if out.exists() and source.exists() and os.path.samefile(source, out):
        raise ArgumentError(
            f"The 'out' parameter of predict_csv must be another file than the file to score, "
            f"{source}."
        )


@contextlib.contextmanager
def _no_empty_folders(out):
    """Remove the folders that were made for a file, when the file was then not written."""
    made = [folder for folder in out.parents if not folder.exists()]
    try:
        yield
    except BaseException:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
