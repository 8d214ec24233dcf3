"""Recipes as scripts in their own process, and in this process, which is faster."""

import subprocess
import sys

import pytest

from kerakit.workflow.jobs import load_recipe, recipes_folder

RECIPES = recipes_folder()


def script_of(job):
    """The path of a job's script."""
    return RECIPES / f"{job.replace('-', '_')}.py"


def start(job, *flags, cwd):
    """Start a recipe as a script; return the process."""
    command = [sys.executable, "-u", str(script_of(job)), *flags]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(job, *flags, cwd):
    """Run a recipe as a script; return `(exit code, output, errors)`."""
    process = start(job, *flags, cwd=cwd)
    out, error = process.communicate(timeout=300)
    return process.returncode, out, error


def run_here(job, *flags):
    """Run a recipe in this process and folder, as `kerakit train` does; return the exit code."""
    with pytest.raises(SystemExit) as end:
        load_recipe(job).main(flags)
    return end.value.code
