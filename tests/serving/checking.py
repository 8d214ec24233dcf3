"""One process that checks many exports, as the fresh process of `verify` checks one."""

import json
import os
import pathlib
import subprocess
import sys

import kerakit.serving
from kerakit.serving.verifying.report import Check, VerifyReport

__all__ = ["CheckingProcess"]

# As `verifying/process.py`, but for a folder on each line: neither kerakit nor Keras is there.
SCRIPT = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.append(sys.argv[1])
sys.modules["keras"] = None
from standalone.checks import main
for line in sys.stdin:
    print(json.dumps(main(json.loads(line))), file=answers, flush=True)
"""


class CheckingProcess:
    """Checks the exports in the folders that it is called with, one after the other."""

    def __init__(self):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        folder = pathlib.Path(kerakit.serving.__file__).parent
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", SCRIPT, str(folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, folder):
        """Return the `VerifyReport` of the version in `folder`, as `run_checks` does."""
        print(json.dumps(str(folder)), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"the checking process ended with code {self._process.wait()}"
        found = json.loads(line)
        checks = tuple(Check(**values) for values in found["checks"])
        return VerifyReport(pathlib.Path(folder), checks, found["latency"])

    def close(self):
        self._process.stdin.close()
        self._process.wait()
