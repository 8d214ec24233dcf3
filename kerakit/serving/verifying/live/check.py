"""`verify --url`: whether a running server answers what was measured.

Neither TensorFlow nor Keras is needed: the export's manifest holds the requests and the
expected answers.
"""

from __future__ import annotations

import functools
import os
import pathlib
import time

import numpy as np

from kerakit.errors import ExportError
from kerakit.serving.contract.manifest import read_manifest
from kerakit.serving.standalone.compare import compare, golden_outputs
from kerakit.serving.standalone.failed import Failed, need
from kerakit.serving.verifying.live.model import check_metadata, check_version, read_versions
from kerakit.serving.verifying.live.rest import RestClient, Unreachable, one_line
from kerakit.serving.verifying.live.rest_json import (
    encode,
    golden_columns,
    read_columns,
    read_results,
    read_rows,
    row_request,
    take,
)
from kerakit.serving.verifying.live.url import parse_model_url
from kerakit.serving.verifying.report import Check, VerifyReport

__all__ = ["check_live"]

_DEFAULT = "serving_default"
_BATCH = 16
# Batch size and number of timed requests; a series ends after `_SECONDS` at most.
_SERIES = ((1, 200), (32, 100))
_WARM_UP = 10
_SECONDS = 10.0
# Outputs of classify and regress, and their names in `serving_default`.
_SAME_AS = {"scores": "probabilities", "outputs": "prediction"}


def check_live(folder: str | os.PathLike[str], url: str, *, timeout: float = 30.0) -> VerifyReport:
    """Ask a running TensorFlow Serving for the golden sample of an export, over REST.

    Args:
        folder: path of a version's folder.
        url: str: `"http://HOST:8501/v1/models/NAME"`, or with `/versions/N` or `/labels/L`
            after it.
        timeout: float. Seconds that one request may take. Defaults to 30.0.

    Returns:
        `VerifyReport`, with the latency of requests where every check passed. A check that
        fails is in the report; it raises no error. When the server stops in the middle, the
        check at that moment fails and is the last one.

    Raises:
        ArgumentError: when `url` is not the address of a model.
        ExportError: when there is no server, the server is not TensorFlow Serving or does not
            have the model, or no version is loaded.
        DataError: when the export's manifest cannot be read.
    """
    target = parse_model_url("verify", url)
    folder = pathlib.Path(folder)
    manifest = read_manifest(folder)
    with RestClient(target, timeout) as client:
        versions = read_versions(client, target, manifest)
        checks = [Check("server", True, one_line(_server(target, versions, manifest)))]
        latency = {}
        for name, step in _steps(client, target, manifest, versions):
            check, lost = _run(name, step)
            checks.append(check)
            if lost:
                break
        if all(check.ok for check in checks):
            check, _ = _run("latency", lambda: _latency(client, target, manifest, latency))
            if not check.ok:
                checks, latency = [*checks, check], {}
    return VerifyReport(folder, tuple(checks), latency, url=str(target))


def _run(name, step):
    """The outcome of one check, and whether the server was lost with it."""
    try:
        return Check(name, True, one_line(step() or "")), False
    except Failed as failed:
        return Check(name, False, one_line(str(failed))), False
    except ExportError as error:
        return Check(name, False, one_line(str(error))), isinstance(error, Unreachable)


def _server(target, versions, manifest):
    name, exported = target.name, manifest["name"]
    renamed = "" if name == exported else f", which was exported as {exported!r}"
    return f"serves {name!r}{renamed}: {'; '.join(map(str, versions[:4]))}"


def _steps(client, target, manifest, versions):
    """Every check as `(name, function)`, in the order in which they are made."""
    ask = functools.partial(_ask, client, target)
    steps = [
        ("version", lambda: check_version(versions, manifest)),
        ("metadata", lambda: check_metadata(client, target, manifest)),
        ("row form", lambda: _check_rows(ask, manifest)),
        ("columnar form", lambda: _check_columns(ask, manifest)),
    ]
    for name, signature in manifest["signatures"].items():
        if "example" in signature:
            step = functools.partial(_check_example, ask, manifest, signature)
            steps.append((f"{name} example", step))
    return steps


def _ask(client, target, method, body):
    """The JSON with which the server answers a body."""
    reply = client.post(f"{target.path}:{method}", encode(body))
    need(reply.status == 200, reply.problem())
    return reply.json()


def _check_rows(ask, manifest):
    def answer(columns, outputs, count):
        return read_rows(ask("predict", row_request(columns)), outputs, count)

    return _check_golden(answer, manifest)


def _check_columns(ask, manifest):
    def answer(columns, outputs, count):
        return read_columns(ask("predict", {"inputs": columns}), outputs, count)

    return _check_golden(answer, manifest)


def _check_golden(answer, manifest):
    """The golden rows, in batches, against the golden answers."""
    columns, want = golden_columns(manifest), golden_outputs(manifest)
    outputs = manifest["signatures"][_DEFAULT]["outputs"]
    rows = len(next(iter(want.values())))
    need(rows > 0, "the golden sample has no rows")
    # An answer that is as long as the longest row of its batch differs from batch to batch.
    free = any(None in stated["shape"][1:] for stated in outputs.values())
    size = rows if free else _BATCH
    answers = []
    for start in range(0, rows, size):
        batch = range(start, min(start + size, rows))
        answers.append(answer(take(columns, batch), outputs, len(batch)))
    for name in outputs:
        shapes = {one[name].shape[1:] for one in answers}
        need(len(shapes) == 1, f"{name!r} has rows of the shapes {sorted(shapes)}")
    have = {name: np.concatenate([one[name] for one in answers]) for name in outputs}
    worst = compare(manifest, have, want)
    return f"{rows} rows in {len(answers)} request(s), largest difference {worst:.2g}"


def _check_example(ask, manifest, signature):
    """The example request of a signature, as it stands in the manifest."""
    method = signature.get("method", "predict")
    request, response = signature["example"]["request"], signature["example"]["response"]
    answer = ask(method, request)
    if method == "predict":
        count = len(response["predictions"])
        have, want = (read_rows(x, signature["outputs"], count) for x in (answer, response))
        worst = compare(manifest, have, want)
    else:
        count = len(response["results"])
        have, want = (read_results(x, method, count) for x in (answer, response))
        for key in {"classes"} & set(want):
            got, expected = have.pop(key).tolist(), want.pop(key).tolist()
            need(got == expected, f"expected the classes {expected}, got {got}")
        worst = compare({**manifest, "tolerance": _tolerance(manifest)}, have, want)
    return f"{count} row(s), largest difference {worst:.2g}"


def _tolerance(manifest):
    """The tolerances by the outputs' names in classify and regress."""
    stated = manifest["tolerance"]
    return {new: stated[name] for new, name in _SAME_AS.items() if name in stated}


def _latency(client, target, manifest, found):
    """Fill `found` with percentiles of the time of a request in row form, in milliseconds."""
    columns = golden_columns(manifest)
    rows = len(next(iter(columns.values())))
    for batch, repeats in _SERIES:
        body = encode(row_request(take(columns, [row % rows for row in range(batch)])))
        times, end = [], time.monotonic() + _SECONDS
        for turn in range(_WARM_UP + repeats):
            start = time.perf_counter()
            reply = client.post(f"{target.path}:predict", body)
            took = 1e3 * (time.perf_counter() - start)
            need(reply.status == 200, reply.problem())
            late = time.monotonic() > end
            if turn >= _WARM_UP or late:
                times.append(took)
            if late:
                break
        values = np.percentile(times, (50, 95, 99))
        names = ("p50", "p95", "p99")
        found[f"batch {batch}"] = {
            name: round(float(v), 3) for name, v in zip(names, values, strict=True)
        }
