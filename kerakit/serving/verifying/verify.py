"""`verify`: an export proves itself in a process that has never seen the model."""

import json
import os
import pathlib
import subprocess
import sys

from kerakit.errors import ExportError
from kerakit.serving.contract.versions import version_folder
from kerakit.serving.verifying.live.check import check_live
from kerakit.serving.verifying.report import Check, VerifyReport

__all__ = ["run_checks", "verify"]

_SCRIPT = pathlib.Path(__file__).with_name("process.py")


def verify(path, *, url=None, verbose="auto"):
    """Load an export in a fresh process, without a GPU, and check what it answers.

    The process has neither kerakit nor the model's code. It checks the signatures, the
    answers to the golden sample, that these repeat and do not depend on the batch, the
    constants of the preprocessing, the labels, the warm-up requests, and that a stock
    server has every operation.

    With `url` it is a running server that answers the golden sample, over REST.

    Args:
        path: path of a version, such as `"saved_models/wine/1"`, or of a model's folder,
            for its highest version.
        url: str, such as `"http://localhost:8501/v1/models/wine"`: where TensorFlow Serving
            has the model. Defaults to `None`: a fresh process answers.
        verbose: bool, or `"auto"` to print the table on a terminal only. Defaults to
            `"auto"`.

    Returns:
        `VerifyReport`. A check that fails is in the report; it does not raise.

    Raises:
        ArgumentError: when there is no export of kerakit at `path`, or `url` is none of a
            model on a server.
        ExportError: when the server cannot be reached, or has not loaded the model.
    """
    folder = version_folder("verify", path)
    report = run_checks(folder) if url is None else check_live(folder, url)
    if verbose is True or (verbose == "auto" and sys.stdout.isatty()):
        print(report)
    return report


def run_checks(folder):
    """Return the `VerifyReport` of the version in `folder`."""
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
        said = done.stderr.strip().splitlines()
        raise ExportError(
            f"The process that was to verify {folder} ended with code {done.returncode}"
            + (f": {said[-1]}" if said else ".")
        ) from None
    return VerifyReport(pathlib.Path(folder), checks, found["latency"])
