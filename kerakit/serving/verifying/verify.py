"""`verify`: an export proves itself in a process that has never seen the model."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Literal

from kerakit.errors import ExportError
from kerakit.serving.contract.versions import version_folder
from kerakit.serving.verifying.live.check import check_live
from kerakit.serving.verifying.report import Check, VerifyReport
from kerakit.status import status, telling

__all__ = ["run_checks", "verify"]

_SCRIPT = pathlib.Path(__file__).with_name("process.py")


def verify(
    path: str | os.PathLike[str],
    *,
    url: str | None = None,
    verbose: bool | Literal["auto"] = "auto",
) -> VerifyReport:
    """Verify an exported model: load it in a fresh process and compare its answers.

    The process has no GPU, no kerakit and none of the model's code. It checks

    - the signatures, the labels, and the constants of the preprocessing;
    - the answers to the golden sample: that they are those of `model.predict`, that they
      repeat, and that they do not depend on the batch;
    - the warm-up requests, and that a stock server has every operation.

    With `url`, a running TensorFlow Serving is asked for the golden sample instead, over
    REST.

    Args:
        path: path of a version, such as `"saved_models/wine/1"`, or of a model's folder,
            for its highest version.
        url: str, such as `"http://localhost:8501/v1/models/wine"`: the address of the model
            on a running server. Defaults to `None`: a fresh process answers.
        verbose: bool, or `"auto"` to print the table on a terminal only. Defaults to
            `"auto"`.

    Returns:
        `VerifyReport`. A check that fails is in the report; it raises no error.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`, or `url` is not the
            address of a model.
        ExportError: when the server cannot be reached, or has not loaded the model.

    Example:

    ```python
    report = kk.verify("saved_models/wine/1")
    assert report.ok, report
    ```
    """
    folder = version_folder("verify", path)
    with status("Checking the export", verbose and "auto"):
        report = run_checks(folder) if url is None else check_live(folder, url)
    if verbose is True or (verbose == "auto" and sys.stdout.isatty()):
        print(report)
    return report


@telling("Checking the export in a fresh process")
def run_checks(folder: pathlib.Path) -> VerifyReport:
    """Return the `VerifyReport` of the version in `folder`, checked by a fresh process."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-P", os.fspath(_SCRIPT), os.fspath(folder)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    try:
        found = json.loads(done.stdout.strip().splitlines()[-1])
        checks = tuple(Check(**values) for values in found["checks"])
    except (IndexError, KeyError, TypeError, ValueError):
        lines = done.stderr.strip().splitlines()
        raise ExportError(
            f"verify cannot check {folder}: its process ended with code {done.returncode}"
            + (f": {lines[-1][:200]}" if lines else ".")
        ) from None
    return VerifyReport(pathlib.Path(folder), checks, found["latency"])
