"""Many fits in one process: no memory that grows, no warning."""

import subprocess
import sys

import pytest

CODE = """
import gc, numpy as np
from kerakit.integrations.sklearn import KerakitRegressor

def megabytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

x = np.random.default_rng(0).normal(size=(200, 5))
model = lambda: KerakitRegressor(epochs=1, random_state=0).fit(x, x[:, 0]).predict(x)
for _ in range(8): model()
gc.collect()
before = megabytes()
for _ in range(20): model()
without = megabytes()
gc.collect()
print((without - before) / 20, (megabytes() - before) / 20)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_twenty_fits_leave_no_memory_and_no_warning():
    command = [sys.executable, "-W", "error::UserWarning:kerakit", "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "retracing" not in done.stderr
    at_once, collected = map(float, done.stdout.split())
    # A fit that is kept takes 4 MB.
    assert at_once < 10 and collected < 2.5
