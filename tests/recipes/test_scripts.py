"""The help of every recipe, and errors in files: quick, without TensorFlow."""

import subprocess
import sys

import pytest
from marks import first
from recipe_runs import script_of

from kerakit.workflow.jobs import JOBS


@pytest.mark.process
@pytest.mark.parametrize("job", first(3, JOBS))
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
    assert float(done.stdout.split()[-1]) < 1.2


WRONG = {
    "tabular-regression": ["--csv", "none.csv", "--target", "y"],
    "tabular-classification": ["--csv", "latin.csv", "--target", "y"],
    "image-cnn": ["--images", "none"],
    "image-finetune": ["--images", "none"],
    "sequence-forecast": ["--series", "book.csv"],
    "sequence-classify": ["--ts", "none.ts"],
    "sequence-tag": ["--tagged", "book.csv"],
    "text-classify": ["--text", "ragged.csv"],
}

NUMBERS = ("--epochs", "--batch-size", "--learning-rate", "--seed", "--cache-mb")


@pytest.mark.process
def test_a_wrong_file_or_number_is_named_before_tensorflow_is_imported(tmp_path):
    """All recipes and `kerakit predict`, one after the other, in under two seconds of CPU time."""
    (tmp_path / "latin.csv").write_bytes(b"caf\xe9,y\n" + b"1,a\n2,b\n" * 9)
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04[Content_Types].xml")
    (tmp_path / "ragged.csv").write_text("text,label\na,b\nc\n")
    code = (
        "import sys, time\n"
        "from kerakit.cli import main\n"
        f"commands = [['train', job, *flags] for job, flags in {WRONG!r}.items()]\n"
        "commands += [['predict', '.', '--csv', file, '--out', 'o.csv']"
        " for file in ('none.csv', 'book.csv')]\n"
        f"commands += [['train', 'image-cnn', flag, '-1'] for flag in {NUMBERS!r}]\n"
        "for command in commands:\n"
        "    sys.argv = ['kerakit', *command]\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        assert end.code == 2, command\n"
        "    assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules, command\n"
        "print('cpu', time.process_time())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    # On a slow machine a line "Reading FILE ..." says what takes longer than two seconds.
    errors = [line for line in done.stderr.splitlines() if not line.endswith(" ...")]
    assert done.stderr.count("error: ") == len(errors) == len(WRONG) + 2 + len(NUMBERS)
    assert all(flag in error for flag, error in zip(NUMBERS, errors[-len(NUMBERS) :], strict=True))
    assert float(done.stdout.split()[-1]) < 2.0
