"""Recipes in a process of their own, as a user starts them."""

import pathlib
import subprocess
import sys

RECIPES = pathlib.Path(__file__).parents[2] / "recipes"


def start(recipe, *flags, cwd):
    command = [sys.executable, "-u", str(RECIPES / recipe), *flags]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(recipe, *flags, cwd):
    process = start(recipe, *flags, cwd=cwd)
    out, error = process.communicate(timeout=300)
    return process.returncode, out, error
