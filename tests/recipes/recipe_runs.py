"""Recipes in a process of their own, as a user starts them; and in this one, which is faster."""

import importlib.util
import pathlib
import subprocess
import sys

import tyro

from kerakit.workflow import exit_code

RECIPES = pathlib.Path(__file__).parents[2] / "recipes"
sys.path.append(str(RECIPES))  # as for a script, which takes modules from beside it


def start(recipe, *flags, cwd):
    command = [sys.executable, "-u", str(RECIPES / recipe), *flags]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(recipe, *flags, cwd):
    process = start(recipe, *flags, cwd=cwd)
    out, error = process.communicate(timeout=300)
    return process.returncode, out, error


def module_of(recipe):
    """The module of a recipe, by its file name; it stays in `sys.modules`, as types need it to."""
    name = recipe.removesuffix(".py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, RECIPES / recipe)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def run_here(recipe, *flags):
    """Run a recipe in this process and folder; return what its process would exit with."""
    module = module_of(recipe)
    config = tyro.cli(module.Config, args=flags)
    return exit_code(lambda: module.run(config))
