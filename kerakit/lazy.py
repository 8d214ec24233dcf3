"""Lazy imports: public names when they are first used, and modules that follow another one."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerakit.backend import check_backend

__all__ = ["around_import", "attach", "import_after"]

# Stages that import Keras. A served model is loaded without it.
_NEEDS_KERAS = ("builders", "presets", "training", "evaluation")


def attach(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and the sorted public names of a package (PEP 562).

    An `__init__.pyi` beside the package's `__init__.py` tells editors the same names.

    Args:
        package: str. The package's `__name__`.
        modules: dict from the dotted path of a module to the names that it defines.
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def __getattr__(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if module_of[name].split(".")[1] in _NEEDS_KERAS:
            check_backend()
        value = getattr(importlib.import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted({*vars(sys.modules[package]), *module_of})

    return __getattr__, __dir__, sorted(module_of)


def import_after(module: str, *followers: str) -> None:
    """Import modules as soon as another one is imported, or now if it is imported already.

    Keras finds a class of a saved model only if the module of the class was imported. A user who
    imports kerakit and Keras should not have to know these modules.

    Args:
        module: str. The name of the module that is waited for.
        *followers: str. The dotted paths of the modules that are imported then.
    """

    def around(load):
        load()
        for follower in followers:
            importlib.import_module(follower)

    if sys.modules.get(module) is not None:
        around(lambda: None)
    else:
        around_import(module, around)


def around_import(module: str, around: Callable[[Callable[[], None]], None]) -> None:
    """Do something around the import of a module, once it is imported.

    Args:
        module: str. The name of a module that is not imported yet.
        around: function of a function without arguments, which loads the module.
    """
    sys.meta_path.insert(0, _Watcher(module, around))


class _Watcher(importlib.abc.MetaPathFinder):
    """Finds one module as the other finders do, and does something around its loading."""

    def __init__(self, module: str, around: Callable[[Callable[[], None]], None]) -> None:
        self.module, self.around = module, around

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        loader, run = spec.loader, spec.loader.exec_module

        def exec_module(module):
            del loader.exec_module  # the loader's own again
            self.around(lambda: run(module))

        loader.exec_module = exec_module
        return spec
