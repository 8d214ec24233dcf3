"""The help of every recipe as a script, in a process of its own: quick, without TensorFlow."""

import subprocess
import sys

import pytest
from recipe_runs import script_of

from kerakit.workflow.jobs import JOBS


@pytest.mark.process
@pytest.mark.parametrize("job", JOBS)
def test_help_is_quick_and_leaves_tensorflow_alone(job, tmp_path):
    script = script_of(job)
    code = (
        "import sys, time, runpy\n"
        f"sys.argv = [{script.name!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_path({str(script)!r}, run_name='__main__')\n"
        "except SystemExit as done:\n"
        "    assert not done.code\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "print('cpu', time.process_time())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert ("--example" if job == "fundamentals" else "--learning-rate") in done.stdout
    assert float(done.stdout.split()[-1]) < 0.7
