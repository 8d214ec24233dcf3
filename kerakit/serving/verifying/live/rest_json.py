"""Rows as the bodies of REST requests, and the server's answers as arrays."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerakit.serving.standalone.failed import Failed, need

__all__ = [
    "encode",
    "golden_columns",
    "read_columns",
    "read_results",
    "read_rows",
    "row_request",
    "take",
]


def golden_columns(manifest: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the golden inputs as lists by name, with NaN where the manifest has `null`."""
    return {name: _with_nan(column) for name, column in manifest["golden"]["inputs"].items()}


def take(columns: dict[str, list[Any]], rows: Iterable[int]) -> dict[str, list[Any]]:
    """Return the rows of the columns at the indices `rows`."""
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def row_request(columns: dict[str, list[Any]]) -> dict[str, Any]:
    """Return the body of a request in row form."""
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return {"instances": [dict(zip(names, row, strict=True)) for row in rows]}


def encode(body: dict[str, Any]) -> bytes:
    """Return a body as bytes of JSON. A missing number is the literal NaN."""
    return json.dumps(body, separators=(",", ":")).encode()


def read_rows(answer: Any, outputs: dict[str, Any], count: int) -> dict[str, np.ndarray]:
    """Return the answer to a request in row form as arrays by output name.

    Args:
        answer: JSON value that the server sent.
        outputs: dict. The signature's outputs in the manifest.
        count: int. The number of rows that were sent.

    Raises:
        Failed: when the answer is not one row with all outputs for each row that was sent.
    """
    rows = _rows(_field(answer, "predictions"), count)
    named = [isinstance(row, dict) for row in rows]
    if not any(named) and len(outputs) == 1:
        return {name: _array(name, rows, stated["dtype"]) for name, stated in outputs.items()}
    for index, row in enumerate(rows):
        need(named[index], f"row {index} is no object with the outputs {sorted(outputs)}")
        _need_outputs(row, outputs, f"row {index} has ")
    need(len(outputs) > 1, "the rows name their output, as the server does for several only")
    return {
        name: _array(name, [row[name] for row in rows], stated["dtype"])
        for name, stated in outputs.items()
    }


def read_columns(answer: Any, outputs: dict[str, Any], count: int) -> dict[str, np.ndarray]:
    """Return the answer to a request in columnar form as arrays; like `read_rows`."""
    columns = _field(answer, "outputs")
    if not isinstance(columns, dict) and len(outputs) == 1:
        columns = dict.fromkeys(outputs, columns)
    need(isinstance(columns, dict), f"'outputs' is no object with the outputs {sorted(outputs)}")
    _need_outputs(columns, outputs, "")
    return {
        name: _array(name, _rows(columns[name], count), stated["dtype"])
        for name, stated in outputs.items()
    }


def read_results(answer: Any, method: str, count: int) -> dict[str, np.ndarray]:
    """Return the answer to classify or regress as arrays: classes and scores, or outputs."""
    rows = _rows(_field(answer, "results"), count)
    if method == "regress":
        return {"outputs": _array("results", rows, "float32")}
    for index, row in enumerate(rows):
        pairs = isinstance(row, list) and all(isinstance(p, list) and len(p) == 2 for p in row)
        need(pairs, f"row {index} of 'results' is no list of pairs of class and score")
    return {
        "classes": _array("classes", [[pair[0] for pair in row] for row in rows], "string"),
        "scores": _array("scores", [[pair[1] for pair in row] for row in rows], "float32"),
    }


def _with_nan(value):
    if isinstance(value, list):
        return [_with_nan(item) for item in value]
    return float("nan") if value is None else value


def _field(answer, key):
    have = sorted(answer) if isinstance(answer, dict) else type(answer).__name__
    need(isinstance(answer, dict) and key in answer, f"the answer has no {key!r}: {have}")
    return answer[key]


def _rows(values, count):
    need(isinstance(values, list), f"the answer is no list of rows: {type(values).__name__}")
    need(len(values) == count, f"{count} row(s) were sent, and {len(values)} came back")
    return values


def _need_outputs(have, outputs, where):
    need(set(have) == set(outputs), f"{where}outputs {sorted(have)}, expected {sorted(outputs)}")


def _array(name, values, dtype):
    """Nested lists as an array: of `str`, or of float64."""
    types, noun = ((str,), "strings") if dtype == "string" else ((int, float), "numbers")
    array = np.array(values, object)
    for at, value in np.ndenumerate(array):
        if type(value) not in types:
            shown = "lists of unequal length" if isinstance(value, list) else repr(value)
            raise Failed(f"{name}, row {at[0]}: expected {noun}, got {shown}")
    if dtype == "string":
        return array
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise Failed(f"{name}: a number is beyond float64") from None
