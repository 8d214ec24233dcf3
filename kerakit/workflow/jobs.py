"""The jobs of `kerakit train`: each job is a recipe, a module of `kerakit.recipes`.

A wheel holds the recipes in the folder `kerakit/recipes`. A checkout of the repository holds
them beside the package, in the folder `recipes`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pathlib
import shlex
import sys
from types import ModuleType

__all__ = ["JOBS", "command_for", "describe", "load_recipe", "recipes_folder", "typed_command"]

JOBS = (
    "tabular-regression",
    "tabular-classification",
    "image-cnn",
    "image-finetune",
    "sequence-forecast",
    "sequence-classify",
    "sequence-tag",
    "text-classify",
    "fundamentals",
)
_PACKAGE = "kerakit.recipes"
_AS_MODULE = ["python", "-m", "kerakit"]


def recipes_folder() -> pathlib.Path:
    """Return the folder of the recipes: inside the package, or beside it in a checkout."""
    package = pathlib.Path(__file__).resolve().parents[1]
    installed = package / "recipes"
    return installed if installed.is_dir() else package.parent / "recipes"


def load_recipe(job: str) -> ModuleType:
    """Import the recipe of a job, which does not import TensorFlow.

    Args:
        job: one of `JOBS`.

    Returns:
        The module, with `Config`, `run` and `main`.
    """
    if _PACKAGE not in sys.modules:
        # Python finds the recipes of a wheel by itself, but not those of a checkout.
        folder = recipes_folder()
        spec = importlib.util.spec_from_file_location(
            _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None and spec.loader is not None
        sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[_PACKAGE])
    return importlib.import_module(f"{_PACKAGE}.{_module_name(job)}")


def describe(job: str) -> str:
    """Return the first line of a recipe's docstring; the recipe is read, not imported."""
    source = (recipes_folder() / f"{_module_name(job)}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def command_for(job: str) -> str:
    """Return the command that runs a job, in the form in which the user started this process.

    Args:
        job: one of `JOBS`.

    Returns:
        `python recipes/NAME.py` where a recipe runs as a script, with the folder that the user
        typed; `python -m kerakit train JOB` where the package runs as a module; else
        `kerakit train JOB`.
    """
    script = pathlib.Path(sys.argv[0])
    if _is_recipe(script):
        return f"python {shlex.quote(str(script.with_name(f'{_module_name(job)}.py')))}"
    return shlex.join([*(_AS_MODULE if _is_package(script) else ["kerakit"]), "train", job])


def typed_command() -> str:
    """Return the command that the user typed to start this process, with its flags."""
    script, *flags = sys.argv
    start = ["python", script] if script.endswith(".py") else [pathlib.Path(script).name]
    return shlex.join([*(_AS_MODULE if _is_package(pathlib.Path(script)) else start), *flags])


def _module_name(job: str) -> str:
    return job.replace("-", "_")


def _is_recipe(script: pathlib.Path) -> bool:
    return script.suffix == ".py" and script.stem.replace("_", "-") in JOBS


def _is_package(script: pathlib.Path) -> bool:
    return script.name == "__main__.py" and script.parent.name == "kerakit"
